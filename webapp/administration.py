"""What the administrator reads: what is loaded, what runs, who may sign in, what was done."""

from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from cameras.models import Camera
from core.audit import AuditEvent
from core.clock import local_zone
from core.db import Scope, transaction
from core.errors import Forbidden, InvalidInput, NotFound
from core.jobs import QUEUES, JobRun
from core.settings import PREFIX, Settings
from geo.areas.models import Area
from geo.areas.queries import counties
from geo.households.models import Building, DwellingCell, Household
from geo.places.models import Place
from geo.roads.models import RoadSection
from geo.staff.models import Account
from geo.staff.queries import grants_of, list_accounts
from incidents.models import Incident
from patrols.models import Team
from webapp.i18n import mark
from webapp.kept import quick_redis

PAGE_SIZE = 50
EXPORT_MOST = 10_000
JOB_STATES = {
    "queued": mark("waiting"),
    "running": mark("running"),
    "done": mark("done"),
    "failed": mark("failed"),
    "cancelled": mark("stopped"),
}
#: Dwellings are counted in squares of this zoom, not row by row.
COUNTED_ZOOM = 8


@dataclass(frozen=True, slots=True)
class Loaded:
    """One county and how much of each kind is loaded for it."""

    code: str
    name: str
    counts: dict[str, int]


def loaded(session: Session) -> list[Loaded]:
    """Return what is loaded, by county; rows outside the reader's areas are not counted."""
    found: dict[str, dict[int, int]] = {
        name: {county: int(count) for county, count in session.execute(query).all()}
        for name, query in _counted().items()
    }
    return [
        Loaded(county.code, county.name, {name: counts.get(county.id, 0) for name, counts in found.items()})
        for county in counties(session)
    ]


def _counted() -> dict[str, Select[Any]]:
    grids = select(Area.county_id, func.count()).where(Area.level == "grid", Area.valid_to.is_(None))
    dwellings = select(DwellingCell.county_id, func.sum(DwellingCell.dwelling_count)).where(
        DwellingCell.zoom == COUNTED_ZOOM
    )
    tables: dict[str, Any] = {
        mark("Street sections"): RoadSection,
        mark("Buildings"): Building,
        mark("Key places"): Place,
        mark("Households"): Household,
        mark("Cameras"): Camera,
        mark("Incidents"): Incident,
        mark("Teams"): Team,
    }
    counts = {
        name: select(table.county_id, func.count()).group_by(table.county_id)
        for name, table in tables.items()
    }
    return {
        mark("Grids"): grids.group_by(Area.county_id),
        mark("Dwellings"): dwellings.group_by(DwellingCell.county_id),
        **counts,
    }


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue: runs that wait in it and workers that serve it."""

    name: str
    waiting: int
    workers: int


def queue_states() -> list[QueueState] | None:
    """Return the state of every queue, None when Redis does not answer."""
    redis = quick_redis()
    try:
        served = [name for worker in Worker.all(connection=redis) for name in worker.queue_names()]
        return [QueueState(name, int(redis.llen(f"rq:queue:{name}")), served.count(name)) for name in QUEUES]
    except RedisError:
        return None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which runs to show: all of a state and of a kind, where given."""

    state: str = ""
    kind: str = ""


def job_runs(
    session: Session, wanted: JobFilter, *, before: int | None = None, most: int = PAGE_SIZE
) -> Sequence[Row[JobRun, str]]:
    """Return runs with the name of who asked, newest first; one more than `most` when there are more.

    Raises
    ------
    InvalidInput
        ``filter_unknown``: there is no such state.
    """
    if wanted.state and wanted.state not in JOB_STATES:
        raise InvalidInput("filter_unknown", state=wanted.state)
    query = (
        select(JobRun, func.coalesce(Account.name, ""))
        .outerjoin(Account, Account.id == JobRun.actor_id)
        .order_by(JobRun.id.desc())
        .limit(most + 1)
    )
    if wanted.state:
        query = query.where(JobRun.state == wanted.state)
    if wanted.kind:
        query = query.where(JobRun.kind == wanted.kind)
    if before is not None:
        query = query.where(JobRun.id < before)
    return session.execute(query).all()


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which acts to show: all that match everything that is given."""

    action: str = ""
    actor: str = ""
    day_from: date | None = None
    day_to: date | None = None


def audit_events(
    session: Session, wanted: AuditFilter, *, before: int | None = None, most: int = PAGE_SIZE
) -> Sequence[Row[AuditEvent, str, str]]:
    """Return acts with actor and place, newest first; one more than `most` when there are more."""
    query = (
        select(AuditEvent, func.coalesce(Account.login, ""), func.coalesce(Area.name, ""))
        .outerjoin(Account, Account.id == AuditEvent.actor_id)
        .outerjoin(Area, Area.path == AuditEvent.area_path)
        .order_by(AuditEvent.id.desc())
        .limit(most + 1)
    )
    if wanted.action:
        query = query.where(AuditEvent.action == wanted.action)
    if wanted.actor:
        # Nobody is signed in yet at the moment of signing in: the act itself names the login.
        signing_in = (AuditEvent.action == "account.sign_in") & (
            func.lower(AuditEvent.fields["login"].astext) == wanted.actor.lower()
        )
        query = query.where((func.lower(Account.login) == wanted.actor.lower()) | signing_in)
    if wanted.day_from is not None:
        query = query.where(AuditEvent.at >= _midnight(wanted.day_from))
    if wanted.day_to is not None:
        query = query.where(AuditEvent.at < _midnight(wanted.day_to + timedelta(days=1)))
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return session.execute(query).all()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=local_zone())


def accounts(session: Session, *, words: str = "", role: str = "", active: bool | None = None) -> list[Any]:
    """Return the accounts with a role in the reader's areas, by login, that match what is given."""
    sought = words.strip().lower()
    return [
        row
        for row in list_accounts(session)
        if (not sought or sought in row.login.lower() or sought in row.name.lower())
        and (not role or role in row.roles)
        and (active is None or row.active == active)
    ]


