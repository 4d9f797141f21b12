"""Comments on change sets are answered and settled, and lie in the area of their change set."""

import sqlalchemy as sa
from alembic import op

revision = "20261130_31"
down_revision = "20261130_30"
branch_labels = None
depends_on = None

COMMENT, SET = "change_comment", "change_set"


def upgrade() -> None:
    op.add_column(SET, sa.Column("last_said", sa.Integer(), server_default="0", nullable=False))
    op.create_unique_constraint(None, SET, ["id", "area_id"])
    op.add_column(COMMENT, sa.Column("answers_id", sa.BigInteger()))
    op.add_column(COMMENT, sa.Column("settled_by_id", sa.BigInteger()))
    op.add_column(COMMENT, sa.Column("settled_at", sa.DateTime(timezone=True)))
    op.create_foreign_key(None, COMMENT, "account", ["settled_by_id"], ["id"])
    op.create_unique_constraint(None, COMMENT, ["id", "change_set_id"])
    op.create_foreign_key(
        "fk_change_comment_answers", COMMENT, COMMENT, ["answers_id", "change_set_id"], ["id", "change_set_id"],
        ondelete="CASCADE",
    )  # fmt: skip
    op.drop_constraint("fk_change_comment_change_set_id", COMMENT, type_="foreignkey")
    op.create_foreign_key(
        "fk_change_comment_change_set", COMMENT, SET, ["change_set_id", "area_id"], ["id", "area_id"],
        ondelete="CASCADE",
    )  # fmt: skip
    op.create_check_constraint("settled", COMMENT, "(settled_at IS NULL) = (settled_by_id IS NULL)")
    op.create_check_constraint("settled_whole", COMMENT, "answers_id IS NULL OR settled_at IS NULL")


def downgrade() -> None:
    op.drop_constraint("settled_whole", COMMENT, type_="check")
    op.drop_constraint("settled", COMMENT, type_="check")
    op.drop_constraint("fk_change_comment_change_set", COMMENT, type_="foreignkey")
    op.create_foreign_key(None, COMMENT, SET, ["change_set_id"], ["id"], ondelete="CASCADE")
    op.drop_constraint("fk_change_comment_answers", COMMENT, type_="foreignkey")
    op.drop_constraint("uq_change_comment_id_change_set_id", COMMENT, type_="unique")
    for column in ("settled_at", "settled_by_id", "answers_id"):
        op.drop_column(COMMENT, column)
    op.drop_constraint("uq_change_set_id_area_id", SET, type_="unique")
    op.drop_column(SET, "last_said")
