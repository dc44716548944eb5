"""Suggestions. In: what a colleague suggests, what the liaison decides. Out: rows, her one mail for each act, a story.

A suggestion waits until somebody answers, accepts, declines or puts it away. Each of these happens once, whoever
presses a button twice. It is her own message to the liaison, so her name stands beside it in works-council mode too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from emails.values import SuggestionAnswer
from service import books, clock, outbox, settings, stories, thanks
from service.choices import Refused
from service.database import db
from service.journal import log
from service.models import Employee, ShareText, Story, Suggestion
from service.models.people import Status
from service.models.suggestions import SuggestionState, Way
from service.validation import N_, Check, Invalid, Words, one_line, paragraphs

KIND = "suggestion"
A_DAY = 5
"""Suggestions from her page in a day; who has more to say writes a mail."""
LONGEST_WHY, LONGEST_WORDS, LONGEST_URL, LONGEST_ANSWER = 1000, 1500, 2000, 2000
KEPT = timedelta(days=30)
"""Her words and his live so long after the last act; the address and what became of it stay."""

OPEN = (SuggestionState.NEW, SuggestionState.ANSWERED)


class Settled(Exception):
    """Somebody was faster, or it waits for something else first; `words` says what."""

    def __init__(self, message: str) -> None:
        self.words = Words(message)
        super().__init__(message)


def suggest(employee: Employee, url: str, why: str = "", words: str = "") -> Suggestion:
    """Keep what she suggests from her page. Commits. Raises choices.Refused with a field of url, why, words."""
    typed = "".join(one_line(url).split())
    if typed and "://" not in typed and "." in typed.split("/")[0]:
        typed = f"https://{typed}"
    address = stories.normal_url(typed)
    why, words = paragraphs(why), paragraphs(words)
    if not address or "." not in (urlsplit(address).hostname or ""):
        raise Refused("url", N_("Write the whole address, like https://example.com/story."))
    if len(address) > LONGEST_URL:
        raise Refused("url", N_("This address is longer than any page needs; copy it again, please."))
    if urlsplit(address).hostname in own_hosts():
        raise Refused("url", N_("This link leads back to the programme. Open the story and copy its own address."))
    if not why:
        raise Refused("why", N_("Say in a line why colleagues should read it."))
    if len(why) > LONGEST_WHY:
        raise Refused("why", N_("Keep it to a thousand characters, please."))
    if len(words) > LONGEST_WORDS:
        raise Refused("words", N_("Keep the words for a post to fifteen hundred characters, please."))
    books.lock(employee.subject)  # a button that was pressed twice: the second one sees the first one's row
    mine = sa.select(Suggestion.id).where(Suggestion.subject == employee.subject)
    if db.session.scalar(mine.where(Suggestion.url == address, Suggestion.state.in_(OPEN)).limit(1)):
        raise Refused("url", N_("You suggested this one already, and it is waiting for an answer."))
    today = mine.where(Suggestion.way == Way.PAGE, Suggestion.at > clock.now() - timedelta(days=1))
    if (db.session.scalar(sa.select(sa.func.count()).select_from(today.subquery())) or 0) >= A_DAY:
        raise Refused("url", N_("That is five within a day, thank you. Keep this one for tomorrow, please."))
    found = Suggestion(subject=employee.subject, way=Way.PAGE, url=address, why=why, words=words)
    db.session.add(found)
    db.session.commit()
    log.info("story suggested", way=Way.PAGE)
    return found


def own_hosts() -> frozenset[str]:
    """Return the hosts of this service, whose links are never suggestions."""
    found = (urlsplit(url).hostname for url in (settings().base_url, settings().short_url) if url)
    return frozenset(host for host in found if host)


def hers(employee: Employee, limit: int = 10) -> list[Suggestion]:
    """Return what she suggested, the latest first; wishes for no more mails and strangers' mails are none."""
    asked = sa.select(Suggestion).where(
        Suggestion.subject == employee.subject,
        Suggestion.url != "",
        Suggestion.sender == "",
        Suggestion.state != SuggestionState.ASIDE,
    )
    return list(db.session.scalars(asked.order_by(Suggestion.id.desc()).limit(limit)))


def waiting() -> int:
    """Return how many wait for the liaison."""
    return db.session.scalar(sa.select(sa.func.count()).where(Suggestion.state == SuggestionState.NEW)) or 0


def whose(suggestion: Suggestion) -> Employee | None:
    """Return who suggested it; None where her data are gone."""
    return db.session.scalar(sa.select(Employee).where(Employee.subject == suggestion.subject))


def story_at(suggestion: Suggestion) -> Story | None:
    """Return the story that has this address already, if there is one."""
    if not suggestion.url:
        return None
    return db.session.scalar(sa.select(Story).where(Story.url == suggestion.url))


def mailable(employee: Employee | None) -> bool:
    """Tell whether an answer may go out: not to who left, and not where no address is known."""
    return employee is not None and bool(employee.email) and employee.status not in (Status.LEFT, Status.GONE)


def vouch(suggestion: Suggestion) -> None:
    """Take a mail from an address that is not hers for hers: the liaison knows it was she. Commits."""
    suggestion.sender = ""
    db.session.commit()


