"""Every table is scoped by row level security or listed here with the reason why it is not."""

from importlib import import_module

import pytest
from sqlalchemy import Engine, create_engine, text

from tests.conftest import Database

#: Tables without an area and without personal data of residents, open to every signed-in account.
SHARED = {
    "alembic_version": "the migration's own",
    "building": "base map",
    "ground_cover": "base map",
    "road_section": "base map and routing",
    "incident_type": "code table",
    "layer_version": "counters of tile layers",
    "role": "code table",
    "role_permission": "code table",
    "setting": "settings people may change",
}
#: Tables the application never writes: the migrations fill them, or a trigger that runs as the owner.
READ_ONLY = {
    "alembic_version": "the migration's own",
    "dwelling_cell": "counted by the triggers of dwelling",
    "role": "what roles there are ships with the product",
    "role_permission": "nobody widens what a role may do",
}
#: PostGIS's own table.
FOREIGN = {"spatial_ref_sys"}


@pytest.fixture
def tables(owner_engine: Engine) -> dict[str, bool]:
    """All tables with whether row level security is on."""
    with owner_engine.connect() as connection:
        rows = connection.execute(
            text("SELECT relname, relrowsecurity FROM pg_class WHERE relkind IN ('r', 'p') "
                 "AND relnamespace = 'public'::regnamespace")
        ).all()  # fmt: skip
    return {row.relname: row.relrowsecurity for row in rows if row.relname not in FOREIGN}


def test_every_table_is_scoped_or_listed_as_shared(tables: dict[str, bool]) -> None:
    unscoped = {name for name, scoped in tables.items() if not scoped}

    assert unscoped == set(SHARED)


def test_every_table_with_an_area_is_scoped(owner_engine: Engine, tables: dict[str, bool]) -> None:
    with owner_engine.connect() as connection:
        owned = connection.execute(
            text("SELECT table_name FROM information_schema.columns WHERE column_name = 'area_path' "
                 "AND table_schema = 'public'")
        ).scalars().all()  # fmt: skip

    assert owned
    assert [name for name in owned if not tables[name]] == []


def test_application_owns_nothing_and_cannot_bypass(database: Database) -> None:
    engine = create_engine(database.app_url)
    with engine.connect() as connection:
        role = connection.execute(
            text(
                "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles "
                "WHERE rolname = current_user"
            )
        ).one()
        owned = connection.scalar(
            text(
                "SELECT count(*) FROM pg_class WHERE relowner = "
                "(SELECT oid FROM pg_roles WHERE rolname = current_user)"
            )
        )
    engine.dispose()

    assert not any(role)
    assert owned == 0


def test_the_application_writes_no_table_that_is_only_read(
    database: Database, tables: dict[str, bool]
) -> None:
    engine = create_engine(database.app_url)
    with engine.connect() as connection:
        written = {
            name
            for name in tables
            if connection.scalar(
                text(
                    "SELECT has_any_column_privilege(:name, 'INSERT, UPDATE') "
                    "OR has_table_privilege(:name, 'DELETE, TRUNCATE')"
                ),
                {"name": name},
            )
        }
    engine.dispose()

    assert set(tables) - written == set(READ_ONLY)


@pytest.mark.parametrize("act", ["UPDATE audit_event SET action = 'x'", "DELETE FROM audit_event"])
def test_audit_trail_cannot_be_changed_by_the_application(database: Database, act: str) -> None:
    engine = create_engine(database.app_url)
    with engine.connect() as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute(text(act))
    engine.dispose()


def test_models_and_migrations_agree(owner_engine: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from geoalchemy2 import alembic_helpers
    from sqlalchemy.dialects.postgresql.base import ischema_names

    from core.db import Base, Ltree

    for module in (
        "geo.areas",
        "geo.boundaries",
        "geo.staff",
        "geo.households",
        "geo.places",
        "geo.roads",
        "incidents",
        "incidents.forecasts",
        "incidents.listed",
        "cameras",
        "patrols",
    ):
        import_module(f"{module}.models")
    import_module("core.audit")
    import_module("core.document")
    import_module("core.models")
    ischema_names["ltree"] = Ltree
    with owner_engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": alembic_helpers.include_object, "compare_server_default": False},
        )
        differences = compare_metadata(context, Base.metadata)

    assert differences == []
