"""Reads of the codes that grids have or had: which may be given to a new one."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.areas.models import Area, AreaName


def codes_ever(session: Session, community_id: int) -> set[str]:
    """Return the codes that grids of a community have or once had: none is given twice."""
    return set(
        session.scalars(
            select(AreaName.code)
            .join(Area, Area.id == AreaName.area_id)
            .where(Area.parent_id == community_id)
        ).all()
    )


def codes_ended(session: Session, community_id: int, *, apart: Collection[int] = ()) -> set[str]:
    """Return the codes of grids of a community that are no more, those of the areas `apart` left out."""
    ended = select(Area.code).where(
        Area.parent_id == community_id, Area.valid_to.is_not(None), Area.id.not_in(apart)
    )
    return set(session.scalars(ended).all())


def present_codes(session: Session, county_id: int, *, beyond: int) -> set[str]:
    """Return the codes of the county's present areas that do not lie in the community `beyond`."""
    return set(
        session.scalars(
            select(Area.code).where(
                Area.county_id == county_id, Area.valid_to.is_(None), Area.parent_id.is_distinct_from(beyond)
            )
        ).all()
    )
