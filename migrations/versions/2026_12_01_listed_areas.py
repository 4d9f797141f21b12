"""Listed areas and their steps; who may propose, plan and decide."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url

import core.db
from core.settings import settings

revision = "20261201_30"
down_revision = "20261201_20"
branch_labels = None
depends_on = None

#: Role -> permissions. Who leads decides; who decides and who sends teams proposes and plans.
PERMITTED = {
    "leader": ("listed.view", "listed.propose", "listed.plan", "listed.confirm"),
    "dispatcher": ("listed.view", "listed.propose", "listed.plan"),
    "admin": ("listed.view",),
}
STATES = (
    "'proposed', 'declined', 'withdrawn', 'lapsed', 'listed', 'ended', 'evaluated', 'rechecked', 'closed', "
    "'renewed'"
)
ACTS = (
    "'propose', 'confirm', 'decline', 'withdraw', 'lapse', 'plan', 'move_end', 'end', 'expire', 'evaluate', "
    "'recheck', 'close', 'renew'"
)
#: A listed area belongs to the smallest area that holds it whole; who works in a part of that area sees it too.
POLICIES = """
CREATE POLICY read_above_and_below ON {table} FOR SELECT
    USING ((SELECT app_scope()) @> area_path OR area_path @> (SELECT app_scope()));
CREATE POLICY insert_in_scope ON {table} FOR INSERT WITH CHECK ((SELECT app_scope()) @> area_path);
"""
UPDATE = """
CREATE POLICY update_in_scope ON listed_area FOR UPDATE
    USING ((SELECT app_scope()) @> area_path) WITH CHECK ((SELECT app_scope()) @> area_path);
"""


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def _owned(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("county_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("area_path", core.db.Ltree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id", "area_path", "county_id"],
            ["area.id", "area.path", "area.county_id"],
            name=f"fk_{table}_area",
            onupdate="CASCADE",
        ),
    )


def upgrade() -> None:
    _make_area()
    _make_step()
    for table in ("listed_area", "listed_step"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(POLICIES.format(table=table))
    op.execute(UPDATE)
    # A listed area ends and is not deleted; what was done stands as it was written.
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON listed_area TO {_role()}")
    op.execute(f"GRANT SELECT, INSERT ON listed_step TO {_role()}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_role()}")
    for role, permissions in PERMITTED.items():
        for permission in permissions:
            op.execute(f"INSERT INTO role_permission VALUES ('{role}', '{permission}')")


def _make_area() -> None:
    now = sa.text("now()")
    op.create_table(
        "listed_area",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("hotspot_id", sa.BigInteger(), sa.ForeignKey("hotspot.id", ondelete="SET NULL")),
        sa.Column("renews_id", sa.BigInteger(), sa.ForeignKey("listed_area.id"), unique=True),
        sa.Column("selected_from", sa.DateTime(timezone=True)),
        sa.Column("selected_to", sa.DateTime(timezone=True)),
        sa.Column("proposed_by", sa.BigInteger(), sa.ForeignKey("account.id")),
        sa.Column("proposed_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("decided_by", sa.BigInteger(), sa.ForeignKey("account.id")),
        sa.Column("starts_on", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("owner_area_id", sa.BigInteger(), sa.ForeignKey("area.id")),
        sa.Column("owner_post", sa.Text()),
        sa.Column("measures", JSONB(), server_default="[]", nullable=False),
        sa.Column("dose_minutes_week", sa.Integer()),
        sa.Column("budget_yuan", sa.Integer()),
        sa.Column("evaluation", JSONB()),
        sa.Column("recheck_on", sa.Date()),
        sa.Column("recheck", JSONB()),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
        sa.Column(
            "geom_tile",
            Geometry("MULTIPOLYGON", srid=3857, spatial_index=False),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
        ),
        sa.Column(
            "label_tile",
            Geometry("POINT", srid=3857, spatial_index=False),
            sa.Computed("ST_PointOnSurface(ST_Transform(geom, 3857))", persisted=True),
        ),
        sa.Column("version_id", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        *_owned("listed_area"),
        sa.CheckConstraint("name <> ''", name="named"),
        sa.CheckConstraint(f"state IN ({STATES})", name="state"),
        sa.CheckConstraint(
            "(state IN ('proposed', 'withdrawn', 'lapsed')) = (decided_by IS NULL)", name="decided"
        ),
        sa.CheckConstraint("decided_by <> proposed_by", name="second_person"),
        sa.CheckConstraint(
            "(state IN ('proposed', 'withdrawn', 'lapsed', 'declined')) = (starts_on IS NULL) "
            "AND (starts_on IS NULL) = (ends_on IS NULL) AND ends_on >= starts_on",
            name="end",
        ),
        sa.CheckConstraint(
            "owner_post IN ('office', 'police', 'captain', 'worker', 'mediator', 'partner') "
            "AND (owner_post IS NULL) = (owner_area_id IS NULL)",
            name="owner",
        ),
        sa.CheckConstraint("(evaluation IS NULL) = (recheck_on IS NULL)", name="evaluated"),
        sa.CheckConstraint(
            "state NOT IN ('evaluated', 'rechecked', 'closed', 'renewed') OR evaluation IS NOT NULL",
            name="effect",
        ),
    )
    op.create_index("ix_listed_area_area_id", "listed_area", ["area_id"])
    op.create_index("ix_listed_area_hotspot_id", "listed_area", ["hotspot_id"])
    op.create_index("ix_listed_area_state", "listed_area", ["county_id", "state"])
    for column in ("geom", "geom_tile"):
        op.create_index(f"ix_listed_area_{column}", "listed_area", [column], postgresql_using="gist")


def _make_step() -> None:
    op.create_table(
        "listed_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("listed_id", sa.BigInteger(), sa.ForeignKey("listed_area.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), sa.ForeignKey("account.id")),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("fields", JSONB(), server_default="{}", nullable=False),
        *_owned("listed_step"),
        sa.CheckConstraint(f"act IN ({ACTS})", name="act"),
        sa.CheckConstraint(f"after IN ({STATES}) AND before IN ({STATES})", name="state"),
        sa.CheckConstraint("(act = 'propose') = (before IS NULL)", name="first"),
    )
    op.create_index("ix_listed_step_area_id", "listed_step", ["area_id"])
    op.create_index("ix_listed_step_listed_id", "listed_step", ["listed_id"])


def downgrade() -> None:
    op.execute("DELETE FROM role_permission WHERE permission LIKE 'listed.%'")
    op.drop_table("listed_step")
    op.drop_table("listed_area")
