"""Addresses of map tiles and the squares they are counted in (web map, EPSG:3857). Pure."""

from dataclasses import dataclass

from core.errors import NotFound

#: Circumference of the web map's square world, metres of EPSG:3857.
WORLD_M = 40_075_016.685578488
DEEPEST_ZOOM = 20
#: Squares are counted from zoom 8 to 20 (dwelling_cell); a tile of zoom z is filled with those of z + 4.
SHALLOWEST_CELL, DEEPEST_CELL = 8, 20


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of the web map. Raises NotFound ``tile_unknown`` for an address that does not exist."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        # The zoom first: the side of a made-up zoom fills the memory, and its digits the answer.
        if not 0 <= self.z <= DEEPEST_ZOOM:
            raise NotFound("tile_unknown", z=min(self.z, DEEPEST_ZOOM + 1), x=0, y=0)
        last = (1 << self.z) - 1
        if not (0 <= self.x <= last and 0 <= self.y <= last):
            raise NotFound("tile_unknown", z=self.z, x=min(self.x, last + 1), y=min(self.y, last + 1))

    @property
    def size_m(self) -> float:
        """Return the side of the tile in metres of EPSG:3857 (true metres times 1/cos(latitude))."""
        return WORLD_M / (1 << self.z)

    @property
    def pixel_m(self) -> float:
        """Return the side of a screen pixel in metres of EPSG:3857; a data tile is drawn 512 px wide."""
        return self.size_m / 512

    def binds(self) -> dict[str, int]:
        """Return the address as parameters of a query."""
        return {"z": self.z, "x": self.x, "y": self.y}

    def squares(self, cell_zoom: int, *, ring: int = 0) -> dict[str, int]:
        """Return the squares of `cell_zoom` that fill the tile and `ring` more around it, as parameters.

        >>> Tile(3, 5, 2).squares(5, ring=1)
        {'cell_zoom': 5, 'west': 19, 'east': 24, 'north': 7, 'south': 12}
        """
        return {"cell_zoom": cell_zoom} | {
            "west": _shift(self.x, cell_zoom - self.z) - ring,
            "east": _last(self.x, cell_zoom - self.z) + ring,
            "north": _shift(self.y, cell_zoom - self.z) - ring,
            "south": _last(self.y, cell_zoom - self.z) + ring,
        }


def cell_zoom(tile_zoom: int) -> int:
    """Return the zoom of the squares a tile is filled with.

    >>> [cell_zoom(z) for z in (0, 6, 12, 18)]
    [8, 10, 16, 20]
    """
    return max(SHALLOWEST_CELL, min(DEEPEST_CELL, tile_zoom + 4))


def _shift(number: int, levels: int) -> int:
    return number << levels if levels >= 0 else number >> -levels


def _last(number: int, levels: int) -> int:
    return ((number + 1) << levels) - 1 if levels >= 0 else number >> -levels
