"""Engine, sessions, and the transaction that carries who acts and how far he may see.

PostgreSQL's row level security decides which rows exist for a transaction: every policy asks
``app_scope()``, which reads the setting opened here. A query that forgets to filter leaks nothing.
"""

import re
import select
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

import psycopg
from sqlalchemy import (
    BigInteger,
    DateTime,
    Engine,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Row,
    Text,
    create_engine,
    event,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column, sessionmaker
from sqlalchemy.types import UserDefinedType

from core.errors import InvalidInput
from core.settings import Settings, settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_PATH = re.compile(r"(\d+(\.\d+)*)?\Z")
#: A pooled connection that rested longer is asked whether it lives; one that just worked is only looked at.
ASK_AFTER_S = 5.0


class Ltree(UserDefinedType[str]):
    """PostgreSQL ``ltree``: an area's path from the county down, made of area ids (``1.5.23``)."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the column type in DDL."""
        return "LTREE"


class Base(DeclarativeBase):
    """Base of every mapped class of the house."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - the name and form SQLAlchemy asks for
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class Owned:
    """A row that belongs to an area and is seen only by those whose scope holds that area.

    `area_path` repeats the area's path so that a policy needs no join; the foreign key keeps it
    true when an area moves in the tree (ON UPDATE CASCADE).
    """

    county_id: Mapped[int] = mapped_column()
    area_id: Mapped[int] = mapped_column(index=True)
    area_path: Mapped[str] = mapped_column(Ltree())

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        """Return the constraints: the owning area, then the table's own (``own_table_args``)."""
        owner = ForeignKeyConstraint(
            ["area_id", "area_path", "county_id"],
            ["area.id", "area.path", "area.county_id"],
            onupdate="CASCADE",
            name=f"fk_{cls.__tablename__}_area",  # type: ignore[attr-defined]
        )
        return (owner, *cls.own_table_args())

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return further constraints and indexes of the table."""
        return ()


class Versioned:
    """A row guarded against lost updates: a stale writer gets `sqlalchemy.orm.exc.StaleDataError`."""

    version_id: Mapped[int] = mapped_column(Integer, server_default="1")

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        """Tell the mapper which column carries the version."""
        return {"version_id_col": cls.version_id}


class Stamped:
    """When the row was made and last changed (UTC, set by the database)."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class LayerVersion(Base):
    """The version of a tile layer's data; part of every tile's ETag and cache key."""

    __tablename__ = "layer_version"

    layer: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class StoredSetting(Base):
    """A setting people may change in the product (defaults carry **[text]** or **[ours]** in docs)."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_by: Mapped[int | None] = mapped_column()


@dataclass(frozen=True, slots=True)
class Scope:
    """The areas a transaction may see: the named paths and everything below them."""

    paths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for path in self.paths:
            if not _PATH.match(path):
                raise InvalidInput("scope_unreadable", path=path)

    @classmethod
    def everything(cls) -> Self:
        """Return the scope of the system itself (the empty path is every path's ancestor)."""
        return cls(("",))

    @classmethod
    def nothing(cls) -> Self:
        """Return the scope that sees no row of any area."""
        return cls(())

    def holds(self, path: str) -> bool:
        """Tell whether `path` lies at or below one of the scope's paths."""
        return any(own in ("", path) or path.startswith(own + ".") for own in self.paths)

    def literal(self) -> str:
        """Return the scope as the text of a PostgreSQL ``ltree[]``."""
        return "{" + ",".join(f'"{path}"' for path in sorted(self.paths)) + "}"


def make_engine(url: str, chosen: Settings) -> Engine:
    """Return an engine on `url` with time-outs on connecting, waiting for locks and statements."""
    options = (
        f"-c statement_timeout={chosen.statement_timeout_s * 1000} -c lock_timeout=10000 "
        "-c idle_in_transaction_session_timeout=120000 -c timezone=UTC -c jit=off "
        # A prepared statement's generic plan cannot know how large a tile's box is.
        "-c plan_cache_mode=force_custom_plan "
        # Starting a parallel worker takes 10 ms and more: longer than nearly all our queries, and the cores
        # are the other requests'. Buildings of a tile at zoom 13: 24 ms with workers, 0.7 ms without.
        "-c max_parallel_workers_per_gather=0"
    )
    made = create_engine(
        url,
        pool_size=chosen.database_pool,
        max_overflow=chosen.database_pool,
        pool_timeout=10,
        # An error must not carry names and phones out of a statement.
        hide_parameters=True,
        connect_args={"options": options, "connect_timeout": 5},
    )
    event.listen(made, "checkin", _note_rest)
    event.listen(made, "checkout", _check_alive)
    return made


def _note_rest(_driver: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _check_alive(driver: Any, record: Any, _proxy: Any) -> None:
    """Have a connection replaced that the server closed while it rested, as all others of its age.

    ``pool_pre_ping`` asks the server before every transaction: one round trip of every request. A server
    that stops or is killed closes its connections, which shows without asking. One that vanished with its
    network does not show: hence the question after a longer rest.
    """
    rests_since = record.info.get("rests_since")
    if rests_since is None:
        return  # just made
    try:
        if not _is_silent(driver):
            raise InvalidatePoolError("the server closed a resting connection")
        if time.monotonic() - rests_since > ASK_AFTER_S:
            driver.execute("SELECT 1")
            driver.rollback()
    except psycopg.OperationalError as error:
        raise InvalidatePoolError("a resting connection does not answer") from error


def _is_silent(driver: Any) -> bool:
    # Nothing was asked: whatever can be read is a farewell or the end of the stream. poll, because select
    # knows no descriptor above 1023.
    looking = select.poll()
    looking.register(driver.fileno(), select.POLLIN)
    return not looking.poll(0)


@lru_cache(maxsize=1)
def engine() -> Engine:
    """Return the process's engine, connecting as the role that owns nothing."""
    return make_engine(settings().database_url, settings())


@lru_cache(maxsize=1)
def _factory() -> sessionmaker[Session]:
    return sessionmaker(bind=engine(), expire_on_commit=False, info={})


@contextmanager
def transaction(
    scope: Scope, *, actor_id: int | None = None, statement_timeout_s: int | None = None
) -> Iterator[Session]:
    """Yield a session whose every transaction carries `scope` and `actor_id`; commit at the end.

    An exception rolls everything back. Jobs and loaders that need longer than a page may raise
    the statement time-out with `statement_timeout_s`; they also wait longer for locks then.
    """
    with _factory()() as session:
        session.info.update(scope=scope, actor_id=actor_id)
        with session.begin():
            _open(session, scope, actor_id, statement_timeout_s)
            yield session


@contextmanager
def snapshot(
    scope: Scope, *, actor_id: int | None = None, statement_timeout_s: int | None = None
) -> Iterator[Session]:
    """Yield a session that reads everything as of one moment, whatever others commit meanwhile; writes fail.

    For a document of many statements; not for hours: rows deleted meanwhile stay on disk until it ends.
    """
    with _factory()() as session:
        session.info.update(scope=scope, actor_id=actor_id)
        with session.begin():
            session.connection(
                execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            )
            _open(session, scope, actor_id, statement_timeout_s)
            yield session


def read_once(scope: Scope, statement: str, binds: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Return the rows of one SELECT, asked in a transaction of its own that carries `scope`.

    For what every request asks: a session of the ORM costs several times what such a statement does.
    `statement` takes its `binds` in the driver's form, ``%(name)s``.
    """
    with engine().begin() as connection:
        connection.exec_driver_sql(_SCOPED, _scoped(scope, None))
        return connection.exec_driver_sql(statement, dict(binds)).all()


#: How long a job waits for a lock at most: a publication waits for an import of a large file.
MOST_PATIENCE_S = 300

# In the driver's form: these two stand before every other statement, and need no compiling.
_SCOPED = (
    "SELECT set_config('gridpatrol.scope', %(scope)s, true), set_config('gridpatrol.actor', %(actor)s, true)"
)


def _scoped(scope: Scope, actor_id: int | None) -> dict[str, str]:
    return {"scope": scope.literal(), "actor": "" if actor_id is None else str(actor_id)}


def _open(session: Session, scope: Scope, actor_id: int | None, statement_timeout_s: int | None) -> None:
    # Before anything else, and outside any SAVEPOINT: rolling one back would take the scope with it.
    session.connection().exec_driver_sql(_SCOPED, _scoped(scope, actor_id))
    if statement_timeout_s is not None:
        session.execute(
            text(
                # What reckons between two statements is not idle: a large file is judged for minutes.
                "SELECT set_config('statement_timeout', :most, true), "
                "set_config('idle_in_transaction_session_timeout', :most, true), "
                "set_config('lock_timeout', :patience, true)"
            ),
            {
                "most": str(statement_timeout_s * 1000),
                "patience": str(min(statement_timeout_s, MOST_PATIENCE_S) * 1000),
            },
        )


def scope_of(session: Session) -> Scope:
    """Return the scope the session was opened with."""
    scope: Scope = session.info["scope"]
    return scope


@contextmanager
def widened(session: Session, path: str) -> Iterator[None]:
    """Let the session see the area at `path` too, for one act that was found to be the actor's by right.

    An error leaves the wider scope in the transaction: it must be rolled back, as every refused one is.
    """
    before = scope_of(session)
    _see(session, Scope((*before.paths, path)))
    yield
    session.flush()
    _see(session, before)


def _see(session: Session, scope: Scope) -> None:
    session.info["scope"] = scope
    session.connection().exec_driver_sql(_SCOPED, _scoped(scope, actor_of(session)))


def actor_of(session: Session) -> int | None:
    """Return the id of the account on whose behalf the session acts, None for the system."""
    actor: int | None = session.info.get("actor_id")
    return actor


def touch_layer(session: Session, *layers: str) -> None:
    """Note that the data of tile `layers` changed; their versions rise when the session commits.

    Raising them only at the commit keeps the row locks of ``layer_version`` for milliseconds, so
    a long import never blocks a visit being saved.
    """
    session.info.setdefault("touched_layers", set()).update(layers)


@event.listens_for(Session, "after_flush")
def _note_layers(session: Session, _context: Any) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        layer = getattr(row, "__tile_layer__", None)
        if layer:
            touch_layer(session, layer)


@event.listens_for(Session, "before_commit")
def _raise_versions(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    for layer in sorted(session.info.pop("touched_layers", ())):
        session.execute(
            text(
                "INSERT INTO layer_version (layer, version) VALUES (:layer, 1) ON CONFLICT (layer) "
                "DO UPDATE SET version = layer_version.version + 1, changed_at = now()"
            ),
            {"layer": layer},
        )


@event.listens_for(Session, "after_soft_rollback")
def _forget_layers(session: Session, _previous: Any) -> None:
    if not session.in_nested_transaction():
        session.info.pop("touched_layers", None)
