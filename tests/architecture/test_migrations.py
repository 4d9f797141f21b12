"""Migrations stand in one line and can be taken back with rows in the tables."""

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from core.db import Scope, transaction
from geo.boundaries.placement import place_by_hand
from geo.boundaries.ruling import store_rules
from tests.small_town import build_small_town
from webapp.house.migrate import configuration

#: The last revision of the first release.
FIRST = "20261122_03"
FUNCTIONS = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proowner <> 10"
POLICIES = "SELECT tablename || ' ' || policyname FROM pg_policies WHERE schemaname = 'public'"


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(configuration()).get_heads()) == 1


def test_what_a_migration_made_is_gone_when_it_is_taken_back_and_comes_again(owner_engine: Engine) -> None:
    town = build_small_town()
    with transaction(Scope((town.county.path,)), actor_id=town.drawer) as session:
        place_by_hand(session, "dwelling", town.west_dwelling, grid_id=town.east.id, reason="院落")
        store_rules(session, town.county, {"max_households": 400}, seen=0, reason="试")

    def made() -> tuple[set[str], set[str]]:
        with owner_engine.connect() as connection:
            functions = set(connection.scalars(text(FUNCTIONS)))
            return functions, set(connection.scalars(text(POLICIES)))

    before = made()
    assert {"gone_dwelling", "app_scope"} <= before[0], "the search finds functions at all"
    command.downgrade(configuration(), FIRST)
    between = made()
    assert "gone_dwelling" not in between[0]
    assert not any(policy.startswith("grid_rule_set ") for policy in between[1])

    command.upgrade(configuration(), "head")
    assert made() == before
    with transaction(Scope.everything()) as session:
        assert session.scalar(text("SELECT count(*) FROM dwelling")) == 2
