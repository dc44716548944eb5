"""Known links. In: codes of short links, of shares or of posters. Out: what a redirect needs of each, without a
database while it is known.

What is kept is compared with the database every few seconds: a changed address, template or campaign, an archived
story and an erased person take effect within ten.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.bulk import among
from service.database import db, reading
from service.links import LINK_PARAMETERS, Way, is_code, way
from service.models import Campaign, Poster, Programme, Share, Story
from service.posters import NETWORK

MOST = 10_000
"""Links that a process keeps; the one known longest goes first."""
FILLED = 2_000
"""The newest links, which a process learns when it begins."""
FRESH = 5.0
"""Seconds after which what is known is compared with the database."""
UNKNOWN = 10.0
"""Seconds for which a code that was not there is not asked for again."""
AT_ONCE = 500
"""Links that are compared in one query."""


@dataclass(slots=True, eq=False)
class Link:
    """What answering a short link needs."""

    share_id: int | None
    """None: a poster's link."""
    salt: str | None
    """Of its visitors' hashes; None: her data were erased, nothing is counted."""
    way: Way
    told: tuple[Any, ...]
    """All that it was made of, to see whether anything changed."""
    answer: Any = None
    """What the front keeps with it: the answer, made once."""
    poster_id: int | None = None


class Kind:
    """Whose links: how they are asked for, and what is made of a row. Queries are made once: making one costs more than
    asking it."""

    def __init__(
        self, table: type[Share] | type[Poster], network: Any, make: Callable[[tuple[Any, ...]], Link]
    ) -> None:
        self.make, self._code = make, table.code
        self._told = (
            sa.select(
                *(table.code, table.id, table.salt, network),
                *(Story.id, Story.url, Story.language, Story.status, Story.afterwards),
                *(Campaign.slug, Campaign.link_parameters),
                *(Programme.link_parameters, Programme.click_parameter),
            )
            .join(Story, table.story_id == Story.id)
            .outerjoin(Campaign, Story.campaign_id == Campaign.id)
            .outerjoin(Programme, Programme.id == 1)
        )
        self.one = self._told.where(table.code == sa.bindparam("code"))
        self.newest = self._told.order_by(table.id.desc()).limit(FILLED)

    def of(self, codes: list[str]) -> sa.Select[*tuple[Any, ...]]:
        """Return the query for the links of these codes."""
        return self._told.where(among(self._code, codes))


class Known:
    """The links that one process knows. Reading is free of locks; a link looked up twice at once is the same twice."""

    def __init__(self, most: int = MOST, kind: Kind | None = None) -> None:
        self.links: dict[str, Link] = {}
        self._most, self._kind = most, kind or SHARES
        self._not_there: dict[str, float] = {}

    def look_up(self, code: str) -> Link | None:
        """Return the link of this code, from the database if need be; None: no share has it. Needs the app's context.

        Raises sqlalchemy.exc.SQLAlchemyError while the database is away.
        """
        found = self.links.get(code)
        if found is not None or not is_code(code) or self._not_there.get(code, 0.0) > time.monotonic():
            return found
        found = self._read(self._kind.one, {"code": code}, {}).get(code)
        if found is None:
            if len(self._not_there) >= self._most:
                self._not_there.clear()
            self._not_there[code] = time.monotonic() + UNKNOWN
            return None
        while len(self.links) >= self._most:
            self.links.pop(next(iter(self.links)), None)
        self.links[code] = found
        return found

    def fill(self) -> None:
        """Learn the newest links, so that a process just begun leads their visitors on at once, the database away or
        not. Needs the app's context; raises as above."""
        for code, link in reversed(self._read(self._kind.newest, {}, self.links).items()):
            if len(self.links) < self._most:
                self.links.setdefault(code, link)

    def compare(self) -> int:
        """Bring what is known up to date; return how many links changed. Needs the app's context; raises as above."""
        changed = 0
        codes = list(self.links)
        for begin in range(0, len(codes), AT_ONCE):
            some = codes[begin : begin + AT_ONCE]
            now = self._read(self._kind.of(some), {}, self.links)
            for code in some:
                found, held = now.get(code), self.links.get(code)
                if held is None or held is found:
                    continue
                changed += 1
                if found is None:
                    self.links.pop(code, None)
                else:
                    self.links[code] = found
            time.sleep(0)  # whoever answers meanwhile goes first
        return changed

    def _read(
        self, asked: sa.Select[*tuple[Any, ...]], values: Mapping[str, str], held: Mapping[str, Link]
    ) -> dict[str, Link]:
        """Return code → link of what is asked; the very one that is held where nothing changed. Only reads."""
        before = reading.set(True)
        try:
            found = {}
            for row in db.session.execute(asked, values):
                told = tuple(row)
                kept = held.get(told[0])
                found[told[0]] = kept if kept is not None and kept.told == told else self._kind.make(told)
            return found
        finally:
            db.session.rollback()
            reading.reset(before)


def _way(told: tuple[Any, ...]) -> Way:
    *_of_the_link, network, story_id, url, language, status, afterwards, slug, own, template, click = told
    template, click = (LINK_PARAMETERS, "") if template is None else (template, click)
    story = Story(id=story_id, url=url, language=language, status=status, afterwards=afterwards)
    campaign = None if slug is None else Campaign(slug=slug, link_parameters=own)
    return way(story, campaign, network, template, click)


SHARES = Kind(Share, Share.network, lambda told: Link(told[1], told[2], _way(told), told))
POSTERS = Kind(Poster, sa.literal(NETWORK), lambda told: Link(None, told[2], _way(told), told, poster_id=told[1]))
