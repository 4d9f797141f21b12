"""Forecasts of incidents as bands that expire; runs that the house asks for once a night."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.engine import make_url

import core.db
from core.settings import settings

revision = "20261201_20"
down_revision = "20261201_10"
branch_labels = None
depends_on = None


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    now = sa.text("now()")
    op.create_table(
        "forecast_band",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("run_id", sa.BigInteger(), sa.ForeignKey("job_run.id", ondelete="CASCADE"), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("area_m2", sa.Float(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
        sa.Column(
            "geom_tile",
            Geometry("MULTIPOLYGON", srid=3857, spatial_index=False),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
        ),
        sa.Column("county_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("area_path", core.db.Ltree(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id", "area_path", "county_id"],
            ["area.id", "area.path", "area.county_id"],
            name="fk_forecast_band_area",
            onupdate="CASCADE",
        ),
    )
    op.create_index("ix_forecast_band_area_id", "forecast_band", ["area_id"])
    op.create_index("ix_forecast_band_run_id", "forecast_band", ["run_id"])
    op.create_index("ix_forecast_band_expires", "forecast_band", ["county_id", "expires_at"])
    op.create_index("ix_forecast_band_geom_tile", "forecast_band", ["geom_tile"], postgresql_using="gist")
    op.execute("ALTER TABLE forecast_band ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY in_scope ON forecast_band USING ((SELECT app_scope()) @> area_path) "
        "WITH CHECK ((SELECT app_scope()) @> area_path)"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON forecast_band TO {_role()}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_role()}")
    # Of several reconcilers that ask for the same night only one can be first: the index decides.
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.add_column("job_run", sa.Column("occasion", sa.Text()))
    op.create_index(
        "uq_job_run_occasion",
        "job_run",
        ["area_id", "kind", "occasion"],
        unique=True,
        postgresql_where=sa.text("occasion IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_job_run_occasion", "job_run")
    op.drop_column("job_run", "occasion")
    op.drop_table("forecast_band")
