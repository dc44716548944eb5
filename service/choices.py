"""Choices. In: what an employee sets on her own pages. Out: her row, its fields marked as hers against imports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from emails.networks import instance_host
from emails.slots import Rhythm
from service import clock, programmes, rests, rhythms, suppressions
from service.database import db
from service.journal import log
from service.models import Employee, Outbox, Programme, Topic
from service.models.mail import MailState
from service.models.people import Status
from service.people import naming
from service.validation import N_, one_line

LONGEST_ALIAS = 30
"""Characters of the name that colleagues see."""

LONGEST = timedelta(days=366)
"""A pause with an end lasts at most so long."""


class Refused(ValueError):
    """A choice that cannot be; `field` names it and the text is a message for `_()`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def _hers(employee: Employee, *fields: str) -> None:
    """Mark these fields as set by herself, beside those that another page of hers marked at the same moment."""
    db.session.refresh(employee, ["chosen"], with_for_update={"key_share": True})
    employee.chosen = sorted({*employee.chosen, *fields})


def set_topics(employee: Employee, topics: Iterable[int]) -> None:
    """Follow exactly these topics; unknown ids are dropped, and retired ones that she did not follow. Commits."""
    offered = sa.or_(Topic.retired.is_(False), Topic.id.in_(employee.topics))
    # A topic that is merged into another one meanwhile is gone, and her list must not have it.
    known = set(db.session.scalars(sa.select(Topic.id).where(offered).with_for_update(read=True, key_share=True)))
    employee.topics = sorted(known & set(topics))
    _hers(employee, "topics")
    db.session.commit()


def set_networks(employee: Employee, slugs: Iterable[str]) -> None:
    """Use exactly these networks; those she had keep their order, new ones follow in the table's. Commits.

    What the programme does not offer she cannot choose; where she had chosen it before, it waits to be offered again.
    """
    known = programmes.networks()
    wanted = {slug for slug in slugs if slug in known}
    kept = [slug for slug in employee.networks if slug in wanted or slug not in known]
    employee.networks = kept + [slug for slug in known if slug in wanted and slug not in kept]
    _hers(employee, "networks")
    db.session.commit()


def set_language(employee: Employee, language: str, reads: Iterable[str]) -> None:
    """Set the language of her mails and the languages of stories she reads (her mails' own always among them). Commits.

    Raises Refused for a language the programme makes no mails in.
    """
    programme = db.session.get(Programme, 1)
    if programme is None or language not in programme.languages:
        raise Refused("language", N_("Choose one of the languages offered."))
    employee.language = language
    employee.reads = sorted({language, *reads})
    _hers(employee, "language", "reads")
    db.session.commit()


def set_slot(
    employee: Employee, weekday: int | None, hour: int | None = None, rhythm: str = Rhythm.WEEKLY
) -> datetime | None:
    """Set how often her digest comes, on which weekday (1 Monday to 7 Sunday) and at which hour. Commits.

    None: the programme's day or hour. Who keeps her rhythm keeps her weeks. Where the new moment of this week is past
    and her mail has not left, it leaves at once. Returns when her next mail may come (`rhythms.next_mail`).
    Raises Refused.
    """
    if weekday is not None and not 1 <= weekday <= 7:
        raise Refused("weekday", N_("Choose a day from Monday to Sunday."))
    if hour is not None and not 0 <= hour <= 23:
        raise Refused("hour", N_("Choose an hour from 0 to 23."))
    if rhythm not in set(Rhythm):
        raise Refused("rhythm", N_("Choose every week, every second week or once a month."))
    if (weekday, hour) != (employee.slot_weekday, employee.slot_hour):
        employee.slot_weekday, employee.slot_hour, employee.slot_since = weekday, hour, clock.now()
    if rhythm != employee.rhythm:
        employee.rhythm, employee.rhythm_from = rhythm, rhythms.anchor(employee, rhythm)
    _hers(employee, "slot_weekday", "slot_hour", "rhythm")
    db.session.commit()
    return rhythms.next_mail(employee)


def set_mastodon(employee: Employee, typed: str) -> str:
    """Remember her Mastodon instance and return its host. Commits. Raises Refused where the text names none."""
    host = instance_host(typed)
    if host is None:
        raise Refused("instance", N_("Write the address of your Mastodon server, like mastodon.social."))
    employee.mastodon = host
    _hers(employee, "mastodon")
    db.session.commit()
    return host


