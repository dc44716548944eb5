"""Posters. In: a story. Out: a public link of its own for paper and walls, its QR code, and who came by it.

A poster is nobody's share: its visits are judged like those of short links and counted for the poster alone. They
reach no share, no ledger and no draw, because nothing that scores knows this table.
"""

from __future__ import annotations

import io
import secrets
from datetime import timedelta

import segno
import sqlalchemy as sa

from service import clock, poster_visits, settings
from service.bulk import insert_or_ignore
from service.database import db
from service.journal import log
from service.links import UnknownCode, is_code, new_click, new_code
from service.models import Poster, PosterVisit, Story
from service.poster_visits import Came
from service.validation import N_, Invalid, Words
from service.visiting import Asked
from service.visiting_facts import Intake

NETWORK = "poster"
"""What a poster's link says in place of a network."""

QUIET_ZONE = 4
"""Modules of white around the code: as many as ISO/IEC 18004 asks for."""
PIXELS = 16
"""Pixels of a module in the PNG: enough for a poster of a metre."""


def poster_of(story: Story) -> Poster | None:
    """Return this story's poster, if it has one."""
    return db.session.scalar(sa.select(Poster).where(Poster.story_id == story.id))


def make(story: Story) -> Poster:
    """Return this story's poster, making it where there is none; two at once end up with the same one. Commits.

    Raises Invalid for a notice for colleagues alone.
    """
    if story.internal:
        raise Invalid(
            {"id": Words(N_("“%(title)s” is for colleagues alone: no poster leads to it."), {"title": story.title})}
        )
    while (found := poster_of(story)) is None:
        row = {"story_id": story.id, "code": new_code(), "salt": secrets.token_hex(16)}
        db.session.execute(insert_or_ignore(Poster).values(**row, people=0, others=0, created_at=clock.now()))
    db.session.commit()
    return found


def by_code(code: str) -> Poster:
    """Return the poster with this code, with its story and campaign. Raises UnknownCode."""
    if not is_code(code):
        raise UnknownCode
    known = sa.orm.joinedload(Poster.story).joinedload(Story.campaign)
    found = db.session.scalar(sa.select(Poster).options(known).where(Poster.code == code))
    if found is None:
        raise UnknownCode
    return found


def link_of(poster: Poster) -> str:
    """Return the public address of a poster: on the domain for short links, if there is one."""
    found = settings()
    return f"{found.short_url or found.base_url}/p/{poster.code}"


def visit(poster: Poster, asked: Asked, with_click: bool = False) -> str | None:
    """Record one visit by a poster's link with its verdict; return the click's id where one is wanted. Commits.

    Where service.arrivals stands in front, it takes posters' visits too, and they are judged in sets.
    """
    now = clock.now()
    intake = Intake.read(now)
    click = new_click() if with_click else None
    who = intake.marks(poster.salt, asked).visitor
    poster_visits.keep([Came(poster.id, now, who, click, intake.hit(asked).to_json())])
    db.session.commit()
    return click


def forget() -> int:
    """Forget visits older than 30 days; what was counted stays. Return how many went. Commits."""
    old = sa.delete(PosterVisit).where(PosterVisit.at < clock.now() - timedelta(days=30))
    gone = db.session.execute(old).rowcount  # type: ignore[attr-defined]
    db.session.commit()
    if gone:
        log.info("poster visits forgotten", visits=gone)
    return int(gone)


def qr(link: str, form: str) -> bytes:
    """Return the QR code of a link as `svg` or `png`, black on white, with its quiet zone (ISO/IEC 18004).

    Error correction M at least: a scratch or a fold on paper does not matter. Raises ValueError for another form.
    """
    if form not in ("svg", "png"):
        raise ValueError(f"a QR code comes as svg or png, not {form!r}")
    out = io.BytesIO()
    code = segno.make_qr(link, error="m", boost_error=True)
    if form == "svg":
        code.save(out, kind="svg", border=QUIET_ZONE, light="#fff", scale=8, xmldecl=False, title=link, omitsize=False)
    else:
        code.save(out, kind="png", border=QUIET_ZONE, light="#fff", scale=PIXELS, dpi=300)
    return out.getvalue()
