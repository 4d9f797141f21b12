"""The demo's staff: captains' posts on the grids and one login for each role."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import local_zone, now
from geo.areas.models import Area
from geo.households.models import Dwelling, Visit
from geo.households.service import UNDO_TIME
from geo.staff.models import Account, AccountRole, Post
from geo.staff.password import random_password
from geo.staff.service import create_account, set_password
from webapp.demo.territory import COUNTY_CODE
from webapp.demo.words import head_names

# login and role, name shown; the captain's area is a grid, all others act for the county.
ROLES = (
    ("captain", "网格长（示例）"),
    ("dispatcher", "指挥调度（示例）"),
    ("leader", "领导（示例）"),
    ("boundary", "区划编辑（示例）"),
    ("approver", "审核（示例）"),
    ("admin", "系统管理员（示例）"),
    ("auditor", "审计（示例）"),
)
_VACANT_SHARE = 0.04


@dataclass(frozen=True)
class Login:
    """A demo login: role, user name, password and the area it acts for."""

    role: str
    username: str
    password: str
    area: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for var/demo/logins.json."""
        return asdict(self)


def make_staff(
    session: Session, areas: dict[str, Area], grids: list[Area], rng: np.random.Generator
) -> list[Login]:
    """Store a captain's post on every grid (a few vacant) and the accounts; return their logins."""
    own = _captains_grid(session, grids)
    names = head_names(rng, len(grids))
    vacant = rng.random(len(grids)) < _VACANT_SHARE
    session.add_all(
        Post(
            kind="captain",
            county_id=grid.county_id,
            area_id=grid.id,
            area_path=grid.path,
            holder_name=None if vacant[k] else str(names[k]),
            full_time=bool(k % 3 == 0),
        )
        for k, grid in enumerate(grids)
    )
    session.flush()
    county = areas[COUNTY_CODE]
    logins = []
    for role, name in ROLES:
        area = own if role == "captain" else county
        # Handed in, so that nobody who tries the demo is asked for a password of his own first.
        account, password = create_account(
            session, login=role, name=name, role_code=role, area=area, password=random_password()
        )
        logins.append(Login(role, account.login, password, area.name))
        if role == "captain":
            _log_visits(session, account, own)
    return logins


def renew_logins(session: Session) -> list[Login]:
    """Give the demo accounts that exist new passwords; return their logins."""
    logins = []
    for role, _ in ROLES:
        found = session.execute(
            select(Account, Area.name)
            .join(AccountRole, AccountRole.account_id == Account.id)
            .join(Area, Area.id == AccountRole.area_id)
            .where(Account.login == role, AccountRole.role_code == role)
        ).first()
        if found is not None:
            account, area = found
            logins.append(Login(role, role, set_password(session, account, random_password()), area))
    return logins


def _captains_grid(session: Session, grids: list[Area]) -> Area:
    """Return the grid whose number of dwellings is nearest to 110: a day's work to look through."""
    rows = session.execute(select(Dwelling.area_id, func.count()).group_by(Dwelling.area_id)).all()
    counts = {row[0]: row[1] for row in rows}
    return min(grids, key=lambda grid: (abs(counts.get(grid.id, 0) - 110), grid.code))


def _log_visits(session: Session, captain: Account, grid: Area) -> None:
    """Write the visits behind the last-visit dates of the captain's own grid."""
    dwellings = session.scalars(
        select(Dwelling).where(Dwelling.area_id == grid.id, Dwelling.last_visit_on.is_not(None))
    ).all()
    # A town loaded before ten in the morning has no visits of that hour yet.
    latest = now() - UNDO_TIME
    moments = {
        dwelling.id: min(datetime.combine(dwelling.last_visit_on or date.min, time(10), local_zone()), latest)
        for dwelling in dwellings
    }
    session.add_all(
        Visit(
            dwelling_id=dwelling.id,
            county_id=dwelling.county_id,
            area_id=dwelling.area_id,
            area_path=dwelling.area_path,
            visited_at=moments[dwelling.id],
            # Old visits are not taken back: undo is offered for ten minutes after the record was made.
            created_at=moments[dwelling.id],
            outcome="met",
            actor_id=captain.id,
        )
        for dwelling in dwellings
    )
    session.flush()