def answer(suggestion: Suggestion, words: str) -> bool:
    """Answer her by mail; return whether a mail goes out. Commits. Raises Invalid or Settled."""
    said = _said(words, required=True)
    _settle(suggestion, (SuggestionState.NEW,), SuggestionState.ANSWERED, said)
    sent = _tell(suggestion, "answer", said)
    db.session.commit()
    return sent


def decline(suggestion: Suggestion, words: str) -> bool:
    """Decline it with these words; return whether a mail goes out. Commits. Raises Invalid or Settled."""
    said = _said(words, required=True)
    before = suggestion.state
    _settle(suggestion, OPEN, SuggestionState.DECLINED, said)
    sent = _tell(suggestion, _act(before), said)
    db.session.commit()
    return sent


def accept(
    suggestion: Suggestion, fields: Mapping[str, Any], words: str = "", by: int | None = None
) -> tuple[Story, bool]:
    """Make a draft of it, or take the story that has its address, thank her with points and tell her by mail.

    `fields`: of stories.FIELDS, with url and title; `by`: the liaison. Return (story, whether a mail goes out).
    Commits. Raises Invalid or Settled.
    """
    said = _said(words)
    before, employee = suggestion.state, whose(suggestion)
    address = stories.normal_url(str(fields.get("url", "")))
    story = db.session.scalar(sa.select(Story).where(Story.url == address)) if address else None
    if story is None:
        language = employee.language if employee else "en"
        story = stories.add(**{"language": language, **fields})
        story.written_by = by
        if suggestion.words:
            story.texts = [ShareText(network="", language=language, text=suggestion.words)]
        db.session.flush()
    _settle(suggestion, OPEN, SuggestionState.ACCEPTED, said)
    now = clock.now()
    points = 0
    if thanks.suggestion(suggestion.subject, suggestion.id, now):
        points = books.terms(now).rules.suggestion
    suggestion.story_id, suggestion.points, suggestion.url = story.id, points, story.url
    sent = _tell(suggestion, _act(before), said, story.title)
    db.session.commit()
    log.info("suggestion accepted", suggestion=suggestion.id, story=story.id, points=points)
    return story, sent


def put_away(suggestion: Suggestion) -> None:
    """Put it away without a mail. Commits. Raises Settled."""
    _settle(suggestion, OPEN, SuggestionState.ASIDE, suggestion.answer, known=False)
    db.session.commit()


def fetch_back(suggestion: Suggestion) -> None:
    """Let what was put away wait again. Commits. Raises Settled."""
    _settle(suggestion, (SuggestionState.ASIDE,), SuggestionState.NEW, suggestion.answer, known=False)
    db.session.commit()


def forget() -> int:
    """Forget the words of what was settled 30 days ago; return how many. A use case: commits."""
    old = sa.update(Suggestion).where(
        Suggestion.state != SuggestionState.NEW,
        Suggestion.settled_at < clock.now() - KEPT,
        Suggestion.cleared_at.is_(None),
    )
    gone = db.session.execute(old.values(why="", words="", answer="", sender="", cleared_at=clock.now()))
    db.session.commit()
    return int(gone.rowcount)  # type: ignore[attr-defined]


def erase(subject: str) -> None:
    """Take everything out of what a person suggested that is hers; what was decided stays counted. Does not commit."""
    mine = sa.update(Suggestion).where(Suggestion.subject == subject)
    waited = sa.case((Suggestion.state.in_(OPEN), SuggestionState.ASIDE), else_=Suggestion.state)
    empty = {"url": "", "why": "", "words": "", "answer": "", "sender": "", "message_key": None}
    asked = mine.values(**empty, state=waited, cleared_at=clock.now())
    db.session.execute(asked.execution_options(synchronize_session=False))


def _act(before: str) -> str:
    """Return what the mail's occasion is called: who was answered before hears the decision in a mail of its own."""
    return "decision" if before == SuggestionState.ANSWERED else "answer"


def _said(words: str, required: bool = False) -> str:
    check, said = Check(), paragraphs(words)
    if required and not said:
        check.refuse("words", N_("Write a few words to her."))
    if len(said) > LONGEST_ANSWER:
        check.refuse("words", N_("Keep it to two thousand characters."))
    check.done()
    return said


def _settle(suggestion: Suggestion, before: tuple[str, ...], after: str, said: str, known: bool = True) -> None:
    """Change the state if it is still one of `before`; its row is locked meanwhile, so one of two acts wins."""
    db.session.flush()
    db.session.refresh(suggestion, with_for_update=True)
    if known and suggestion.sender:
        db.session.rollback()
        raise Settled(N_("This mail came from another address. Say first that it was she, or put it away."))
    if suggestion.state not in before:
        db.session.rollback()
        raise Settled(N_("This was settled already, perhaps in another window."))
    suggestion.state, suggestion.settled_at, suggestion.answer = after, clock.now(), said


def _tell(suggestion: Suggestion, occasion: str, said: str, title: str = "") -> bool:
    employee = whose(suggestion)
    if employee is None or not mailable(employee):
        return False
    told = SuggestionAnswer(
        outcome=suggestion.state, words=said, url=suggestion.url, title=title, points=suggestion.points
    )
    row = outbox.enqueue(employee, KIND, f"{KIND}:{suggestion.id}:{occasion}", {"suggestion": told.to_json()})
    return row is not None and row.state != "suppressed"


__all__ = ["A_DAY", "KIND", "Invalid", "Refused", "Settled", "accept", "answer", "decline", "suggest"]
