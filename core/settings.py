"""Settings: the only module that reads the environment, once.

Variables are called ``GRIDPATROL_<FIELD>``. What the environment does not say is looked up in
``var/env.json``, which the private cluster of ``./start`` writes (addresses, passwords and the
secret key of this installation); then the default below holds.
"""

import json
import os
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.errors import SettingsError

PREFIX = "GRIDPATROL_"
PROJECT_DIR = Path(__file__).resolve().parent.parent
#: Settings without which nothing starts.
REQUIRED = ("database_url", "redis_url", "secret_key")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of a process. The meaning of each is documented in docs/settings.md."""

    database_url: str
    redis_url: str
    secret_key: str
    owner_url: str = ""
    var_dir: str = str(PROJECT_DIR / "var")
    time_zone: str = "Asia/Shanghai"
    default_locale: str = "zh"
    metric_epsg: int = 0
    demo: bool = False
    cookie_secure: bool = False
    trusted_proxies: int = 0
    session_hours: int = 12
    upload_limit_mb: int = 64
    database_pool: int = 6
    statement_timeout_s: int = 30
    tile_cache_s: int = 3600
    login_limit: str = "10 per minute"
    request_limit: str = "3000 per minute"
    runs_per_person: int = 3
    contact_wait_hours: int = 24
    job_stale_s: int = 60
    reconcile_every_s: int = 15
    nightly_hour: int = 2
    log_level: str = "INFO"
    metrics_token: str = ""
    base_map_url: str = ""
    visit_interval_days: int = 90
    public_url: str = ""
    document_days: int = 30
    atlas_pages: int = 120
    listed_days_most: int = 183
    listed_remind_days: int = 7
    listed_recheck_days: int = 42
    listed_proposals: int = 3
    listed_lapse_days: int = 28

    @property
    def var_path(self) -> Path:
        """Return the folder for what belongs to this installation only."""
        return Path(self.var_dir)


def read_settings(environ: MappingProxyType[str, str] | dict[str, str]) -> Settings:
    """Return the settings found in `environ`, then in var/env.json, then the defaults.

    Raises
    ------
    SettingsError
        ``setting_missing`` (field `variable`) or ``setting_unreadable`` (`variable`, `value`).
    """
    stored = _stored(Path(environ.get(PREFIX + "VAR_DIR", str(PROJECT_DIR / "var"))))
    values: dict[str, Any] = {}
    for field in fields(Settings):
        variable = PREFIX + field.name.upper()
        text = environ.get(variable) or stored.get(variable)
        if text is not None:
            values[field.name] = _parse(variable, str(text), field.type)
        elif field.name in REQUIRED:
            raise SettingsError("setting_missing", variable=variable)
    return Settings(**values)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read once from the environment."""
    return read_settings(dict(os.environ))


def _stored(var_dir: Path) -> dict[str, str]:
    try:
        content = json.loads((var_dir / "env.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError("setting_unreadable", variable="var/env.json", value=str(error)) from error
    return {str(key): str(value) for key, value in content.items()}


def _parse(variable: str, text: str, wanted: Any) -> Any:
    if wanted is bool:
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off"}:
            return False
        raise SettingsError("setting_unreadable", variable=variable, value=text)
    if wanted is int:
        try:
            return int(text)
        except ValueError as error:
            raise SettingsError("setting_unreadable", variable=variable, value=text) from error
    return text
