"""Bring the database to the newest migration, as the owner of the tables."""

import psycopg
import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from core.errors import DomainError
from core.settings import PROJECT_DIR


def configuration() -> Config:
    """Return how Alembic finds the migrations."""
    made = Config()
    made.set_main_option("script_location", str(PROJECT_DIR / "migrations").replace("%", "%%"))
    return made


def migrate() -> None:
    """Run every migration the database has not seen.

    Raises
    ------
    DomainError
        ``migration_failed`` (field `detail`).
    """
    try:
        command.upgrade(configuration(), "head")
    except (CommandError, sqlalchemy.exc.SQLAlchemyError, psycopg.Error) as error:
        detail = str(getattr(error, "orig", error)).strip().split("\n", 1)[0]
        raise DomainError("migration_failed", detail=detail) from error
