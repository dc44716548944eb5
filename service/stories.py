"""Stories. In: what the liaison writes or a feed brings. Out: stories, their status and share texts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from service import campaigns, clock, topics
from service.database import db
from service.locales import language_of
from service.models import Campaign, Picture, Programme, Share, Story
from service.models.content import Afterwards, Kind, StoryStatus
from service.validation import N_, Check, Invalid, Words, one_line

FIELDS = (
    "kind",
    "title",
    "summary",
    "url",
    "language",
    "topics",
    "audience",
    "campaign_id",
    "publish_from",
    "publish_until",
    "evergreen",
    "picture_hash",
    "picture_alt",
    "source",
    "canonical_key",
    "internal",
    "rest_weeks",
)
"""What `create` takes and `edit` changes; the first of `topics` becomes the lead topic."""

DEFAULTS: dict[str, Any] = {
    "kind": Kind.CURATED,
    "title": "",
    "summary": "",
    "url": "",
    "language": "en",
    "topics": (),
    "audience": (),
    "campaign_id": None,
    "publish_from": None,
    "publish_until": None,
    "evergreen": False,
    "picture_hash": None,
    "picture_alt": "",
    "source": "",
    "canonical_key": None,
    "internal": False,
    "rest_weeks": 0,
}
LONGEST_TITLE, LONGEST_SUMMARY, LONGEST_ALT = 200, 600, 250
MOST_REST = 52
"""Weeks that an evergreen story may rest between two uses."""


def create(*, by: int | None = None, **fields: Any) -> Story:
    """Create a draft from FIELDS (title and url are needed), written by this liaison. Raises Invalid."""
    story = add(**fields)
    story.written_by = by
    db.session.commit()
    return story


def add(**fields: Any) -> Story:
    """Add a draft like `create`, for the caller to commit. Raises Invalid."""
    values = checked({**DEFAULTS, **fields}, None)
    story = Story(status=StoryStatus.DRAFT, **values)
    try:
        with db.session.begin_nested():
            db.session.add(story)
    except IntegrityError as taken:  # somebody else was faster with the same address
        raise Invalid({"url": Words(N_("There is a story with this address already."))}) from taken
    return story


def edit(story: Story, *, by: int | None = None, **fields: Any) -> Story:
    """Change some FIELDS; an approved story stays approved, unless a second person must approve what `by` changed.

    Raises Invalid and changes nothing then.
    """
    set_some(story, fields, by)
    db.session.commit()
    return story


def set_some(story: Story, fields: dict[str, Any], by: int | None) -> bool:
    """Change some FIELDS like `edit`, for the caller to commit; return whether any did. Raises Invalid."""
    now = {name: getattr(story, name) for name in FIELDS}
    now["topics"] = ordered_topics(story)
    changed = False
    for name, value in checked({**now, **fields}, story).items():
        if getattr(story, name) != value:
            setattr(story, name, value)
            changed = True
    if changed:
        rewritten(story, by)
    return changed


def rewritten(story: Story, by: int | None) -> None:
    """Note who changed the content; where a second person must approve, that is asked anew. Does not commit."""
    story.written_by = by
    if by is not None and story.status == StoryStatus.APPROVED and _second():
        story.status, story.approved_at, story.approved_by = StoryStatus.DRAFT, None, None


def waits_for_another(story: Story, by: int | None) -> bool:
    """Return whether this liaison may not approve the story, because she wrote it or changed it last."""
    return by is not None and story.written_by == by and story.status != StoryStatus.APPROVED and _second()


def _second() -> bool:
    programme = db.session.get(Programme, 1)
    return programme is not None and programme.second_approval


def ordered_topics(story: Story) -> list[int]:
    """Return the story's topic ids, its lead topic first."""
    return sorted(story.topics, key=lambda topic: (topic != story.lead_topic, topic))


def approve(*stories: Story, by: int | None = None) -> int:
    """Approve these stories, so that editions may choose them; return how many were not approved before.

    Raises Invalid where one cannot be shown: without a topic nobody can follow it, a picture needs its words; and
    where liaison `by` wrote it and a second person must approve. The command line (None) is somebody else.
    """
    for story in stories:
        check = Check()
        if waits_for_another(story, by):
            check.refuse("status", N_("“%(title)s” waits for another’s yes: you wrote it last."), title=story.title)
        if not story.topics:
            check.refuse("topics", N_("Give “%(title)s” a topic: people follow topics."), title=story.title)
        if story.picture_hash and not story.picture_alt:
            check.refuse(
                "picture_alt",
                N_("Say what the picture of “%(title)s” shows, for who cannot see it."),
                title=story.title,
            )
        check.done()
    changed = [story for story in stories if story.status != StoryStatus.APPROVED]
    for story in changed:
        approve_one(story, by)
    db.session.commit()
    return len(changed)


def approve_one(story: Story, by: int | None) -> None:
    """Approve this story, which was checked. Does not commit."""
    story.status, story.approved_at, story.approved_by = StoryStatus.APPROVED, clock.now(), by


def archive(*stories: Story, afterwards: str | None = None) -> int:
    """Archive these stories: no later edition chooses them. Return how many were not yet, or whose links now change.

    `afterwards` says what their short links do: lead on, explain, or end (models.content.Afterwards). None: they lead
    on, or do what was said when the story was archived before. Raises ValueError for another word.
    """
    then = None if afterwards is None else Afterwards(afterwards)
    changed = [s for s in stories if s.status != StoryStatus.ARCHIVED or then not in (None, s.afterwards)]
    for story in changed:
        story.status, story.afterwards = StoryStatus.ARCHIVED, then or Afterwards.LEADS
    db.session.commit()
    return len(changed)


