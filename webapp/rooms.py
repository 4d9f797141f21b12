"""The rooms of the product: the left rail and the page each person lands on."""

from dataclasses import dataclass

from flask import current_app, request, url_for
from flask_babel import gettext
from flask_login import current_user

from webapp.i18n import mark


@dataclass(frozen=True, slots=True)
class Room:
    """A page of the rail. `code` is a role's ``home``; the endpoint is the room's front door."""

    code: str
    endpoint: str
    icon: str
    label: str
    permissions: tuple[str, ...]


ROOMS = (
    Room("captain", "captain.index", "home", mark("Households"), ("household.view",)),
    Room("dispatch", "dispatch.index", "route", mark("Patrols"), ("patrol.plan", "patrol.view")),
    Room("leader", "leader.index", "hotspot", mark("Hotspots"), ("hotspot.view",)),
    Room("boundaries", "boundaries.index", "grid", mark("Grids"), ("area.draw", "area.review")),
    Room(
        "admin", "admin.index", "settings", mark("Admin"),
        ("account.manage", "audit.view", "system.view"),
    ),
)  # fmt: skip


def open_rooms() -> list[Room]:
    """Return the rooms that stand and that the signed-in account may enter, its own room first."""
    found = [
        room
        for room in ROOMS
        if room.endpoint in current_app.view_functions and any(map(current_user.can, room.permissions))
    ]
    return sorted(found, key=lambda room: room.code != current_user.grants.home) if found else []


def rail() -> list[dict[str, object]]:
    """Return the rail of this page: address, icon, label and whether we are in it."""
    here = (request.endpoint or "").partition(".")[0]
    return [
        {
            "url": url_for(room.endpoint),
            "icon": room.icon,
            "label": gettext(room.label),
            # A room's further pages lie below its address.
            "active": room.code == here or request.path.startswith(f"{url_for(room.endpoint)}/"),
        }
        for room in open_rooms()
    ]


def home_url() -> str | None:
    """Return the address the signed-in account lands on, None when no room is open to it."""
    rooms = open_rooms()
    return url_for(rooms[0].endpoint) if rooms else None
