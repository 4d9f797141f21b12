"""What a person chooses for a file, read from a request; what cannot be used is refused by name."""

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask import request

from core.errors import InvalidInput
from core.intake.encoding import OFFERED
from geo.boundaries.file_look import FileWish
from geo.shapes.datum import Datum

FIELDS = ("key", "code", "name")


def wish_of(given: Mapping[str, Any]) -> FileWish:
    """Return the choices of a JSON body; what is empty or missing is taken as the file shows.

    Raises
    ------
    InvalidInput
        ``parameter_unusable`` (fields `name`, `wanted`).
    """
    encoding, crs, datum = _text(given, "encoding"), _text(given, "crs"), _text(given, "datum")
    if encoding and encoding not in OFFERED:
        raise InvalidInput("parameter_unusable", name="encoding", wanted=", ".join(OFFERED))
    return FileWish(
        layer=_text(given, "layer"),
        encoding=encoding,
        crs=system(crs) if crs else None,
        is_northing_first=given.get("northing_first") is True,
        shift=_shift(given.get("shift")),
        datum=member(Datum, datum, "datum") if datum else None,
        columns=_columns(given.get("fields")),
    )


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 200:
        raise InvalidInput("parameter_unusable", name=name, wanted="text")
    return value


def _shift(value: Any) -> tuple[float, ...] | None:
    if value in (None, "", []):
        return None
    numbers = value if isinstance(value, list) else []
    if not numbers or not all(type(one) in {int, float} and math.isfinite(one) for one in numbers):
        raise InvalidInput("parameter_unusable", name="shift", wanted="dx, dy, dz[, rx, ry, rz, ppm]")
    return tuple(float(one) for one in numbers)


def _columns(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise InvalidInput("parameter_unusable", name="fields", wanted=", ".join(FIELDS))
    return {name: column for name, column in value.items() if name in FIELDS}


def system(code: str) -> str:
    """Return a reference system given by its EPSG code; anything else could name files or pipelines.

    Raises
    ------
    InvalidInput
        ``parameter_unusable``.
    """
    if not re.fullmatch(r"(EPSG:)?\d{4,5}", code, re.IGNORECASE):
        raise InvalidInput("parameter_unusable", name="crs", wanted="EPSG:4490")
    return code if ":" in code else f"EPSG:{code}"


def choice[E: StrEnum](name: str, kinds: type[E], default: E) -> E:
    """Return the member of `kinds` that a parameter of the address names."""
    value = request.args.get(name)
    return member(kinds, value, name) if value else default


def member[E: StrEnum](kinds: type[E], value: str, name: str) -> E:
    """Return the member of `kinds` with a value.

    Raises
    ------
    InvalidInput
        ``parameter_unusable``.
    """
    try:
        return kinds(value)
    except ValueError as error:
        raise InvalidInput("parameter_unusable", name=name, wanted=", ".join(kinds)) from error
