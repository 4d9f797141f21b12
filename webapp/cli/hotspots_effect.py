"""``gridpatrol hotspots effect`` and ``placebo``: did measures work, and how often nothing seems to."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import shapely

from core.errors import InvalidInput
from geo.shapes.crs import to_lonlat
from incidents.effect import Dose, Effect, EffectParams, TooFew, evaluate
from incidents.effect.ground import ground_of
from incidents.effect.placebo import Placebo, PlaceboKind, PlaceboParams, run_placebo
from incidents.hotspots.values import DAY_S, Period
from webapp.cli.hotspots import hotspots
from webapp.cli.incident_file import (
    boundary_of,
    day_of,
    numbers_of,
    reads_incidents,
    register_of,
    told_reading,
)

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from incidents.register import Register

_DEFAULTS = PlaceboParams()
_VERDICTS = {
    "fell": "比对照下降 fell beside its control places",
    "rose": "比对照上升 rose beside its control places",
    "no_detectable_change": "未检出变化 no detectable change",
}


@hotspots.command("effect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--area", required=True, type=click.Path(path_type=Path), help="整治地块 / File with the place."
)
@click.option(
    "--before", required=True, nargs=2, metavar="FIRST LAST", help="整治前（含末日） / Both days included."
)
@click.option(
    "--after", required=True, nargs=2, metavar="FIRST LAST", help="整治后（含末日） / Both days included."
)
@click.option(
    "--selected",
    nargs=2,
    metavar="FIRST LAST",
    help="挂牌所依据的时段 / Window that made the place be chosen.",
)
@click.option(
    "--others", type=click.Path(path_type=Path), help="其他挂牌地块 / File with other listed areas."
)
@click.option("--rings-m", default="200,400", show_default=True, help="外围环的外缘 / Outer edges of rings.")
@click.option("--controls", default=60, show_default=True, type=click.IntRange(10, 1000))
@click.option(
    "--planned-min", type=click.FloatRange(0), help="计划巡逻分钟 / Minutes of patrol planned after."
)
@click.option("--patrol-min", type=click.FloatRange(0), help="实际巡逻分钟 / Minutes of patrol delivered.")
@reads_incidents
def run_effect(*, file: Path, as_json: bool, **asked: Any) -> None:
    """成效：与相似地块相比变化了多少 / Compare the place with places like it; needs no server."""
    params = _params(asked)
    register = register_of(file, asked)
    place = _multi(boundary_of(asked["area"], register.epsg))
    params = _with_others(params, boundary_of(asked["others"], register.epsg))
    known = register.incidents.t_s < params.after.start_s
    try:
        found = evaluate(
            register.selected,
            place,
            _study_area(register, asked, known),
            params,
            seed=asked["seed"],
            dose=Dose(asked["planned_min"], asked["patrol_min"]),
        )
    except ValueError as error:
        raise InvalidInput("lattice_refused", cause=str(error)) from error
    answer = told_reading(register, file) | _told(found, place, register.epsg) | {"seed": asked["seed"]}
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else _words(answer))


@hotspots.command("placebo")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--count", default=_DEFAULTS.count, show_default=True, type=click.IntRange(1, 100_000))
@click.option(
    "--before-days", default=_DEFAULTS.before_days, show_default=True, type=click.IntRange(28, 3650)
)
@click.option("--after-days", default=_DEFAULTS.after_days, show_default=True, type=click.IntRange(7, 3650))
@click.option("--sizes-m", default="400,800", show_default=True, help="随机地块边长 / Sides of squares.")
@click.option(
    "--history-days",
    default=_DEFAULTS.hotspot_history_days,
    show_default=True,
    type=click.IntRange(28, 3650),
    help="热点任务的历史 / History of the hotspot job.",
)
@click.option(
    "--ratio",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="植入的倍数 / Thin the place's incidents after to this share: 0.7 plants a fall of 30 %.",
)
@reads_incidents
def run_placebos(*, file: Path, as_json: bool, **asked: Any) -> None:
    """安慰剂检验：没有措施时误报多少 / Evaluate places where nothing was done; needs no server."""
    register = register_of(file, asked)
    params = PlaceboParams(
        count=asked["count"],
        before_days=asked["before_days"],
        after_days=asked["after_days"],
        sizes_m=numbers_of(asked["sizes_m"], "--sizes-m"),
        hotspot_history_days=asked["history_days"],
        ratio=asked["ratio"],
    )
    _refuse_short(register, params, file)
    area = _study_area(register, asked, np.ones(len(register.incidents), dtype=bool))
    kinds = {
        kind.value: _told_placebo(run_placebo(register.selected, area, params, kind=kind, seed=asked["seed"]))
        for kind in PlaceboKind
    }
    answer = told_reading(register, file) | {"params": asdict(params), "kinds": kinds, "seed": asked["seed"]}
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else _placebo_words(answer))


def _params(asked: dict[str, Any]) -> EffectParams:
    before, after = _period(asked["before"], "--before"), _period(asked["after"], "--after")
    selection = _period(asked["selected"], "--selected") if asked["selected"] else None
    for name, earlier in (("--before", before), ("--selected", selection)):
        if earlier is not None and earlier.end_s > after.start_s:
            raise InvalidInput(
                "periods_overlap", setting=name, end=_day(earlier.end_s - 1), start=_day(after.start_s)
            )
    rings_m = numbers_of(asked["rings_m"], "--rings-m")
    if rings_m[0] <= 0:
        raise InvalidInput("numbers_unreadable", setting="--rings-m", value=asked["rings_m"])
    return EffectParams(before, after, selection, rings_m=rings_m, controls=asked["controls"])


def _period(words: tuple[str, str], setting: str) -> Period:
    first_d, last_d = (int(np.datetime64(day_of(word, setting), "D").astype(np.int64)) for word in words)
    if first_d > last_d:
        raise InvalidInput("period_empty", start=words[0], end=words[1])
    return Period(first_d * DAY_S, (last_d + 1) * DAY_S)


def _multi(shape: BaseGeometry | None) -> shapely.MultiPolygon:
    parts = shapely.get_parts(shapely.get_parts(shape or shapely.MultiPolygon()))
    return shapely.MultiPolygon([part for part in parts if shapely.get_dimensions(part) == 2])


def _with_others(params: EffectParams, others: BaseGeometry | None) -> EffectParams:
    if others is None:
        return params
    return EffectParams(**{**vars(params), "others": (_multi(others),)})


def _study_area(register: Register, asked: dict[str, Any], known: np.ndarray[Any, Any]) -> BaseGeometry:
    boundary = boundary_of(asked["boundary"], register.epsg)
    if boundary is not None:
        return boundary
    # Of all types, but only from before the measures: what happens later must not choose the control places.
    used = known if known.any() else np.ones(len(known), dtype=bool)
    return ground_of(register.incidents.x_m[used], register.incidents.y_m[used])


def _refuse_short(register: Register, params: PlaceboParams, file: Path) -> None:
    t_s = register.selected.t_s
    days = (int(t_s.max()) - int(t_s.min())) // DAY_S + 1 if len(t_s) else 0
    needed = params.before_days + params.after_days
    if days < needed:
        raise InvalidInput("register_too_short", file=file.name, days=days, minimum=needed)


def _told(found: Effect | TooFew, place: shapely.MultiPolygon, epsg: int) -> dict[str, Any]:
    params, naive = found.params, found.naive
    told: dict[str, Any] = {
        "outcome": "too_few" if isinstance(found, TooFew) else "evaluated",
        "before": _span(params.before),
        "after": _span(params.after),
        "selected": params.selection and _span(params.selection),
        "naive": {
            **asdict(naive.counts),
            "rate_ratio": _rounded(naive.rate_ratio),
            "same_months_a_year_before": naive.aligned and naive.aligned.before,
            "same_months_ratio": _rounded(naive.aligned_ratio),
        },
    }
    if isinstance(found, TooFew):
        return told | {"too_few": {"what": found.what, "found": found.found, "minimum": found.minimum}}
    change = found.change
    return told | {
        "verdict": change.verdict,
        "ratio": _rounded(change.ratio),
        "ratio_interval": [_rounded(change.ratio_low), _rounded(change.ratio_high)],
        "confidence": params.confidence,
        "level_before": _rounded(change.level),
        "expected": _rounded(change.expected),
        "p": change.p,
        "p_placebo": change.p_placebo,
        "dispersion": _rounded(change.dispersion, 5),
        "detectable_fall": _rounded(change.detectable_fall),
        "controls": _told_controls(found, place, epsg),
        "candidates": found.candidates,
        "displacement": [
            asdict(ring)
            | {"quotient": _rounded(ring.quotient), "low": _rounded(ring.low), "high": _rounded(ring.high)}
            for ring in found.displacement
        ],
        "dose": {name: _rounded(value) for name, value in asdict(found.dose).items()},
    }


def _told_controls(found: Effect, place: shapely.MultiPolygon, epsg: int) -> list[dict[str, Any]]:
    middle = place.centroid
    moved = np.array([[middle.x + c.dx_m, middle.y + c.dy_m] for c in found.controls])
    return [
        {"lon": round(float(lon), 6), "lat": round(float(lat), 6), **asdict(control.counts)}
        for (lon, lat), control in zip(to_lonlat(moved, epsg), found.controls, strict=True)
    ]


def _told_placebo(found: Placebo) -> dict[str, Any]:
    return {
        "evaluated": found.evaluated,
        "too_few": found.too_few,
        "rejected": found.fell + found.rose,
        "fell": found.fell,
        "rose": found.rose,
        "nominal": 0.05,
        "rejected_share": _rounded(found.rejected_share),
        "rejected_interval": [_rounded(found.rejected_low), _rounded(found.rejected_high)],
        "coverage": _rounded(found.covered_share),
        "coverage_interval": [_rounded(found.covered_low), _rounded(found.covered_high)],
        "median_ratio": _rounded(found.median_ratio),
        "median_before": _rounded(found.median_before),
    }


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None or not isfinite(value) else round(value, digits)


def _span(period: Period) -> dict[str, str]:
    return {"from": _day(period.start_s), "to": _day(period.end_s - 1)}


def _day(t_s: int) -> str:
    return str(np.datetime64(t_s, "s").astype("datetime64[D]"))


def _words(answer: dict[str, Any]) -> str:
    naive = answer["naive"]
    head = f"{answer['file']}: {answer['before']['from']} – {answer['before']['to']} / "
    head += f"{answer['after']['from']} – {answer['after']['to']}"
    plain = f"仅看前后 plain: {naive['before']} → {naive['after']}, ×{naive['rate_ratio']}"
    if naive["same_months_ratio"] is not None:
        plain += f"; 去年同期 same months {naive['same_months_a_year_before']}, ×{naive['same_months_ratio']}"
    if answer["outcome"] == "too_few":
        few = answer["too_few"]
        return f"{head}\n数据不足 not enough data: {few['what']} {few['found']} < {few['minimum']}\n{plain}"
    low, high = answer["ratio_interval"]
    verdict = f"{_VERDICTS[answer['verdict']]}: ×{answer['ratio']} [{low}, {high}], p = {answer['p']:.3f}"
    least = answer["detectable_fall"]
    power = "—" if least is None else f"{least:.0%}"
    return "\n".join(
        [
            head,
            verdict,
            f"预期 expected {answer['expected']}, 对照地块 control places {len(answer['controls'])}",
            f"可检出的最小降幅 smallest detectable fall: {power}",
            plain,
            *(_ring_words(ring) for ring in answer["displacement"]),
        ]
    )


def _ring_words(ring: dict[str, Any]) -> str:
    where = f"{ring['inner_m']:g}–{ring['outer_m']:g} m"
    if ring["why_not"] is not None:
        return f"转移商 WDQ {where}: 不可解释 not interpretable ({ring['why_not']})"
    return f"转移商 WDQ {where}: {ring['quotient']} [{ring['low']}, {ring['high']}]"


def _placebo_words(answer: dict[str, Any]) -> str:
    lines = [f"{answer['file']}: {answer['selected']} / {answer['rows']}"]
    for kind, told in answer["kinds"].items():
        low, high = told["rejected_interval"]
        lines.append(
            f"{kind:<9} {told['rejected']} / {told['evaluated']} = {told['rejected_share']} [{low}, {high}], "
            f"名义 nominal 0.05; 区间覆盖 coverage {told['coverage']}"
        )
    return "\n".join(lines)
