"""Words for the rules of grids and for rows placed by hand: names, units, refusals."""

from webapp.i18n import mark

#: What a rule that is broken is called; the studio says the same in its own catalogue.
KIND_WORDS = {
    "gap": mark("Ground of no grid"),
    "overlap": mark("Two grids overlap"),
    "unmatched": mark("Corners do not meet"),
    "outside_parent": mark("Leaves the community"),
    "disconnected": mark("A grid in several parts"),
    "area_small": mark("A small grid"),
    "area_large": mark("A large grid"),
    "narrow": mark("A narrow grid"),
    "households_few": mark("Few households"),
    "households_many": mark("Many households"),
    "building_cut": mark("A boundary runs through a building"),
}
LIMIT_WORDS = {
    "min_area_m2": mark("Smallest area (m²)"),
    "max_area_m2": mark("Largest area (m²)"),
    "min_households": mark("Fewest households"),
    "max_households": mark("Most households"),
    "min_width_m": mark("Smallest width (m)"),
}
GRAVITY_WORDS = {
    "refuse": mark("is refused"),
    "warn": mark("is shown"),
    "off": mark("is not looked for"),
}
PART_WORDS = {
    "county": mark("Digits of the county"),
    "town": mark("of the town"),
    "community": mark("of the community"),
    "grid": mark("of the grid"),
}
SWEEP_WORDS = {
    "rows": mark("rows from north to south, each from west to east"),
    "columns": mark("columns from west to east, each from north to south"),
    "snake": mark("rows from north to south, to and fro"),
}
#: Rows that can be placed by hand.
PLACED_WORDS = {
    "dwelling": mark("Dwelling"),
    "camera": mark("Camera"),
    "place": mark("Key place"),
    "incident": mark("Incident"),
}
END_WORDS = {
    "undone": mark("taken back"),
    "grid_ended": mark("its grid ended"),
    "placed_anew": mark("another grid was chosen"),
}

RULES: dict[str, tuple[str, str]] = {
    "grid_rule_unusable": (
        mark("A limit cannot be used."),
        mark("Write a number above 0 and up to %(most)s, or leave the field empty for no limit."),
    ),
    "grid_areas_crossed": (
        mark("The smallest area (%(low)s m²) is larger than the largest (%(high)s m²)."),
        mark("Nothing was changed: correct one of the two."),
    ),
    "grid_households_crossed": (
        mark("The fewest households (%(low)s) are more than the most (%(high)s)."),
        mark("Nothing was changed: correct one of the two."),
    ),
    "grid_gravity_unusable": (
        mark("Choose what happens when a rule is broken."),
        mark("It is refused, shown, or not looked for."),
    ),
    "code_scheme_unusable": (
        mark("Codes cannot be built this way."),
        mark("Give each level %(fewest)s to %(most)s digits, and choose an order."),
    ),
    "rules_outside_area": (
        mark("The rules hold for all of %(name)s, which is more than your own area."),
        mark("Ask somebody who works for the whole county."),
    ),
    "rules_changed": (
        mark("Somebody else changed the rules meanwhile."),
        mark(
            "Your input is kept here. Open the page anew to see the rules of today, then repeat your change."
        ),
    ),
    "grid_rules_broken": (
        mark("A changed grid breaks a rule that refuses."),
        mark("The places stand under “Check”: change the grids, or have the rule changed."),
    ),
    "reason_missing": (mark("Say why."), mark("One sentence is enough; it stays with the record.")),
    "reason_too_long": (mark("The reason is longer than %(limit)s characters."), mark("Shorten it.")),
    "subject_unknown": (
        mark("This no longer exists or lies outside your area."),
        mark("Press on the map again."),
    ),
    "not_a_grid": (mark("%(name)s is no grid."), mark("Choose a grid.")),
    "grid_outside_area": (
        mark("%(name)s lies outside your own area."),
        mark("Ask somebody who works for both areas."),
    ),
    "placement_unknown": (
        mark("This placement does not exist or lies outside your area."),
        mark("Go back to the list."),
    ),
    "placement_over": (mark("This placement has ended already."), mark("Reload the list.")),
}
