"""What an area is called on any day: codes and names in versions, as boundaries are.

What published change sets took from grids is read from their logs once, so that days before this migration
have the names they had.
"""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint
from sqlalchemy.engine import make_url

import core.db
from core.settings import settings

revision = "20261201_40"
down_revision = "20261201_30"
branch_labels = None
depends_on = None

#: Names of a county are read by all who work in it, as boundaries are. They are closed, never rewritten.
POLICIES = """
CREATE POLICY read_in_county ON area_name FOR SELECT
    USING ((SELECT app_scope()) @> area_path OR county_id = ANY ((SELECT app_counties())::bigint[]));
CREATE POLICY insert_in_scope ON area_name FOR INSERT WITH CHECK ((SELECT app_scope()) @> area_path);
CREATE POLICY update_in_scope ON area_name FOR UPDATE USING ((SELECT app_scope()) @> area_path);
"""
LEFT = """
SELECT d.grid_id, s.effective_on, e.kind, e.params, d.key
FROM boundary_edit AS e JOIN change_set AS s ON s.id = e.change_set_id
JOIN area_draft AS d ON d.change_set_id = s.id
WHERE s.state = 'published' AND e.state = 'done' AND d.base_id IS NOT NULL
  AND ((e.kind = 'rename' AND (e.params->>'grid')::int = d.key)
       OR (e.kind = 'renumber' AND e.params->'codes' ? d.key::text))
ORDER BY s.published_at DESC, e.number DESC
"""
STORE = sa.text(
    "INSERT INTO area_name (county_id, area_id, area_path, valid, code, name) "
    "SELECT county_id, id, path, CASE WHEN CAST(:lower AS date) < coalesce(CAST(:upper AS date), 'infinity') "
    "THEN daterange(CAST(:lower AS date), CAST(:upper AS date)) ELSE 'empty'::daterange END, :code, :name "
    "FROM area WHERE id = :area"
)


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    op.create_table(
        "area_name",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "valid", DATERANGE(), server_default=sa.text("daterange(CURRENT_DATE, NULL)"), nullable=False
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("county_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("area_path", core.db.Ltree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id", "area_path", "county_id"],
            ["area.id", "area.path", "area.county_id"],
            name="fk_area_name_area",
            onupdate="CASCADE",
        ),
        ExcludeConstraint(("area_id", "="), ("valid", "&&"), name="ex_area_name_valid"),
    )
    op.create_index(op.f("ix_area_name_area_id"), "area_name", ["area_id"])
    _tell_names()
    _grow_draft()
    op.execute("ALTER TABLE area_name ENABLE ROW LEVEL SECURITY")
    op.execute(POLICIES)
    op.execute(f"GRANT SELECT, INSERT, UPDATE (valid) ON area_name TO {_role()}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_role()}")


def _tell_names() -> None:
    """Store the names of every area: backwards from today's through the change sets that gave them."""
    bind = op.get_bind()
    left: dict[int, dict[Any, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for area, day, kind, params, key in bind.execute(sa.text(LEFT)).all():
        before = params["before"] if kind == "rename" else {"code": params["codes"][str(key)][0]}
        left[area][day].update(before)
    areas = bind.execute(sa.text("SELECT id, code, name, valid_from, valid_to FROM area ORDER BY id")).all()
    for area, code, name, since, until in areas:
        called, upper = {"code": code, "name": name}, until
        for day, before in left[area].items():
            bind.execute(STORE, {"area": area, "lower": day, "upper": upper, **called})
            called, upper = called | before, day
        bind.execute(STORE, {"area": area, "lower": since, "upper": upper, **called})


def _grow_draft() -> None:
    op.add_column("area_draft", sa.Column("base_name_id", sa.BigInteger(), sa.ForeignKey("area_name.id")))
    op.add_column("area_draft", sa.Column("revives_id", sa.BigInteger(), sa.ForeignKey("area.id")))
    # An open change set has the names of today, one that is over those before its day.
    op.execute(
        "UPDATE area_draft AS d SET base_name_id = (SELECT n.id FROM area_name AS n, change_set AS s "
        "WHERE s.id = d.change_set_id AND n.area_id = d.grid_id ORDER BY (s.state <> 'published' "
        "OR NOT isempty(n.valid) AND lower(n.valid) < s.effective_on) DESC, n.id LIMIT 1) "
        "WHERE d.base_id IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("area_draft", "revives_id")
    op.drop_column("area_draft", "base_name_id")
    op.drop_table("area_name")
