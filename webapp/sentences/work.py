"""Words for background jobs, hotspots, teams and plans: titles, what happens now, why it ends."""

from webapp.i18n import mark, mark_n

JOB_TITLES = {
    "atlas.print": mark("Print grid atlas"),
    "area.publish": mark("Publish boundaries"),
    "area.propose": mark("Propose grids"),
    "hotspots.find": mark("Find hotspots"),
    "hotspots.forecast": mark("Forecast incidents"),
    "hotspots.print": mark("Print hotspot report"),
    "listed.evaluate": mark("Evaluate a listed area"),
    "patrols.plan": mark("Plan patrols"),
    "cameras.sight": mark("Compute what cameras see"),
}

#: What a running job does now; the codes handlers give to `RunningJob.progress`.
PROGRESS: dict[str, tuple[str, str]] = {
    "atlas_loading": (mark("Counting the sheets"), ""),
    "atlas_page": (mark("Page %(page)s of %(pages)s"), ""),
    "atlas_storing": (mark("Binding and saving the pages"), ""),
    "report_reading": (mark("Reading the places and the map"), ""),
    "report_page": (mark("Page %(page)s"), ""),
    "propose_loading": (mark("Reading streets, buildings and households"), ""),
    "propose_computing": (
        mark_n(
            "Building grids for %(households)s household",
            "Building grids for %(households)s households",
            "households",
        ),
        "",
    ),
    "propose_storing": (mark("Saving the proposals"), ""),
    "publish_checks": (mark("Checking the grids"), ""),
    "publish_boundaries": (mark("Saving the boundaries"), ""),
    "publish_rows": (mark("Giving households and everything else to their grids"), ""),
    "hotspots_loading": (mark("Reading the incidents"), ""),
    "hotspots_testing": (
        mark_n(
            "Comparing %(incidents)s incident with what is usual",
            "Comparing %(incidents)s incidents with what is usual",
            "incidents",
        ),
        "",
    ),
    "hotspots_storing": (mark("Naming and saving the places"), ""),
    "forecast_origin": (mark("Trying every map on the past: forecast %(origin)s of %(origins)s"), ""),
    "forecast_storing": (mark("Drawing and saving the map"), ""),
    "listed_loading": (mark("Reading the incidents"), ""),
    "listed_comparing": (
        mark_n(
            "Comparing %(incidents)s incident with similar places",
            "Comparing %(incidents)s incidents with similar places",
            "incidents",
        ),
        "",
    ),
    "listed_storing": (mark("Saving the evaluation"), ""),
    "sight_loading": (mark("Reading cameras and buildings"), ""),
    "sight_computing": (
        mark_n(
            "Computing what %(cameras)s camera sees",
            "Computing what %(cameras)s cameras see",
            "cameras",
        ),
        "",
    ),
    "sight_storing": (mark("Saving the views"), ""),
    "patrol_loading": (mark("Reading streets, teams and places to visit"), ""),
    "patrol_travel_times": (mark("Computing travel times"), ""),
    "patrol_searching": (mark("Searching for better routes"), ""),
    "patrol_storing": (mark("Saving the routes"), ""),
    "job_waits_for_redis": (
        mark("Kept, but Redis does not answer: tell your administrator. It begins by itself afterwards."),
        "",
    ),
}

