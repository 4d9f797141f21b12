"""What an import says in a terminal: one line, Chinese first, English after it (see webapp.house.words)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

type Words = tuple[str, str]

#: Why a file was not loaded at all.
ERRORS: dict[str, Words] = {
    "file_missing": ("找不到文件 {file}。", "There is no file {file}."),
    "file_is_folder": ("{file} 是文件夹，请给出其中的文件。", "{file} is a folder; name a file in it."),
    "file_unreadable": ("无法读取 {file}：{cause}。", "{file} cannot be read: {cause}."),
    "file_empty": ("{file} 是空文件。", "{file} is empty."),
    "file_too_large": (
        "{file} 超过 {cap_mb} MB，请分成几个文件导入。",
        "{file} holds more than {cap_mb} MB; import it in parts.",
    ),
    "file_truncated": (
        "{file} 不完整（数据中断），请重新下载或复制。",
        "{file} is cut off (its data end early); fetch it again.",
    ),
    "file_damaged": ("{file} 已损坏，无法读取。", "{file} is damaged and cannot be read."),
    "file_locked": ("{file} 设有密码，请先去除。", "{file} is protected by a password; remove it first."),
    "file_type_wrong": (
        "{file} 不是可导入的格式（实为 {found}），需要 {wanted}。",
        "{file} is no file that can be imported here (it is {found}); wanted: {wanted}.",
    ),
    "archive_choice": (
        "压缩包 {file} 应只含一个图层文件，实有：{found}。",
        "The archive {file} must hold exactly one layer file; found: {found}.",
    ),
    "archive_crowded": (
        "压缩包 {file} 含有超过 {limit} 个图层文件，请分成几个压缩包。",
        "The archive {file} holds more than {limit} layer files; pack them into several archives.",
    ),
    "encoding_unknown": (
        "{file} 的文字编码不是 UTF-8 也不是 GB18030，请另存为 UTF-8。",
        "The text of {file} is neither UTF-8 nor GB18030; save it as UTF-8.",
    ),
    "table_broken": (
        "{file} 第 {line} 行的引号或分隔符有误，表格无法读取。",
        "{file} breaks at line {line}: a quote or a delimiter is wrong.",
    ),
    "table_empty": ("{file} 没有数据行。", "{file} holds no rows."),
    "sheet_missing": (
        "{file} 没有工作表“{sheet}”，现有：{found}。",
        "{file} has no sheet {sheet}; it has {found}.",
    ),
    "layer_missing": (
        "{file} 没有图层“{layer}”，现有：{found}。",
        "{file} has no layer {layer}; it has {found}.",
    ),
    "layer_choice": (
        "{file} 含多个图层（{found}），请用 --layer 指定。",
        "{file} holds several layers ({found}); choose one with --layer.",
    ),
    "layer_computed": (
        "{file} 含有读取时才计算的内容：{found}，请把图层另存后再导入。",
        "{file} holds what is computed only when read: {found}; save the layer as one of its own.",
    ),
    "layer_empty": ("{file} 没有带几何的要素。", "{file} holds no feature with a geometry."),
    "crs_missing": (
        "{file} 没有写明坐标系，请用 --crs 指定（如 EPSG:4547）。",
        "{file} names no coordinate system; give it with --crs (for example EPSG:4547).",
    ),
    "crs_unknown": ("无法识别坐标系 {crs}。", "The coordinate system {crs} is unknown."),
    "crs_contradicted": (
        "{file} 写明的坐标系 {crs} 与坐标数值（范围 {extent}）不符，请用 --crs 指定（如 EPSG:4547）。",
        "The coordinates of {file} (extent {extent}) cannot be in {crs}; give the system with --crs.",
    ),
    "crs_needs_shift": (
        "{crs} 属于{datum}，与 CGCS2000 相差约 100 米；请先用当地参数转换为 CGCS2000。",
        "{crs} has the datum {datum}, some 100 m from CGCS2000: convert it with local parameters first.",
    ),
    "crs_kind_wrong": (
        "{crs} 不是平面或经纬度坐标系（类型：{kind}），需要如 EPSG:4490（经纬度）或 EPSG:4549（米）。",
        "{crs} is no system of the ground (it is: {kind}); wanted: degrees (EPSG:4490), metres (EPSG:4549).",
    ),
    "too_many_vertices": (
        "{file} 的节点超过 {most} 个，请简化边界或按乡镇分成几个文件。",
        "{file} has more than {most} vertices; simplify the boundaries or split it by towns.",
    ),
    "xml_entities": (
        "{file} 含有 XML 实体定义，可能是恶意文件，未读取；请重新导出。",
        "{file} defines XML entities and may be malicious; it was not read. Export it again.",
    ),
    "datum_shift_unusable": (
        "坐标转换参数应为 3 个或 7 个数，实为 {found} 个。",
        "A datum shift has three or seven parameters; found: {found}.",
    ),
    "datum_marked": (
        (
            "{file} 标明为 {datum} 偏移坐标。行政区划和巡区可加 --datum {datum} 转换一次，"
            "其他文件请先转换为 CGCS2000 或 WGS-84。"
        ),
        (
            "{file} says its coordinates are shifted ({datum}). Areas and districts are converted once with "
            "--datum {datum}; other files must be brought to CGCS2000 or WGS 84 first."
        ),
    ),
    "datum_shifted": (
        (
            "{file} 按 {datum} 坐标有 {near}% 的边界落在道路上，按 WGS-84/CGCS2000 只有 {near_as_is}%："
            "请加 --datum {datum} 转换一次，确认未偏移则加 --datum wgs84。"
        ),
        (
            "Read as {datum}, {near} % of the boundaries of {file} lie on streets, as WGS 84/CGCS2000 "
            "{near_as_is} %: add --datum {datum} to convert it once, or --datum wgs84 if it is not shifted."
        ),
    ),
    "shape_part_missing": (
        "{file} 缺少同名的 {part} 文件，请把整套 Shapefile 放在一起（或打包为 zip）。",
        "{file} lacks its {part} file; keep all parts of a Shapefile together, or zip them.",
    ),
    "column_twice": ("{file} 中列名重复：{columns}。", "{file} has these column names twice: {columns}."),
    "column_not_found": (
        "没有名为“{column}”的列，现有：{found}。",
        "There is no column {column}; found: {found}.",
    ),
    "columns_missing": (
        "缺少列：{missing}；现有列：{found}。可用 --column 字段=列名 指定。",
        "Columns are missing: {missing}; found: {found}. Name them with --column FIELD=NAME.",
    ),
    "column_forbidden": (
        (
            "本系统不保存个人属性，文件含有此类列：{columns}（{subjects}）。"
            "请删除这些列，或加 --drop-forbidden 不导入它们。"
        ),
        (
            "The file carries attributes of persons that are never kept here: {columns} ({subjects}). "
            "Remove these columns, or add --drop-forbidden to load the file without them."
        ),
    ),
    "nothing_found": (
        "{file} 中没有道路、建筑、水系、绿地或场所。",
        "{file} holds no roads, buildings, water, green or places.",
    ),
    "nothing_usable": (
        "{file} 没有一行可以导入，原因：{refused}。",
        "Not one row of {file} can be loaded; reasons: {refused}.",
    ),
    "county_unknown": (
        "没有代码为 {county} 的县区，现有：{found}。",
        "There is no county {county}; known: {found}.",
    ),
    "counties_many": (
        "文件含多个县级区域（{codes}），请分开导入。",
        "The file holds several counties ({codes}); import them one by one.",
    ),
    "file_outside_county": (
        "文件范围 {extent} 不在 {county} 内，请核对文件和坐标系。",
        "The file's extent {extent} lies outside {county}; check the file and its coordinate system.",
    ),
    "file_outside_counties": (
        "文件范围 {extent} 不在任何已有县区内（{counties}）。若是新的县区，请加 --new-county 名称。",
        (
            "The file's extent {extent} lies outside every county here ({counties}). "
            "For another county add --new-county NAME."
        ),
    ),
    "coordinates_swapped": (
        "经纬度两列看来颠倒了（颠倒后落在 {county}），请用 --lon 和 --lat 指定列名。",
        (
            "Longitude and latitude seem exchanged (exchanged they fall into {county}); "
            "name the columns with --lon and --lat."
        ),
    ),
    "areas_do_not_fit": (
        "区域之间有 {count} 处重叠或越界，未导入任何内容：{flaws}",
        "The areas overlap or leave their parent in {count} places; nothing was loaded: {flaws}",
    ),
    "districts_do_not_fit": (
        "巡区之间重叠或越出县区共 {count} 处，未导入任何内容：{flaws}",
        "Patrol districts overlap or leave the county, {count} times; nothing was loaded: {flaws}",
    ),
    "force_kind_unknown": (
        "--force-kind 不认识“{kind}”，可用：{kinds}。",
        "--force-kind does not know {kind}; known: {kinds}.",
    ),
    "zone_unknown": ("不认识时区 {zone}。", "The time zone {zone} is unknown."),
    "column_option_wrong": (
        "--column 应写成 字段=列名，可用字段：{fields}。",
        "--column is written FIELD=NAME; fields: {fields}.",
    ),
    "output_unwritable": ("无法写入 {file}：{cause}。", "{file} cannot be written: {cause}."),
    "database_unreachable": (
        "数据库没有响应，请先运行 ./start。",
        "The database does not answer; run ./start first.",
    ),
    "setting_missing": (
        "缺少设置 {variable}，请先运行 ./start。",
        "The setting {variable} is missing; run ./start first.",
    ),
    "setting_unreadable": (
        "设置 {variable} 无法读取：{value}。",
        "The setting {variable} cannot be read: {value}.",
    ),
    "area_level_wrong": (
        "区域 {area} 的级别 {level} 不在其上级之下。",
        "The level {level} of {area} is not below its parent's.",
    ),
}

#: Why a record was refused; also the text of the reason column handed back.
REASONS: dict[str, Words] = {
    "coordinate_missing": ("没有坐标或不是数字", "no coordinate, or not a number"),
    "coordinate_zero": ("坐标为 0,0", "the coordinate is 0,0"),
    "coordinate_swapped": ("经纬度颠倒", "longitude and latitude are exchanged"),
    "coordinate_impossible": ("坐标超出地球范围", "no such place on earth"),
    "coordinate_outside": ("在县区范围之外", "outside the county"),
    "row_twice": ("与前面的行重复（第 {first_line} 行）", "the same as an earlier row (line {first_line})"),
    "address_missing": ("没有地址也没有门牌", "neither address nor plate"),
    "phone_unreadable": ("电话号码无法识别", "the phone number cannot be read"),
    "occupants_unreadable": ("人数无法识别：{found}", "the number of occupants cannot be read: {found}"),
    "type_missing": ("没有类型", "no type"),
    "incident_type_never": (
        "“{type}”（{subject}）不作为警情类型保存",
        "{type} ({subject}) is never kept as an incident",
    ),
    "time_unreadable": ("时间无法识别：{found}", "the time cannot be read: {found}"),
    "time_impossible": (
        "时间在将来或过于久远：{found}",
        "the time lies in the future or too far back: {found}",
    ),
    "camera_code_wrong": (
        "国标编码应为 20 位数字且类型段为 131 或 132：{found}",
        "a GB/T 28181 code has 20 digits and type 131 or 132: {found}",
    ),
    "camera_code_taken": ("国标编码已属于另一点位：{found}", "the code belongs to another camera: {found}"),
    "bearing_unreadable": ("朝向无法识别：{found}", "the bearing cannot be read: {found}"),
    "number_out_of_range": (
        "{field} 应大于 0 且不超过 {most}：{found}",
        "{field} must lie above 0, at most {most}: {found}",
    ),
    "code_missing": ("没有代码也没有名称", "neither code nor name"),
    "name_too_long": (
        "名称或代码过长：{length} 个字符，最多 {limit} 个",
        "name or code too long: {length} characters, at most {limit}",
    ),
    "code_twice": ("代码 {code} 重复", "the code {code} stands twice"),
    "level_unknown": ("{code} 的级别无法识别：{level}", "the level of {code} cannot be told: {level}"),
    "geometry_missing": ("没有几何", "no geometry"),
    "geometry_not_polygon": ("{code} 不是面：{found}", "{code} is no polygon: {found}"),
    "geometry_invalid": ("{code} 的边界有误：{where}", "the boundary of {code} is invalid: {where}"),
    "parent_unknown": ("{code} 找不到上级", "no parent of {code} was found"),
    "force_unknown": (
        "{code} 的队伍“{force}”不存在，现有：{known}；加 --force-kind 类型 可新建",
        "{code} names a force that is not here: {force}; here: {known}; --force-kind KIND makes it",
    ),
}

#: What was left out without being wrong.
SKIPPED: dict[str, Words] = {
    "place_unnamed": ("无名场所", "places without a name"),
    "not_a_road": (
        "非道路（铁路、站台、在建等）",
        "ways that are no road (rail, platform, under construction)",
    ),
    "way_leaves_extract": ("在文件边缘被截断的线", "ways cut at the edge of the extract"),
    "area_broken": ("无法修复的面", "polygons beyond repair"),
    "no_length": ("没有长度的路段", "sections without length"),
    "outside_county": ("县区范围之外", "things outside the county"),
    "not_for_the_map": ("地图不用的要素", "features the map has no use for"),
    "geometry_missing": ("没有几何的要素", "features without geometry"),
    "class_assumed": (
        "未写等级、按居住区道路处理的线（已导入）",
        "lines without class, taken as residential (loaded)",
    ),
    "repeated": ("重复的要素", "repeated features"),
}

NOTICES: dict[str, Words] = {
    "datum_untold": (
        (
            "已按 CGCS2000/WGS-84 导入：这里的道路不足以判断坐标是否偏移。"
            "文件若来自高德、腾讯或百度地图，请先导入道路，或用 --datum gcj02、bd09 重新导入。"
        ),
        (
            "Loaded as CGCS2000/WGS 84: the streets here do not tell whether the coordinates are shifted. "
            "For a file from Amap, Tencent or Baidu import roads first, or name its datum with --datum gcj02 "
            "or bd09."
        ),
    ),
    "datum_converted": (
        "坐标已从 {datum} 转换为 WGS-84/CGCS2000（仅一次）。",
        "The coordinates were converted from {datum} to WGS 84/CGCS2000, once.",
    ),
    "county_made": (
        (
            "注意：数据库中没有对应县区，已新建“{name}”（代码 {code}）。"
            "其边界只是文件范围 {extent}，属临时边界；"
            "请用 gridpatrol import areas 导入正式边界。"
        ),
        (
            "Note: a new county {name} (code {code}) was made. "
            "Its boundary is only the file's extent {extent} and "
            "is marked provisional; import the true one with: gridpatrol import areas."
        ),
    ),
    "county_grown": (
        "注意：“{name}”的临时边界已扩大到 {extent}。",
        "Note: the provisional boundary of {name} was enlarged to {extent}.",
    ),
    "county_adopted": (
        "注意：临时县区“{old}”已改为“{name}”（{code}），并换上正式边界。",
        "Note: the provisional county {old} is now {name} ({code}), with its true boundary.",
    ),
    "columns_dropped": (
        "未导入的个人属性列：{columns}。",
        "Left out, because attributes of persons are never kept: {columns}.",
    ),
    "heights_dropped": (
        "{count} 个要素带高程，高程已略去，只读平面位置。",
        "{count} shapes carry heights; these are left out, only positions are read.",
    ),
    "crs_assumed": ("按指定的坐标系 {taken} 读取。", "Read in the system given: {taken}."),
    "geometry_mixed": ("图层含多种几何：{found}。", "The layer mixes kinds of geometry: {found}."),
    "outlines_filled": (
        "由闭合线得到 {count} 个面，其中 {labelled} 个有文字注记。",
        "{count} closed lines were taken for polygons; {labelled} of them have a text.",
    ),
    "encoding_contradicted": (
        "文件写明的文字编码 {declared} 与内容不符，按 {taken} 读取。",
        "The text is not in {declared}, as the file says; it was read as {taken}.",
    ),
    "text_replaced": (
        "{count} 处文字无法按 {encoding} 读取，已用 � 代替。",
        "{count} texts cannot be read as {encoding}; what is unreadable is shown as �.",
    ),
    "columns_unused": ("未使用的列：{columns}。", "Columns not used: {columns}."),
    "types_added": ("新增警情类型：{names}。", "Incident types added: {names}."),
    "access_columns_ignored": (
        "未读取取流地址、账号等列：{columns}。",
        "Columns that give access to streams were not read: {columns}.",
    ),
    "bearing_missing": (
        "{count} 个点位没有朝向，按环视处理。",
        "{count} cameras have no bearing; they are taken to see all round.",
    ),
    "children_leave_gap": (
        "“{area}”内有 {size_m2} 平方米不属于任何下级区域。",
        "{size_m2} m² of {area} belong to none of its areas.",
    ),
    "districts_ended": (
        "已终止并由文件中的新巡区接替：{codes}。",
        "Districts that ended, with those of the file in their place: {codes}.",
    ),
    "rows_reowned": (
        "已按新边界重新归属的记录：{all}。",
        "Rows given to another area by the new boundaries: {all}.",
    ),
}

KINDS: dict[str, Words] = {
    "road_section": ("路段", "road sections"),
    "building": ("建筑", "buildings"),
    "ground_cover": ("水系绿地农田", "water, green, farmland"),
    "place": ("场所", "places"),
    "area": ("区域", "areas"),
    "area_boundary": ("边界", "boundaries"),
    "dwelling": ("房屋", "dwellings"),
    "household": ("住户", "households"),
    "camera": ("摄像机", "cameras"),
    "incident": ("警情", "incidents"),
    "incident_type": ("警情类型", "incident types"),
    "visit": ("走访", "visits"),
    "household_contact": ("联系方式", "contacts"),
    "camera_view": ("可视范围", "camera views"),
    "patrol_district": ("巡区", "patrol districts"),
    "force": ("巡防队伍", "patrol forces"),
}


def say(table: Mapping[str, Words], code: str, fields: Mapping[str, object], *, join: str = " / ") -> str:
    """Return the words of a code in both languages; an unknown code stands for itself."""
    words = table.get(code)
    plain = {name: _plain(value) for name, value in fields.items()}
    if words is None:
        return f"{code} {plain}" if plain else code
    plain.setdefault("all", ", ".join(f"{name} {value}" for name, value in plain.items()))
    return join.join(dict.fromkeys(text.format(**plain) for text in words))


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return ", ".join(str(_flaw(each)) for each in value)
    return value


def _flaw(value: object) -> object:
    if not isinstance(value, dict) or "size_m2" not in value:
        return value
    zh, en = {
        "siblings_overlap": ("重叠", "overlaps"),
        "child_outside": ("越出上级", "leaves its parent"),
        "districts_overlap": ("重叠", "overlaps"),
        "district_outside": ("越出", "leaves"),
    }[str(value["code"])]
    lon, lat = value["at"]
    return f"\n  {value['first']} {zh}/{en} {value['second']}: {value['size_m2']} m² @ {lon}, {lat}"
