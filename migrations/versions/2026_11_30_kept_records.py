"""What was edited, said, placed by hand and handed on stays as it was: the application adds and closes, no more.

The log of a draft proves that somebody else approved it, so nobody may write another name into it. The functions
that count squares run as the owner; a trigger on a table of one's own must not reach them.
"""

from alembic import op
from sqlalchemy.engine import make_url

from core.settings import settings

revision = "20261130_70"
down_revision = "20261130_60"
branch_labels = None
depends_on = None

#: Table -> the columns that change after a row is written.
KEPT = {
    "area_lineage": (),
    "boundary_edit": ("state",),
    "change_comment": ("settled_at", "settled_by_id"),
    "hand_placement": ("ended_at", "ended_by", "ended_as", "updated_at"),
}
COUNTERS = "count_dwelling_cells(), recount_dwelling_cells()"


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    for table, columns in KEPT.items():
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {_role()}")
        if columns:
            op.execute(f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {_role()}")
    # Discarding keeps a change set; its log would go with it.
    op.execute(f"REVOKE DELETE ON change_set FROM {_role()}")
    op.execute(f"REVOKE ALL ON FUNCTION {COUNTERS} FROM PUBLIC")


def downgrade() -> None:
    op.execute(f"GRANT EXECUTE ON FUNCTION {COUNTERS} TO PUBLIC")
    op.execute(f"GRANT DELETE ON change_set TO {_role()}")
    for table, columns in KEPT.items():
        if columns:
            op.execute(f"REVOKE UPDATE ({', '.join(columns)}) ON {table} FROM {_role()}")
        op.execute(f"GRANT UPDATE, DELETE ON {table} TO {_role()}")
