"""Words for files: why one cannot be read or written, and what reading changed.

`FILES` has words for every code of core/intake, core/outlet and what stands on them (a test walks the tree);
a terminal says the same with its own options (webapp/cli/areas_words.py).
"""

from webapp.i18n import mark

FILES: dict[str, tuple[str, str]] = {
    "file_missing": (mark("There is no file %(file)s."), ""),
    "file_is_folder": (mark("%(file)s is a folder."), mark("Choose a file in it.")),
    "file_unreadable": (
        mark("%(file)s cannot be read (%(cause)s)."),
        mark("Copy it once more and choose it again."),
    ),
    "file_empty": (mark("%(file)s is empty."), mark("Export it again.")),
    "file_too_large": (
        mark("%(file)s holds more than %(cap_mb)s MB."),
        mark("Split it by towns, or simplify the boundaries."),
    ),
    "file_truncated": (
        mark("%(file)s is cut off: a part of it is missing."),
        mark("Fetch or copy it again."),
    ),
    "file_damaged": (mark("%(file)s is damaged and cannot be read."), mark("Export it again.")),
    "file_locked": (
        mark("%(file)s is protected by a password."),
        mark("Remove the password and choose it again."),
    ),
    "file_type_wrong": (
        mark("%(file)s is no file that can be read here (it is %(found)s)."),
        mark("Wanted: %(wanted)s."),
    ),
    "archive_choice": (
        mark("The archive %(file)s holds no layer that can be read; found: %(found)s."),
        mark("Pack .shp, .shx, .dbf and .prj together, or a .gpkg, .geojson, .kml or .dxf."),
    ),
    "archive_crowded": (
        mark("The archive %(file)s holds more than %(limit)s layer files."),
        mark("Pack only the layer of grids."),
    ),
    "encoding_unknown": (
        mark("The text of %(file)s is in no encoding known here."),
        mark("Save it in UTF-8 or GB18030."),
    ),
    "table_broken": (
        mark("%(file)s breaks at line %(line)s: a quote or a delimiter is wrong."),
        mark("Mend that line."),
    ),
    "table_empty": (mark("%(file)s holds no rows."), ""),
    "sheet_missing": (mark("%(file)s has no sheet %(sheet)s; it has %(found)s."), ""),
    "layer_missing": (
        mark("%(file)s has no layer %(layer)s; it has %(found)s."),
        mark("Choose one of these."),
    ),
    "layer_choice": (mark("%(file)s holds several layers: %(found)s."), mark("Choose one of them.")),
    "layer_computed": (
        mark("%(file)s holds what is computed only when it is read: %(found)s."),
        mark("Save the layer as one of its own and send that."),
    ),
    "layer_empty": (
        mark("%(file)s holds nothing with a place on the map."),
        mark("Export the layer of grids."),
    ),
    "crs_missing": (
        mark(
            "%(file)s names no coordinate system, and its numbers do not tell which. Possible: %(guesses)s."
        ),
        mark("Choose the system; whoever made the file knows it."),
    ),
    "crs_unknown": (
        mark("The coordinate system %(crs)s is unknown."),
        mark("Give an EPSG code, such as 4490 or 4549."),
    ),
    "crs_contradicted": (
        mark("The coordinates of %(file)s cannot be in %(crs)s."),
        mark("Choose another coordinate system, or export the file again."),
    ),
    "crs_kind_wrong": (
        mark("%(crs)s is no system for places on the map (it is: %(kind)s)."),
        mark("Choose one in degrees (such as EPSG:4490) or a map projection in metres (such as EPSG:4549)."),
    ),
    "crs_needs_shift": (
        mark("%(crs)s has the datum %(datum)s, some 100 m from CGCS2000."),
        mark("Give the three or seven parameters of your survey office, or convert the file first."),
    ),
    "crs_not_in_format": (
        mark("%(format)s holds degrees only, not %(crs)s."),
        mark("Choose EPSG:4326 or 4490, or another format."),
    ),
    "datum_shift_unusable": (mark("A datum shift has three or seven numbers; found: %(found)s."), ""),
    "datum_marked": (
        mark("%(file)s says that its coordinates are shifted (%(datum)s)."),
        mark("Confirm the datum, and it is converted once."),
    ),
    "shape_part_missing": (
        mark("%(file)s lacks its %(part)s file."),
        mark("Choose .shp, .shx, .dbf and .prj together, or pack them into one .zip."),
    ),
    "column_twice": (mark("%(file)s has these columns twice: %(columns)s."), ""),
    "column_not_found": (mark("There is no column %(column)s; found: %(found)s."), ""),
    "columns_missing": (mark("Columns are missing: %(missing)s; found: %(found)s."), ""),
    "column_forbidden": (
        mark("The file carries attributes of persons that are never kept here: %(columns)s (%(subjects)s)."),
        mark("Delete these columns first."),
    ),
    "too_many_vertices": (
        mark("%(file)s has more than %(most)s corners."),
        mark("Simplify the boundaries, or split the file by towns."),
    ),
    "xml_entities": (
        mark("%(file)s defines XML entities and may be malicious; it was not read."),
        mark("Export it again."),
    ),
    "file_grids_many": (
        mark("%(file)s holds %(count)s grids of this community; at most %(limit)s are read at once."),
        mark("Keep only the grids that are to change."),
    ),
    "no_polygons": (
        mark("%(file)s holds no polygons (only %(found)s)."),
        mark("Choose the layer of grids; in a drawing, close the outlines."),
    ),
    "encoding_not_offered": (mark("The encoding %(encoding)s is not offered; choose one of %(found)s."), ""),
    "text_not_in_encoding": (
        mark("“%(value)s” in column %(column)s cannot be written in %(encoding)s."),
        mark("Choose UTF-8 or GB18030."),
    ),
    "output_exists": (mark("%(file)s exists and was not replaced."), ""),
    "output_type_wrong": (mark("%(file)s cannot be written: its name must end in one of %(wanted)s."), ""),
    "output_unwritable": (mark("%(file)s cannot be written (%(cause)s)."), ""),
    "file_elsewhere": (
        mark("Read in %(crs)s, %(file)s lies at %(lon)s, %(lat)s: nowhere near this community."),
        mark("Choose another coordinate system, or another file."),
    ),
    "grid_without_ground": (
        mark("Record %(line)s of the file encloses no ground."),
        mark("Delete or redraw it in the file."),
    ),
    "upload_gone": (mark("This file does not wait here any more."), mark("Choose it again.")),
    "file_look_old": (
        mark("Somebody edited the draft after you looked at this file."),
        mark("Look at what would change now, then read it in again."),
    ),
}

