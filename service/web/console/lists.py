"""Lists. In: a query and what the URL says. Out: 50 rows with search, filters as chips, sort and pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import request, url_for

from service.database import db

PER_PAGE = 50

CHIPS = 8
"""So many choices stand as chips at most; where there may be more, a select holds them."""


@dataclass(frozen=True)
class Filter:
    """One filter of a list: values with their words, and the condition a chosen value means."""

    name: str
    label: str
    choices: Mapping[str, str]
    where: Callable[[str], Any]
    chips: bool = False
    """True: every choice is a chip of its own; False: a select, its choice shown as a chip."""


@dataclass
class Listing:
    """A list as the URL asks for it. Unknown filters, sorts and pages fall back quietly."""

    endpoint: str
    rows: Sequence[Any]
    total: int
    everything: int
    """Rows without search and filters: 0 means that the list is empty, not that nothing was found."""
    page: int
    pages: int
    sort: str
    q: str
    chosen: dict[str, str]
    filters: Sequence[Filter] = field(default_factory=tuple)
    private: bool = False
    """True: the search came by POST and stays out of every address."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the endpoint's own address holds, like a draw's name."""

    @property
    def bare(self) -> str:
        """Return the list's address without search, filters and page."""
        return url_for(self.endpoint, **self.values)

    def url(self, **changes: Any) -> str:
        """Return this list's address with changes; None or "" takes a part away, any change returns to page 1."""
        now: dict[str, Any] = {**self.chosen, "sort": self.sort, "page": self.page}
        if not self.private:
            now["q"] = self.q
        if set(changes) - {"page"}:
            now["page"] = 1
        now.update(changes)
        if now.get("page") == 1:
            now.pop("page")
        return url_for(self.endpoint, **self.values, **{k: v for k, v in now.items() if v not in (None, "")})

    def sort_url(self, key: str) -> str:
        """Return the address that sorts by this column, the other way round where it does already."""
        return self.url(sort=f"-{key}" if self.sort == key else key)

    def aria_sort(self, key: str) -> str:
        return {key: "ascending", f"-{key}": "descending"}.get(self.sort, "none")

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.chosen)

    @property
    def first(self) -> int:
        return (self.page - 1) * PER_PAGE + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.page * PER_PAGE, self.total)


def listing(
    query: sa.Select[Any],
    *,
    endpoint: str,
    sorts: Mapping[str, Any],
    default: str,
    search: Sequence[Any] = (),
    filters: Sequence[Filter] = (),
    words: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> Listing:
    """Return the rows of `query` that this request asks for.

    `sorts` maps a word of the URL to a column; a "-" before it turns it round. `words`: a search that came by POST
    (names of people never stand in an address); default: the URL's `q`. `values`: of the endpoint's own address.
    """
    q = (words if words is not None else request.args.get("q", "")).strip()[:100] if search else ""
    chosen = {f.name: request.args[f.name] for f in filters if request.args.get(f.name) in f.choices}
    sort = request.args.get("sort", "")
    sort = sort if sort.removeprefix("-") in sorts else default
    everything = _count(query)
    for each in filters:
        if each.name in chosen:
            query = query.where(each.where(chosen[each.name]))
    query = sought(query, q, search)
    total = _count(query) if chosen or q else everything
    private = words is not None
    pages = 1 if private and q else max(1, -(-total // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    column = sorts[sort.removeprefix("-")]
    order = column.desc().nulls_last() if sort.startswith("-") else column.asc().nulls_last()
    entity = query.column_descriptions[0]["entity"]
    found = query.order_by(None).order_by(order, entity.id.desc()).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    rows = db.session.execute(found).unique().scalars().all()
    return Listing(endpoint, rows, total, everything, page, pages, sort, q, chosen, filters, private, values or {})


def paged(rows: Sequence[Any], *, endpoint: str, values: Mapping[str, Any] | None = None) -> Listing:
    """Return the page of these rows that this request asks for: of what is read whole, as it is few by its nature."""
    pages = max(1, -(-len(rows) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), pages)
    shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Listing(endpoint, shown, len(rows), len(rows), page, pages, "", "", {}, values=values or {})


def sought(query: sa.Select[Any], q: str, search: Sequence[Any]) -> sa.Select[Any]:
    """Return the query narrowed to rows that hold every word of `q` in one of these columns."""
    for word in q.strip()[:100].split():
        like = f"%{_plain(word)}%"
        query = query.where(sa.or_(*(column.ilike(like, escape="\\") for column in search)))
    return query


def has_id(column: Any, wanted: int) -> Any:
    """Return the condition that a JSON list of numbers holds this one, the same on SQLite and PostgreSQL."""
    if db.engine.dialect.name == "postgresql":
        return column.op("@>")(sa.cast(sa.literal(f"[{int(wanted)}]", sa.Text), column.type))
    each = sa.func.json_each(column).table_valued("value")
    return sa.exists(sa.select(1).select_from(each).where(each.c.value == int(wanted)))


def _count(query: sa.Select[Any]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(query.order_by(None).subquery())) or 0


def _plain(word: str) -> str:
    """Return the word with LIKE's own signs taken literally."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
