"""Checking and mending a broken partition: every flaw with its place, every repair with its account.

Pure: shapes in EPSG:4326 (lon, lat) in, frozen findings and shapes out. `find_flaws` lists what keeps
polygons from tiling; `repair` mends all of it, `mend_one` a single finding.
"""

from geo.shapes.mending.account import Move, Repaired, Rule
from geo.shapes.mending.finding import Finding, Kind, Limits
from geo.shapes.mending.flaws import find_flaws
from geo.shapes.mending.repair import mend_one, repair

__all__ = ["Finding", "Kind", "Limits", "Move", "Repaired", "Rule", "find_flaws", "mend_one", "repair"]
