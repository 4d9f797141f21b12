"""A lattice of street segments: incidents counted along the streets they happened on.

Crime gathers on single streets, and the next one over may have none (Weisburd, Bushway, Lum and Yang 2004;
the unit is the street between two junctions). Windows follow the streets: what lies across a river or behind
a block is not near (Okabe and Sugihara 2012). The long-run background is smoothed over the plane, as that of
squares is, and expects incidents in proportion to the length of street.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from incidents.hotspots.lattice import TRUNCATE_SD, Floats, Lattice, Mask, refuse_count

type Ints = npt.NDArray[np.int64]

#: Incidents farther than this from every street are on none. [ours]
REACH_M = 100.0
#: Half the width a street is drawn with. [ours]
HALF_WIDTH_M = 15.0
#: Squares per standard deviation of the raster that the background is smoothed on.
RASTER_STEPS = 10.0
#: Side of the tiles that windows are searched in.
TILE_M = 1_000.0


@dataclass(frozen=True)
class Streets:
    """Streets from junction to junction, in a metric CRS.

    Attributes
    ----------
    lines : LineString, shape (n,)
    from_node, to_node : int64, shape (n,)
        Two streets meet exactly where they share a node.
    names : tuple of n texts
        Empty where a street has none.
    """

    lines: npt.NDArray[np.object_]
    from_node: Ints
    to_node: Ints
    names: tuple[str, ...]


@dataclass(frozen=True)
class StreetLattice(Lattice):
    """Pieces of streets in one row; a street longer than `cell_m` is cut into equal pieces.

    Attributes
    ----------
    lines : LineString, shape (columns,)
        Metric CRS.
    ends : int64, shape (columns, 2)
        Nodes of each piece, from 0.
    names : tuple of texts, one for each column
    """

    lines: npt.NDArray[np.object_]
    ends: Ints
    names: tuple[str, ...]
    _windows: dict[float, sparse.csr_array] = field(default_factory=dict, repr=False, compare=False)

    @property
    def cell_area_m2(self) -> float:
        """Area over which `smooth` spreads one."""
        return self.cell_m**2

    def cell_index(self, x_m: Floats, y_m: Floats) -> Ints:
        """Return the number of the nearest piece within `REACH_M`, -1 without one; of equals the first."""
        index = np.full(x_m.shape, -1, dtype=np.int64)
        placed = np.flatnonzero(np.isfinite(x_m) & np.isfinite(y_m))
        points = shapely.points(x_m[placed], y_m[placed])
        point, piece = shapely.STRtree(self.lines).query_nearest(points, max_distance=REACH_M)
        order = np.lexsort((piece, point))
        first = np.unique(point[order], return_index=True)[1]
        index[placed[point[order][first]]] = piece[order][first]
        return index

    def outlines(self, cells: npt.NDArray[np.integer]) -> npt.NDArray[np.object_]:
        """Return a strip along each piece."""
        return np.asarray(shapely.buffer(self.lines[cells], HALF_WIDTH_M, quad_segs=4))

    def centres(self, cells: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Return x and y (m) of the middle of each piece, on its line."""
        middle = shapely.line_interpolate_point(self.lines[cells], 0.5, normalized=True)
        return np.asarray(shapely.get_x(middle)), np.asarray(shapely.get_y(middle))

    def window_sum[T: np.int64 | np.float64](self, values: npt.NDArray[T], radius_m: float) -> npt.NDArray[T]:
        """Return the sum over the pieces whose middles are at most `radius_m` away along the streets."""
        if radius_m == 0:
            return values
        return np.asarray((self._window(radius_m) @ values.ravel()).reshape(self.shape), dtype=values.dtype)

    def within(self, cell: int, radius_m: float) -> npt.NDArray[np.intp]:
        """Return the pieces of the window around a piece."""
        window = self._window(radius_m)
        return np.asarray(window.indices[window.indptr[cell] : window.indptr[cell + 1]], dtype=np.intp)

    def smooth(self, values: Floats, sd_m: float) -> Floats:
        """Return the values spread over the plane by a Gaussian kernel, read at the middles of the pieces.

        Values are shared out bilinearly on a raster of `RASTER_STEPS` squares per standard deviation.
        """
        step_m = sd_m / RASTER_STEPS
        x_m, y_m = self.centres(np.arange(self.share.size))
        # Half a square of margin on every side holds the four neighbours of each middle.
        column, row = (x_m - x_m.min()) / step_m + 0.5, (y_m - y_m.min()) / step_m + 0.5
        raster = np.zeros((int(row.max()) + 2, int(column.max()) + 2))
        corners = list(_bilinear(row, column))
        for cell, part in corners:
            np.add.at(raster, cell, part * values.ravel())
        spread = ndimage.gaussian_filter(raster, RASTER_STEPS, mode="constant", truncate=TRUNCATE_SD)
        read = sum(part * spread[cell] for cell, part in corners)
        return np.asarray(read * self.cell_area_m2 / step_m**2).reshape(self.shape)

    def groups(self, flagged: Mask) -> Ints:
        """Return the number (from 1) of the group of joined flagged pieces each piece is in, else 0."""
        chosen = np.flatnonzero(flagged.ravel())
        _, label = csgraph.connected_components(self._joined[chosen][:, chosen], directed=False)
        found = np.zeros(flagged.size, dtype=np.int64)
        found[chosen] = label + 1
        return found.reshape(self.shape)

    def mostly_among(self, chosen: Mask) -> Mask:
        """Return the pieces of whose joined pieces more than half are chosen."""
        joined = self._joined
        among = joined @ chosen.ravel().astype(np.int64)
        return np.asarray(2 * among > joined @ np.ones(chosen.size, dtype=np.int64)).reshape(self.shape)

    @property
    def _joined(self) -> sparse.csr_array:
        """Which pieces share a node, itself left out."""
        count = len(self.lines)
        piece = np.tile(np.arange(count), 2)
        touches = sparse.csr_array((np.ones(2 * count, dtype=np.int64), (piece, self.ends.T.ravel())))
        joined = sparse.coo_array(touches @ touches.T)
        apart = joined.row != joined.col
        ones = np.ones(int(apart.sum()), dtype=np.int64)
        return sparse.csr_array((ones, (joined.row[apart], joined.col[apart])), shape=(count, count))

    def _window(self, radius_m: float) -> sparse.csr_array:
        if radius_m not in self._windows:
            pairs = list(self._pairs(radius_m))
            source, target = (np.concatenate(part) for part in zip(*pairs, strict=True))
            ones = np.ones(len(source), dtype=np.int8)
            shape = (self.share.size, self.share.size)
            self._windows[radius_m] = sparse.csr_array((ones, (source, target)), shape=shape)
        return self._windows[radius_m]

    def _pairs(self, radius_m: float) -> Iterator[tuple[Ints, Ints]]:
        """Yield the pieces of a tile against those in their windows.

        A way of at most `radius_m` from a middle never leaves the square of that half side around it: the
        streets of the tile and so much more are all it can use.
        """
        x_m, y_m = self.centres(np.arange(self.share.size))
        side_m = max(TILE_M, 2 * radius_m)
        tile = np.stack([x_m // side_m, y_m // side_m])
        _, number = np.unique(tile, axis=1, return_inverse=True)
        order = np.argsort(number, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
            near = np.flatnonzero(
                (x_m >= x_m[members].min() - radius_m)
                & (x_m <= x_m[members].max() + radius_m)
                & (y_m >= y_m[members].min() - radius_m)
                & (y_m <= y_m[members].max() + radius_m)
            )
            reached = self._reached(members, near, radius_m)
            source, target = np.nonzero(reached)
            yield members[source], near[target]

    def _reached(self, members: Ints, near: Ints, radius_m: float) -> Mask:
        """Return which middles of `near` each middle of `members` reaches, shape (members, near)."""
        count = len(near)
        _, node = np.unique(self.ends[near], return_inverse=True)
        node = node.reshape(-1, 2) + count
        half_m = np.maximum(shapely.length(self.lines[near]) / 2, 1e-3)
        # A ring ends where it begins: one of its two halves is enough.
        open_ = node[:, 0] != node[:, 1]
        middle = np.concatenate([np.arange(count), np.flatnonzero(open_)])
        other = np.concatenate([node[:, 0], node[open_, 1]])
        weight = np.concatenate([half_m, half_m[open_]])
        size = count + int(node.max()) - count + 1
        ways = sparse.csr_array((weight, (middle, other)), shape=(size, size))
        start = np.searchsorted(near, members)
        distance_m = csgraph.dijkstra(ways, directed=False, indices=start, limit=radius_m)
        return np.asarray(np.isfinite(distance_m[:, :count]))


def street_lattice(streets: Streets, cell_m: float, *, study_area: BaseGeometry | None) -> StreetLattice:
    """Return the pieces of the streets whose middles lie in the study area (all without one).

    Raises
    ------
    ValueError
        When there are none, or more than `lattice.MAX_CELLS`.
    """
    lines, ends, names = _cut(streets, cell_m)
    if study_area is not None and len(lines):
        shapely.prepare(study_area)
        kept = shapely.intersects(study_area, shapely.line_interpolate_point(lines, 0.5, normalized=True))
        lines, ends = lines[kept], ends[kept]
        names = tuple(name for name, keep in zip(names, kept, strict=True) if keep)
    if len(lines) == 0:
        raise ValueError("no street lies in the study area")
    refuse_count(1, len(lines), cell_m)
    _, number = np.unique(ends, return_inverse=True)
    # A street of no length, or one that rounding makes longer than a cell, is still a street.
    share = np.clip(shapely.length(lines) / cell_m, 1e-6, 1.0)[None, :]
    return StreetLattice(cell_m, share, lines, number.reshape(-1, 2).astype(np.int64), names)


def _cut(streets: Streets, cell_m: float) -> tuple[npt.NDArray[np.object_], Ints, tuple[str, ...]]:
    """Return the pieces, their nodes (new ones where a street was cut) and their names."""
    parts = np.maximum(np.ceil(shapely.length(streets.lines) / cell_m - 1e-9), 1).astype(np.int64)
    street = np.repeat(np.arange(len(parts)), parts)
    place = np.arange(len(street)) - np.repeat(np.cumsum(parts) - parts, parts)
    lines = streets.lines[street]
    for piece in np.flatnonzero(parts[street] > 1):
        start, end = place[piece] / parts[street[piece]], (place[piece] + 1) / parts[street[piece]]
        lines[piece] = substring(lines[piece], start, end, normalized=True)
    made = int(max(streets.from_node.max(initial=-1), streets.to_node.max(initial=-1))) + 1
    # The node between two pieces of one street has the number of the second.
    between = made + np.arange(len(street) + 1)
    first, last = place == 0, place == parts[street] - 1
    starts = np.where(first, streets.from_node[street], between[:-1])
    ends = np.where(last, streets.to_node[street], between[1:])
    return lines, np.column_stack([starts, ends]), tuple(streets.names[each] for each in street)


def _bilinear(row: Floats, column: Floats) -> Iterator[tuple[tuple[Ints, Ints], Floats]]:
    """Yield the four squares around each place (in squares) and the part of the place each has."""
    south, west = row.astype(np.int64), column.astype(np.int64)
    up, right = row - south, column - west
    for step_row, part_row in ((0, 1 - up), (1, up)):
        for step_column, part_column in ((0, 1 - right), (1, right)):
            yield (south + step_row, west + step_column), part_row * part_column
