"""The table of tile layers: who may see each, what its data are versioned by, and how it is cut."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

import cameras.tiles
import geo.mvt
import geo.tiles
import incidents.forecasts.tiles
import incidents.listed.tiles
import incidents.tiles
import patrols.districts.tiles
from cameras.tiles import camera_views_tile, cameras_tile
from core.clock import now, today
from core.db import scope_of
from core.errors import InvalidInput, NotFound
from core.queries import layer_versions
from geo.tile_address import Tile
from geo.tiles import areas_tile, base_tile, drafts_tile, dwellings_tile, places_tile
from incidents.forecasts.tiles import HORIZONS, forecast_tile
from incidents.listed.tiles import listed_tile
from incidents.tiles import PERIODS_DAYS, hotspots_tile, incidents_tile, newest_incident, reference_moment
from patrols.districts.tiles import districts_tile
from webapp.kept import keep, recall

#: Names how tiles are cut: other SQL makes other tiles of the same data, and none of the old may be served.
FORM = hashlib.sha256(
    b"".join(
        Path(str(module.__file__)).read_bytes()
        for module in (
            geo.mvt,
            geo.tiles,
            cameras.tiles,
            incidents.tiles,
            incidents.forecasts.tiles,
            incidents.listed.tiles,
            patrols.districts.tiles,
        )
    )
).hexdigest()[:8]
DEFAULT_DAYS = 28


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of tiles.

    `tables` are the layers of ``layer_version`` its data come from. `shared`: the same for every
    reader. `dated`: changes with the day or the hour although no row does.
    """

    name: str
    permission: str
    cut: Callable[[Session, Tile], bytes]
    tables: tuple[str, ...]
    shared: bool = False
    dated: str = ""
    takes_days: bool = False


def _no_cut(_session: Session, _tile: Tile) -> bytes:
    raise NotImplementedError  # incidents are cut by `cut_tile`, which knows the period


LAYERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        Layer("base", "area.view", base_tile, ("base",), shared=True),
        Layer("areas", "area.view", areas_tile, ("areas",), dated="day"),
        Layer("districts", "area.view", districts_tile, ("districts",), dated="day"),
        Layer("drafts", "area.review", drafts_tile, ("drafts",)),
        Layer("dwellings", "dwelling.map", dwellings_tile, ("dwellings",), dated="day"),
        Layer("places", "place.view", places_tile, ("places",)),
        Layer("cameras", "camera.view", cameras_tile, ("cameras",)),
        Layer("camera_views", "camera.view", camera_views_tile, ("camera_views", "cameras")),
        Layer("incidents", "incident.view", _no_cut, ("incidents",), dated="hour", takes_days=True),
        Layer("hotspots", "hotspot.view", hotspots_tile, ("hotspots",), dated="hour"),
        *(
            Layer(
                f"forecast_{days}",
                "hotspot.view",
                partial(forecast_tile, horizon_days=days),
                ("forecast",),
                dated="hour",
            )
            for days in HORIZONS
        ),
        Layer("listed", "listed.view", listed_tile, ("listed",)),
    )
}


def layer_of(name: str) -> Layer:
    """Return the layer called `name`.

    Raises
    ------
    NotFound
        ``tile_layer_unknown`` (field `layer`).
    """
    if name not in LAYERS:
        raise NotFound("tile_layer_unknown", layer=name)
    return LAYERS[name]


def days_of(text: str | None) -> int:
    """Return the period in days that a reader asks for.

    Raises
    ------
    InvalidInput
        ``parameter_unusable``: none of `PERIODS_DAYS`.
    """
    if text is None:
        return DEFAULT_DAYS
    days = {str(period): period for period in PERIODS_DAYS}.get(text)
    if days is None:
        raise InvalidInput("parameter_unusable", name="days", wanted=", ".join(map(str, PERIODS_DAYS)))
    return days


def layer_version(layer: Layer, versions: Mapping[str, int]) -> str:
    """Return the version of a layer: what a tile's address may carry to be fetched anew when it rises."""
    numbers = [str(versions.get(table, 0)) for table in layer.tables]
    return "-".join([FORM, *numbers, *([_date(layer)] if layer.dated else [])])


def _date(layer: Layer) -> str:
    return today().isoformat() if layer.dated == "day" else now().strftime("%Y%m%d%H")


def tile_key(layer: Layer, session: Session, days: int) -> str:
    """Return what, with the tile's address, names one content: layer, version, reader's scope, period."""
    parts = [layer.name, layer_version(layer, layer_versions(session))]
    if not layer.shared:
        parts.append(hashlib.sha256(scope_of(session).literal().encode()).hexdigest()[:16])
    if layer.takes_days:
        parts.append(str(days))
    return ":".join(parts)


def cut_tile(layer: Layer, session: Session, tile: Tile, *, key: str, days: int) -> bytes:
    """Return the tile as MVT bytes, cut now."""
    if not layer.takes_days:
        return layer.cut(session, tile)
    return incidents_tile(session, tile, until=incidents_until(session, key), days=days)


def incidents_until(session: Session, key: str) -> datetime:
    """Return the moment the reader's last days are counted back from; kept under `key` for an hour."""
    name = f"gridpatrol:newest:{key}"
    known = recall(name)
    if known is None:
        newest = newest_incident(session)
        known = b"" if newest is None else newest.isoformat().encode()
        keep(name, known, for_s=3600)
    return reference_moment(datetime.fromisoformat(known.decode()) if known else None)
