"""The small town and a second person who approves."""

import pytest

from core.db import Scope, transaction
from geo.staff.service import create_account
from tests.conftest import Database
from tests.small_town import SmallTown, build_small_town


@pytest.fixture
def town(database: Database) -> SmallTown:
    """Return the small town in a database of its own."""
    return build_small_town()


@pytest.fixture
def reviewer(town: SmallTown) -> int:
    """Return the account of somebody who may approve."""
    with transaction(Scope.everything()) as session:
        account, _ = create_account(
            session, login="second", name="孙", role_code="approver", area=town.county
        )
        return account.id
