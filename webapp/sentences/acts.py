"""Words for the acts of the audit trail and for the checks of the house."""

from webapp.i18n import mark

ACTS = {
    "account.activate": mark("Let an account sign in again"),
    "account.confirm": mark("Confirmed an account as a second person"),
    "account.confirm_refused": mark("Was refused to confirm an account"),
    "account.create": mark("Added an account"),
    "account.deactivate": mark("Deactivated an account"),
    "account.own_password": mark("Chose a password of their own"),
    "account.password": mark("Gave a new password"),
    "account.sign_in": mark("Signed in"),
    "account.sign_in_failed": mark("Failed to sign in"),
    "account.sign_out": mark("Signed out"),
    "account.sign_out_everywhere": mark("Ended all sessions of an account"),
    "area.import": mark("Imported areas"),
    "atlas.requested": mark("Asked for a grid atlas"),
    "account.export": mark("Saved the list of accounts as a file"),
    "audit.export": mark("Saved the audit trail as a file"),
    "change_set.approve": mark("Approved a change of boundaries"),
    "change_set.bring_back": mark("Brought a change set back"),
    "change_set.discard": mark("Discarded a change set"),
    "change_set.export": mark("Saved a change set as a file"),
    "change_set.import": mark("Read a file into a change set"),
    "change_set.open": mark("Opened a change set"),
    "change_set.publish": mark("Published boundaries"),
    "change_set.return": mark("Returned a change set"),
    "change_set.submit": mark("Submitted a change set for review"),
    "camera.import": mark("Imported cameras"),
    "cameras.sight_requested": mark("Asked what cameras see"),
    "demo.load": mark("Loaded the demo town"),
    "document.export": mark("Saved a document as a file"),
    "grid_rules.change": mark("Changed the rules for grids"),
    "grid_rules.export": mark("Saved the grids that break a rule as a file"),
    "placement.export": mark("Saved the list of rows placed by hand as a file"),
    "placement.make": mark("Placed a row by hand"),
    "placement.undo": mark("Took back a placement by hand"),
    "ground.import": mark("Imported streets and buildings"),
    "hotspots.export": mark("Saved hotspots as a file"),
    "hotspots.requested": mark("Asked for hotspots"),
    "household.export": mark("Saved a household list as a file"),
    "household.import": mark("Imported households"),
    "household.reveal": mark("Revealed a name and phone"),
    "household.reveal_refused": mark("Was refused a name and phone"),
    "incident.import": mark("Imported incidents"),
    "job.cancel": mark("Stopped a job"),
    "job.export": mark("Saved the list of jobs as a file"),
    "patrol_plan.export": mark("Saved a patrol plan as a file"),
    "patrol_plan.made": mark("A patrol plan was made"),
    "patrol_plan.requested": mark("Asked for a patrol plan"),
    "team.change": mark("Changed a team"),
    "team.create": mark("Added a team"),
    "visit.record": mark("Recorded a visit"),
    "visit.undo": mark("Took back a visit"),
}

#: What an act was done to, where its number helps.
SUBJECTS = {
    "change_set": mark("Change set"),
    "document": mark("Document"),
    "grid_rule_set": mark("Grid rules"),
    "hand_placement": mark("Placement by hand"),
    "household": mark("Household"),
    "job_run": mark("Job"),
    "patrol_plan": mark("Patrol plan"),
    "team": mark("Team"),
    "visit": mark("Visit"),
}

#: Check of the house -> (name, what is so when it passes, how to go on when it fails).
CHECK_WORDS = {
    "database": (
        mark("Database"),
        mark("answers"),
        mark("does not answer: look at the PostgreSQL server and its log"),
    ),
    "redis": (mark("Redis"), mark("answers"), mark("does not answer: jobs wait until it does; restart it")),
    "migrations": (
        mark("Tables"),
        mark("fit this version of the program"),
        mark("are of another version: run gridpatrol migrate, then restart"),
    ),
    "workers": (
        mark("Workers"),
        mark("serve every queue"),
        mark("are missing for a queue: start gridpatrol worker for it"),
    ),
    "reconciler": (
        mark("Reconciler"),
        mark("leaves no lost job lying"),
        mark("is missing: lost jobs stay where they are; start gridpatrol reconcile"),
    ),
}
