"""Words of the console. In: codes that tables keep. Out: what a liaison reads, in her language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

from service import delivery, steering
from service.delivery import words as stops
from service.models import Story
from service.validation import Words
from service.web.console.room import room, zone
from service.web.language import current, show_moment_with_day
from service.web.language import gettext as _
from service.web.reader import network_label


@room.app_template_filter("said")
def said(words: Words | str) -> str:
    """Return a refusal of a use case in the liaison's language."""
    if not isinstance(words, Words):
        return str(words)
    return _(words.message, **{n: said(v) if isinstance(v, Words) else v for n, v in words.values.items()})


@room.app_template_filter("stopped")
def stopped(why: str) -> str:
    """Return why an edition's sending stopped, in the liaison's language."""
    return said(stops.stopped(why))


@room.app_template_global("holding")
def holding() -> str | None:
    """Return why nothing is sent at all and what to do, in the liaison's language; None where mails flow."""
    row = delivery.held()
    return said(stops.held(row.held_why)) if row is not None and row.held_why else None


@room.app_template_global("declines")
def declines(story: Story) -> int | None:
    """Return how many people said *not for me* to this story; None where they are too few to be told."""
    return steering.declines(story)


def said_all(errors: Mapping[str, Words]) -> dict[str, str]:
    """Return every field's refusal in the liaison's language."""
    return {field: said(words) for field, words in errors.items()}


@room.app_template_filter("language_name")
def language_name(code: str) -> str:
    """Return a language's name in the liaison's language, beginning with a capital."""
    try:
        name = Locale.parse(code).get_display_name(current()) or code
    except (UnknownLocaleError, ValueError):
        return code
    return name[:1].upper() + name[1:]


@room.app_template_filter("here")
def here(moment: datetime | None) -> str:
    """Return a moment in the liaison's zone and format, with its weekday and to the minute; "" for none."""
    if moment is None:
        return ""
    return show_moment_with_day(moment, zone())


@room.app_template_filter("local_input")
def local_input(moment: datetime | str | None) -> str:
    """Return a moment as <input type="datetime-local"> wants it, in the liaison's zone; text stays as typed."""
    if isinstance(moment, datetime):
        return moment.astimezone(ZoneInfo(zone())).strftime("%Y-%m-%dT%H:%M")
    return moment or ""


def moment_of(text: str) -> datetime | str | None:
    """Return the aware moment that a datetime-local field says, in the liaison's zone; what is none stays text."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone()))
    except ValueError:
        return text


@room.app_template_filter("zip_names")
def zip_names(ids: Iterable[Any], rows: Iterable[Any]) -> list[tuple[Any, str]]:
    """Return (id, name) pairs for a choice."""
    return [(key, row.name) for key, row in zip(ids, rows, strict=True)]


@room.app_template_filter("network_name")
def network_name(slug: str) -> str:
    """Return a network's name in the liaison's language."""
    return network_label(slug)


@room.app_template_filter("names_of")
def names_of(ids: Iterable[int], names: Mapping[int, str]) -> list[str]:
    """Return the names of these ids, those that are no longer known left out."""
    return [names[i] for i in ids if i in names]


def kinds() -> dict[str, str]:
    """Return the kinds of stories (the 6-3-1 rule: six curated, three owned, one promotional)."""
    return {"curated": _("Curated"), "owned": _("Owned"), "promotional": _("Promotional")}


def story_states() -> dict[str, str]:
    return {"draft": _("Draft"), "approved": _("Approved"), "archived": _("Archived")}


@room.app_template_filter("story_state")
def story_state(code: str) -> str:
    return story_states().get(code, code)


@room.app_template_filter("kind_word")
def kind_word(code: str) -> str:
    return kinds().get(code, code)


def people_states() -> dict[str, str]:
    return {
        "invited": _("Invited"),
        "active": _("Active"),
        "paused": _("Paused"),
        "suspended": _("Suspended"),
        "left": _("Left the programme"),
        "gone": _("Gone from the company"),
    }


@room.app_template_filter("people_state")
def people_state(code: str) -> str:
    return people_states().get(code, code)


def draw_states() -> dict[str, str]:
    return {"open": _("Open"), "frozen": _("Frozen"), "drawn": _("Drawn"), "void": _("Void")}


@room.app_template_filter("draw_state")
def draw_state(code: str) -> str:
    return draw_states().get(code, code)
