"""Streets: which borders between blocks carry a street, of which class, noded into sections."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely

from webapp.demo.frame import BoolArray, FloatArray, GeometryArray, IntArray, TextArray
from webapp.demo.graph import Ways, chains, is_strongly_connected, largest_part
from webapp.demo.layout import Layout
from webapp.demo.mesh import EdgeKind, Mesh, Ring
from webapp.demo.river import River

CLASSES = ("", "primary", "secondary", "tertiary", "residential", "service", "footway")
NONE, PRIMARY, SECONDARY, TERTIARY, RESIDENTIAL, SERVICE, FOOTWAY = range(7)
# Half the corridor from frontage to frontage in metres, pavements included, by class.
HALF_WIDTH_M = np.array([0.0, 15.0, 11.0, 7.5, 4.6, 3.0, 1.8])
# Arterials prefer the lines between superblocks; bridges are dear, so ways bundle on few of them.
_PREFERENCE = {
    EdgeKind.SUPER: 1.0, EdgeKind.BANK: 1.5, EdgeKind.CROSS: 4.0, EdgeKind.STREET: 2.0, EdgeKind.ALLEY: 6.0,
}  # fmt: skip


@dataclass(frozen=True)
class Borders:
    """The mesh's edges (n, 2): kind, length, number of blocks beside, and street class (0: none)."""

    nodes_m: FloatArray
    edges: IntArray
    kinds: IntArray
    length_m: FloatArray
    beside: IntArray
    road_class: IntArray
    ring_road: BoolArray


@dataclass(frozen=True)
class Sections:
    """Noded street sections: node numbers, class code, one-way flag, bridge flag and line in local metres."""

    from_node: IntArray
    to_node: IntArray
    road_class: IntArray
    oneway: BoolArray
    bridge: BoolArray
    bank: BoolArray
    ring_road: BoolArray
    length_m: FloatArray
    lines_m: GeometryArray


def lay_streets(
    mesh: Mesh, rings: list[Ring], layout: Layout, rng: np.random.Generator
) -> tuple[Borders, Sections]:
    """Return all borders with their class, and the sections made of those that are streets.

    The sections form one connected network; a handful of them are one-way and leave it strongly connected.
    """
    borders = _borders(mesh, rings)
    _arterials(borders, layout, rng)
    runs = chains(borders.edges, borders.kinds)
    for nodes, along in runs:
        _classify(borders, (nodes, along), layout, rng)
    _keep_one_network(borders)
    return borders, _sections(borders, layout, rng)


def _borders(mesh: Mesh, rings: list[Ring]) -> Borders:
    nodes = np.array(mesh.points)
    edges = np.array(sorted(mesh.kinds), dtype=np.int64)
    kinds = np.array([int(mesh.kinds[u, v]) for u, v in edges.tolist()])
    code = edges[:, 0] * len(nodes) + edges[:, 1]
    walked = np.concatenate([np.column_stack([ring, np.roll(ring, -1)]) for ring in rings])
    walked.sort(axis=1)
    used, counts = np.unique(walked[:, 0] * len(nodes) + walked[:, 1], return_counts=True)
    beside = np.zeros(len(edges), dtype=np.int64)
    beside[np.searchsorted(code, used)] = counts
    length = np.hypot(*(nodes[edges[:, 0]] - nodes[edges[:, 1]]).T)
    blank = np.zeros(len(edges), dtype=np.int64)
    return Borders(nodes, edges, kinds, length, beside, blank, np.zeros(len(edges), dtype=bool))


def _arterials(borders: Borders, layout: Layout, rng: np.random.Generator) -> None:
    preference = np.array([0.0, *(_PREFERENCE[kind] for kind in EdgeKind)])[borders.kinds]
    rim = np.where(borders.beside == 1, 5.0, 1.0)
    toll_m = np.where(borders.kinds == EdgeKind.CROSS, 60.0, 0.0)
    ways = Ways(borders.edges, borders.length_m * preference * rim + toll_m, len(borders.nodes_m))
    near = _Nearest(borders)
    gates = near.gates(rng)
    radius = layout.core_radius_m
    middle = [near.node(np.array(p) * radius) for p in ((0.28, 0.30), (-0.30, -0.22))]
    for k, through in enumerate(middle):
        _promote(borders, ways.route([gates[k], through, gates[k + 3]]), PRIMARY)
    _promote(borders, ways.route([gates[2], middle[0]]), SECONDARY)
    _promote(borders, ways.route([gates[5], middle[1]]), SECONDARY)
    angles = np.linspace(0, 2 * np.pi, 9)
    loop = [near.node(0.98 * radius * np.array([np.cos(a), np.sin(a)])) for a in angles]
    around = ways.route(loop, reuse=0.8)
    _promote(borders, around, SECONDARY)
    borders.ring_road[around] = borders.road_class[around] == SECONDARY
    for village in layout.villages_m:
        _promote(borders, ways.route([near.any_node(village), middle[int(village[0] < 0)]]), TERTIARY)
    _promote(borders, ways.route([near.node(layout.lake_m), middle[1]]), SECONDARY)


