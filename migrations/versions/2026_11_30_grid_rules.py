"""Rules for grids are kept by county and day; rows placed by hand stay on record when that ends."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url

import core.db
from core.settings import settings

revision = "20261130_25"
down_revision = "20261130_20"
branch_labels = None
depends_on = None

#: Permission -> roles that hold it.
PERMITTED = {"area.rules": ("boundary", "admin"), "area.place": ("boundary",)}
#: An installation that had set rules for all its counties keeps them in each.
TAKE_OVER = """
INSERT INTO grid_rule_set (number, rules, made_at, made_by, county_id, area_id, area_path)
SELECT 1, s.value, s.changed_at, (SELECT id FROM account WHERE id = s.changed_by), a.id, a.id, a.path
FROM setting AS s, area AS a WHERE s.key = 'grid_rules' AND a.level = 'county' AND a.valid_to IS NULL;
DELETE FROM setting WHERE key = 'grid_rules';
"""
GIVE_BACK = """
INSERT INTO setting (key, value, changed_at, changed_by)
SELECT 'grid_rules', rules, made_at, made_by FROM grid_rule_set ORDER BY id DESC LIMIT 1;
"""
READ_IN_COUNTY = """
CREATE POLICY read_in_county ON grid_rule_set FOR SELECT USING (
    (SELECT app_scope()) @> area_path OR county_id = ANY ((SELECT app_counties())::bigint[]));
CREATE POLICY insert_in_scope ON grid_rule_set FOR INSERT WITH CHECK ((SELECT app_scope()) @> area_path);
"""


def _run(script: str) -> None:
    # The driver's own form: colons stay as they are, percent signs are doubled for psycopg.
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    _make_rule_set()
    _run(TAKE_OVER)
    _keep_placements()
    op.drop_constraint("kind", "area_lineage", type_="check")
    op.create_check_constraint("kind", "area_lineage", "kind IN ('split_from', 'merged_into', 'took_from')")
    for permission, roles in PERMITTED.items():
        for role in roles:
            _run(f"INSERT INTO role_permission VALUES ('{role}', '{permission}')")


def _make_rule_set() -> None:
    op.create_table(
        "grid_rule_set",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules", JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("made_by", sa.BigInteger(), sa.ForeignKey("account.id", ondelete="SET NULL")),
        sa.Column("county_id", sa.BigInteger(), nullable=False),
        sa.Column("area_id", sa.BigInteger(), nullable=False),
        sa.Column("area_path", core.db.Ltree(), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_id", "area_path", "county_id"],
            ["area.id", "area.path", "area.county_id"],
            name="fk_grid_rule_set_area",
            onupdate="CASCADE",
        ),
        sa.UniqueConstraint("area_id", "number"),
    )
    op.create_index(op.f("ix_grid_rule_set_area_id"), "grid_rule_set", ["area_id"])
    _run("ALTER TABLE grid_rule_set ENABLE ROW LEVEL SECURITY")
    _run(READ_IN_COUNTY)
    # What was in force stays on record: nobody changes or deletes it.
    _run(f"GRANT SELECT, INSERT ON grid_rule_set TO {_role()}")
    _run(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_role()}")


def _keep_placements() -> None:
    op.add_column("hand_placement", sa.Column("ended_at", sa.DateTime(timezone=True)))
    op.add_column("hand_placement", sa.Column("ended_by", sa.BigInteger(), sa.ForeignKey("account.id")))
    op.add_column("hand_placement", sa.Column("ended_as", sa.Text()))
    op.drop_constraint("uq_hand_placement_subject_kind_subject_id", "hand_placement", type_="unique")
    op.create_index(
        "uq_hand_placement_present",
        "hand_placement",
        ["subject_kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    for name, rule in (
        ("subject", "subject_kind IN ('dwelling', 'camera', 'place', 'incident')"),
        ("end", "ended_as IN ('undone', 'grid_ended', 'placed_anew')"),
        ("ended", "(ended_at IS NULL) = (ended_as IS NULL)"),
    ):
        op.create_check_constraint(name, "hand_placement", rule)


def downgrade() -> None:
    for permission in PERMITTED:
        _run(f"DELETE FROM role_permission WHERE permission = '{permission}'")
    op.drop_constraint("kind", "area_lineage", type_="check")
    op.create_check_constraint(
        "kind", "area_lineage", "kind IN ('split_from', 'merged_into', 'took_from', 'restored_from')"
    )
    # Of what has ended the older schema knows nothing.
    _run("DELETE FROM hand_placement WHERE ended_at IS NOT NULL")
    for name in ("subject", "end", "ended"):
        op.drop_constraint(name, "hand_placement", type_="check")
    op.drop_index("uq_hand_placement_present", "hand_placement")
    op.create_unique_constraint(None, "hand_placement", ["subject_kind", "subject_id"])
    for column in ("ended_at", "ended_by", "ended_as"):
        op.drop_column("hand_placement", column)
    _run(GIVE_BACK)
    op.drop_table("grid_rule_set")
