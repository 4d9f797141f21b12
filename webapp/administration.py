"""What the administrator reads: what is loaded, what runs, who may sign in, what was done."""

from dataclasses import MISSING, Field, dataclass, fields
from typing import Any

from redis.exceptions import RedisError
from rq import Worker
from sqlalchemy.orm import Session

from cameras.models import Camera
from core.db import Scope, transaction
from core.errors import Forbidden, NotFound
from core.jobs import QUEUES
from core.queries import rows_by_county
from core.settings import PREFIX, Settings
from geo.areas.queries import counties, grids_by_county
from geo.households.models import Building, Household
from geo.households.queries import dwellings_by_county
from geo.places.models import Place
from geo.roads.models import RoadSection
from geo.staff.models import Account
from geo.staff.queries import grants_of
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
#: What is counted for a county beside grids and dwellings.
COUNTED: dict[str, Any] = {
    mark("Street sections"): RoadSection,
    mark("Buildings"): Building,
    mark("Key places"): Place,
    mark("Households"): Household,
    mark("Cameras"): Camera,
    mark("Incidents"): Incident,
    mark("Teams"): Team,
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """One county and how much of each kind is loaded for it."""

    code: str
    name: str
    counts: dict[str, int]


def loaded(session: Session) -> list[Loaded]:
    """Return what is loaded, by county; rows outside the reader's areas are not counted."""
    found = {
        mark("Grids"): grids_by_county(session),
        mark("Dwellings"): dwellings_by_county(session),
        **{name: rows_by_county(session, table) for name, table in COUNTED.items()},
    }
    return [
        Loaded(county.code, county.name, {name: counts.get(county.id, 0) for name, counts in found.items()})
        for county in counties(session)
    ]


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
    "nightly_hour": mark("Hour at which the night's analyses begin, -1 for none"),
    "upload_limit_mb": mark("Largest upload (MB)"),
    "database_pool": mark("Database connections of a process"),
    "statement_timeout_s": mark("Longest database statement of a page (s)"),
    "tile_cache_s": mark("Map tiles are kept for (s)"),
    "login_limit": mark("Sign-in tries by address and login"),
    "request_limit": mark("Requests by account"),
    "runs_per_person": mark("Unfinished runs of a job by account"),
    "contact_wait_hours": mark("Contacts stay closed to a new account for (h)"),
    "job_stale_s": mark("A silent job counts as lost after (s)"),
    "reconcile_every_s": mark("Lost jobs are looked for every (s)"),
    "log_level": mark("Log level"),
    "metrics_token": mark("Token for /metrics"),
    "base_map_url": mark("Another base map"),
    "visit_interval_days": mark("Days between visits to a household"),
    "public_url": mark("Public address of the form for residents (empty: there is none)"),
    "document_days": mark("Finished documents are kept for (days)"),
    "atlas_pages": mark("Most pages of one atlas"),
    "listed_days_most": mark("Longest time an area may be listed (days)"),
    "listed_remind_days": mark("Listed areas are marked as due before a day (days)"),
    "listed_recheck_days": mark("From the evaluation of a listed area to its re-check (days)"),
    "listed_proposals": mark("Most hotspots of a run that it proposes for listing (0: none)"),
    "listed_lapse_days": mark("An unanswered proposal of the hotspot job lapses after (days)"),
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
