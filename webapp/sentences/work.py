"""Words for background jobs: titles, what they do now, and why they end."""

from webapp.i18n import mark

JOB_TITLES = {
    "hotspots.find": mark("Find hotspots"),
    "patrols.plan": mark("Plan patrols"),
    "cameras.sight": mark("Compute what cameras see"),
}

WORK: dict[str, tuple[str, str]] = {
    "job_unknown": (mark("This job does not exist or lies outside your area."), mark("Reload the list.")),
    "job_finished": (mark("The job has already ended."), ""),
    "job_kind_unknown": (mark("There is no job of the kind %(kind)s."), ""),
    "job_unfinished": (mark("The job ended without storing a result."), mark("Start it again.")),
    "job_timed_out": (
        mark("The job took too long and was stopped."),
        mark("Try a smaller area or a shorter period."),
    ),
    "job_crashed": (
        mark("The job broke off by a fault of ours."),
        mark("Start it again; if it happens again, tell your administrator."),
    ),
    "job_worker_lost": (
        mark("The machine working on the job stopped several times."),
        mark("Start it again later."),
    ),
}