#: What must be said about a file that was read or written (`core.intake.report.Notice`).
FILE_NOTICES: dict[str, str] = {
    "heights_dropped": mark("%(count)s shapes carry heights; these are left out, only positions are read."),
    "geometry_mixed": mark("The layer mixes kinds of geometry (%(found)s); only polygons are read."),
    "encoding_contradicted": mark("The file says its text is in %(declared)s, but it is in %(taken)s."),
    "text_replaced": mark(
        "%(count)s texts are none in %(encoding)s; the signs that could not be read show as �."
    ),
    "outlines_filled": mark(
        "%(count)s closed lines of the drawing are taken as polygons, %(labelled)s of them with a text."
    ),
    "crs_forced": mark("The file names the system %(named)s; %(taken)s is taken instead."),
    "crs_assumed": mark("Read in the system %(taken)s."),
    "text_shortened": mark("Texts in %(columns)s were cut to %(most)s bytes."),
    "crs_not_in_file": mark("The format has no place for the reference system; it is %(crs)s."),
    "self_crossing": mark("%(count)s outlines cross themselves and were made valid: %(names)s."),
    "keys_of_other_set": mark(
        "%(count)s records were exported from another change set (change set %(sets)s): their keys are not "
        "used, the grids are known by their codes."
    ),
    "keys_of_no_set": mark(
        "The file has keys but does not say of which change set (column %(column)s is missing): grids are "
        "known by their codes. Choose the column of keys only if this change set was exported with them."
    ),
    "columns_forbidden": mark("Columns with attributes of persons are not read: %(columns)s."),
}
