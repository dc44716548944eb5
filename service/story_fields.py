"""Fields of a story. In: what a liaison typed or a feed brought. Out: clean values of columns, or refusals by field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa

from service import campaigns, clock, topics
from service.database import db
from service.locales import language_of
from service.models import Campaign, Picture, Share, Story
from service.models.content import Kind
from service.validation import N_, Check, one_line, whole

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
    weeks = whole(value or 0, MOST_REST)
    if weeks is None:
        check.refuse("rest_weeks", N_("Write a number of weeks from 0 to %(most)d."), most=MOST_REST)
    return weeks or 0


def _row(check: Check, name: str, table: type[Any], key: Any) -> Any:
    if key is None or key == "":
        return None
    key = whole(key) if table is Campaign else key
    found = db.session.get(table, key) if key is not None else None
    if found is None:
        check.refuse(name, N_("This is no longer here; choose again."))
        return None
    return key if table is Picture else found.id
