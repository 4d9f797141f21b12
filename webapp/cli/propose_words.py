"""What ``gridpatrol areas propose`` says in a terminal: Chinese first, English after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.cli.import_words import ERRORS as IMPORT_ERRORS

if TYPE_CHECKING:
    from webapp.cli.import_words import Words

#: Why no grids are proposed.
ERRORS: dict[str, Words] = {
    **IMPORT_ERRORS,
    "proposal_size_unusable": (
        "每网格户数 {size} 不可用，应为 {low} 至 {high}。",
        "A size of {size} households cannot be used; it must lie between {low} and {high}.",
    ),
    "proposal_tolerance_unusable": (
        "允许偏差 {tolerance} 不可用，应为 {low} 至 {high}（0.1 即 10 %）。",
        "A tolerance of {tolerance} cannot be used; it must lie between {low} and {high} (0.1 is 10 %).",
    ),
    "proposal_grids_unknown": (
        "现有网格中没有：{grids}。",
        "These are no grids of today: {grids}.",
    ),
    "proposal_coordinates_unusable": (
        "有 {count} 户的坐标超出地球范围。",
        "{count} households have coordinates that are no place on earth.",
    ),
    "proposal_no_roads": (
        "文件中没有道路，无法沿街道划分网格。",
        "There are no roads, so no grid can follow a street.",
    ),
    "proposal_no_households": (
        "范围内没有住户（范围外 {outside} 处）。",
        "No household lies in the ground to divide ({outside} places lie outside it).",
    ),
    "proposal_no_today": (
        "没有现有网格；请用 --size 给出每网格户数。",
        "There are no grids of today; give the households per grid with --size.",
    ),
    "proposal_rebalance_without_today": (
        "--rebalance 需要 --today 给出现有网格。",
        "--rebalance needs the grids of today; give them with --today.",
    ),
    "proposal_no_polygons": (
        "{file} 中没有可用的面。",
        "{file} holds no usable polygon.",
    ),
    "proposal_count_unreadable": (
        "{file} 第 {line} 行的户数无法识别：{found}。",
        "The number of households in line {line} of {file} cannot be read: {found}.",
    ),
    "output_exists": (
        "{file} 已存在；加 --force 覆盖。",
        "{file} exists; add --force to replace it.",
    ),
    "output_type_wrong": (
        "结果只能写入 {wanted}，而不是 {file}。",
        "The result is written as {wanted}, not as {file}.",
    ),
}

#: Names of the proposals.
STYLES: dict[str, Words] = {
    "balanced": ("户数均衡", "balanced"),
    "compact": ("形状紧凑", "compact"),
    "streets": ("沿街优先", "streets first"),
    "today": ("最接近现状", "closest to today"),
}

#: What a proposal can be best at.
FIGURES: dict[str, Words] = {
    "within_tolerance": ("达标网格最多", "most grids within the tolerance"),
    "worst_deviation": ("最大偏差最小", "smallest worst deviation"),
    "edge_on_street": ("沿街边界最多", "most edge on streets"),
    "compactness": ("最紧凑", "most compact"),
    "moved": ("变动户数最少", "fewest households moved"),
}

#: Why a grid lies outside the tolerance.
WHY: dict[str, Words] = {
    "community_size": (
        "所在社区（或其分离部分）总户数不合适",
        "its community (or separate part of one) holds too few or an awkward number",
    ),
    "block_indivisible": (
        "有一个不可分割的街区或楼栋超限",
        "one block or building that cannot be divided is too big",
    ),
    "blocks_do_not_add_up": ("周边街区无法凑成", "the blocks around it do not add up"),
}

#: What was left out while reading.
SKIPPED: dict[str, Words] = {
    "household_without_place": ("没有可用坐标的住户行", "rows of households without a usable coordinate"),
    "household_outside": ("范围外的住户", "households outside the ground to divide"),
    "tunnel": ("隧道（不作边界）", "tunnels (no boundary follows them)"),
}
