"""What the house asks by itself at night: once for each area, and nothing twice that did not change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

import core.settings
from core.clock import now, today
from core.db import Scope, transaction
from core.jobs import execute
from core.models import JobRun
from geo.areas.models import Area
from incidents.models import Hotspot
from incidents.nightly import night_at
from patrols.queries import Surroundings, spots
from tests.incidents.test_hotspot_job import county, find
from webapp.cli.work import ask_tonight

__all__ = ["county"]

EVERYTHING = Scope.everything()
#: Half past two in Shanghai on the 2nd of December.
NIGHT = datetime(2026, 12, 1, 18, 30, tzinfo=UTC)


@pytest.fixture
def nights(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set the hour from which nights begin."""

    def begin(hour: int) -> None:
        monkeypatch.setenv("GRIDPATROL_NIGHTLY_HOUR", str(hour))
        core.settings.settings.cache_clear()

    yield begin
    core.settings.settings.cache_clear()


def runs(ids: list[int]) -> list[JobRun]:
    with transaction(EVERYTHING) as session:
        return list(session.scalars(select(JobRun).where(JobRun.id.in_(ids)).order_by(JobRun.id)))


def test_each_county_and_town_is_asked_for_once_a_night(county: Area, nights) -> None:
    nights(2)
    first = runs(ask_tonight(NIGHT))
    assert ask_tonight(NIGHT + timedelta(hours=1)) == []
    # The fixture's incidents all belong to the county: its town has none and is left alone.
    assert [(run.area_id, run.kind, run.occasion) for run in first] == [
        (county.id, "hotspots.find", "2026-12-02"),
        (county.id, "hotspots.forecast", "2026-12-02 7"),
        (county.id, "hotspots.forecast", "2026-12-02 30"),
    ]
    assert {tuple(run.scope) for run in first} == {(county.path,)}
    assert len(ask_tonight(NIGHT + timedelta(days=1))) == 3


def test_a_town_with_incidents_is_forecast(county: Area, nights) -> None:
    nights(2)
    with transaction(EVERYTHING) as session:
        town = session.scalars(select(Area).where(Area.level == "town")).one()
        session.execute(
            text("UPDATE incident SET area_id = :id, area_path = CAST(:path AS ltree)"),
            {"id": town.id, "path": town.path},
        )
    asked = runs(ask_tonight(NIGHT))
    assert [(run.kind, run.area_id == town.id) for run in asked] == [
        ("hotspots.find", False),
        ("hotspots.forecast", False),
        ("hotspots.forecast", False),
        ("hotspots.forecast", True),
        ("hotspots.forecast", True),
    ]


@pytest.mark.parametrize(
    ("hour", "moment", "night"),
    [
        pytest.param(2, NIGHT, "2026-12-02", id="at night"),
        pytest.param(2, NIGHT - timedelta(hours=1), None, id="before"),
        pytest.param(2, NIGHT + timedelta(hours=4), None, id="by day"),
        pytest.param(23, NIGHT, "2026-12-01", id="a night that began yesterday"),
        pytest.param(-1, NIGHT, None, id="never"),
    ],
)
def test_a_night_is_called_by_the_day_it_began_on(
    database: object, nights, hour: int, moment: datetime, night: str | None
) -> None:
    nights(hour)
    assert night_at(moment) == night


def test_nothing_is_computed_again_while_nothing_changed(county: Area, nights) -> None:
    nights(2)
    first = find(county)
    (again,) = [run for run in runs(ask_tonight(NIGHT)) if run.kind == "hotspots.find"]
    execute(again.id)
    (again,) = runs([again.id])
    assert again.result == first.result | {"same_as": first.id}
    with transaction(EVERYTHING) as session:
        assert {row.run_id for row in session.scalars(select(Hotspot))} == {first.id}
        around = Surroundings({}, {})
        targets = spots(session, session.get_one(Area, county.id), at=now(), on=today(), around=around)
        assert sum(spot.kind == "hotspot" for spot, _ in targets) == len(first.result["hotspot_ids"])
        session.execute(text("DELETE FROM incident WHERE id = (SELECT min(id) FROM incident)"))
    (changed,) = [run for run in runs(ask_tonight(NIGHT + timedelta(days=1))) if run.kind == "hotspots.find"]
    execute(changed.id)
    assert "same_as" not in runs([changed.id])[0].result


def test_places_that_have_left_the_map_are_looked_for_again(county: Area, nights) -> None:
    nights(2)
    first = find(county)
    with transaction(EVERYTHING) as session:
        session.execute(text("UPDATE hotspot SET expires_at = now()"))
    (again,) = [run for run in runs(ask_tonight(NIGHT)) if run.kind == "hotspots.find"]
    execute(again.id)
    (again,) = runs([again.id])
    assert "same_as" not in again.result
    assert again.result["place_count"] == first.result["place_count"]
