"""Change sets grow into a studio: every grid drafted, edits logged, comments, lineage, rows placed by hand."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url

import core.db
from core.settings import settings

revision = "20261130_09"
down_revision = "20261130_02"
branch_labels = None
depends_on = None

TABLES = ("boundary_edit", "change_comment", "area_lineage", "hand_placement", "grid_proposal")

#: Drafts of the first light knew only the new grids: the published ones of their community join them.
FILL_DRAFTS = """
UPDATE area_draft AS d SET changed = true, key = n.key FROM (
    SELECT id, row_number() OVER (PARTITION BY change_set_id ORDER BY id) AS key FROM area_draft) AS n
WHERE n.id = d.id;
INSERT INTO area_draft (change_set_id, key, grid_id, base_id, code, name, geom, area_m2, county_id, area_id, area_path)
SELECT c.id, coalesce((SELECT max(key) FROM area_draft WHERE change_set_id = c.id), 0)
       + row_number() OVER (PARTITION BY c.id ORDER BY a.code),
       a.id, b.id, a.code, a.name, b.geom, b.area_m2, c.county_id, c.area_id, c.area_path
FROM change_set AS c JOIN area AS a ON a.parent_id = c.area_id AND a.valid_to IS NULL
JOIN area_boundary AS b ON b.area_id = a.id AND b.valid @> CURRENT_DATE
WHERE c.state IN ('draft', 'review');
UPDATE change_set SET next_key = 1 + coalesce(
    (SELECT max(key) FROM area_draft WHERE change_set_id = change_set.id), 0);