class _Nearest:
    """Finds nodes of the superblock lines near a point, and the gates on the county's border."""

    def __init__(self, borders: Borders) -> None:
        on_line = np.isin(borders.kinds, [EdgeKind.SUPER]) & (borders.beside > 1)
        ends, counts = np.unique(borders.edges[on_line], return_counts=True)
        self._junctions = ends[counts > 2]
        nodes, degree = np.unique(borders.edges[borders.beside > 1], return_counts=True)
        self._crossings = nodes[degree > 2]
        rim = np.unique(borders.edges[borders.beside == 1])
        self._rim = np.intersect1d(rim, ends)
        self._xy = borders.nodes_m

    def node(self, point_m: FloatArray) -> int:
        gap = np.hypot(*(self._xy[self._junctions] - point_m).T)
        return int(self._junctions[gap.argmin()])

    def any_node(self, point_m: FloatArray) -> int:
        gap = np.hypot(*(self._xy[self._crossings] - point_m).T)
        return int(self._crossings[gap.argmin()])

    def gates(self, rng: np.random.Generator) -> list[int]:
        """Return six nodes on the border, counter-clockwise from the east."""
        bearing = np.arctan2(self._xy[self._rim, 1], self._xy[self._rim, 0])
        wanted = np.arange(6) * np.pi / 3 + rng.uniform(-0.25, 0.25, 6)
        gap = np.abs(np.angle(np.exp(1j * (bearing[None, :] - wanted[:, None]))))
        return [int(self._rim[k]) for k in gap.argmin(axis=1)]


def _promote(borders: Borders, along: list[int], road_class: int) -> None:
    now = borders.road_class[along]
    borders.road_class[along] = np.where(now == NONE, road_class, np.minimum(now, road_class))


def _classify(
    borders: Borders, run: tuple[list[int], list[int]], layout: Layout, rng: np.random.Generator
) -> None:
    nodes, along = run
    chance = float(rng.random())
    if borders.road_class[along].all():
        return
    middle = borders.nodes_m[nodes].mean(axis=0)[None]
    built = bool(layout.built(middle)[0])
    core = float(layout.core(middle)[0])
    chosen = _class_of(EdgeKind(int(borders.kinds[along[0]])), core, chance, built=built)
    if borders.beside[along[0]] == 1 and not built:
        chosen = NONE
    open_ = [k for k in along if borders.road_class[k] == NONE]
    # Some alleys end in a yard instead of leading through.
    if chosen in {SERVICE, FOOTWAY} and built and len(open_) > 1 and chance > 0.72:
        open_ = open_[:-1] if chance > 0.86 else open_[1:]
    borders.road_class[open_] = chosen


def _class_of(kind: EdgeKind, core: float, chance: float, *, built: bool) -> int:
    if kind is EdgeKind.CROSS:
        return TERTIARY if core < 1.05 and chance < 0.4 else NONE
    if kind is EdgeKind.BANK:
        return TERTIARY if core < 1.2 else (SERVICE if chance < 0.3 else NONE)
    if kind is EdgeKind.SUPER:
        return (TERTIARY if core < 1.2 else RESIDENTIAL) if built or chance < 0.6 else NONE
    if kind is EdgeKind.STREET:
        return RESIDENTIAL if built else (SERVICE if chance < 0.4 else NONE)
    return FOOTWAY if chance < 0.3 or core < 0.4 else SERVICE


def _keep_one_network(borders: Borders) -> None:
    streets = np.flatnonzero(borders.road_class)
    lost = streets[~largest_part(borders.edges[streets], len(borders.nodes_m))]
    borders.road_class[lost] = NONE
    borders.ring_road[lost] = False


