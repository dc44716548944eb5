"""Words of mails. In: codes that the outbox and its editions keep. Out: what each means, for whoever asks.

Messages of the catalogue; who shows them translates.
"""

from __future__ import annotations

from emails.picks import Reason
from service.models.mail import MailState
from service.models.people import Status
from service.validation import N_, Words

REASONS: dict[str, str] = {
    Reason.NOTHING_NEW: N_("Nothing new: no story on the topics followed, in a language read, was still unseen."),
    Reason.NO_TOPICS: N_("No topic is followed."),
    Reason.NOT_HER_WEEK: N_("Wanted a mail every second week or once a month, and this is another week."),
    Reason.PAUSED: N_("On a pause at the time of the mail."),
    Reason.LEFT: N_("Has left the programme."),
    Reason.GONE: N_("Is no longer in the company."),
    Reason.SUSPENDED: N_("Is suspended."),
    Reason.NOT_INVITED: N_("No invitation was written yet, and the invitation is the first mail."),
    Reason.AWAITING_YES: N_("The programme is opt-in and the invitation has not been answered."),
    Reason.JOINED_LATER: N_("Joined after this week's mail had left."),
    Reason.ADDRESS_SERVED: N_("The address had this week's mail already, when it was somebody else's."),
    Reason.UNSUBSCRIBED: N_("Unsubscribed from the digest."),
    Reason.BOUNCED: N_("A mail to this address came back."),
    Reason.COMPLAINED: N_("A mail was reported as spam."),
}
"""Why an edition has no mail for somebody."""

STATES: dict[str, str] = {
    MailState.QUEUED: N_("Waits for its time."),
    MailState.LEASED: N_("A worker is about to send it."),
    MailState.SUBMITTING: N_("Is being handed over now."),
    MailState.ACCEPTED: N_("Was sent: the mail server took it."),
    MailState.DELIVERED: N_("Arrived."),
    MailState.BOUNCED: N_("Came back."),
    MailState.DROPPED: N_("Was dropped by the mail provider."),
    MailState.RETRY: N_("Was put off by the mail server and will be tried again."),
    MailState.HELD: N_("Is held until a person decides."),
    MailState.SUPPRESSED: N_("Was not sent: the address gets no mail of this kind."),
    MailState.CANCELLED: N_("Was cancelled before it left."),
    MailState.FAILED: N_("Was refused for good by the mail server."),
    MailState.AMBIGUOUS: N_("Is in doubt: nobody knows whether it arrived, so it is not sent again by itself."),
}
"""Each state of a mail."""

PEOPLE: dict[str, str] = {
    Status.INVITED: N_("Invited; becomes active with the next edition."),
    Status.ACTIVE: N_("Active."),
    Status.PAUSED: N_("On a pause."),
    Status.SUSPENDED: N_("Suspended."),
    Status.LEFT: N_("Has left the programme; nothing is ever sent again."),
    Status.GONE: N_("No longer in the company."),
}
"""Each status of a person."""

STOPS: dict[str, str] = {
    "all": N_("No mail of any kind goes to this address."),
    "digest": N_("No digest goes to this address."),
    "onboarding": N_("No mail with first steps goes to this address."),
    "recognition": N_("No mail about badges goes to this address."),
    "shares": N_("No mail about shares that did well goes to this address."),
    "winners": N_("No mail about who won goes to this address."),
    "month": N_("No mail about her month goes to this address."),
    "campaign": N_("No mail about campaigns goes to this address."),
    "draw": N_("No mail about draws goes to this address."),
    "own-page": N_("No fresh link to her page goes to this address."),
    "suggestion": N_("No answer to a suggestion goes to this address."),
    "report": N_("No monthly report goes to this address."),
    "test": N_("No test goes to this address."),
}
"""What a suppression of each scope stops."""

WHYS: dict[str, str] = {
    "late": N_("A day late"),
    "rate-limit": N_("Only so many mails a minute may go there"),
    "lease-ended": N_("The worker fell silent while handing it over"),
    "sender-died": N_("The worker ended while handing it over"),
    "sender-failed": N_("The sender failed while handing it over"),
    "sender-stopped": N_("The sender was stopped while handing it over"),
    "decided": N_("Decided by a person"),
    "silence": N_("The mail provider never told of it, so it was not taken"),
    "edition-cancelled": N_("The edition was cancelled"),
    "left": N_("Left the programme"),
    "gone": N_("No longer in the company"),
    "suspended": N_("Suspended"),
    "paused": N_("On a pause"),
    "erased": N_("Was forgotten at her own wish"),
    "bounced": N_("An earlier mail came back"),
    "complained": N_("Marked a mail as spam"),
    "unsubscribed": N_("Unsubscribed"),
    "address-changed": N_("The address has changed"),
}
"""Each code that stands beside a state."""

PLACES: dict[str, str] = {
    "rcpt": N_("The receiver’s mail server said: %(said)s"),
    "data": N_("The mail server said: %(said)s"),
    "mail": N_("The mail server said: %(said)s"),
    "smtp": N_("The line to the mail server broke (%(said)s)"),
    "final-dot": N_("The mail server’s answer never came or was none (%(said)s)"),
    "sendgrid": N_("The mail provider said: %(said)s"),
    "bounce": N_("The receiver’s mail server said: %(said)s"),
    "blocked": N_("The receiver’s mail server said: %(said)s"),
    "dropped": N_("The mail provider said: %(said)s"),
    "compose": N_("The mail could not be put together (%(said)s)"),
}
"""How what begins with a place is told: where it was refused or broke off, and what was said."""


def because(why: str) -> Words:
    """Return what stands beside a state (`Outbox.why`, `Suppression.reason`) in words; a server's own stay as they are.

    What is not known is returned as it is.
    """
    if why in WHYS:
        return Words(WHYS[why])
    place, _, said = why.partition(":")
    inner = said.strip().partition(":")
    if place == "rcpt" and inner[0] in PLACES:
        place, said = inner[0], inner[2]
    if place in PLACES and said.strip():
        return Words(PLACES[place], {"said": said.strip()})
    return Words("%(said)s", {"said": why})
