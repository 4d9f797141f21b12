"""What a run of the hotspot job proposes for listing. A person decides; nothing is listed here."""

from collections.abc import Sequence
from datetime import timedelta

from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, Forbidden, InvalidInput
from core.settings import settings
from incidents.listed import queries, service
from incidents.listed.models import ListedArea
from incidents.listed.steps import SYSTEM
from incidents.models import Hotspot


def propose_found(session: Session, found: Sequence[Hotspot]) -> list[ListedArea]:
    """Propose the first hotspots of a run, as many as the setting ``listed_proposals`` says at most.

    Left out are places that are proposed or listed already, or that somebody declined (or nobody answered
    for) within the time a proposal waits.
    """
    if not found:
        return []
    since = now() - timedelta(days=settings().listed_lapse_days)
    declined = queries.declined_ground(session, found[0].county_id, since=since)
    proposed = []
    for hotspot in found[: settings().listed_proposals]:
        shape = to_shape(hotspot.geom)
        if any(service.shares_ground(shape, other) for other in declined):
            continue
        try:
            proposed.append(service.propose_hotspot(session, hotspot.id, SYSTEM, ""))
        except (Conflict, Forbidden, InvalidInput):
            continue  # taken, beyond the asker's areas, or no ground left inside the county
    return proposed
