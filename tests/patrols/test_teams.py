"""Keeping teams."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import select

from core.audit import AuditEvent
from core.db import Scope, transaction
from core.errors import Conflict, DomainError, NotFound
from patrols import queries
from patrols.teams import TeamDetails, create_team, update_team
from tests.conftest import Database
from tests.small_town import SmallTown, build_small_town

TEAM = TeamDetails(name=" 桥东  一组 ", mode="foot", lon=119.005, lat=30.005, station_name="桥东所")


@pytest.fixture
def town(database: Database) -> SmallTown:
    return build_small_town()


def test_a_team_is_stored_listed_changed_and_logged(town: SmallTown) -> None:
    with transaction(Scope.everything(), actor_id=town.drawer) as session:
        team_id = create_team(session, town.county, TEAM).id
    with transaction(Scope.everything(), actor_id=town.drawer) as session:
        update_team(session, team_id, dataclasses.replace(TEAM, mode="car", active=False))
    with transaction(Scope.everything()) as session:
        (row,) = queries.teams(session)
        acts = session.scalars(select(AuditEvent.action).where(AuditEvent.subject_kind == "team")).all()
        starts = queries.team_starts(session, town.county)
    assert (row.name, row.mode, row.active, row.lon, row.lat) == ("桥东 一组", "car", False, 119.005, 30.005)
    assert acts == ["team.create", "team.change"]
    assert starts == [], "an inactive team is not planned for"


def test_a_name_stands_once_in_a_county_even_outside_the_actors_scope(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        create_team(session, town.east, TEAM)
    with transaction(Scope((town.west.path,))) as session:
        assert queries.teams(session) == []
        with pytest.raises(Conflict) as caught:
            create_team(session, town.west, TEAM)
        other = create_team(session, town.west, dataclasses.replace(TEAM, name="二组"))
        with pytest.raises(Conflict):
            update_team(session, other.id, TEAM)
        assert other.name == "二组", "the refused change is gone, the transaction goes on"
    assert caught.value.code == "team_name_taken"
    with transaction(Scope.everything()) as session:
        assert [row.name for row in queries.teams(session)] == ["二组", "桥东 一组"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "  "}, "team_name_unusable"),
        ({"name": "长" * 41}, "team_name_unusable"),
        ({"mode": "horse"}, "team_mode_unknown"),
        ({"size": 0}, "team_size_unusable"),
        ({"lon": 190.0}, "position_unusable"),
        ({"lat": float("nan")}, "position_unusable"),
    ],
    ids=str,
)
def test_what_cannot_be_a_team_is_refused_with_a_code(change: dict[str, object], code: str) -> None:
    with pytest.raises(DomainError) as caught:
        dataclasses.replace(TEAM, **change).checked()
    assert caught.value.code == code


def test_a_team_of_another_area_is_not_found(town: SmallTown) -> None:
    with transaction(Scope.everything()) as session:
        team_id = create_team(session, town.east, TEAM).id
    with transaction(Scope((town.west.path,))) as session, pytest.raises(NotFound):
        update_team(session, team_id, TEAM)
