"""Reading the parameters of a request; what cannot be used is refused by name."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import request

from core.errors import InvalidInput


def number(name: str, *, default: float | None = None) -> float:
    """Return the parameter `name` as a finite number.

    Raises
    ------
    InvalidInput
        ``parameter_unusable`` (fields `name`, `wanted`).
    """
    sent = request.args.get(name)
    if sent is None and default is not None:
        return default
    try:
        value = float(sent or "")
    except ValueError as error:
        raise InvalidInput("parameter_unusable", name=name, wanted="number") from error
    if not math.isfinite(value):
        raise InvalidInput("parameter_unusable", name=name, wanted="number")
    return value


def bbox(name: str = "bbox") -> tuple[float, float, float, float]:
    """Return the parameter `name` as west, south, east, north in degrees.

    Raises
    ------
    InvalidInput
        ``parameter_unusable``.
    """
    wanted = "west,south,east,north"
    try:
        west, south, east, north = (float(part) for part in request.args.get(name, "").split(","))
    except ValueError as error:
        raise InvalidInput("parameter_unusable", name=name, wanted=wanted) from error
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidInput("parameter_unusable", name=name, wanted=wanted)
    return west, south, east, north


def sent() -> dict[str, Any]:
    """Return the JSON object a script sent, empty where it sent anything else."""
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def text_of(given: Mapping[str, Any], name: str) -> str:
    """Return a text of a JSON body, empty where there is none; numbers and lists are not made into words.

    Raises
    ------
    InvalidInput
        ``parameter_unusable``.
    """
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInput("parameter_unusable", name=name, wanted="text")
    return value


def words(name: str = "q", *, longest: int = 80) -> str:
    """Return the text parameter `name` without surrounding blanks, cut to `longest` signs."""
    return request.args.get(name, "").replace("\0", "").strip()[:longest]


def day_of(value: Any, name: str) -> date | None:
    """Return a day written 2026-11-30, None for nothing.

    Raises
    ------
    InvalidInput
        ``parameter_unusable``.
    """
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise InvalidInput("parameter_unusable", name=name, wanted="2026-11-30") from error


def iso(value: date | datetime | None) -> str | None:
    """Return a day or an instant as JSON carries it."""
    return None if value is None else value.isoformat()
