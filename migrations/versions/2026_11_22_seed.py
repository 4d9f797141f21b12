"""Roles with their permissions, and the first table of incident types: data, not code."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_03"
down_revision = "20261122_02"
branch_labels = None
depends_on = None

MAP = ("area.view", "dwelling.map", "camera.view", "incident.view", "place.view", "search.use", "job.view")

#: code, Chinese, English, room the holder lands in, permissions.
ROLES = (
    ("captain", "网格长", "Grid captain", "captain",
     (*MAP, "household.view", "household.reveal", "visit.record")),
    ("dispatcher", "指挥调度", "Dispatcher", "dispatch",
     (*MAP, "hotspot.view", "patrol.view", "patrol.plan", "team.edit", "job.cancel")),
    ("leader", "领导", "Leader", "leader", (*MAP, "hotspot.view", "hotspot.run", "patrol.view", "job.cancel")),
    ("boundary", "区划编辑", "Boundary staff", "boundaries", (*MAP, "area.draw")),
    ("admin", "系统管理员", "Administrator", "admin",
     (*MAP, "hotspot.view", "patrol.view", "account.manage", "audit.view", "system.view", "camera.analyse",
      "job.cancel")),
    ("auditor", "审计", "Auditor", "admin", ("area.view", "audit.view", "system.view")),
)  # fmt: skip

#: code, parent, Chinese, English. Petitions, assemblies, religion and speech are no types (S44).
TYPES = (
    ("theft", None, "盗窃", "Theft"),
    ("burglary", "theft", "入室盗窃", "Burglary"),
    ("theft_from_vehicle", "theft", "盗窃车内财物", "Theft from vehicle"),
    ("e_scooter_theft", "theft", "盗窃电动车", "E-scooter theft"),
    ("bicycle_theft", "theft", "盗窃自行车", "Bicycle theft"),
    ("pickpocketing", "theft", "扒窃", "Pickpocketing"),
    ("shoplifting", "theft", "商店盗窃", "Shoplifting"),
    ("robbery_group", None, "抢劫抢夺", "Robbery and snatching"),
    ("robbery", "robbery_group", "抢劫", "Robbery"),
    ("snatching", "robbery_group", "抢夺", "Snatching"),
    ("violence", None, "伤害", "Violence"),
    ("assault", "violence", "殴打伤害", "Assault"),
    ("fraud", None, "诈骗", "Fraud"),
    ("telecom_fraud", "fraud", "电信网络诈骗", "Telecom fraud"),
    ("street_fraud", "fraud", "街面诈骗", "Street fraud"),
    ("dispute", None, "矛盾纠纷", "Dispute"),
    ("neighbour_dispute", "dispute", "邻里纠纷", "Neighbour dispute"),
    ("labour_dispute", "dispute", "劳资纠纷", "Labour dispute"),
    ("consumer_dispute", "dispute", "消费纠纷", "Consumer dispute"),
    ("hazard", None, "隐患", "Hazard"),
    ("fire_hazard", "hazard", "消防隐患", "Fire hazard"),
    ("electrical_hazard", "hazard", "用电隐患", "Electrical hazard"),
    ("road_hazard", "hazard", "道路隐患", "Road hazard"),
    ("order", None, "公共秩序", "Public order"),
    ("noise", "order", "噪声扰民", "Noise"),
    ("vandalism", "order", "毁坏财物", "Vandalism"),
    ("traffic", None, "交通", "Traffic"),
    ("traffic_accident", "traffic", "交通事故", "Traffic accident"),
    ("illegal_parking", "traffic", "违停", "Illegal parking"),
    ("help", None, "求助", "Call for help"),
    ("missing_property", "help", "失物求助", "Lost property"),
    ("first_aid", "help", "急救求助", "First aid"),
)


def upgrade() -> None:
    role = sa.table("role", *(sa.column(name) for name in ("code", "name_zh", "name_en", "home", "rank")))
    permission = sa.table("role_permission", sa.column("role_code"), sa.column("permission"))
    kind = sa.table("incident_type", *(sa.column(n) for n in ("code", "parent_code", "name_zh", "name_en")))
    op.bulk_insert(
        role,
        [
            {"code": code, "name_zh": zh, "name_en": en, "home": home, "rank": rank}
            for rank, (code, zh, en, home, _) in enumerate(ROLES)
        ],
    )
    op.bulk_insert(
        permission,
        [{"role_code": code, "permission": name} for code, *_, names in ROLES for name in names],
    )
    op.bulk_insert(
        kind,
        [
            {"code": code, "parent_code": parent, "name_zh": zh, "name_en": en}
            for code, parent, zh, en in TYPES
        ],
    )


def downgrade() -> None:
    op.execute("DELETE FROM incident_type")
    op.execute("DELETE FROM role_permission")
    op.execute("DELETE FROM role")
