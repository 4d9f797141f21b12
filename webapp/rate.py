"""Rate limits, counted in Redis and shared by all web processes.

Without Redis each process counts for itself, so a stopped Redis neither opens the door to guessing
nor closes it to everybody.
"""

from typing import Any

from flask import Flask, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address as where

from core.settings import Settings, settings

#: Sign-ins from one address, whatever the login: slows down trying one password on many accounts [ours].
SIGN_IN_PER_ADDRESS = "60 per minute"
UNCOUNTED = ("static", "health.healthz", "health.metrics")


__all__ = ["SIGN_IN_PER_ADDRESS", "limiter", "set_up_rates", "sign_in_limit", "where", "who_signs_in"]


def who() -> str:
    """Return whose requests are counted together: an account's, else a network address's."""
    account_id, _, _ = session.get("_user_id", "").partition(":")
    return f"account:{account_id}" if account_id else f"address:{where()}"


def who_signs_in() -> str:
    """Return address and login of a sign-in, the login without the blanks that signing in drops."""
    return f"{where()}|{request.form.get('login_name', '').strip()[:64].lower()}"


def sign_in_limit() -> str:
    """Return the limit on sign-ins of one login from one address."""
    return settings().login_limit


limiter = Limiter(
    key_func=who,
    application_limits=[lambda: settings().request_limit],
    application_limits_exempt_when=lambda: request.endpoint in UNCOUNTED,
    strategy="sliding-window-counter",
    in_memory_fallback_enabled=True,
    key_prefix="gridpatrol-limit",
)


def set_up_rates(app: Flask, chosen: Settings) -> None:
    """Count requests of `app`."""
    options: dict[str, Any] = {"socket_timeout": 2, "socket_connect_timeout": 2}
    app.config.update(RATELIMIT_STORAGE_URI=chosen.redis_url, RATELIMIT_STORAGE_OPTIONS=options)
    limiter.init_app(app)
