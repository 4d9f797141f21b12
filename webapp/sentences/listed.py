"""Words for listed areas: states, steps, tasks, who answers, what a step refuses and how to go on."""

from webapp.i18n import mark

STATE_WORDS = {
    "proposed": mark("proposed"),
    "declined": mark("declined"),
    "withdrawn": mark("withdrawn"),
    "lapsed": mark("lapsed"),
    "listed": mark("listed"),
    "ended": mark("ended, to be evaluated"),
    "evaluated": mark("evaluated"),
    "rechecked": mark("checked again"),
    "closed": mark("off the list"),
    "renewed": mark("proposed anew"),
}
#: What was done, as the time line tells it.
STEP_WORDS = {
    "propose": mark("Proposed for listing"),
    "confirm": mark("Listed"),
    "decline": mark("Declined"),
    "withdraw": mark("Withdrawn"),
    "lapse": mark("Lapsed: nobody answered the proposal"),
    "plan": mark("Plan saved"),
    "move_end": mark("End moved"),
    "end": mark("Ended before its day"),
    "expire": mark("Ended on its day"),
    "evaluate": mark("Evaluated"),
    "recheck": mark("Checked again"),
    "close": mark("Taken off the list"),
    "renew": mark("Proposed anew"),
}
#: What is to be done next.
TASK_WORDS = {
    "decide": mark("decide by %(day)s"),
    "plan": mark("plan by %(day)s"),
    "end": mark("ends on %(day)s"),
    "evaluate": mark("evaluate by %(day)s"),
    "recheck": mark("check again on %(day)s"),
    "close": mark("take off the list or propose anew by %(day)s"),
}
OWNER_WORDS = {
    "office": mark("Office of the area"),
    "police": mark("Community police"),
    "captain": mark("Grid captain"),
    "worker": mark("Grid worker"),
    "mediator": mark("Mediator"),
    "partner": mark("Partner organisation"),
}

LISTED: dict[str, tuple[str, str]] = {
    "listed_unknown": (
        mark("This listed area does not exist or lies outside your area."),
        mark("Go back to the list."),
    ),
    "listed_state_forbids": (
        mark("This step is not possible any more: somebody has gone on meanwhile."),
        mark("Reload the page to see where it stands."),
    ),
    "listed_act_of_another": (mark("This step is taken by the system alone."), ""),
    "listed_own_proposal": (
        mark("Whoever proposed an area cannot decide about it."),
        mark("Ask a second person with the right to decide."),
    ),
    "listed_not_proposer": (
        mark("Only the person who made a proposal can withdraw it."),
        mark("Decline it instead, if you may decide."),
    ),
    "listed_reason_missing": (
        mark("Say why in a sentence."),
        mark("It is kept with your name and the time."),
    ),
    "listed_reason_too_long": (
        mark("The reason has more than %(limit)s characters."),
        mark("Shorten it."),
    ),
    "listed_name_too_long": (mark("The name has more than %(limit)s characters."), mark("Shorten it.")),
    "listed_hotspot_expired": (
        mark("This hotspot has expired."),
        mark("Choose one of the latest run, or draw the place."),
    ),
    "listed_ground_unusable": (
        mark("The drawn line encloses no ground, or crosses itself."),
        mark("Draw it again: at least three corners, no crossing lines."),
    ),
    "listed_ground_size": (
        mark("A listed area must have %(least_m2)s m² to %(largest_ha)s ha inside the county."),
        mark("Draw a smaller or larger place."),
    ),
    "listed_outside_area": (
        mark("The place reaches beyond your area, into %(area)s."),
        mark("Draw it inside your area, or ask somebody of the area above."),
    ),
    "listed_overlaps": (
        mark("Here %(name)s is proposed or listed already."),
        mark("Open it in the list, or draw a place beside it."),
    ),
    "listed_end_missing": (
        mark("Nothing is listed without an end date."),
        mark("Choose the last day."),
    ),
    "listed_end_unusable": (
        mark("The last day must lie between %(earliest)s and %(latest)s."),
        mark("Choose another day; what takes longer is proposed anew afterwards."),
    ),
    "listed_recheck_early": (
        mark("The re-check is not before %(day)s."),
        mark("Wait for that day: earlier counts would tell nothing."),
    ),
    "listed_owner_missing": (
        mark("The plan does not say who answers for the place."),
        mark("Choose an area that meets it, and an office or post."),
    ),
    "listed_measures_missing": (
        mark("A plan has at least one measure."),
        mark("Say what is done, by which unit, until when."),
    ),
    "listed_measure_unusable": (
        mark(
            "Line %(line)s of the measures needs what is done and by whom, up to %(limit)s characters each."
        ),
        mark("Correct the line."),
    ),
    "listed_measures_too_many": (
        mark("A plan has at most %(limit)s measures."),
        mark("Join some of them."),
    ),
    "listed_dose_unusable": (
        mark("Patrol minutes a week must be a whole number from 0 to %(high)s."),
        mark("Correct it."),
    ),
    "listed_budget_unusable": (
        mark("The budget must be a whole number of yuan from 0 to %(high)s."),
        mark("Correct it."),
    ),
}
