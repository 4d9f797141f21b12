"""``gridpatrol hotspots find FILE``: the significant places of a file of incidents, without a server."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import shapely

from core.errors import InvalidInput
from core.intake.columns import Wanted, header_of, read_columns
from core.intake.coordinate import judge_coordinates
from core.intake.header import find_columns, normalised, require_columns
from geo.shapes.crs import shape_to_lonlat, shape_to_metric, to_lonlat, to_metric
from incidents.hotspots import HotspotMap, HotspotParams, TooFew, find_hotspots
from incidents.hotspots.cube import bin_incidents
from incidents.hotspots.development import Development, developments
from incidents.hotspots.find import Exposure
from incidents.hotspots.naming import street_names
from incidents.hotspots.near_repeat import NearRepeat, knox
from incidents.hotspots.profile import peak_hours, week_profile
from incidents.hotspots.streets import Streets
from incidents.hotspots.trend import Emerging
from webapp.cli.hotspots import place_lines
from webapp.cli.incident_file import boundary_of, day_of, register_of, told_reading
from webapp.cli.propose_files import read_ground

if TYPE_CHECKING:
    from pathlib import Path

    from incidents.hotspots.values import HotPlace, Incidents
    from incidents.register import Register

_AMOUNTS = ("households", "household_count", "count", "amount", "户数", "住户数", "数量")


def find_in_file(file: Path, asked: dict[str, Any], *, as_json: bool) -> None:
    """Print what is found in the file."""
    register = register_of(file, asked)
    params = _params(register, asked)
    selected = register.selected
    if asked["cell_shape"] == "street" and not asked["roads"]:
        raise InvalidInput("roads_missing")
    streets = _streets(asked["roads"], register.epsg)
    try:
        area = boundary_of(asked["boundary"], register.epsg)
        found = find_hotspots(
            selected,
            area,
            params,
            asked["seed"],
            cell_shape=asked["cell_shape"],
            exposure=_exposure(asked["exposure"], register.epsg),
            ground=None if area is not None else (register.incidents.x_m, register.incidents.y_m),
            streets=streets,
        )
    except ValueError as error:
        raise InvalidInput("lattice_refused", cause=str(error)) from error
    answer = told_reading(register, file) | _told(found, register) | {"seed": asked["seed"]}
    answer["cells"] = asked["cell_shape"]
    if streets is not None and isinstance(found, HotspotMap):
        _name(answer["places"], street_names(found.places, streets))
    if asked["near_repeat"]:
        answer["near_repeat"] = _told_repeat(_near_repeat(selected, params, asked["seed"]))
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else _words(answer))


def _params(register: Register, asked: dict[str, Any]) -> HotspotParams:
    t_s = register.selected.t_s
    newest = np.datetime64(int(t_s.max()), "s") if len(t_s) else np.datetime64(0, "s")
    last = day_of(asked["to"] or asked["as_of"], "--to" if asked["to"] else "--as-of")
    # The end is exclusive inside: the day after the last one, or the second after the newest incident.
    end = newest + np.timedelta64(1, "s") if last is None else (last + np.timedelta64(1, "D"))
    end = end.astype("datetime64[s]")
    first = day_of(asked["from_"], "--from")
    days = (
        asked["days"] if first is None else int((end - first.astype("datetime64[s]")).astype(int) // 86_400)
    )
    if days < 1:
        raise InvalidInput("period_empty", start=str(first), end=str(last))
    window_m = asked["window_m"] or 1.5 * asked["cell_m"]
    try:
        return HotspotParams(
            as_of_s=int(end.astype(int)),
            days=days,
            history_days=asked["history_days"],
            cell_m=asked["cell_m"],
            window_radius_m=window_m,
            bandwidth_m=max(1000.0, 3 * window_m),
            q=asked["q"],
            background=asked["against"],
        )
    except ValueError as error:
        raise InvalidInput("lattice_refused", cause=str(error)) from error


def _streets(paths: tuple[Path, ...], epsg: int) -> Streets | None:
    if not paths:
        return None
    sections = read_ground(paths, None).sections
    if not sections:
        raise InvalidInput("nothing_found", file=", ".join(path.name for path in paths))
    lines = [shape_to_metric(section.line, epsg) for section in sections]
    return Streets(
        np.array(lines, dtype=object),
        np.array([section.from_node for section in sections], dtype=np.int64),
        np.array([section.to_node for section in sections], dtype=np.int64),
        tuple(section.name or "" for section in sections),
    )


def _name(places: list[dict[str, Any]], names: list[tuple[str, ...]]) -> None:
    """Name the told places by their streets; a place without one keeps its coordinates."""
    for place, streets in zip(places, names, strict=True):
        place["streets"] = list(streets)
        place["name"] = " / ".join(streets) or place["name"]


def _exposure(path: Path | None, epsg: int) -> Exposure | None:
    if path is None:
        return None
    header = header_of(path)
    found = find_columns(header, ("lon", "lat"), {})
    require_columns(found, ("lon", "lat"), header)
    lon, lat = header[found["lon"]], header[found["lat"]]
    names = {normalised(name): name for name in reversed(header)}
    amount = next((names[key] for key in map(normalised, _AMOUNTS) if key in names), None)
    columns = read_columns(path, Wanted(numbers=[lon, lat, *([amount] if amount else [])]))
    lonlat = np.column_stack([columns.numbers[lon], columns.numbers[lat]])
    usable = judge_coordinates(lonlat[:, 0], lonlat[:, 1]) == 0
    amounts = np.ones(len(lonlat)) if amount is None else np.nan_to_num(columns.numbers[amount])
    xy = to_metric(lonlat[usable], epsg)
    return Exposure(xy[:, 0], xy[:, 1], np.maximum(amounts[usable], 0.0))


def _told(found: HotspotMap | TooFew, register: Register) -> dict[str, Any]:
    params = found.params
    told: dict[str, Any] = {
        "outcome": "too_few" if isinstance(found, TooFew) else "found" if found.places else "none",
        "period": _span(params.recent.start_s, params.recent.end_s),
        "history": _span(params.history.start_s, params.history.end_s),
        "incidents": asdict(found.tally),
        "cell_m": params.cell_m,
        "radii_m": list(params.radii_m),
        "q": params.q,
    }
    if isinstance(found, TooFew):
        few = {"what": found.what, "found": found.found, "minimum": found.minimum}
        return told | {"too_few": few, "places": []}
    selected = register.selected
    cube = bin_incidents(selected, found.lattice)
    development = developments(cube, found.lattice, params)
    recent = cube.within(params.recent)
    week = week_profile(selected.hour_of_week[recent])
    return told | {
        "against": found.background,
        "tested_cells": found.tested_cells,
        "flagged_cells": int(found.cells.flagged.sum()),
        "dispersion": [round(phi, 5) for phi in found.cells.dispersion],
        "slices": None if development is None else development.slices,
        "places": [_told_place(place, found, development, register) for place in found.places],
        "profile": {"by_weekday_and_hour": week.counts.tolist(), "peak_hours": peak_hours(week.hours)},
    }


def _told_place(
    place: HotPlace, found: HotspotMap, development: Development | None, register: Register
) -> dict[str, Any]:
    peak = to_lonlat(np.array([[place.peak_x_m, place.peak_y_m]]), register.epsg)[0]
    shape = shape_to_lonlat(place.geom_metric, register.epsg)
    return {
        "rank": place.rank,
        "name": f"{peak[0]:.5f}, {peak[1]:.5f}",
        "n": place.n,
        "expected": round(place.expected, 3),
        "ratio": round(place.ratio, 3),
        "ratio_interval": [round(place.ratio_low, 3), round(place.ratio_high, 3)],
        "p": place.p,
        "q": place.q,
        "window": {
            "n": place.window_n,
            "expected": round(place.window_expected, 3),
            "radius_m": place.window_radius_m,
        },
        "class": _class(place, development),
        "area_m2": round(place.area_m2),
        "cells": place.cell_count,
        "lon": round(float(peak[0]), 7),
        "lat": round(float(peak[1]), 7),
        "types": [
            {"type": register.type_names[type_id], "n": n, "share": round(n / place.n, 4)}
            for type_id, n in place.types
        ],
        "hours": list(place.hours),
        "weekdays": list(place.weekdays),
        "peak_hours": peak_hours(place.hours),
        "geometry": json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-7))),
    }


def _class(place: HotPlace, development: Development | None) -> str | None:
    """Return the class most of the place's cells have, None where there are too few slices to tell."""
    if development is None:
        return None
    known = dict(zip(development.cells.tolist(), development.classes, strict=True))
    classes = Counter(known[cell] for cell in place.cells if known.get(cell, Emerging.NONE) != Emerging.NONE)
    return classes.most_common(1)[0][0].value if classes else Emerging.NONE.value