def account_to_manage(session: Session, account_id: int, scope: Scope) -> Account:
    """Return an account that acts nowhere but within `scope`.

    Raises
    ------
    NotFound
        ``account_unknown``: no such account, or none that acts in the scope.
    Forbidden
        ``account_outside_area``: it also acts elsewhere; who manages part of a county must not
        take over an account of the whole.
    """
    # The reader's own transaction does not see roles held elsewhere.
    with transaction(Scope.everything()) as system:
        paths = grants_of(system, account_id).scope.paths
    account = session.get(Account, account_id)
    if account is None or not any(scope.holds(path) for path in paths):
        raise NotFound("account_unknown", login=str(account_id))
    if not all(scope.holds(path) for path in paths):
        raise Forbidden("account_outside_area", login=account.login)
    return account


@dataclass(frozen=True, slots=True)
class SettingLine:
    """A setting as the page shows it; the value of a secret is never part of it."""

    variable: str
    meaning: str
    value: str
    default: str
    secret: bool

    @property
    def changed(self) -> bool:
        """Tell whether it differs from what the product ships."""
        return not self.secret and self.value != self.default


SECRETS = ("database_url", "owner_url", "redis_url", "secret_key", "metrics_token")
MEANINGS = {
    "database_url": mark("Database, as the role that owns nothing"),
    "redis_url": mark("Redis for queues, limits and kept tiles"),
    "secret_key": mark("Key that signs sessions and forms"),
    "owner_url": mark("Database, as the role that owns the tables (migrations only)"),
    "var_dir": mark("Folder of this installation's own files"),
    "time_zone": mark("Time zone of days, shifts and lists"),
    "default_locale": mark("Language before somebody chooses one"),
    "metric_epsg": mark("Metric reference system (0: the UTM zone of each county)"),
    "demo": mark("Demo town with its banner"),
    "cookie_secure": mark("Session cookie over HTTPS only"),
    "trusted_proxies": mark("Reverse proxies in front"),
    "session_hours": mark("Hours a session may rest"),
    "upload_limit_mb": mark("Largest upload (MB)"),
    "database_pool": mark("Database connections of a process"),
    "statement_timeout_s": mark("Longest database statement of a page (s)"),
    "tile_cache_s": mark("Map tiles are kept for (s)"),
    "login_limit": mark("Sign-in tries by address and login"),
    "request_limit": mark("Requests by account"),
    "job_stale_s": mark("A silent job counts as lost after (s)"),
    "reconcile_every_s": mark("Lost jobs are looked for every (s)"),
    "log_level": mark("Log level"),
    "metrics_token": mark("Token for /metrics"),
    "base_map_url": mark("Another base map"),
    "visit_interval_days": mark("Days between visits to a household"),
}


def setting_lines(chosen: Settings) -> list[SettingLine]:
    """Return every setting with meaning, value and shipped default; secrets last and without values."""
    lines = [_setting_line(chosen, field) for field in fields(Settings)]
    return sorted(lines, key=lambda line: line.secret)


def _setting_line(chosen: Settings, field: Field[Any]) -> SettingLine:
    secret = field.name in SECRETS
    return SettingLine(
        variable=PREFIX + field.name.upper(),
        meaning=MEANINGS[field.name],
        value="" if secret else str(getattr(chosen, field.name)),
        default="" if secret or field.default is MISSING else str(field.default),
        secret=secret,
    )
