"""Sign-ins kept on the server, and accounts that another person made or gave a password to.

A person reads his own sign-ins only; the system, which is asked who is signed in before anybody's
scope is known, reads all.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import make_url

from core.settings import settings

revision = "20261130_01"
down_revision = "20261122_03"
branch_labels = None
depends_on = None

POLICY = """
CREATE POLICY own_or_system ON account_session
    USING ((SELECT app_scope()) @> ''::ltree
           OR account_id = (SELECT nullif(current_setting('gridpatrol.actor', true), '')::bigint))
    WITH CHECK ((SELECT app_scope()) @> ''::ltree
           OR account_id = (SELECT nullif(current_setting('gridpatrol.actor', true), '')::bigint))
"""


def _application_role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    op.create_table(
        "account_session",
        sa.Column("key_digest", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_account_session_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key_digest", name="pk_account_session"),
    )
    op.create_index("ix_account_session_account_id", "account_session", ["account_id"])
    op.create_index("ix_account_session_seen_at", "account_session", ["seen_at"])
    op.execute("ALTER TABLE account_session ENABLE ROW LEVEL SECURITY")
    op.execute(POLICY)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON account_session TO {_application_role()}")
    op.add_column(
        "account",
        sa.Column("password_is_temporary", sa.Boolean(), server_default="false", nullable=False),
    )
    op.add_column("account", sa.Column("entrusted_at", sa.DateTime(timezone=True), nullable=True))
    for name in ("entrusted_by", "confirmed_by"):
        op.add_column("account", sa.Column(name, sa.BigInteger(), nullable=True))
        op.create_foreign_key(f"fk_account_{name}", "account", "account", [name], ["id"], ondelete="SET NULL")


def downgrade() -> None:
    for name in ("entrusted_by", "confirmed_by"):
        op.drop_constraint(f"fk_account_{name}", "account", type_="foreignkey")
        op.drop_column("account", name)
    op.drop_column("account", "entrusted_at")
    op.drop_column("account", "password_is_temporary")
    op.drop_table("account_session")
