"""Words for areas, dwellings, places and cameras: refusals and the names of closed sets."""

from webapp.i18n import mark, mark_n

LEVEL_NAMES = {
    "county": mark("County"),
    "town": mark("Town"),
    "community": mark("Community or village"),
    "grid": mark("Grid"),
}
VISIT_STATES = {
    "fresh": mark("Visited in time"),
    "due": mark("Visit due"),
    "overdue": mark("Visit overdue"),
    "vacant": mark("Vacant"),
}
CAMERA_STATUS = {
    "working": mark("Camera working"),
    "offline": mark("Camera offline"),
    "faulty": mark("Camera faulty"),
    "planned": mark("Camera planned"),
}
PLACE_NAMES = {
    "station": mark("Police station"),
    "service_point": mark("Service point"),
    "school": mark("School"),
    "kindergarten": mark("Kindergarten"),
    "market": mark("Market"),
    "hospital": mark("Hospital"),
    "hotel": mark("Hotel"),
    "net_bar": mark("Net bar"),
    "logistics": mark("Logistics"),
    "hazardous_store": mark("Hazardous goods store"),
    "bus_station": mark("Bus station"),
    "bank": mark("Bank"),
    "park": mark("Park"),
    "government": mark("Government office"),
    "factory": mark("Factory"),
}

GEO: dict[str, tuple[str, str]] = {
    "proposal_size_unusable": (
        mark_n(
            "A size of %(size)s household cannot be used.",
            "A size of %(size)s households cannot be used.",
            "size",
        ),
        mark("Choose a number from %(low)s to %(high)s."),
    ),
    "proposal_tolerance_unusable": (
        mark("A tolerance of %(tolerance)s cannot be used."),
        mark("Choose a share from %(low)s to %(high)s; 0.1 is 10 %%."),
    ),
    "proposal_grids_unknown": (
        mark("Some of the grids to rebalance do not exist: %(grids)s."),
        mark("Choose grids of this community as it is today."),
    ),
    "proposal_coordinates_unusable": (
        mark_n(
            "%(count)s household has coordinates that are no place on earth.",
            "%(count)s households have coordinates that are no place on earth.",
            "count",
        ),
        mark("Correct their coordinates first."),
    ),
    "proposal_no_roads": (
        mark("There are no roads here, so no grid can follow a street."),
        mark("Import the roads of this area first."),
    ),
    "proposal_no_households": (
        mark_n(
            "No household lies in the ground to divide; %(outside)s place lies outside it.",
            "No household lies in the ground to divide; %(outside)s places lie outside it.",
            "outside",
        ),
        mark("Import the households first, or choose another area."),
    ),
    "proposal_no_today": (
        mark("There are no grids of today whose number could be kept."),
        mark("Give the number of households a grid should hold."),
    ),
    "proposal_count_unreadable": (
        mark("The number of households in line %(line)s of %(file)s cannot be read: %(found)s."),
        mark("Write a whole number there."),
    ),
    "proposal_no_polygons": (
        mark("%(file)s holds no usable polygon."),
        mark("Choose the file with the borders."),
    ),
    "proposal_rebalance_without_today": (
        mark("Rebalancing needs the grids of today."),
        mark("Choose the file that holds them."),
    ),
    "area_unknown": (
        mark("There is no area %(area)s, or it lies outside your own."),
        mark("Check the code in the place switcher."),
    ),
    "area_level_wrong": (
        mark("Area %(area)s cannot be a %(level)s here."),
        mark("The levels from the top are county, town, community, grid."),
    ),
    "area_without_boundary": (
        mark("An area has no boundary yet."),
        mark("Import or draw its boundary first."),
    ),
    "actor_missing": (mark("Only a signed-in person can do this."), mark("Sign in first.")),
    "draft_name_unusable": (
        mark("The name of the drawing cannot be used."),
        mark("Use 1 to %(limit)s characters."),
    ),
    "codes_used_up": (
        mark("%(community)s has no free grid code left."),
        mark("Ask your administrator to split the community."),
    ),
    "drawing_unreadable": (
        mark("The drawing is no closed shape."),
        mark("A grid needs at least three corners, and its lines must not cross."),
    ),
    "dwelling_unknown": (
        mark("This dwelling does not exist or lies outside your area."),
        mark("Go back to the list."),
    ),
    "dwelling_gone": (
        mark("This dwelling now belongs to the grid %(grid)s (%(code)s)."),
        mark("Tell its captain; your words stay on this device until you delete them."),
    ),
    "household_unknown": (
        mark("This household does not exist or lies outside your area."),
        mark("Go back to the list."),
    ),
    "contact_missing": (mark("No contact is recorded for this household."), ""),
    "purpose_missing": (
        mark("Say what the contact is needed for."),
        mark("Choose a purpose; it is logged and the auditor sees it."),
    ),
    "note_too_long": (mark("The note is longer than %(limit)s characters."), mark("Shorten it.")),
    "visit_in_future": (mark("A visit cannot lie in the future."), mark("Check date and time.")),
    "visit_too_late": (
        mark("A visit can be recorded for at most %(days)s days."),
        mark("Ask your administrator when it lies further back."),
    ),
    "visit_outcome_unknown": (mark("Choose how the visit went."), ""),
    "visit_unknown": (
        mark("This visit can no longer be taken back."),
        mark("Only your own visit of the last ten minutes can be."),
    ),
    "datum_converted": (
        mark("The coordinates of %(file)s were converted from %(datum)s already."),
        mark("Nothing is left to do; converting again would shift them."),
    ),
    "datum_unsure": (
        mark("The boundaries of %(file)s do not show which datum they are in."),
        mark("Compare them with the streets on the map and choose the datum yourself."),
    ),
    "crs_not_in_format": (
        mark("A %(format)s file cannot hold coordinates in %(crs)s."),
        mark("Choose degrees (EPSG:4326 or EPSG:4490), or another format."),
    ),
    "encoding_not_offered": (
        mark("The text encoding %(encoding)s is not offered."),
        mark("Choose UTF-8, GB18030 or GBK."),
    ),
    "text_not_in_encoding": (
        mark("The text “%(value)s” in column %(column)s cannot be written in %(encoding)s."),
        mark("Choose GB18030 or UTF-8; nothing was written."),
    ),
}
