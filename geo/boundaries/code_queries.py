"""Reads of the codes that grids have or had: which may be given to a new one."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo.areas.models import Area


def codes_ever(session: Session, community_id: int) -> set[str]:
    """Return the codes that grids of a community have or once had: none is given twice.

    Those that published change sets took from a grid by a rename or by numbering anew are among them.
    """
    left = text(
        "SELECT named.code FROM boundary_edit AS e JOIN change_set AS s ON s.id = e.change_set_id "
        "CROSS JOIN LATERAL ("
        "SELECT e.params->>'grid' AS key, e.params->'before'->>'code' AS code WHERE e.kind = 'rename' "
        "UNION ALL SELECT pair.key, pair.value->>0 FROM jsonb_each(e.params->'codes') AS pair "
        "WHERE e.kind = 'renumber') AS named "
        "JOIN area_draft AS d ON d.change_set_id = s.id AND d.key = named.key::int "
        "WHERE e.area_id = :community AND s.state = 'published' AND e.state = 'done' "
        "AND d.base_id IS NOT NULL"
    )
    present = session.scalars(select(Area.code).where(Area.parent_id == community_id)).all()
    return {*present, *session.scalars(left, {"community": community_id}).all()}


def codes_ended(session: Session, community_id: int) -> set[str]:
    """Return the codes of grids of a community that are no more."""
    return set(
        session.scalars(
            select(Area.code).where(Area.parent_id == community_id, Area.valid_to.is_not(None))
        ).all()
    )


def present_codes(session: Session, county_id: int, *, beyond: int) -> set[str]:
    """Return the codes of the county's present areas that do not lie in the community `beyond`."""
    return set(
        session.scalars(
            select(Area.code).where(
                Area.county_id == county_id, Area.valid_to.is_(None), Area.parent_id.is_distinct_from(beyond)
            )
        ).all()
    )
