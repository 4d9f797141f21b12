"""Key places, police stations and service points, put into buildings that suit them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from webapp.demo.buildings import Buildings
from webapp.demo.frame import FloatArray, IntArray, TextArray
from webapp.demo.landuse import Blocks, Use
from webapp.demo.layout import Layout
from webapp.demo.territory import Areas


@dataclass(frozen=True)
class Places:
    """Places with the building each is in (-1: none), staff and days since the last inspection."""

    kind: TextArray
    name: TextArray
    building: IntArray
    points_m: FloatArray
    block: IntArray
    staff_count: IntArray
    inspected_days: IntArray


@dataclass(frozen=True)
class _Wish:
    """How many places of a kind, in which buildings, drawn to which point, with how many staff."""

    kind: str
    count: int
    names: tuple[str, ...]
    inside: tuple[str, ...]
    staff: tuple[int, int]
    pull: float


# Counts for the default town; they grow with the number of communities. `pull` near 1 means central.
_WISHES = (
    _Wish(
        "station", 3, ("青溪派出所", "桥西警务站", "城北警务站"), ("civic", "office", "shop"), (18, 46), 0.75
    ),
    _Wish("government", 1, ("青溪镇人民政府",), ("civic", "shop"), (90, 140), 0.9),
    _Wish("hospital", 2, ("青溪县人民医院", "青溪镇卫生院"), ("civic", "shop"), (160, 520), 0.8),
    _Wish(
        "school",
        6,
        ("青溪中学", "青溪第一小学", "桥西小学", "书院小学", "城北小学", "清湖学校"),
        ("civic", "office", "shop"),
        (45, 210),
        0.3,
    ),
    _Wish(
        "kindergarten",
        8,
        (
            "中心幼儿园",
            "桥东幼儿园",
            "桥西幼儿园",
            "城北幼儿园",
            "上塘幼儿园",
            "石门幼儿园",
            "竹园幼儿园",
            "柳林幼儿园",
        ),
        ("shop", "house"),
        (12, 38),
        0.0,
    ),
    _Wish(
        "market",
        5,
        ("青溪农贸市场", "桥西菜市场", "城北菜市场", "小商品市场", "青溪超市"),
        ("shop",),
        (25, 120),
        0.85,
    ),
    _Wish("bus_station", 1, ("青溪汽车站",), ("shop", "office"), (60, 85), 0.5),
    _Wish(
        "hotel",
        9,
        (
            "青溪宾馆",
            "迎宾大酒店",
            "临溪客栈",
            "桥头旅馆",
            "平安旅社",
            "望江宾馆",
            "清湖假日酒店",
            "老街民宿",
            "车站旅馆",
        ),
        ("shop",),
        (8, 75),
        0.6,
    ),
    _Wish(
        "net_bar", 5, ("极速网吧", "星空网咖", "蓝月网吧", "风云网咖", "青年网吧"), ("shop",), (5, 14), 0.6
    ),
    _Wish(
        "bank",
        6,
        ("青溪信用社", "桥西储蓄所", "人民路储蓄所", "解放街储蓄所", "城北储蓄所", "老街储蓄所"),
        ("shop",),
        (10, 32),
        0.7,
    ),
    _Wish(
        "logistics",
        4,
        ("顺达物流", "青溪快递分拨点", "联运货站", "村邮物流点"),
        ("factory", "office"),
        (20, 130),
        0.0,
    ),
    _Wish(
        "hazardous_store",
        4,
        ("东门加油站", "西门加油站", "城南液化气站", "农资化肥仓库"),
        ("office", "factory"),
        (6, 22),
        0.0,
    ),
    _Wish(
        "factory",
        8,
        ("青溪纺织厂", "竹制品厂", "五金机械厂", "食品加工厂", "灯具厂", "雨伞厂", "茶叶加工厂", "纸箱厂"),
        ("factory",),
        (40, 620),
        0.0,
    ),
)


def choose_places(
    town: tuple[Buildings, Blocks, Areas], layout: Layout, rng: np.random.Generator
) -> tuple[Buildings, Places]:
    """Return the buildings, those that became places carrying their kind, and all places.

    Beyond the wishes there is a service point in every community and village, and every named park.
    """
    buildings, blocks, areas = town
    taken: list[tuple[str, str, int, int]] = []
    free = np.ones(len(buildings.block), dtype=bool)
    growth = max(1.0, layout.community_count / 16)
    for wish in _WISHES:
        for k in range(round(wish.count * growth)):
            site = _site(buildings, free, (wish, layout), rng)
            if site >= 0:
                free[site] = False
                name = wish.names[k % len(wish.names)] + (
                    "" if k < len(wish.names) else f"{k // len(wish.names) + 1}分部"
                )
                taken.append((wish.kind, name, site, int(rng.integers(*wish.staff))))
    taken += _service_points(buildings, free, areas)
    kind = buildings.kind.astype("U16").copy()
    for what, _, site, _ in taken:
        kind[site] = what if kind[site] != "house" else kind[site]
    return replace(buildings, kind=kind), _gathered(buildings, blocks, taken, rng)


def _site(
    buildings: Buildings, free: np.ndarray, wish: tuple[_Wish, Layout], rng: np.random.Generator
) -> int:
    wanted, layout = wish
    for kind in wanted.inside:
        options = np.flatnonzero(free & (buildings.kind == kind))
        if len(options):
            distance = layout.core(buildings.middles_m[options])
            score = wanted.pull * distance + rng.random(len(options)) * (1.05 - wanted.pull)
            return int(options[score.argmin()])
    return -1


def _service_points(buildings: Buildings, free: np.ndarray, areas: Areas) -> list[tuple[str, str, int, int]]:
    found = []
    owner = areas.of_block[buildings.block]
    community = np.where(areas.level[owner] == "grid", areas.parent[owner], owner)
    suits = free & np.isin(buildings.kind, ["shop", "office", "house", "apartment"])
    for row in areas.rows("community"):
        options = np.flatnonzero(suits & (community == row))
        if len(options):
            middle = buildings.middles_m[options].mean(axis=0)
            site = int(options[np.hypot(*(buildings.middles_m[options] - middle).T).argmin()])
            found.append(("service_point", f"{areas.name[row]}综治中心", site, 6))
    return found


def _park_gate(blocks: Blocks, park: int) -> FloatArray:
    """Return where a park stands on the map: its middle, for the lake a spot on the shore."""
    if blocks.use[park] != Use.LAKE:
        return np.asarray(blocks.middles_m[park])
    shore = shapely.buffer(blocks.open_m[park], -9).exterior
    return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(shore, 0.0))[0])


def _gathered(
    buildings: Buildings, blocks: Blocks, taken: list[tuple[str, str, int, int]], rng: np.random.Generator
) -> Places:
    parks = np.flatnonzero((blocks.use == Use.PARK) | (blocks.use == Use.LAKE))
    kind = [row[0] for row in taken] + ["park"] * len(parks)
    labels = ["青溪公园", "文昌公园", "人民公园", "湖滨公园", "松涛公园", "望江公园", "翠竹公园"]
    named = [
        "清湖公园" if blocks.use[k] == Use.LAKE else labels[i] if i < len(labels) else f"街心公园{i}"
        for i, k in enumerate(parks)
    ]
    sites = np.array([row[2] for row in taken], dtype=np.int64)
    count = len(kind)
    return Places(
        np.array(kind),
        np.array([row[1] for row in taken] + named),
        np.concatenate([sites, np.full(len(parks), -1)]),
        np.vstack([buildings.middles_m[sites], [_park_gate(blocks, int(k)) for k in parks]]),
        np.concatenate([buildings.block[sites], parks]),
        np.array([row[3] for row in taken] + [3] * len(parks)),
        rng.integers(3, 260, count),
    )
