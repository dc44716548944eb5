"""Words. In: the code under which sending stopped. Out: what that means and what to do, for people."""

from __future__ import annotations

from service.delivery.mirrors import RESTORED, UNKNOWN
from service.validation import N_, Words

_PLACES = {
    "connect": N_("the mail server cannot be reached (%(said)s)"),
    "starttls": N_("no encrypted line to the mail server can be made (%(said)s)"),
    "auth": N_("the mail server refused our name or password (%(said)s)"),
    "mail": N_("the mail server does not take mails from our sender’s address (%(said)s)"),
    "data": N_("the mail server refused one mail after another (%(said)s)"),
    "final-dot": N_("the mail server refused one mail after another, as if their text offended it (%(said)s)"),
    "sendgrid": N_("the mail provider takes no mails from us (%(said)s)"),
    "folder": N_("the mail folder cannot be written (%(said)s)"),
    "journal": N_("the data folder cannot be written, so no mail may be begun (%(said)s)"),
}

_HOLDS = {
    RESTORED: N_(
        "Nothing is sent at all: more mails have left than this database knows of. It was probably restored from a "
        "backup, and mails that it believes unsent may have arrived long ago. Cancel the editions that were sent since "
        "the backup, then run `goodword mail release-hold`."
    ),
    UNKNOWN: N_(
        "Nothing is sent at all: this database has sent mails before, but neither the data folder nor the queue server "
        "remembers any. If both are new on purpose, run `goodword mail release-hold`; if the database came from a "
        "backup, cancel the editions that were sent since it first."
    ),
}


def stopped(why: str) -> Words:
    """Return half a sentence that says why an edition's sending stopped (`Edition.held_why`), with the server's words.

    What is not known is returned as it is.
    """
    place, _, said = why.partition(":")
    message = _PLACES.get(place.strip())
    return Words(message, {"said": said.strip()}) if message and said.strip() else Words("%(said)s", {"said": why})


def held(why: str) -> Words:
    """Return whole sentences that say why nothing is sent at all (`Sending.held_why`), and what to do."""
    return Words(_HOLDS.get(why, _HOLDS[RESTORED]))
