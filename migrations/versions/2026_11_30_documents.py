"""Documents made by jobs, kept as rows; who may print an atlas."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import make_url

import core.db
from core.settings import settings

revision = "20261130_20"
down_revision = "20261130_09"
branch_labels = None
depends_on = None

#: Who works with a grid's boundary or answers for it; a captain's scope is his own grid.
PRINTERS = ("boundary", "approver", "captain", "leader", "admin")


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("run_id", sa.BigInteger(), sa.ForeignKey("job_run.id", ondelete="SET NULL"), unique=True),
        sa.Column("actor_id", sa.BigInteger()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("needs", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("county_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("area_path", core.db.Ltree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id", "area_path", "county_id"],
            ["area.id", "area.path", "area.county_id"],
            name="fk_document_area",
            onupdate="CASCADE",
        ),
    )
    op.create_index("ix_document_expires_at", "document", ["expires_at"])
    op.create_index("ix_document_area_id", "document", ["area_id"])
    # A PDF is compressed already: PostgreSQL need not try.
    op.execute("ALTER TABLE document ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE document ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY in_scope ON document USING ((SELECT app_scope()) @> area_path) "
        "WITH CHECK ((SELECT app_scope()) @> area_path)"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON document TO {_role()}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_role()}")
    for role in PRINTERS:
        op.execute(
            f"INSERT INTO role_permission SELECT code, 'atlas.print' FROM role WHERE code = '{role}' "
            "ON CONFLICT DO NOTHING"
        )


def downgrade() -> None:
    op.execute("DELETE FROM role_permission WHERE permission = 'atlas.print'")
    op.drop_table("document")
