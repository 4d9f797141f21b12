"""Files of boundaries that wait to be looked at, each its sender's alone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import make_url

import core.db
from core.settings import settings

revision = "20261130_26"
down_revision = "20261130_25"
branch_labels = None
depends_on = None

#: Whose scope holds the community, and who sent it; the system, which lets files expire, reads all.
POLICY = """
CREATE POLICY own_in_scope ON uploaded_file
    USING ((SELECT app_scope()) @> area_path AND ((SELECT app_scope()) @> ''::ltree
           OR author_id = (SELECT nullif(current_setting('gridpatrol.actor', true), '')::bigint)))
    WITH CHECK ((SELECT app_scope()) @> area_path AND ((SELECT app_scope()) @> ''::ltree
           OR author_id = (SELECT nullif(current_setting('gridpatrol.actor', true), '')::bigint)))
"""


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    op.create_table(
        "uploaded_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "change_set_id",
            sa.BigInteger(),
            sa.ForeignKey("change_set.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column(
            "author_id", sa.BigInteger(), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("county_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("area_path", core.db.Ltree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id", "area_path", "county_id"],
            ["area.id", "area.path", "area.county_id"],
            name="fk_uploaded_file_area",
            onupdate="CASCADE",
        ),
        sa.CheckConstraint("name <> '' AND size_bytes > 0", name="whole"),
    )
    op.create_index("ix_uploaded_file_change_set_id", "uploaded_file", ["change_set_id"])
    op.create_index("ix_uploaded_file_area_id", "uploaded_file", ["area_id"])
    op.create_index("ix_uploaded_file_expires_at", "uploaded_file", ["expires_at"])
    op.create_index("ix_uploaded_file_author_id", "uploaded_file", ["author_id", "at"])
    # Archives and GeoPackages do not get smaller, and trying costs a second for 60 MB.
    op.execute("ALTER TABLE uploaded_file ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE uploaded_file ENABLE ROW LEVEL SECURITY")
    op.execute(POLICY)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON uploaded_file TO {_role()}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_role()}")


def downgrade() -> None:
    op.drop_table("uploaded_file")
