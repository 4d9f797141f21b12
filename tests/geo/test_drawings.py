"""Drawn grids: saved when they fit, refused with the place when they do not."""

import pytest
from shapely import Polygon, box
from sqlalchemy import func, select

from core.db import Scope, transaction
from core.errors import Conflict, InvalidInput, NotFound
from geo.areas.models import AreaDraft, ChangeSet
from geo.areas.service import discard_draft, read_polygon, save_drawing
from tests.conftest import Database
from tests.small_town import SmallTown, build_small_town


@pytest.fixture
def town(database: Database) -> SmallTown:
    """The small town in a database of its own."""
    return build_small_town()


def _save(town: SmallTown, polygon: Polygon, name: str = "新网格") -> AreaDraft:
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        return save_drawing(session, polygon, name=name)


def test_a_grid_drawn_on_free_ground_becomes_a_draft_with_the_next_code(town: SmallTown) -> None:
    first = _save(town, box(119, 30.01, 119.01, 30.02), "北一")
    second = _save(town, box(119.01, 30.01, 119.02, 30.02), "北二")

    assert [first.code, second.code] == ["990001001002001", "990001001002002"]
    assert first.change_set_id == second.change_set_id


def test_an_overlap_is_refused_with_its_place_and_nothing_is_stored(town: SmallTown) -> None:
    with pytest.raises(Conflict) as refused:
        _save(town, box(119.005, 30.002, 119.012, 30.008))

    kinds = {(clash["kind"], clash["with"]) for clash in refused.value.fields["clashes"]}
    assert kinds == {("overlap", "西网格"), ("overlap", "东网格")}
    assert all(
        clash["size_m2"] > 0 and clash["place"]["coordinates"] for clash in refused.value.fields["clashes"]
    )
    with transaction(Scope.everything()) as session:
        assert session.scalar(select(func.count()).select_from(AreaDraft)) == 0
        assert session.scalar(select(func.count()).select_from(ChangeSet)) == 0


def test_an_overlap_with_a_draft_is_refused_too(town: SmallTown) -> None:
    _save(town, box(119, 30.01, 119.01, 30.02), "北一")

    with pytest.raises(Conflict) as refused:
        _save(town, box(119.005, 30.01, 119.02, 30.02))

    assert [clash["with"] for clash in refused.value.fields["clashes"]] == ["北一"]


def test_a_drawing_outside_every_community_is_refused(town: SmallTown) -> None:
    with pytest.raises(NotFound, match="drawing_outside"):
        _save(town, box(120, 31, 120.01, 31.01))


def test_a_discarded_draft_frees_its_ground(town: SmallTown) -> None:
    draft = _save(town, box(119, 30.01, 119.01, 30.02))
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        discard_draft(session, draft.id)

    assert _save(town, box(119, 30.01, 119.01, 30.02)).code == draft.code


def test_another_authors_draft_cannot_be_discarded(town: SmallTown) -> None:
    draft = _save(town, box(119, 30.01, 119.01, 30.02))

    with (
        pytest.raises(NotFound, match="draft_unknown"),
        transaction(Scope((town.county.path,)), actor_id=town.captain) as session,
    ):
        discard_draft(session, draft.id)


def _ring(*corners: tuple[float, ...]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in corners]]}


@pytest.mark.parametrize(
    "geojson",
    [
        pytest.param({"type": "Point", "coordinates": [119, 30]}, id="a point"),
        pytest.param({"type": "Polygon", "coordinates": []}, id="empty"),
        pytest.param(_ring((119, 30), (119.1, 30), (119, 30)), id="two corners"),
        pytest.param(_ring((500, 30), (501, 30), (501, 31), (500, 30)), id="off the world"),
        pytest.param(_ring((119, 30, 5), (120, 30, 5), (120, 31, 5), (119, 30, 5)), id="3-D"),
        pytest.param({"type": "Polygon"}, id="without coordinates"),
        pytest.param("drop table", id="text"),
        pytest.param(None, id="nothing"),
        pytest.param([1, 2], id="a list"),
    ],
)
def test_what_is_no_polygon_is_refused(geojson: object) -> None:
    with pytest.raises(InvalidInput, match="drawing_unreadable"):
        read_polygon(geojson)
