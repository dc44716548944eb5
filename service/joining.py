"""Joining. In: a table whose rows of the same key are added up. Out: one row of each key, with the same sums.

Whoever changes such a sum writes a new row, so that nobody waits for anybody; this keeps the rows few.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from service.database import db


def join(model: type, by: Sequence[str], summed: Sequence[str]) -> int:
    """Join the rows that agree in the columns `by`, adding up the `summed`; return how many rows that spares.

    Sums of nothing but 0 leave no row. Does not commit.
    """
    connection = db.session.connection()
    table: Any = model.__table__  # type: ignore[attr-defined]
    key = [table.c[name] for name in by]
    twice = sa.select(*key).group_by(*key).having(sa.func.count() > 1)
    both = sa.tuple_(*key).in_(twice)
    if connection.dialect.name == "postgresql":
        # One statement sees one moment; what another one deletes meanwhile is not returned here.
        gone = sa.delete(table).where(both).returning(*table.c).cte("gone")
        sums = _sums(gone, by, summed)
        made = sa.insert(table).from_select([*by, *summed], sums).returning(table.c.id).cte("made")
        asked = sa.select(
            sa.select(sa.func.count()).select_from(gone).scalar_subquery(),
            sa.select(sa.func.count()).select_from(made).scalar_subquery(),
        )
        before, after = connection.execute(asked).one()
        return int(before - after)
    rows = connection.execute(_sums(table, by, summed).where(both)).all()
    before = connection.execute(sa.delete(table).where(both)).rowcount
    if rows:
        connection.execute(sa.insert(table), [dict(row._mapping) for row in rows])
    return int(before - len(rows))


def _sums(of: Any, by: Sequence[str], summed: Sequence[str]) -> Any:
    key = [of.c[name] for name in by]
    sums = [sa.func.sum(of.c[name]) for name in summed]
    asked = sa.select(*key, *(sum_.label(name) for name, sum_ in zip(summed, sums, strict=True)))
    return asked.group_by(*key).having(sa.or_(*(sum_ != 0 for sum_ in sums)))