def set_board(employee: Employee, shown_as: str, alias: str = "") -> None:
    """Choose how colleagues see her on boards: name (short), alias, initials or nowhere. Commits. Raises Refused."""
    if shown_as not in ("name", "alias", "initials", "nowhere"):
        raise Refused("alias", N_("Choose how you are shown."))
    alias = one_line(alias)
    if shown_as == "alias" and not alias:
        raise Refused("alias", N_("Write the name that colleagues see."))
    if len(alias) > LONGEST_ALIAS:
        raise Refused("alias", N_("Keep the name to thirty characters."))
    if shown_as == "initials":
        words = [word for word in (employee.name or "").split() if word[0].isalnum()]
        alias = " ".join(f"{word[0].upper()}." for word in (words[:1] + words[1:][-1:]))
    if shown_as != "nowhere":
        chosen = None if shown_as == "name" else alias or None
        if employee.alias and employee.alias != chosen:
            naming.remember([(employee.subject, {employee.alias})])
        employee.alias = chosen
    employee.off_boards = shown_as == "nowhere"
    _hers(employee, "alias")
    db.session.commit()


def shown_as(employee: Employee) -> str:
    """Return what she chose with `set_board`."""
    if employee.off_boards:
        return "nowhere"
    if not employee.alias:
        return "name"
    return "initials" if re.fullmatch(r"\w\.( \w\.)?", employee.alias) else "alias"


def pause(employee: Employee, until: date | None) -> None:
    """Send no digest up to and including `until` in her zone (None: until she says so). Commits.

    Raises Refused for a day that is past or more than a year away, and for who is suspended: only a liaison ends that.
    """
    if until is not None and until < today(employee):
        raise Refused("until", N_("Choose a day from today on."))
    if until is not None and until > today(employee) + LONGEST:
        raise Refused("until", N_("Choose a day within a year, or come back when you like."))
    if employee.status == Status.SUSPENDED:
        raise Refused("until", N_("Your part in the programme is on hold, so no digest comes anyway."))
    employee.status = Status.PAUSED
    employee.paused_until = until
    rests.begin(employee.subject, today(employee), until)
    _hers(employee, "status")
    db.session.commit()


def resume(employee: Employee) -> None:
    """End her pause. Commits. Whoever was not paused stays what she is."""
    if employee.status == Status.PAUSED:
        rests.end(employee.subject, today(employee))
        employee.status = Status.ACTIVE
        employee.paused_until = None
        _hers(employee, "status")
        db.session.commit()


def resting(employee: Employee) -> bool:
    """Return True while her pause lasts: a pause whose last day is past is over without anybody's act."""
    until = employee.paused_until
    return employee.status == Status.PAUSED and (until is None or until >= today(employee))


def join(employee: Employee) -> None:
    """Say yes to an invitation: where a programme asks first, the digest begins with this. Commits."""
    if employee.status == Status.INVITED:
        employee.status = Status.ACTIVE
        _hers(employee, "status")
        db.session.commit()


def unsubscribe(employee: Employee) -> None:
    """Stop the class of mail that the digest belongs to; badges and prizes are classes of their own. Commits."""
    if employee.email:
        suppressions.suppress(employee.email, "digest", "unsubscribed")
    _hers(employee, "digest")
    db.session.commit()
    log.info("unsubscribed", subject=employee.subject)


def subscribe(employee: Employee) -> bool:
    """Take her own unsubscribing back; return False where another reason (a bounce) still stops the mail. Commits."""
    if not employee.email:
        return False
    if mail_stopped(employee) == "unsubscribed":
        suppressions.lift(employee.email, "digest")
        db.session.commit()
    return mail_stopped(employee) is None


def mail_stopped(employee: Employee) -> str | None:
    """Return why she gets no digest at her address (a reason of service.suppressions), or None."""
    if not employee.email:
        return "erased"
    return suppressions.suppressed(suppressions.address_hash(employee.email), "digest")


def leave(employee: Employee) -> None:
    """Leave the programme: every mail stops, what is queued is cancelled, draws go on without her. Commits.

    Her passes end with this (410); only unsubscribing goes on answering.
    """
    now = clock.now()
    db.session.refresh(employee, with_for_update={"key_share": True})  # a liaison may suspend her just now
    employee.status = Status.LEFT
    employee.left_at = now
    employee.paused_until = None
    _hers(employee, "status")
    if employee.email:
        suppressions.suppress(employee.email, suppressions.ALL, "left")
    waiting = (MailState.QUEUED, MailState.RETRY, MailState.HELD)
    db.session.execute(
        sa.update(Outbox)
        .where(Outbox.subject == employee.subject, Outbox.state.in_(waiting))
        .values(state=MailState.CANCELLED, why="left", settled_at=now)
    )
    db.session.commit()
    log.info("left", subject=employee.subject)


def today(employee: Employee, now: datetime | None = None) -> date:
    """Return the date in her own zone."""
    return (now or clock.now()).astimezone(ZoneInfo(rests.known_zone(employee.zone))).date()
