"""Words of score. In: codes of scoring. Out: messages of the catalogue and values; who shows them translates."""

from __future__ import annotations

from scoring import badges, points
from service.validation import N_

REASONS = {
    points.DECLARED: N_("You told us you shared it"),
    points.SEEN: N_("%(network)s has seen your link"),
    points.CONFIRMED: N_("A first reader followed your link"),
    points.OWN_WORDS: N_("You used your own words"),
    points.FIRST_SHARE: N_("The first of your shares that found a reader"),
    points.ACTIVE_WEEK: N_("A week with a new reader"),
    points.SUGGESTION: N_("A story that you suggested was taken"),
    points.ENGAGED: N_("Your share got a conversation going"),
    points.VISITOR: N_("New readers followed your link"),
    points.NOT_CONFIRMED: N_("No reader followed your link within %(days)s days"),
    points.RECOUNTED: N_("Counted again"),
}
"""What stands beside a line of the ledger."""

BADGES = {
    badges.FIRST_WORD: (N_("First word"), N_("A reader followed a link that you shared.")),
    badges.CONVERSATION_STARTER: (
        N_("Conversation starter"),
        N_("Readers gathered around one of your shares."),
    ),
    badges.STEADY_VOICE: (N_("Steady voice"), N_("You brought readers several weeks in a row.")),
    "own-voice": (N_("Own voice"), N_("Readers followed what you wrote in your own words.")),
    "well-read": (N_("Well read"), N_("People came to read because of you.")),
    "storyteller": (N_("Storyteller"), N_("Story after story of yours found a reader.")),
    "all-around": (N_("All around"), N_("You found readers on several networks.")),
    "wide-interests": (N_("Wide interests"), N_("You found readers for many topics.")),
    "at-home": (N_("At home"), N_("Readers come to you for one topic again and again.")),
    "regular": (N_("Regular"), N_("You brought readers in many weeks, whatever lay between them.")),
    "campaigner": (N_("Campaigner"), N_("You brought readers to several stories of a campaign.")),
    "early-bird": (N_("Early bird"), N_("You were the first in the company to find a reader for a story.")),
    "together": (N_("Together"), N_("Many of your team found readers in the same week, and you were one of them.")),
}
"""Name of a badge and what it is given for."""


def of_badge(badge: badges.Badge, language: str = "") -> tuple[str, str]:
    """Return a badge's name and what it is given for: messages of the catalogue, or the programme's words for it."""
    if badge.title:
        return tuple(w.get(language) or w.get("en") or next(iter(w.values()), "") for w in (badge.title, badge.help))  # type: ignore[return-value]
    return BADGES.get(badge.slug, (badge.slug, ""))


STATES = {
    "opened": N_("Opened"),
    "declared": N_("You shared it"),
    "seen": N_("Seen by the network"),
    "confirmed": N_("Confirmed by a reader"),
    "engaged": N_("A conversation"),
}
"""How far a share is proven."""


def of_reason(reason: str, network: str, days: int) -> tuple[str, dict[str, object]]:
    """Return the message of a ledger line's reason and its values. `network` is a name for people."""
    return REASONS[reason], {"network": network, "days": days}
