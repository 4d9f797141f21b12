"""What checking and mending a file says in a terminal, beside what imports say (`import_words`)."""

from __future__ import annotations

from webapp.cli.import_words import ERRORS as IMPORT_ERRORS
from webapp.cli.import_words import NOTICES as IMPORT_NOTICES
from webapp.cli.import_words import Words

#: Why a file was neither checked nor written.
ERRORS: dict[str, Words] = {
    **IMPORT_ERRORS,
    "file_type_wrong": (
        "{file} 不是可读取的边界文件（实为 {found}），需要 {wanted}。",
        "{file} is no file of boundaries that can be read (it is {found}); wanted: {wanted}.",
    ),
    "file_too_large": (
        "{file} 超过 {cap_mb} MB，请按乡镇分成几个文件。",
        "{file} holds more than {cap_mb} MB; split it by towns.",
    ),
    "file_truncated": (
        "{file} 不完整（被截断），请重新下载或复制。",
        "{file} is cut off; fetch or copy it again.",
    ),
    "shape_part_missing": (
        "{file} 缺少同名的 {part} 文件，请把 .shp、.shx、.dbf、.prj 一起复制。",
        "{file} lacks its {part} file; copy .shp, .shx, .dbf and .prj together.",
    ),
    "archive_choice": (
        "压缩包 {file} 中没有可读取的图层（.shp、.gpkg、.geojson、.kml），实有：{found}。",
        "The archive {file} holds no layer that can be read (.shp, .gpkg, .geojson, .kml); found: {found}.",
    ),
    "crs_contradicted": (
        (
            "{file} 的坐标（{extent}）与坐标系 {crs} 不符，可能是坐标系写错或经纬度颠倒；"
            "请在原软件中改正后重新导出，或用 --crs 指定。可能的坐标系：{guesses}。"
        ),
        (
            "The coordinates of {file} ({extent}) do not fit {crs}: the system is wrong or longitude and "
            "latitude are exchanged. Export it again, or give --crs. Possible systems: {guesses}."
        ),
    ),
    "crs_missing": (
        "{file} 没有写明坐标系，请用 --crs 指定（如 EPSG:4547）。可能的坐标系：{guesses}。",
        "{file} names no coordinate system; give it with --crs (for example EPSG:4547). Possible: {guesses}.",
    ),
    "crs_needs_shift": (
        "文件用的是旧坐标系 {crs}，请先转换为 CGCS2000 再检查。",
        "The file uses the old system {crs}; convert it to CGCS2000 first.",
    ),
    "datum_marked": (
        "{file} 注明是 {datum} 偏移坐标，请先换成 CGCS2000 或 WGS-84 坐标。",
        "{file} says its coordinates are shifted ({datum}); convert them to CGCS2000 or WGS 84 first.",
    ),
    "no_polygons": (
        "{file} 中没有面（只有 {found}），请给出网格或区划的面图层。",
        "{file} holds no polygons (only {found}); name a layer of grids or areas.",
    ),
    "memory_short": (
        "内存不足，无法处理该文件，请按乡镇分成几个文件。",
        "There is not enough memory for this file; split it by towns.",
    ),
    "output_exists": (
        "{file} 已存在，未覆盖；请换一个文件名或加 --force。",
        "{file} exists and was not replaced; choose another name or add --force.",
    ),
    "output_is_input": (
        "{file} 就是原文件，原文件不会被改写，请换一个输出文件名。",
        "{file} is the input itself, which is never changed; choose another name for the output.",
    ),
    "output_type_wrong": (
        "无法写出 {file}：文件名应以 {wanted} 之一结尾。",
        "{file} cannot be written: its name must end in one of {wanted}.",
    ),
}

NOTICES: dict[str, Words] = {
    **IMPORT_NOTICES,
    "levels_apart": (
        "文件含 {count} 个级别，各级分别处理。",
        "The file holds {count} levels; each is handled by itself.",
    ),
}

#: Kinds of findings (`geo.shapes.mending.Kind`).
FINDINGS: dict[str, Words] = {
    "gap": ("缝隙", "gaps"),
    "overlap": ("重叠", "overlaps"),
    "sliver": ("狭长碎片", "slivers"),
    "unmatched_vertex": ("未对齐的节点", "vertices that do not meet"),
    "duplicate_vertex": ("重复节点", "vertices twice in a row"),
    "duplicate": ("重复的面", "polygons drawn twice"),
    "self_crossing": ("自相交的面", "polygons that cross themselves"),
    "spike": ("尖刺", "spikes"),
    "outside_parent": ("越出上级", "outside the parent"),
    "empty": ("没有面的记录", "records without ground"),
    "hole": ("空洞（提示，不算错误）", "holes (a remark, not wrong)"),
    "multipart": ("由几块组成（提示，不算错误）", "in several parts (a remark, not wrong)"),
}

#: Of what a sliver is.
OF: dict[str, Words] = {
    "gap": ("缝隙", "gap"),
    "overlap": ("重叠", "overlap"),
    "grid": ("整个面", "whole polygon"),
    "part": ("面的一块", "part of a polygon"),
}

#: Rules of repair (`geo.shapes.mending.Rule`).
RULES: dict[str, Words] = {
    "longest_edge": ("归公共边最长的邻面", "to the neighbour with the longest shared edge"),
    "longest_border": ("归公共边最长的一方", "to the claimant it borders the longest"),
    "larger_share": ("归占比较大的一方", "to the one of which it is the larger share"),
    "clipped": ("裁去", "cut off"),
    "matched": ("插入节点", "vertex inserted"),
    "snapped": ("节点合并", "vertices made one"),
    "made_valid": ("改为有效面", "made valid"),
    "spike_cut": ("切除尖刺", "spike cut off"),
    "vertex_removed": ("去除重复节点", "vertex removed"),
    "dropped": ("只保留第一个", "the first is kept"),
}
