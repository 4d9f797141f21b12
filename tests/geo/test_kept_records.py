"""What the application's role cannot do to records, whatever statement reaches the database."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.db import Scope, transaction
from tests.conftest import Database


@pytest.mark.parametrize(
    "act",
    [
        "DELETE FROM boundary_edit",
        "UPDATE boundary_edit SET author_id = 1",
        "DELETE FROM change_comment",
        "UPDATE change_comment SET body = 'x'",
        "DELETE FROM hand_placement",
        "UPDATE hand_placement SET reason = 'x'",
        "DELETE FROM area_lineage",
        "UPDATE area_lineage SET area_m2 = 0",
        "DELETE FROM change_set",
    ],
)
def test_the_application_cannot_change_what_was_done_and_said(database: Database, act: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), transaction(Scope.everything()) as session:
        session.execute(text(act))


def test_squares_are_counted_by_the_tables_own_triggers_only(database: Database) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), transaction(Scope.everything()) as session:
        session.execute(text("CREATE TEMP TABLE forged (geom_tile geometry)"))
        session.execute(
            text(
                "CREATE TRIGGER forge AFTER INSERT ON forged REFERENCING NEW TABLE AS gained "
                "FOR EACH STATEMENT EXECUTE FUNCTION count_dwelling_cells()"
            )
        )
