"""Onboarding. In: what a new colleague got and did. Out: which mail is due for her, if any, and that mail.

Nobody is reminded more than twice, ever; nobody who answered, left, declined, pauses or is suspended is; and between
any two of these mails lie five days (ADVOCACY: voluntary, never forced).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from emails import message, render
from emails.values import Message, Programme, Recipient


class Kind(StrEnum):
    """Mails that bring somebody in, after the invitation."""

    REMINDER = "reminder"
    WELCOME = "welcome"
    SHARING = "sharing"


MOST_REMINDERS = 2
APART = timedelta(days=5)
"""Between two of these mails, the invitation among them."""

WEEK = timedelta(days=7)
PATIENCE = timedelta(days=45)
"""After so long an invitation is not answered any more, and nobody asks again."""

WELCOME_WITHIN = timedelta(days=14)
SHARING_WITHIN = timedelta(days=28)
"""After the first digest; later they would be no help, and a switch turned on late mails nobody of long ago."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the programme wants."""

    welcome: bool = True
    sharing: bool = True
    reminders: int = MOST_REMINDERS
    asks: bool = False
    """The programme is opt-in: nothing comes until she says yes, so that there is something to remind of."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What is known of her. Moments are aware."""

    status: str
    invited_at: datetime | None
    answered: bool = False
    """She set anything on her page, or said yes or no."""
    stopped: bool = False
    """Mails of this class are stopped, or she waits for the programme to be widened."""
    shared: bool = False
    first_digest: datetime | None = None
    mails: tuple[tuple[str, datetime], ...] = ()
    """Kind and moment of every invitation and onboarding mail so far."""


def due(who: Newcomer, plan: Plan, now: datetime) -> Kind | None:
    """Return the mail that is due for her now; None: none is."""
    if who.stopped or who.status not in ("invited", "active") or who.invited_at is None:
        return None
    if any(now - at < APART for _kind, at in who.mails) or now - who.invited_at < APART:
        return None
    had = [kind for kind, _at in who.mails]
    if who.status == "invited":
        return Kind.REMINDER if _to_remind(who, plan, had, now) else None
    if who.first_digest is None or now < who.first_digest:
        return None
    since = now - who.first_digest
    if plan.welcome and since <= WELCOME_WITHIN and not {Kind.WELCOME, Kind.SHARING} & set(had):
        return Kind.WELCOME
    if plan.sharing and WEEK <= since <= SHARING_WITHIN and not who.shared and Kind.SHARING not in had:
        return Kind.SHARING
    return None


def _to_remind(who: Newcomer, plan: Plan, had: Sequence[str], now: datetime) -> bool:
    if not plan.asks or who.answered or who.invited_at is None or now - who.invited_at > PATIENCE:
        return False
    last = max([who.invited_at, *(at for _kind, at in who.mails)])
    return had.count(Kind.REMINDER) < min(plan.reminders, MOST_REMINDERS) and now - last >= WEEK


def compose(kind: str, programme: Programme, to: Recipient, number: int, message_id: str, date: datetime) -> Message:
    """Return one onboarding mail; `number` is which reminder it is. One click (RFC 8058) declines or unsubscribes.

    Raises as `message.letter`.
    """
    words = render.words(to.language)
    of = {"programme": render.line(programme.name)}
    if kind == Kind.REMINDER:
        subject = words.gettext("%(programme)s: would you like to join?") % of
        greeting = (
            words.gettext("%(name)s, the invitation still stands."),
            words.gettext("The invitation still stands."),
        )
        lines = [
            words.gettext("A few good stories once a week on topics you choose, and one tap to share what you like."),
            words.gettext("Nothing comes until you say yes. If it is not for you, one click below declines."),
        ]
        if number >= MOST_REMINDERS:
            lines.append(words.gettext("This is the last time we ask."))
        else:
            lines.append(words.gettext("We ask once more at most, then never again."))
        button = words.gettext("Say yes, or choose topics first")
    elif kind == Kind.WELCOME:
        subject = words.gettext("Welcome to %(programme)s") % of
        greeting = words.gettext("%(name)s, good to have you here."), words.gettext("Good to have you here.")
        lines = [
            words.gettext("Your first stories have come. The next ones follow once a week, if there is something new."),
            words.gettext("Topics, networks, language and day are yours to choose on your page, without a password."),
            words.gettext("Pause or leave whenever you like: one tap, and nobody asks why."),
        ]
        button = words.gettext("Open my page")
    else:
        subject = words.gettext("How sharing works, in one minute")
        greeting = (
            words.gettext("%(name)s, this is all there is to sharing."),
            words.gettext("This is all there is to sharing."),
        )
        lines = [
            words.gettext("1. Under each story stand the networks you use. Tap one."),
            words.gettext("2. The network opens with the story's link. Take our words, or better, write your own."),
            words.gettext("3. When somebody follows your link, the share counts, and your page says what it brought."),
            words.gettext("Share what you would show a friend anyway, and leave the rest."),
        ]
        button = words.gettext("Choose my networks")
    named, unnamed = greeting
    name = render.called(to.name)
    reminder = kind == Kind.REMINDER
    facts = {
        "sentence": named % {"name": name} if name else unnamed,
        "preheader": lines[0],
        "line": [{"text": line} for line in lines],
        "button": button,
        "reminder": reminder,
        "begun": not reminder,
    }
    # To remind is to ask again: a click there is the answer no. The others are a class of their own.
    unsubscribe = f"{programme.base_url}/u/{to.passes.unsubscribe}{'' if reminder else '/onboarding'}"
    return message.letter("onboarding", programme, to, subject, facts, message_id, date, unsubscribe=unsubscribe)
