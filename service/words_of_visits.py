"""Words of visits. In: nothing. Out: every reason of a verdict as a message of the catalogue, to be translated."""

from __future__ import annotations

from scoring import quarantine as odd
from service.validation import N_
from service.words_of_quarantine import REASON

REASONS: dict[str, str] = {
    "browser": N_("A browser such as people use"),
    "again": N_("The same visitor once more, counted once"),
    "herself": N_("The sharer visited her own link"),
    "same-network": N_("It came from where the sharer was, with another browser"),
    "company": N_("It came from the company’s own network"),
    "hosting": N_("It came from a data centre"),
    "no-language": N_("It named no language, as browsers do"),
    "not-a-browser": N_("It does not look like a browser"),
    "old-browser": N_("A browser so old that only programs still claim it"),
    "at-once": N_("Opened within seconds of the mail’s arrival"),
    "crawler": N_("A network’s crawler making a preview, from the network’s own addresses"),
    "unverified": N_("A network’s crawler by its name alone: the network publishes no addresses that we hold"),
    "spoofed": N_("It claims to be a network’s crawler and comes from elsewhere"),
    "chat": N_("A chat app making a preview"),
    "preview": N_("A program making a preview or an index"),
    "scanner": N_("A mail scanner checking links"),
    "decoy": N_("Whoever opened it also opened the link that no person sees"),
    "many-links": N_("Three or more links of one mail within two seconds"),
    "burst": N_("Too many visits within two seconds"),
    "prefetch": N_("A browser looking ahead, before anybody asked"),
    "embedded": N_("A page loaded the link by itself; nobody followed it"),
    "tool": N_("A program, not a browser"),
    "absurd": N_("It says of itself what no browser says"),
    "no-agent": N_("It did not say what it is"),
    "not-a-get": N_("Only GET requests are visits"),
}
"""scoring.visits.REASONS, marked for translation."""

KINDS = {"human": N_("People"), "suspected": N_("Perhaps not people"), "bot": N_("Machines")}
"""Verdicts, as headings."""


def aside(code: str) -> str:
    """Return the words of a reason that no rule on visits gives: a pattern holds the visit, or the code itself."""
    return REASON if code == odd.REASON else code
