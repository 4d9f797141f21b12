"""Alembic's entry: runs migrations as the owner of the tables, with a lock time-out."""

import logging
from importlib import import_module

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.dialects.postgresql.base import ischema_names

from core.db import Base, Ltree
from core.errors import SettingsError
from core.settings import settings

ischema_names["ltree"] = Ltree
# The models register themselves with the metadata when imported.
for module in (
    "cameras.models",
    "core.audit",
    "core.document",
    "core.models",
    "geo.areas.models",
    "geo.boundaries.models",
    "geo.households.models",
    "geo.places.models",
    "geo.roads.models",
    "geo.staff.models",
    "incidents.forecasts.models",
    "incidents.listed.models",
    "incidents.models",
    "patrols.models",
):
    import_module(module)

logging.getLogger("alembic").setLevel(logging.INFO)


def migrate(connection: Connection) -> None:
    """Bring the database behind `connection` to the wanted revision, in one transaction."""
    connection.execute(text("SET lock_timeout = '10s'"))
    connection.execute(text("SET statement_timeout = '15min'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=alembic_helpers.include_object,
        render_item=alembic_helpers.render_item,
        process_revision_directives=alembic_helpers.writer,
        compare_server_default=False,
    )
    with context.begin_transaction():
        # Two processes that start at once must not migrate at once.
        connection.execute(text("SELECT pg_advisory_xact_lock(4071122)"))
        context.run_migrations()


if not settings().owner_url:
    raise SettingsError("setting_missing", variable="GRIDPATROL_OWNER_URL")
engine = create_engine(settings().owner_url, connect_args={"connect_timeout": 5})
with engine.connect() as live:
    migrate(live)
engine.dispose()
