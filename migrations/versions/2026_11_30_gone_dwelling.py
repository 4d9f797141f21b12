"""Tells whose a dwelling is that left the reader's grid: a visit made before is stored, not lost."""

from alembic import op
from sqlalchemy.engine import make_url

from core.settings import settings

revision = "20261130_60"
down_revision = "20261130_31"
branch_labels = None
depends_on = None

# Row level security hides the row from whom it left, so this reads as the owner and applies the scope itself:
# it answers only for a dwelling whose point lay in a grid of the reader's up to a publication, or lies in one
# and was placed elsewhere by hand. Without that proof it answers nothing, as for a dwelling that never was.
GONE = """
CREATE FUNCTION gone_dwelling(wanted bigint)
RETURNS TABLE (area_path ltree, code text, name text, gone_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.path, a.code, a.name, max(left_it.at) FROM dwelling AS d JOIN area AS a ON a.id = d.area_id
    CROSS JOIN LATERAL (
        SELECT s.published_at AS at FROM area_lineage AS l JOIN change_set AS s ON s.id = l.change_set_id
        JOIN area AS f ON f.id = l.from_area_id JOIN area_boundary AS b ON b.area_id = f.id
        WHERE l.area_id = d.area_id AND (SELECT app_scope()) @> f.path
          AND (upper(b.valid) = l.effective_on OR isempty(b.valid)) AND ST_Intersects(b.geom, d.geom)
        UNION ALL
        SELECT p.created_at FROM hand_placement AS p, area_boundary AS b
        WHERE p.subject_kind = 'dwelling' AND p.subject_id = d.id AND p.ended_at IS NULL
          AND (SELECT app_scope()) @> b.area_path AND upper_inf(b.valid) AND NOT isempty(b.valid)
          AND ST_Intersects(b.geom, d.geom)
    ) AS left_it
    WHERE d.id = wanted AND NOT (SELECT app_scope()) @> d.area_path
    GROUP BY a.id
$$;
REVOKE ALL ON FUNCTION gone_dwelling(bigint) FROM PUBLIC;
"""


def _role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    op.execute(GONE)
    op.execute(f"GRANT EXECUTE ON FUNCTION gone_dwelling(bigint) TO {_role()}")


def downgrade() -> None:
    op.execute("DROP FUNCTION gone_dwelling(bigint)")
