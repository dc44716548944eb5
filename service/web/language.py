"""Words on pages. In: a request, her language or the liaison's. Out: gettext, dates and numbers."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import dates, numbers
from flask import Flask, g, has_request_context, request

from emails import words
from service.rests import known_zone

LANGUAGES = ("en", "it", "sl")
CATALOGUES = words.Catalogues(Path(__file__).resolve().parent.parent / "translations", LANGUAGES)


def current() -> str:
    """Return the language of this page: what the view chose (`g.language`), else the browser's, else English."""
    if not has_request_context():
        return "en"
    if "language" not in g:
        g.language = request.accept_languages.best_match(LANGUAGES) or "en"
    return str(g.language)


def gettext(message: str, **values: object) -> str:
    """Return the message in the page's language, with %(name)s filled in."""
    text = CATALOGUES[current()].gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """Return the plural form for n in the page's language; %(num)s is n."""
    return CATALOGUES[current()].ngettext(one, many, n) % {"num": n, **values}


def show_date(value: date | datetime, zone: str = "UTC", style: str = "medium") -> str:
    """Return a date in the page's language; a datetime is first put into `zone`."""
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(known_zone(zone))).date()
    return dates.format_date(value, style, locale=current())


def show_moment(value: datetime, zone: str = "UTC") -> str:
    """Return date and time, to the minute, in the page's language and the reader's zone."""
    return _together(value.astimezone(ZoneInfo(known_zone(zone))), "yMMMd")


def show_moment_with_day(value: datetime, zone: str = "UTC") -> str:
    """Return weekday, date and time, to the minute, in the page's language and the reader's zone."""
    return _together(value.astimezone(ZoneInfo(known_zone(zone))), "yMMMEd")


def show_coming(value: datetime, zone: str = "UTC") -> str:
    """Return a moment of the next months in words, to the minute: weekday, day and month in full, without the year."""
    return _together(value.astimezone(ZoneInfo(known_zone(zone))), "MMMMEEEEd")


def _together(there: datetime, skeleton: str) -> str:
    """Join a date and a short time as the language does."""
    day = dates.format_skeleton(skeleton, there, locale=current())
    hour = dates.format_time(there, "short", tzinfo=there.tzinfo, locale=current())
    return str(dates.get_datetime_format("medium", locale=current())).replace("{1}", day).replace("{0}", hour)


def show_place(zone: str) -> str:
    """Return the city that a time zone is named after, in the page's language."""
    return str(dates.get_timezone_location(known_zone(zone), locale=current(), return_city=True))


def show_number(value: float) -> str:
    """Return a number with the page's language's separators."""
    return numbers.format_decimal(value, locale=current())


def install(app: Flask) -> None:
    """Give templates _(), ngettext(), {% trans %} and the filters date, moment and number."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: CATALOGUES[current()].gettext(message),
        lambda one, many, n: CATALOGUES[current()].ngettext(one, many, n),
        newstyle=True,
    )
    app.jinja_env.filters.update(date=show_date, moment=show_moment, number=show_number)
    app.jinja_env.filters.update(coming=show_coming, zone_place=show_place)
    app.jinja_env.globals.update(page_language=current)
