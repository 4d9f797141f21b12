"""The base map names where its streets came from."""

import pytest
from geoalchemy2.shape import from_shape
from shapely import LineString

from core.db import Scope, transaction
from geo.roads.models import RoadSection
from tests.webapp.conftest import World


@pytest.mark.parametrize(("source", "is_named"), [("osm:way/1#0", True), ("own:1", False)])
def test_a_map_of_streets_from_openstreetmap_names_it(
    sign_in, world: World, source: str, is_named: bool
) -> None:
    with transaction(Scope.everything()) as session:
        session.add(
            RoadSection(
                county_id=world.town.county.id, source_ref=source, from_node=1, to_node=2,
                road_class="primary", length_m=1.0,
                geom=from_shape(LineString([(119, 30.005), (119.02, 30.005)]), srid=4326),
            )
        )  # fmt: skip

    assert ("© OpenStreetMap" in sign_in("leader").get("/leader").text) is is_named
