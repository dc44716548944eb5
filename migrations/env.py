"""Alembic's environment. In: the database URL in the config's attributes. Out: migrations run, one transaction each."""

import sqlalchemy as sa
from alembic import context

import service.models  # noqa: F401  (fills the metadata)
from service.append_only import guard
from service.database import Base
from service.marking import mark


def _render(type_, value, autogen):
    if type_ == "type" and isinstance(value, sa.JSON):
        autogen.imports.add("from service import database")
        return "database.Json"
    if type_ == "type" and value.__class__.__module__ == "service.database":
        autogen.imports.add("from service import database")
        return f"database.{value.__class__.__name__}()"
    return False


engine = sa.create_engine(context.config.attributes["url"], poolclass=sa.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    guard(connection)
    mark(connection)
    connection.commit()  # SQLite's own transactions are not Alembic's
engine.dispose()
