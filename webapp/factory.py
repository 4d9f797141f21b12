"""Makes the Flask application."""

import logging
import pkgutil
from datetime import timedelta
from importlib import import_module
from types import ModuleType

from flask import Blueprint, Flask, g
from flask_babel import Babel
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import webapp.api
import webapp.tiles
import webapp.views
from core.settings import Settings, settings
from webapp import health
from webapp.assets import set_up_assets
from webapp.handlers import register_handlers
from webapp.i18n import LOCALES, choose_locale
from webapp.log import set_up_logs
from webapp.permission import check_declarations, check_request
from webapp.problem import set_up_problems
from webapp.rate import set_up_rates
from webapp.rooms import rail
from webapp.security import set_up_security
from webapp.session import Web, set_up_sessions

HOLDING_BLUEPRINTS = (webapp.api, webapp.tiles, webapp.views)
#: A cookie of this name is only taken over HTTPS, for this host and all its paths.
SECURE_NAME, PLAIN_NAME = "__Host-gridpatrol", "gridpatrol"

logger = logging.getLogger(__name__)


def create_app() -> Flask:
    """Return the application: every `blueprint` of webapp/api, tiles and views, guarded and worded.

    Raises
    ------
    SettingsError
        A required setting is missing.
    RuntimeError
        An endpoint declares no permission.
    """
    chosen = settings()
    app = Web(__name__, static_folder=None, template_folder="templates")
    _configure(app, chosen)
    set_up_logs(app, chosen.log_level)
    health.set_up_metrics(app)
    set_up_problems(app)
    set_up_sessions(app)
    set_up_rates(app, chosen)
    CSRFProtect(app)
    app.before_request(check_request)
    set_up_security(app)
    set_up_assets(app)
    Babel(app, default_locale="en", locale_selector=choose_locale, default_timezone=chosen.time_zone)
    app.context_processor(_page_context)
    register_handlers()
    for blueprint in _blueprints():
        app.register_blueprint(blueprint)
    check_declarations(app)
    return app


def _configure(app: Flask, chosen: Settings) -> None:
    app.config.update(
        SECRET_KEY=chosen.secret_key,
        SESSION_COOKIE_NAME=SECURE_NAME if chosen.cookie_secure else PLAIN_NAME,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=chosen.cookie_secure,
        # The signature's date ends a session that rested this long; a fresh date comes every few
        # minutes of use (webapp.session), not with every tile.
        PERMANENT_SESSION_LIFETIME=timedelta(hours=chosen.session_hours),
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=chosen.upload_limit_mb * 1024 * 1024,
        # A form stays good as long as the session it was made in: shifts are long.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    if chosen.trusted_proxies:
        hops = chosen.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _blueprints() -> list[Blueprint]:
    found = [health.blueprint]
    for package in HOLDING_BLUEPRINTS:
        for module in _modules(package):
            blueprint = getattr(module, "blueprint", None)
            if isinstance(blueprint, Blueprint):
                found.append(blueprint)
    return found


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(entry.name for entry in pkgutil.iter_modules(package.__path__))
    return [import_module(f"{package.__name__}.{name}") for name in names]


def _page_context() -> dict[str, object]:
    signed_in = not g.get("without_account") and current_user.is_authenticated
    return {
        "locale": choose_locale(),
        "locales": LOCALES,
        "demo": settings().demo,
        "time_zone": settings().time_zone,
        "rooms": rail() if signed_in else [],
    }
