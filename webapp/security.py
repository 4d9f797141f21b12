"""Headers that tell the browser what a page of ours may do, and what it may keep."""

import secrets

from flask import Flask, Response, g, request

from core.settings import settings

#: One year; only sent when cookies are secure, because it shuts plain HTTP out for that long.
HSTS = "max-age=31536000; includeSubDomains"
FIXED = {
    "X-Content-Type-Options": "nosniff",
    # Same-origin rather than none: the CSRF check on HTTPS reads the referrer.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def csp_nonce() -> str:
    """Return the nonce of this request's scripts and styles."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    nonce: str = g.csp_nonce
    return nonce


def content_security_policy(nonce: str) -> str:
    """Return the policy of a page: our own files only, inline code only with `nonce`."""
    rules = {
        "default-src": "'self'",
        "script-src": f"'self' 'nonce-{nonce}'",
        "style-src": f"'self' 'nonce-{nonce}'",
        "img-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def add_headers(response: Response) -> Response:
    """Add the security headers; what nobody said may be kept is not kept anywhere."""
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", content_security_policy(csp_nonce()))
    if settings().cookie_secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    if "Cache-Control" not in response.headers or request.endpoint is None:
        response.headers["Cache-Control"] = "no-store"
    return response


def set_up_security(app: Flask) -> None:
    """Let every answer of `app` carry the headers, and templates know `csp_nonce`."""
    app.after_request(add_headers)
    app.context_processor(lambda: {"csp_nonce": csp_nonce()})
