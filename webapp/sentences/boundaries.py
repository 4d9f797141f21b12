"""Words for the studio: what an edit, a review or a publication refuses, and how to go on."""

from webapp.i18n import mark

BOUNDARIES: dict[str, tuple[str, str]] = {
    "change_set_unknown": (
        mark("This change set does not exist or lies outside your area."),
        mark("Go back to the list."),
    ),
    "change_set_closed": (
        mark("This change set is not being drafted any more."),
        mark("Reload it to see where it stands; your line is kept."),
    ),
    "change_set_empty": (mark("No grid differs from what is published."), mark("Edit a grid first.")),
    "change_set_not_due": (
        mark("This change set takes effect on %(day)s."),
        mark("It is published on that day."),
    ),
    "file_of_other_set": (
        mark("No grid of %(file)s belongs to this change set."),
        mark("Choose the column of keys or codes, or export this change set and edit that file."),
    ),
    "file_missing_in_form": (mark("Choose a file first."), ""),
    "datum_unsure": (
        mark("The coordinates of %(file)s fit no datum for sure."),
        mark("Choose the datum yourself: WGS-84/CGCS2000, GCJ-02 or BD-09."),
    ),
    "datum_converted": (mark("%(file)s was converted before."), mark("It is not shifted a second time.")),
    "proposal_unknown": (mark("This proposal no longer exists."), mark("Ask for proposals again.")),
    "own_change_set": (
        mark("Whoever drafted a change set cannot approve it."),
        mark("Ask a second person to review it."),
    ),
    "boundaries_moved_on": (
        mark("Other changes to these grids were published meanwhile."),
        mark("Return the change set, open a new one and draw the edits again on today's boundaries."),
    ),
    "partition_broken": (
        mark("The grids leave a gap or overlap."),
        mark("The places are marked on the map; close them first."),
    ),
    "effective_in_past": (
        mark("A change cannot take effect on a past day (%(day)s)."),
        mark("Choose today or a later day."),
    ),
    "effective_too_far": (
        mark("%(day)s is too far ahead for a change to take effect."),
        mark("Choose a day up to %(last)s."),
    ),
    "restored_day_ahead": (
        mark("%(day)s is yet to come: it has no boundaries that could be restored."),
        mark("Choose today or an earlier day."),
    ),
    "restored_day_empty": (
        mark("%(name)s was not divided into grids on %(day)s."),
        mark("Choose a day on which it was: open the community and look at its grids as of that day."),
    ),
    "comment_missing": (
        mark("The field for words is empty."),
        mark("Write what you mean or what is to be mended, then press again."),
    ),
    "comment_too_long": (mark("The text is longer than %(limit)s characters."), mark("Shorten it.")),
    "comment_unknown": (mark("This comment is not part of the change set."), mark("Reload the page.")),
    "comment_settled": (
        mark("This comment is settled."),
        mark("Open it again to answer it, or write a new one."),
    ),
    "title_unusable": (mark("The title is longer than %(limit)s characters."), mark("Shorten it.")),
    "not_a_community": (mark("%(name)s is no community."), mark("Choose a community: its grids are edited.")),
    "grid_changed": (
        mark("Somebody changed this grid meanwhile."),
        mark("The map shows how it is now and your line is kept: look at it, then apply again."),
    ),
    "grid_gone": (mark("This grid no longer exists in the draft."), mark("Choose another one.")),
    "grid_code_taken": (mark("Another grid has the code %(code)s."), mark("Choose another code.")),
    "grid_code_unusable": (
        mark("The code %(code)s cannot be used."),
        mark("Use letters and digits, at most 30."),
    ),
    "nothing_changes": (mark("This changes nothing."), ""),
    "nothing_to_undo": (mark("There is nothing of yours to undo."), ""),
    "nothing_to_redo": (mark("There is nothing of yours to redo."), ""),
    "edit_unknown": (mark("There is no tool %(kind)s."), ""),
    "leg_unusable": (
        mark("Bearing %(bearing)s with distance %(distance)s cannot be used."),
        mark("Give a bearing of 0 to 360 degrees and a distance in metres."),
    ),
    "drawing_crosses_itself": (mark("The line crosses itself."), mark("Move or delete a corner there.")),
    "drawing_empty": (mark("Nothing is drawn yet."), mark("Set the corners on the map first.")),
    "drawing_has_height": (mark("The drawing carries heights."), mark("Leave the third number out.")),
    "drawing_not_finite": (mark("A coordinate is no number."), mark("Check the list of coordinates.")),
    "drawing_off_world": (mark("A corner lies outside the world."), mark("Write the longitude first.")),
    "drawing_point": (mark("All corners lie at one place."), mark("Draw larger, or zoom in.")),
    "drawing_too_long": (mark("The drawing has more than %(limit)s corners."), mark("Draw it in parts.")),
    "drawing_wrong_kind": (
        mark("This tool needs another kind of drawing."),
        mark("Follow the line below the tools."),
    ),
    "edit_breaks_partition": (
        mark("After this the grids would not fit together."),
        mark("The place is marked; draw a little differently there."),
    ),
    "edit_changes_nothing": (mark("This changes nothing."), mark("Draw farther from the present boundary.")),
    "edit_crosses_others": (
        mark("The line runs through other grids."),
        mark("Draw it inside the two grids, or redraw one boundary after the other."),
    ),
    "edit_folds_grid": (mark("A boundary would cross itself."), mark("Move the corner less far.")),
    "edit_frame_corner": (
        mark("This corner belongs to the community's own boundary."),
        mark("Grids cannot change it."),
    ),
    "edit_ground_narrow": (
        mark("A corner would be narrower than the coordinate grid (1 cm)."),
        mark("Draw it a little wider there."),
    ),
    "edit_loses_ground": (
        mark("Ground would be lost or won at the edge of the community."),
        mark("Draw a little differently at the marked place."),
    ),
    "edit_boundary_unclear": (
        mark("The ground could go to several grids."),
        mark("Redraw one boundary after the other."),
    ),
    "edit_grid_vanishes": (mark("A grid would vanish."), mark("Merge it with a neighbour if that is meant.")),
    "edit_junction": (
        mark("Three grids or more meet at this corner."),
        mark("It can be moved, not deleted."),
    ),
    "edit_leaves_frame": (
        mark("The drawing leaves the community."),
        mark("The part outside is marked; draw inside the boundary."),
    ),
    "edit_leaves_grids": (
        mark("The line runs over ground of no grid."),
        mark("Draw on the grids themselves."),
    ),
    "edit_line_loose": (
        mark("An end of the line touches no boundary."),
        mark("The end is marked; draw it as far as the boundary."),
    ),
    "edit_line_idle": (
        mark("The line only leads to ground that the grid surrounds: the grid is still in one piece."),
        mark("Draw a next line from the other side of that ground to the boundary; both together divide it."),
    ),
    "edit_line_misses": (mark("The line does not cross the grid."), mark("Draw across the chosen grid.")),
    "edit_no_boundary": (
        mark("Both ends of the line lie on different boundaries."),
        mark("Start and end on the boundary that is to be redrawn."),
    ),
    "edit_no_edge": (
        mark("There is no boundary within %(limit_m)s m."),
        mark("Press nearer to a boundary."),
    ),
    "edit_no_vertex": (mark("There is no corner at this place."), mark("Choose a corner of a grid.")),
    "edit_not_neighbours": (
        mark("These grids do not share a boundary."),
        mark("Choose grids that lie side by side."),
    ),
    "edit_off_frame": (
        mark("This corner can only slide along the community's boundary."),
        mark("Move it along that line."),
    ),
    "edit_outside_grid": (mark("The drawing leaves the chosen grid."), mark("Draw inside the grid.")),
    "edit_overlaps": (
        mark("The drawing overlaps other grids."),
        mark("The overlap is marked; draw on free ground, or use another tool."),
    ),
    "edit_part_thin": (
        mark("A part would be narrower than %(width_m)s m."),
        mark("Move the line away from the boundary."),
    ),
    "edit_ring_needed": (mark("A grid needs at least three corners."), ""),
    "edit_too_few_grids": (mark("Choose at least two grids."), ""),
    "edit_vertex_taken": (mark("Another corner lies there already."), mark("Choose another place.")),
    "edit_width_unusable": (
        mark("A width of %(width_m)s m cannot be used."),
        mark("Give a width in metres."),
    ),
    "path_in_building": (mark("An end lies inside a building."), mark("Press beside the building.")),
    "path_missing": (
        mark("No way leads from one end to the other along what was chosen."),
        mark("Choose nearer places, or draw the line by hand."),
    ),
    "path_off_features": (
        mark("There is nothing to follow within %(limit_m)s m."),
        mark("Press nearer to the street or water."),
    ),
    "path_too_long": (mark("The places are too far apart."), mark("Follow in shorter pieces.")),
    "tiling_broken": (
        mark("The grids do not fit together here already."),
        mark("Repair the marked place first."),
    ),
}