def _near_repeat(selected: Incidents, params: HotspotParams, seed: int) -> NearRepeat:
    """Return the Knox test over the tested period and its history."""
    used = (selected.t_s >= params.history.start_s) & (selected.t_s < params.recent.end_s)
    return knox(selected.x_m[used], selected.y_m[used], selected.t_s[used] / 86_400, seed=seed)


def _told_repeat(found: NearRepeat) -> dict[str, Any]:
    return {
        "incidents": found.incidents,
        "distances_m": list(found.distances_m),
        "delays_d": list(found.delays_d),
        "observed": found.observed.tolist(),
        "expected": found.expected.round(3).tolist(),
        "ratio": [[None if np.isnan(x) else round(float(x), 3) for x in row] for row in found.ratio],
        "p": found.p.round(4).tolist(),
    }


def _span(start_s: int, end_s: int) -> dict[str, str]:
    return {"from": str(np.datetime64(start_s, "s")), "to": str(np.datetime64(end_s, "s"))}


def _words(answer: dict[str, Any]) -> str:
    head = f"{answer['file']}: {answer['period']['from']} – {answer['period']['to']}, "
    head += f"n = {answer['incidents']['recent']} ({answer['selected']} / {answer['rows']})"
    if answer["outcome"] == "too_few":
        few = answer["too_few"]
        return f"{head}\n数据不足 not enough data: {few['what']} {few['found']} < {few['minimum']}"
    named = [place | {"name": f"{place['name']}  {place['class'] or ''}"} for place in answer["places"]]
    return "\n".join([head, *(place_lines(named) or ["没有显著热点 no significant place"])])