def _sections(borders: Borders, layout: Layout, rng: np.random.Generator) -> Sections:
    streets = np.flatnonzero(borders.road_class)
    edges = borders.edges[streets]
    traits = np.column_stack(
        [
            borders.road_class[streets],
            borders.kinds[streets] == EdgeKind.CROSS,
            borders.kinds[streets] == EdgeKind.BANK,
            borders.ring_road[streets],
        ]
    ).astype(np.int64)
    runs = [part for run in chains(edges, traits @ np.array([8, 4, 2, 1])) for part in _opened(run)]
    first = np.array([along[0] for _, along in runs])
    lines = np.array([shapely.LineString(borders.nodes_m[nodes]) for nodes, _ in runs], dtype=object)
    ends = np.array([(nodes[0], nodes[-1]) for nodes, _ in runs])
    sections = Sections(
        ends[:, 0], ends[:, 1], traits[first, 0], np.zeros(len(runs), dtype=bool),
        traits[first, 1] > 0, traits[first, 2] > 0, traits[first, 3] > 0, shapely.length(lines), lines,
    )  # fmt: skip
    _make_oneways(sections, layout, rng)
    return sections


def _opened(run: tuple[list[int], list[int]]) -> list[tuple[list[int], list[int]]]:
    """Return a closed loop as two sections, any other run as it is."""
    nodes, along = run
    if nodes[0] != nodes[-1]:
        return [run]
    half = len(along) // 2
    return [(nodes[: half + 1], along[:half]), (nodes[half:], along[half:])]


def _make_oneways(sections: Sections, layout: Layout, rng: np.random.Generator) -> None:
    middles = shapely.get_coordinates(shapely.line_interpolate_point(sections.lines_m, 0.5, normalized=True))
    fit = np.isin(sections.road_class, [TERTIARY, RESIDENTIAL]) & (layout.core(middles) < 0.8)
    wanted = round(8 * layout.scale**2)
    tries = rng.permutation(np.flatnonzero(fit & ~sections.bridge))[: 4 * wanted]
    for k in tries:
        if int(sections.oneway.sum()) >= wanted:
            return
        sections.oneway[k] = True
        arcs = np.column_stack([sections.from_node, sections.to_node])
        if not is_strongly_connected(np.vstack([arcs, arcs[~sections.oneway][:, ::-1]])):
            sections.oneway[k] = False


def strokes(sections: Sections) -> list[list[tuple[int, int]]]:
    """Return, for each junction, the pairs of sections that run straight on into each other.

    Sections are paired greedily by the smallest turn below 38 degrees, within a class or its neighbours
    (Thomson & Richardson 1999, good continuation).
    """
    at: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for k, line in enumerate(sections.lines_m):
        xy = shapely.get_coordinates(line)
        for node, a, b in ((sections.from_node[k], xy[0], xy[1]), (sections.to_node[k], xy[-1], xy[-2])):
            at[int(node)].append((k, float(np.arctan2(*(b - a)[::-1]))))
    return [_paired(arms, sections.road_class) for arms in at.values() if len(arms) > 1]


def _paired(arms: list[tuple[int, float]], road_class: IntArray) -> list[tuple[int, int]]:
    options = []
    for i, (a, heading_a) in enumerate(arms):
        for b, heading_b in arms[i + 1 :]:
            turn = abs(abs((heading_a - heading_b + np.pi) % (2 * np.pi) - np.pi) - np.pi)
            # A main road keeps its name round a bend that would end the name of an alley.
            limit = np.deg2rad(70 if max(road_class[a], road_class[b]) <= SECONDARY else 38)
            if a != b and turn < limit and abs(int(road_class[a]) - int(road_class[b])) <= 1:
                options.append((turn + 0.3 * (road_class[a] != road_class[b]), a, b))
    taken: set[int] = set()
    pairs = []
    for _, a, b in sorted(options):
        if a not in taken and b not in taken:
            taken |= {a, b}
            pairs.append((a, b))
    return pairs


def side_of_river(river: River, lines_m: GeometryArray) -> TextArray:
    """Return 东 or 西 for each line, by the bank its middle lies on."""
    middles = shapely.get_coordinates(shapely.line_interpolate_point(lines_m, 0.5, normalized=True))
    # The river runs from north to south: its left bank is the eastern one.
    return np.where(river.side(middles) > 0, "东", "西")
