"""Edits of a partition: one small pure function per edit, each returning a difference.

Everything is done on whole steps of the coordinate grid (`lattice`). An edit looks at a patch of the tiling
(`patch`), cuts it along what was drawn (`cut`), gives each face an owner (`outcome`) and proves the result
(`proof`). It refuses with a code and a place (`EditRefused`) what would leave no partition.
"""

from geo.shapes.edits.border import follow, reshape
from geo.shapes.edits.carving import cut_hole, draw
from geo.shapes.edits.division import split
from geo.shapes.edits.feature_path import path_along
from geo.shapes.edits.gap_path import path_between_buildings
from geo.shapes.edits.joining import merge
from geo.shapes.edits.mending import mend
from geo.shapes.edits.proof import proved
from geo.shapes.edits.rule import Found, Households, Kind, Rules, Severity, count_households, judge
from geo.shapes.edits.simplification import simplify
from geo.shapes.edits.strip import give_strip
from geo.shapes.edits.vertex import delete_vertex, insert_vertex, move_vertex

__all__ = [
    "Found",
    "Households",
    "Kind",
    "Rules",
    "Severity",
    "count_households",
    "cut_hole",
    "delete_vertex",
    "draw",
    "follow",
    "give_strip",
    "insert_vertex",
    "judge",
    "mend",
    "merge",
    "move_vertex",
    "path_along",
    "path_between_buildings",
    "proved",
    "reshape",
    "simplify",
    "split",
]
