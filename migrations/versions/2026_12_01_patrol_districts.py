"""Patrol districts: ground where a force patrols, a layer of its own over the grids."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.engine import make_url

import core.db
from core.settings import settings

revision = "20261201_10"
down_revision = "20261130_70"
branch_labels = None
depends_on = None

#: A district belongs to the smallest area that holds it whole. Who works in a part of that area must see it
#: too: it may lie over the reader's ground. Whoever works beside that area does not.
POLICIES = """
CREATE POLICY read_above_and_below ON patrol_district FOR SELECT
    USING ((SELECT app_scope()) @> area_path OR area_path @> (SELECT app_scope()));
CREATE POLICY insert_in_scope ON patrol_district FOR INSERT WITH CHECK ((SELECT app_scope()) @> area_path);
CREATE POLICY update_in_scope ON patrol_district FOR UPDATE
    USING ((SELECT app_scope()) @> area_path) WITH CHECK ((SELECT app_scope()) @> area_path);
"""
#: A force holds no person. Whoever sees a district reads whose it is, though the force be the county's.
FORCE_POLICY = "CREATE POLICY read_above ON force FOR SELECT USING (area_path @> (SELECT app_scope()))"


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    now = sa.text("now()")
    op.create_table(
        "patrol_district",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("force_id", sa.BigInteger(), sa.ForeignKey("force.id")),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False),
        sa.Column("valid_to", sa.Date()),
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
        sa.Column("county_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("area_path", core.db.Ltree(), nullable=False),
        sa.Column("version_id", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id", "area_path", "county_id"],
            ["area.id", "area.path", "area.county_id"],
            name="fk_patrol_district_area",
            onupdate="CASCADE",
        ),
        sa.CheckConstraint("code <> '' AND name <> ''", name="named"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
    )
    _index()
    op.execute("ALTER TABLE patrol_district ENABLE ROW LEVEL SECURITY")
    op.execute(POLICIES)
    op.execute(FORCE_POLICY)
    # A district ends; it is not deleted, so that the districts of any day can be told.
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON patrol_district TO {_role()}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_role()}")


def _index() -> None:
    op.create_index("ix_patrol_district_area_id", "patrol_district", ["area_id"])
    op.create_index("ix_patrol_district_force_id", "patrol_district", ["force_id"])
    op.create_index(
        "uq_patrol_district_code",
        "patrol_district",
        ["county_id", "code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    for column in ("geom", "geom_tile"):
        op.create_index(f"ix_patrol_district_{column}", "patrol_district", [column], postgresql_using="gist")


def downgrade() -> None:
    op.execute("DROP POLICY read_above ON force")
    op.drop_table("patrol_district")
