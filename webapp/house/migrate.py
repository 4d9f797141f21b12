"""Bring the database to the newest migration, as the owner of the tables."""

import psycopg
import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine

from core.errors import DomainError
from core.settings import PROJECT_DIR, settings


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(PROJECT_DIR / "migrations"))
    # Revisions carry dates in their names; a percent sign in a path would be read as a reference.
    configuration.set_main_option("path_separator", "os")
    return configuration


def migrate() -> None:
    """Run every migration the database has not seen.

    Raises
    ------
    DomainError
        ``migration_failed`` (field `detail`).
    """
    try:
        command.upgrade(_configuration(), "head")
    except (CommandError, sqlalchemy.exc.SQLAlchemyError, psycopg.Error) as error:
        detail = str(getattr(error, "orig", error)).strip().split("\n", 1)[0]
        raise DomainError("migration_failed", detail=detail) from error


def is_current() -> bool:
    """Tell whether the database stands at the newest migration of this code."""
    newest = ScriptDirectory.from_config(_configuration()).get_current_head()
    engine = create_engine(settings().database_url, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == newest
    finally:
        engine.dispose()