_JOBS: dict[str, tuple[str, str]] = {
    "job_unknown": (mark("This job does not exist or lies outside your area."), mark("Reload the list.")),
    "hotspot_question_unusable": (
        mark("This question cannot be asked."),
        mark("Choose a period of the list and types that exist."),
    ),
    "hotspot_run_unknown": (
        mark("This analysis does not exist or lies outside your area."),
        mark("Choose one of the list of earlier runs."),
    ),
    "team_form_unreadable": (
        mark("The team cannot be saved: something is missing."),
        mark("Give a name, how it moves, and the station as longitude and latitude."),
    ),
    "job_finished": (mark("The job has already ended."), ""),
    "document_unknown": (
        mark("This document does not exist any more or lies outside your area."),
        mark("Finished documents are kept for some weeks: ask for it again."),
    ),
    "atlas_area_unusable": (
        mark("There is no atlas of %(area)s."),
        mark("Choose a grid, or a community with its grids."),
    ),
    "atlas_too_large": (
        mark("This atlas would have %(pages)s sheets; one job prints at most %(limit)s."),
        mark("Print its grids one by one, or ask your administrator to raise the limit."),
    ),
    "boundary_missing": (
        mark("%(area)s has no boundary today."),
        mark("Draw and publish its boundary first."),
    ),
    "press_missing": (
        mark("This machine cannot make PDF files: Pango is missing."),
        mark("The administrator runs ./start, or installs libpangoft2-1.0-0 and libharfbuzz-subset0."),
    ),
    "chinese_font_missing": (
        mark("This machine has no Chinese font to print with."),
        mark("The administrator runs ./start, or installs fonts-noto-cjk."),
    ),
    "too_many_runs": (
        mark_n(
            "%(count)s run of “%(job)s” that you asked for is not finished yet.",
            "%(count)s runs of “%(job)s” that you asked for are not finished yet.",
            "count",
        ),
        mark("Open the job tray at the top to see or stop them, or wait until one has ended."),
    ),
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

_HOTSPOTS: dict[str, tuple[str, str]] = {
    "no_incidents": (
        mark("No incidents are recorded in %(area)s."),
        mark("Import incidents first, or choose another area."),
    ),
    "forecast_ground_unusable": (
        mark("%(area)s cannot be divided into cells of %(cell_m)s m: it is too small or too large."),
        mark("Choose another area."),
    ),
    "forecast_question_unusable": (
        mark("This forecast cannot be asked for."),
        mark("Choose a number of days of the list and types that exist."),
    ),
    "forecast_unknown": (
        mark("This forecast does not exist or lies outside your area."),
        mark("Reload the page."),
    ),
    "runs_not_comparable": (
        mark("These two analyses cannot be compared."),
        mark("Choose two different ones of the same area."),
    ),
    "hotspot_unknown": (mark("This hotspot no longer exists."), mark("Reload the list.")),
    "hotspot_setting_unknown": (mark("There is no setting %(setting)s."), ""),
    "hotspot_setting_out_of_range": (
        mark("%(setting)s must lie between %(low)s and %(high)s."),
        mark("Change the value and start again."),
    ),
    "hotspot_history_too_short": (
        mark_n(
            "The comparison period of %(history_days)s day is too short for %(days)s days.",
            "The comparison period of %(history_days)s days is too short for %(days)s days.",
            "history_days",
        ),
        mark("Choose a longer comparison period or fewer days."),
    ),
    "hotspot_bandwidth_too_small": (
        mark("The smoothing width of %(bandwidth_m)s m is too small for the cells."),
        mark("Choose a larger width."),
    ),
    "incident_type_unknown": (mark("There is no incident type %(type)s."), mark("Choose one of the list.")),
    "time_unreadable": (
        mark("The time in %(setting)s cannot be read."),
        mark("Write it like 2026-11-22 21:40."),
    ),
    "time_without_zone": (
        mark("The time in %(setting)s names no time zone."),
        mark("Write it like 2026-11-22T21:40+08:00."),
    ),
}

_PATROLS: dict[str, tuple[str, str]] = {
    "no_teams": (
        mark("No team of %(area)s can be planned."),
        mark("Add a team with its station, or choose other teams."),
    ),
    "no_roads": (
        mark("No streets are known in %(area)s."),
        mark("Load them with: gridpatrol import roads FILE."),
    ),
    "no_roads_for_mode": (
        mark("Team %(team)s finds no street it may use."),
        mark("Change the team's way of moving, or import more streets."),
    ),
    "no_team_on_road": (
        mark("No team can start: %(teams)s stand more than %(reach_m)s m from every street they may use."),
        mark("Move a station to a street, change how a team moves, or import more streets."),
    ),
    "no_candidates": (
        mark("There is nothing to visit in %(area)s."),
        mark("Find hotspots first, or import key places or dwellings."),
    ),
    "plan_unknown": (mark("This plan no longer exists."), mark("Reload the list.")),
    "plan_setting_unknown": (mark("There is no setting %(setting)s."), ""),
    "plan_setting_unreadable": (mark("The value of %(setting)s cannot be read."), ""),
    "plan_setting_out_of_range": (
        mark("%(setting)s must lie between %(low)s and %(high)s."),
        mark("Change the value and start again."),
    ),
    "plan_weights_unusable": (mark("The weights cannot be used: %(detail)s"), ""),
    "shift_unusable": (
        mark("The shift must end after it begins and last at most %(longest_h)s hours."),
        mark("Change beginning or end."),
    ),
    "road_speeds_unusable": (mark("The table of speeds cannot be used: %(detail)s"), ""),
    "team_unknown": (mark("This team does not exist or lies outside your area."), mark("Reload the list.")),
    "team_mode_unknown": (mark("Choose how the team moves: %(modes)s."), ""),
    "team_name_taken": (mark("There is already a team %(name)s."), mark("Choose another name.")),
    "team_name_unusable": (mark("The team's name needs 1 to %(limit)s characters."), ""),
    "team_size_unusable": (mark("A team has %(low)s to %(high)s members."), ""),
    "team_off_road": (
        mark("The station of team %(team)s lies %(distance_m)s m from the nearest street it may use."),
        mark("Move the station to within %(reach_m)s m of a street, or change how the team moves."),
    ),
    "position_unusable": (mark("The position cannot be used."), mark("Choose a point on the map.")),
    "cameras_none": (
        mark("No cameras are recorded in %(area)s."),
        mark("Load them with: gridpatrol import cameras FILE."),
    ),
    "no_county": (
        mark("Nothing has been loaded yet."),
        mark("Load an area first, with gridpatrol import or gridpatrol demo."),
    ),
    "county_ambiguous": (mark("There are several counties: %(codes)s."), mark("Name one with --area.")),
}

WORK: dict[str, tuple[str, str]] = {**_JOBS, **_HOTSPOTS, **_PATROLS}