def draft(*stories: Story) -> int:
    """Make these stories drafts again (undoes approve and archive); return how many were none."""
    changed = [story for story in stories if story.status != StoryStatus.DRAFT]
    for story in changed:
        story.status, story.approved_at, story.approved_by = StoryStatus.DRAFT, None, None
    db.session.commit()
    return len(changed)


def import_feed(source: str, **options: Any) -> Any:
    """Import RSS or Atom from a file or URL; see service.stories_feed.import_feed."""
    from service.stories_feed import import_feed as read_in

    return read_in(source, **options)


def checked(values: dict[str, Any], of: Story | None) -> dict[str, Any]:
    """Return clean column values of a story from FIELDS. Raises Invalid with every field that cannot stand."""
    check = Check()
    for name in sorted(set(values) - set(FIELDS)):
        check.refuse(name, N_("A story has no such field."))
    if values["kind"] not in set(Kind):
        check.refuse("kind", N_("Choose curated, owned or promotional."))
    language = language_of(str(values["language"]))
    if language is None:
        check.refuse("language", N_("We know no language %(language)s."), language=values["language"])
    ids = list(values["topics"])
    known = topics.ids_in(ids) if ids else []
    if len(known) < len({int(i) for i in ids}):
        check.refuse("topics", N_("One of these topics is no longer here; choose again."))
    begins = _moment(check, "publish_from", values["publish_from"]) or clock.now()
    ends = _moment(check, "publish_until", values["publish_until"])
    if ends and ends <= begins:
        check.refuse("publish_until", N_("The story would end before it begins."))
    clean = {
        "kind": str(values["kind"]),
        "title": check.text("title", values["title"], LONGEST_TITLE, required=True),
        "summary": check.text("summary", values["summary"], LONGEST_SUMMARY),
        "url": _url(check, str(values["url"] or ""), of),
        "language": language,
        "topics": sorted(known),
        "lead_topic": known[0] if known else None,
        "audience": campaigns.teams(check, values["audience"]),
        "campaign_id": _row(check, "campaign_id", Campaign, values["campaign_id"]),
        "publish_from": begins,
        "publish_until": ends,
        "evergreen": bool(values["evergreen"]),
        "picture_hash": _row(check, "picture_hash", Picture, values["picture_hash"]),
        "picture_alt": check.text("picture_alt", values["picture_alt"], LONGEST_ALT),
        "source": one_line(str(values["source"] or ""))[:80],
        "canonical_key": str(values["canonical_key"])[:600] if values["canonical_key"] else None,
        "internal": _notice(check, bool(values["internal"]), of),
        "rest_weeks": _weeks(check, values["rest_weeks"]),
    }
    check.done()
    return clean


def normal_url(text: str) -> str:
    """Return an http(s) address with scheme and host lowered, without white space; "" if it is none."""
    url = "".join(one_line(text).split())
    try:
        parts = urlsplit(url)
        named = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and not parts.username
        _port = parts.port
    except ValueError:
        return ""
    return urlunsplit(parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower())) if named else ""


def _url(check: Check, text: str, of: Story | None) -> str:
    url = normal_url(text)
    if not text.strip():
        check.refuse("url", N_("Please fill this in."))
    elif not url:
        check.refuse("url", N_("Write the whole address, like https://example.com/story."))
    elif len(url) > 2000:
        check.refuse(
            "url", N_("Keep it to %(longest)d characters; this has %(length)d."), longest=2000, length=len(url)
        )
    else:
        taken = db.session.scalar(sa.select(Story.id).where(Story.url == url))
        if taken is not None and taken != (of.id if of else None):
            check.refuse("url", N_("There is a story with this address already."))
    return url


def _moment(check: Check, name: str, value: object) -> datetime | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    check.refuse(name, N_("Write day and time, with the time zone."))
    return None


def _notice(check: Check, internal: bool, of: Story | None) -> bool:
    """Return whether it is a notice for colleagues alone; what was shared already cannot become one."""
    if internal and of is not None and not of.internal:
        shared = sa.select(Share.id).where(Share.story_id == of.id).limit(1)
        if db.session.scalar(shared) is not None:
            check.refuse("internal", N_("Colleagues have shared it already; archive it and write a notice instead."))
    return internal


def _weeks(check: Check, value: object) -> int:
    text = str(value or 0)
    if not text.isdecimal() or int(text) > MOST_REST:
        check.refuse("rest_weeks", N_("Write a number of weeks from 0 to %(most)d."), most=MOST_REST)
        return 0
    return int(text)


def _row(check: Check, name: str, table: type[Any], key: Any) -> Any:
    if key is None or key == "":
        return None
    found = db.session.get(table, int(key) if table is Campaign and str(key).isdecimal() else key)
    if found is None:
        check.refuse(name, N_("This is no longer here; choose again."))
        return None
    return key if table is Picture else found.id


def find(ids: Iterable[int]) -> list[Story]:
    """Return the stories with these ids, in the order of the ids. Raises Invalid naming the first that is none."""
    wanted = list(dict.fromkeys(ids))
    found = {s.id: s for s in db.session.scalars(sa.select(Story).where(Story.id.in_(wanted)))}
    for missing in (i for i in wanted if i not in found):
        raise Invalid({"id": Words(N_("There is no story %(id)d."), {"id": missing})})
    return [found[i] for i in wanted]
