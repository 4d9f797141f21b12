"""Words for the particulars of acts in the audit trail: what a field says, and what its codes mean."""

from webapp.i18n import mark
from webapp.sentences.acts import ACTS
from webapp.sentences.rules import PLACED_WORDS
from webapp.sentences.work import JOB_TITLES

#: How teams move.
MODE_NAMES = {
    "foot": mark("on foot"),
    "bicycle": mark("by bicycle"),
    "e_scooter": mark("by e-scooter"),
    "car": mark("by car"),
}

#: Field of an act -> its name. A field without a name is shown as it was written.
FIELDS = {
    "active": mark("on duty"),
    "area": mark("Area code"),
    "bytes": mark("Bytes"),
    "changed": mark("Changed"),
    "code": mark("Area code"),
    "community": mark("Community code"),
    "datum": mark("Datum"),
    "days": mark("Days"),
    "effective_on": mark("Takes effect on"),
    "file": mark("File"),
    "form": mark("Format"),
    "format": mark("Format"),
    "grid": mark("Grid"),
    "grid_before": mark("Grid before"),
    "households": mark("Households"),
    "kind": mark("Job"),
    "loaded": mark("Loaded"),
    "login": mark("Login name"),
    "mode": mark("Moves"),
    "number": mark("Number"),
    "outcome": mark("Outcome"),
    "purpose": mark("Purpose"),
    "reason": mark("Why"),
    "role": mark("Role"),
    "row": mark("Number"),
    "rows": mark("Rows"),
    "run": mark("Job"),
    "seed": mark("Random seed"),
    "sha256": mark("Fingerprint (SHA-256)"),
    "size": mark("Size"),
    "sought": mark("Filtered by"),
    "state": mark("List"),
    "teams": mark("Number of teams"),
    "thing": mark("What"),
    "types": mark("Types"),
    "until_confirmed": mark("Waits for a second person"),
}

#: Table -> what its rows are, where an act counts them.
ROWS = {
    "area": mark("Areas"),
    "area_boundary": mark("Boundaries"),
    "building": mark("Buildings"),
    "camera": mark("Cameras"),
    "camera_view": mark("Camera views"),
    "dwelling": mark("Dwellings"),
    "ground_cover": mark("Waters and greens"),
    "household": mark("Households"),
    "household_contact": mark("Contacts"),
    "incident": mark("Incidents"),
    "incident_type": mark("Incident types"),
    "place": mark("Key places"),
    "road_section": mark("Street sections"),
    "visit": mark("Visits"),
}

#: Field -> its codes and what they mean; roles and types of incidents have their names in the database.
CODES: dict[str, dict[str, str]] = {
    "kind": JOB_TITLES,
    "mode": MODE_NAMES,
    "outcome": {
        "met": mark("met"),
        "not_met": mark("not met"),
        "phoned": mark("phoned"),
        "letter": mark("letter left"),
    },
    "purpose": {
        "visit": mark("Arrange a visit"),
        "urgent": mark("Urgent help"),
        "service": mark("A service they asked for"),
        "correction": mark("Correct the entry"),
    },
    "sought": ACTS,
    "thing": PLACED_WORDS,
    "state": {
        "all": mark("All"),
        "all_due": mark("To visit"),
        "due": mark("Due"),
        "overdue": mark("Overdue"),
        "fresh": mark("Seen in time"),
    },
}