"""
MAP = ("area.view", "dwelling.map", "camera.view", "incident.view", "place.view", "search.use", "job.view")


def _run(script: str) -> None:
    # The driver's own form: colons stay as they are, percent signs are doubled for psycopg.
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def _owned(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("county_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("area_path", core.db.Ltree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id", "area_path", "county_id"],
            ["area.id", "area.path", "area.county_id"],
            name=f"fk_{table}_area",
            onupdate="CASCADE",
        ),
    ]


def _number(name: str, target: str = "", *, nullable: bool = False, ondelete: str | None = None) -> sa.Column:
    keys = [sa.ForeignKey(target, ondelete=ondelete)] if target else []
    return sa.Column(name, sa.BigInteger(), *keys, nullable=nullable)


def _id() -> sa.Column:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)


def _at(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _json(name: str, default: str | None = "{}") -> sa.Column:
    return sa.Column(name, JSONB(), server_default=default, nullable=default is None)


def upgrade() -> None:
    op.drop_constraint("validity", "area", type_="check")
    op.create_check_constraint("validity", "area", "valid_to IS NULL OR valid_to >= valid_from")
    _grow_change_set()
    _grow_draft()
    _new_tables()
    _guard()
    _permit()


def _grow_change_set() -> None:
    for column in (
        sa.Column("last_edit", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_key", sa.Integer(), server_default="1", nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        _json("impact", None),
        _json("source", None),
    ):
        op.add_column("change_set", column)
    op.drop_constraint("state", "change_set", type_="check")
    op.create_check_constraint(
        "state", "change_set", "state IN ('draft', 'review', 'approved', 'published', 'discarded')"
    )
    op.create_index("ix_change_set_open", "change_set", ["state", "updated_at"])


def _grow_draft() -> None:
    for column in (
        sa.Column("key", sa.Integer(), server_default="0", nullable=False),
        _number("base_id", "area_boundary.id", nullable=True),
        sa.Column("changed", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("ended", sa.Boolean(), server_default="false", nullable=False),
        _json("lineage", "[]"),
    ):
        op.add_column("area_draft", column)
    op.drop_constraint("uq_area_draft_change_set_id_code", "area_draft", type_="unique")
    _run(FILL_DRAFTS)
    op.alter_column("area_draft", "key", server_default=None)
    op.create_unique_constraint(None, "area_draft", ["change_set_id", "key"])
    op.create_index(
        "uq_area_draft_code",
        "area_draft",
        ["change_set_id", "code"],
        unique=True,
        postgresql_where=sa.text("NOT ended"),
    )


def _new_tables() -> None:
    _make_boundary_edit()
    _make_change_comment()
    _make_area_lineage()
    _make_hand_placement()
    _make_grid_proposal()
    for table, column in (
        ("change_comment", "change_set_id"),
        ("grid_proposal", "change_set_id"),
        ("area_lineage", "from_area_id"),
        ("area_lineage", "change_set_id"),
        *((name, "area_id") for name in TABLES),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _make_boundary_edit() -> None:
    op.create_table(
        "boundary_edit",
        _id(),
        _number("change_set_id", "change_set.id", ondelete="CASCADE"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("of", sa.Integer()),
        sa.Column("state", sa.Text(), server_default="done", nullable=False),
        _number("author_id", "account.id"),
        _at("at"),
        _json("params"),
        _json("before"),
        _json("after"),
        _json("lineage"),
        *_owned("boundary_edit"),
        sa.CheckConstraint("state IN ('done', 'undone', 'dropped')", name="state"),
        sa.UniqueConstraint("change_set_id", "number"),
    )


def _make_change_comment() -> None:
    op.create_table(
        "change_comment",
        _id(),
        _number("change_set_id", "change_set.id", ondelete="CASCADE"),
        _number("author_id", "account.id"),
        _at("at"),
        sa.Column("kind", sa.Text(), server_default="remark", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("spot", Geometry("POINT", srid=4326, spatial_index=False)),
        *_owned("change_comment"),
        sa.CheckConstraint("kind IN ('remark', 'submitted', 'returned', 'approved')", name="kind"),
        sa.CheckConstraint("body <> ''", name="said"),
    )


def _make_area_lineage() -> None:
    op.create_table(
        "area_lineage",
        _id(),
        _number("from_area_id", "area.id"),
        _number("change_set_id", "change_set.id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("area_m2", sa.Float(), nullable=False),
        *_owned("area_lineage"),
        sa.CheckConstraint(
            "kind IN ('split_from', 'merged_into', 'took_from', 'restored_from')", name="kind"
        ),
        sa.UniqueConstraint("area_id", "from_area_id", "change_set_id"),
    )


def _make_hand_placement() -> None:
    op.create_table(
        "hand_placement",
        _id(),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        _number("subject_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        _number("author_id", "account.id"),
        _at("created_at"),
        _at("updated_at"),
        *_owned("hand_placement"),
        sa.UniqueConstraint("subject_kind", "subject_id"),
        sa.CheckConstraint("reason <> ''", name="reasoned"),
    )


def _make_grid_proposal() -> None:
    op.create_table(
        "grid_proposal",
        _id(),
        _number("change_set_id", "change_set.id", ondelete="CASCADE"),
        _number("run_id", "job_run.id"),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        _json("best_at", "[]"),
        sa.Column("comparison", JSONB(), nullable=False),
        sa.Column("households", JSONB(), nullable=False),
        sa.Column("why", JSONB(), nullable=False),
        sa.Column("geom", Geometry("GEOMETRYCOLLECTION", srid=4326, spatial_index=False), nullable=False),
        _at("created_at"),
        _at("updated_at"),
        *_owned("grid_proposal"),
    )


def _guard() -> None:
    role = _role()
    for table in TABLES:
        _run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        _run(
            f"CREATE POLICY in_scope ON {table} USING ((SELECT app_scope()) @> area_path) "
            "WITH CHECK ((SELECT app_scope()) @> area_path)"
        )
        _run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    _run(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")


def _permit() -> None:
    _run(
        "INSERT INTO role (code, name_zh, name_en, home, rank) "
        "VALUES ('approver', '审核', 'Approver', 'boundaries', 6)"
    )
    for permission in (*MAP, "area.review"):
        _run(f"INSERT INTO role_permission VALUES ('approver', '{permission}')")
    _run("INSERT INTO role_permission VALUES ('boundary', 'area.review') ON CONFLICT DO NOTHING")


def downgrade() -> None:
    _run("DELETE FROM role_permission WHERE permission = 'area.review' OR role_code = 'approver'")
    _run("DELETE FROM account_role WHERE role_code = 'approver'; DELETE FROM role WHERE code = 'approver'")
    for table in reversed(TABLES):
        op.drop_table(table)
    _run("DELETE FROM area_draft WHERE NOT changed OR ended")
    op.drop_index("uq_area_draft_code", "area_draft")
    op.drop_constraint("uq_area_draft_change_set_id_key", "area_draft", type_="unique")
    for column in ("key", "base_id", "changed", "ended", "lineage"):
        op.drop_column("area_draft", column)
    op.create_unique_constraint(None, "area_draft", ["change_set_id", "code"])
    op.drop_index("ix_change_set_open", "change_set")
    _run("UPDATE change_set SET state = 'review' WHERE state = 'approved'")
    op.drop_constraint("state", "change_set", type_="check")
    op.create_check_constraint(
        "state", "change_set", "state IN ('draft', 'review', 'published', 'discarded')"
    )
    for column in ("last_edit", "next_key", "submitted_at", "impact", "source"):
        op.drop_column("change_set", column)
    _run("UPDATE area SET valid_to = valid_from + 1 WHERE valid_to = valid_from")
    op.drop_constraint("validity", "area", type_="check")
    op.create_check_constraint("validity", "area", "valid_to IS NULL OR valid_to > valid_from")
