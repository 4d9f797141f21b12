"""Which column of a table means what, by Chinese and English names, and which may not be loaded at all."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from core.errors import InvalidInput
from core.intake.forbidden import forbidden_subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Names are compared after normalisation: case, spaces, punctuation and full-width forms do not matter.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "lon": ("lon", "lng", "long", "longitude", "经度", "x", "coordx", "xcoord", "坐标x", "x坐标",
        "point_x", "wgs84经度"),
    "lat": ("lat", "latitude", "纬度", "y", "coordy", "ycoord", "坐标y", "y坐标", "point_y", "wgs84纬度"),
    "id": ("id", "编号", "序号", "唯一标识", "案件编号", "警情编号", "接警单编号", "事件编号",
        "objectid", "case number", "ref"),
    "occurred_at": ("datetime", "occurred_at", "time", "date", "occurred", "timestamp", "发生时间",
        "案发时间", "报警时间", "时间", "发案时间", "接警时间", "日期", "发生日期"),
    "type": ("type", "incident_type", "category", "kind", "primary type", "类型", "类别", "案由",
        "警情类别", "警情类型", "事件类型", "案件类别", "点位类型"),
    "subject": ("subject", "title", "标题", "summary", "description", "摘要", "简要情况", "描述", "内容"),
    "address": ("address", "addr", "地址", "详细地址", "住址", "房屋地址", "安装地址", "location",
        "位置", "发生地点", "地点"),
    "plate": ("plate", "door plate", "door_plate", "门牌", "门牌号", "门楼牌", "housenumber",
        "house number"),
    "building": ("building", "楼栋", "幢", "栋", "楼号", "楼栋号", "building no", "楼"),
    "unit": ("unit", "单元", "单元号", "unit no"),
    "room": ("room", "室", "房号", "房间号", "户号", "室号", "room no", "门号"),
    "head_name": ("head name", "head", "head_name", "户主", "户主姓名", "姓名", "name of head",
        "householder"),
    "phone": ("phone", "tel", "telephone", "mobile", "电话", "联系电话", "手机", "手机号", "手机号码",
        "联系方式"),
    "occupants": ("occupants", "occupant_count", "people", "residents", "人数", "居住人数", "家庭人口",
        "人口数", "常住人数"),
    "tenure": ("tenure", "权属", "房屋性质", "使用性质", "自住出租", "居住类型", "房屋状态", "产权性质",
        "occupancy"),
    "name": ("name", "名称", "点位名称", "摄像机名称", "监控点名称", "设备名称", "地名", "网格名称",
        # A Shapefile in UTF-8 cuts 网格名称 and 网格编码 to ten bytes.
        "网格名", "grid name"),
    "code": ("code", "代码", "编码", "国标编码", "设备编码", "gbcode", "gb28181", "gb code", "device id",
        "行政区划代码", "网格编码", "网格代码", "网格编号", "网格编", "网格代", "grid code", "grid id"),
    # Of their own: in a file of grids or cameras they name another thing than the row.
    "district_code": ("巡区编码", "巡区代码", "巡区编号", "巡区编", "巡区代", "district code"),
    "district_name": ("巡区名称", "巡区名", "district name"),
    "level": ("level", "级别", "层级", "等级", "类型级别", "admin level", "area level", "区划级别"),
    "parent": ("parent", "parent code", "parent_code", "上级", "上级代码", "上级编码", "父级", "所属",
        "所属代码"),
    "bearing_deg": ("bearing_deg", "bearing", "direction", "camera direction", "朝向", "方位角", "方向",
        "角度", "azimuth"),
    "field_of_view_deg": ("field_of_view_deg", "fov", "field of view", "视场角", "视角", "水平视场角",
        "camera angle"),
    "range_m": ("range_m", "range", "可视距离", "监控距离", "视距", "有效距离", "distance"),
    "height_m": ("height_m", "height", "高度", "安装高度", "架设高度", "est_height"),
    "camera_type": ("camera type", "camera_type", "surveillance type", "摄像机类型", "设备类型",
        "球机枪机"),
    "owner_kind": ("owner_kind", "owner kind", "owner", "ownership", "建设单位类别", "产权", "所有者",
        "权属类型", "归属"),
    "status": ("status", "状态", "在线状态", "设备状态", "运行状态"),
    "installed_on": ("installed_on", "installed", "安装日期", "安装时间", "建设时间", "start date"),
    "force": ("force", "patrol force", "巡防队伍", "巡防力量", "责任队伍", "巡防队", "队伍", "警组"),
    "source": ("source", "来源", "数据来源", "警情来源"),
}  # fmt: skip


def normalised(name: str) -> str:
    """Return a column name without case, width, spaces, punctuation and bracketed remarks.

    >>> normalised(" 经度（WGS84） "), normalised("Door_Plate")
    ('经度', 'doorplate')
    """
    flat = unicodedata.normalize("NFKC", name).lower()
    bare = re.sub(r"\([^)]*\)", "", flat)
    return re.sub(r"[\W_]+", "", bare or flat)


def find_columns(columns: Sequence[str], wanted: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    """Return the index of the column for each wanted field that the table has.

    Parameters
    ----------
    columns : sequence of str
    wanted : sequence of str
        Field names of `SYNONYMS`.
    chosen : mapping
        Field to the column named by the user; it overrides the synonyms.

    Raises
    ------
    InvalidInput
        ``column_not_found`` when a column the user named is not there.
    """
    places = {normalised(column): index for index, column in reversed(list(enumerate(columns)))}
    exact = {column: index for index, column in enumerate(columns)}
    found: dict[str, int] = {}
    for field in wanted:
        if field in chosen:
            index = exact.get(chosen[field], places.get(normalised(chosen[field])))
            if index is None:
                raise InvalidInput("column_not_found", column=chosen[field], found=list(columns))
            found[field] = index
    taken = set(found.values())
    for field in wanted:
        if field not in found:
            options = (places.get(normalised(name)) for name in SYNONYMS[field])
            index = next((place for place in options if place is not None and place not in taken), None)
            if index is not None:
                found[field] = index
                taken.add(index)
    return found


def require_columns(found: Mapping[str, int], required: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse a table that lacks a column nothing can be loaded without."""
    missing = [field for field in required if field not in found]
    if missing:
        raise InvalidInput("columns_missing", missing=missing, found=list(columns))


def forbidden_columns(columns: Sequence[str]) -> dict[str, str]:
    """Return the columns that carry attributes of persons the product never keeps, with the subject."""
    subjects = {column: forbidden_subject(column) for column in columns}
    return {column: subject for column, subject in subjects.items() if subject is not None}


def refuse_forbidden(columns: Sequence[str], *, drop: bool) -> list[str]:
    """Return the columns to leave out, or refuse the file when leaving out was not asked for.

    Raises
    ------
    InvalidInput
        ``column_forbidden`` naming the columns and what they carry.
    """
    forbidden = forbidden_columns(columns)
    if forbidden and not drop:
        raise InvalidInput(
            "column_forbidden", columns=list(forbidden), subjects=sorted(set(forbidden.values()))
        )
    return list(forbidden)
