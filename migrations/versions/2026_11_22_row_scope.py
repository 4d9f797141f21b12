"""Row scope: who sees which rows, what the application's role may do, and counted squares.

The policies ask ``app_scope()`` inside a sub-select, so PostgreSQL evaluates it once a statement
and not once a row.
"""

from alembic import op
from sqlalchemy.engine import make_url

from core.settings import settings

revision = "20261122_02"
down_revision = "20261122_01"
branch_labels = None
depends_on = None

#: Rows that are seen by those whose scope holds the row's area.
SCOPED = (
    "account_role", "area_draft", "camera", "camera_view", "change_set", "dwelling", "dwelling_cell",
    "force", "hotspot", "household", "incident", "job_run", "patrol_plan", "patrol_route",
    "patrol_stop", "place", "post", "team", "visit",
)  # fmt: skip
#: Boundaries and names of a county are seen by all who work in it, and changed within the scope.
COUNTY_WIDE = ("area", "area_boundary")
#: No area, no personal data: the same for all who are signed in.
SHARED = (
    "account", "building", "ground_cover", "incident_type", "layer_version", "road_section", "role",
    "role_permission", "setting",
)  # fmt: skip

FUNCTIONS = """
CREATE FUNCTION app_scope() RETURNS ltree[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(nullif(current_setting('gridpatrol.scope', true), ''), '{}')::ltree[] $$;

CREATE FUNCTION app_counties() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(array_agg(ltree2text(subpath(path, 0, 1))::bigint), '{}')
   FROM unnest(app_scope()) AS path WHERE nlevel(path) > 0 $$;

CREATE FUNCTION app_revealed() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('gridpatrol.revealed', true), '')::bigint $$;

CREATE FUNCTION app_contacts_open() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(current_setting('gridpatrol.contacts', true), '') = 'import' $$;
"""

CONTACT_POLICIES = """
ALTER TABLE household_contact ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_at_a_time ON household_contact FOR SELECT USING (
    (SELECT app_scope()) @> area_path
    AND (household_id = (SELECT app_revealed()) OR (SELECT app_contacts_open())));
CREATE POLICY add_in_scope ON household_contact FOR INSERT
    WITH CHECK ((SELECT app_scope()) @> area_path);
CREATE POLICY change_in_scope ON household_contact FOR UPDATE
    USING ((SELECT app_scope()) @> area_path) WITH CHECK ((SELECT app_scope()) @> area_path);
"""

AUDIT_POLICIES = """
ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY add ON audit_event FOR INSERT WITH CHECK (true);
CREATE POLICY read_in_scope ON audit_event FOR SELECT
    USING ((SELECT app_scope()) @> coalesce(area_path, ''::ltree));
"""

# Squares of the web map, counted per area. Worked out once for zoom 20 and halved upwards.
CELLS = """
CREATE FUNCTION map_square(coordinate double precision) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT least(greatest(floor((coordinate + 20037508.342789244)
       / (40075016.685578488 / 1048576)), 0), 1048575)::integer $$;

CREATE FUNCTION count_dwelling_cells() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO dwelling_cell AS cell (zoom, x, y, county_id, area_id, area_path, dwelling_count)
        SELECT zoom, x >> (20 - zoom), y >> (20 - zoom), county_id, area_id, area_path, count(*)
        FROM (SELECT map_square(ST_X(geom_tile)) AS x, map_square(-ST_Y(geom_tile)) AS y,
                     county_id, area_id, area_path FROM gained) AS placed,
             generate_series(8, 20) AS zoom
        GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 5
        ON CONFLICT (zoom, x, y, area_id)
        DO UPDATE SET dwelling_count = cell.dwelling_count + excluded.dwelling_count;
    END IF;
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        UPDATE dwelling_cell AS cell SET dwelling_count = cell.dwelling_count - gone.dwelling_count
        FROM (SELECT zoom, x >> (20 - zoom) AS x, y >> (20 - zoom) AS y, area_id,
                     count(*) AS dwelling_count
              FROM (SELECT map_square(ST_X(geom_tile)) AS x, map_square(-ST_Y(geom_tile)) AS y, area_id
                    FROM lost) AS placed,
                   generate_series(8, 20) AS zoom
              GROUP BY 1, 2, 3, 4) AS gone
        WHERE (cell.zoom, cell.x, cell.y, cell.area_id) = (gone.zoom, gone.x, gone.y, gone.area_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION recount_dwelling_cells() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- A visit changes no square: only dwellings that moved or changed hands are counted again.
    INSERT INTO dwelling_cell AS cell (zoom, x, y, county_id, area_id, area_path, dwelling_count)
    SELECT zoom, x >> (20 - zoom), y >> (20 - zoom), county_id, area_id, area_path, sum(sign)
    FROM (SELECT map_square(ST_X(n.geom_tile)) AS x, map_square(-ST_Y(n.geom_tile)) AS y,
                 n.county_id, n.area_id, n.area_path, 1 AS sign
          FROM gained AS n JOIN lost AS o USING (id)
          WHERE (n.area_id, n.geom_tile) IS DISTINCT FROM (o.area_id, o.geom_tile)
          UNION ALL
          SELECT map_square(ST_X(o.geom_tile)), map_square(-ST_Y(o.geom_tile)),
                 a.county_id, a.id, a.path, -1
          FROM gained AS n JOIN lost AS o USING (id) JOIN area AS a ON a.id = o.area_id
          WHERE (n.area_id, n.geom_tile) IS DISTINCT FROM (o.area_id, o.geom_tile)) AS placed,
         generate_series(8, 20) AS zoom
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 5
    ON CONFLICT (zoom, x, y, area_id)
    DO UPDATE SET dwelling_count = cell.dwelling_count + excluded.dwelling_count;
    RETURN NULL;
END $$;

CREATE TRIGGER count_added AFTER INSERT ON dwelling REFERENCING NEW TABLE AS gained
    FOR EACH STATEMENT EXECUTE FUNCTION count_dwelling_cells();
CREATE TRIGGER count_removed AFTER DELETE ON dwelling REFERENCING OLD TABLE AS lost
    FOR EACH STATEMENT EXECUTE FUNCTION count_dwelling_cells();
CREATE TRIGGER count_moved AFTER UPDATE ON dwelling REFERENCING OLD TABLE AS lost NEW TABLE AS gained
    FOR EACH STATEMENT EXECUTE FUNCTION recount_dwelling_cells();
"""

# ILIKE is not leakproof, so under row level security it cannot use the trigram index. This function
# reads as the owner and applies the scope itself.
SEARCH = """
CREATE FUNCTION search_dwelling(words text, most integer)
RETURNS TABLE (id bigint, address text, plate text, area_path ltree, geom geometry)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT d.id, d.address, d.plate, d.area_path, d.geom FROM dwelling AS d
    WHERE (d.plate = words
           OR d.address ILIKE '%' || replace(replace(replace(words, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%')
      AND (SELECT app_scope()) @> d.area_path
    LIMIT least(most, 50)
$$;
REVOKE ALL ON FUNCTION search_dwelling(text, integer) FROM PUBLIC;
"""


def _run(script: str) -> None:
    # The driver's own form: colons stay as they are, percent signs are doubled for psycopg.
    op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def _application_role() -> str:
    name = make_url(settings().database_url).username or "gridpatrol_app"
    return '"' + name.replace('"', '""') + '"'


def upgrade() -> None:
    role = _application_role()
    _run(FUNCTIONS)
    for table in SCOPED:
        _run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        _run(
            f"CREATE POLICY in_scope ON {table} USING ((SELECT app_scope()) @> area_path) "
            "WITH CHECK ((SELECT app_scope()) @> area_path)"
        )
    for table in COUNTY_WIDE:
        path = "path" if table == "area" else "area_path"
        _run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        _run(
            f"CREATE POLICY read_in_county ON {table} FOR SELECT USING ("
            f"(SELECT app_scope()) @> {path} OR county_id = ANY ((SELECT app_counties())::bigint[]))"
        )
        for act, clause in (
            ("INSERT", "WITH CHECK"),
            ("UPDATE", "USING"),
            ("DELETE", "USING"),
        ):
            _run(
                f"CREATE POLICY {act.lower()}_in_scope ON {table} FOR {act} {clause} ((SELECT app_scope()) @> {path})"
            )
    _run(CONTACT_POLICIES)
    _run(AUDIT_POLICIES)
    _run(CELLS)
    _run(SEARCH)
    everything = ", ".join((*SCOPED, *COUNTY_WIDE, *SHARED))
    _run(f"GRANT USAGE ON SCHEMA public TO {role}")
    _run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {everything} TO {role}")
    _run(f"REVOKE INSERT, UPDATE, DELETE ON dwelling_cell FROM {role}")
    _run(f"GRANT SELECT, INSERT, UPDATE ON household_contact TO {role}")
    _run(f"GRANT SELECT, INSERT ON audit_event TO {role}")
    _run(f"GRANT SELECT ON alembic_version TO {role}")
    _run(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
    _run(f"GRANT EXECUTE ON FUNCTION search_dwelling(text, integer) TO {role}")


def downgrade() -> None:
    role = _application_role()
    _run(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    _run(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}")
    _run("DROP FUNCTION search_dwelling(text, integer)")
    _run(
        "DROP TRIGGER count_added ON dwelling; DROP TRIGGER count_removed ON dwelling; "
        "DROP TRIGGER count_moved ON dwelling; DROP FUNCTION count_dwelling_cells(); "
        "DROP FUNCTION recount_dwelling_cells(); DROP FUNCTION map_square(double precision)"
    )
    for policy in ("one_at_a_time", "add_in_scope", "change_in_scope"):
        _run(f"DROP POLICY {policy} ON household_contact")
    for policy in ("add", "read_in_scope"):
        _run(f"DROP POLICY {policy} ON audit_event")
    for table in COUNTY_WIDE:
        for policy in ("read_in_county", "insert_in_scope", "update_in_scope", "delete_in_scope"):
            _run(f"DROP POLICY {policy} ON {table}")
    for table in SCOPED:
        _run(f"DROP POLICY in_scope ON {table}")
    for table in (*SCOPED, *COUNTY_WIDE, "household_contact", "audit_event"):
        _run(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    _run(
        "DROP FUNCTION app_contacts_open(); DROP FUNCTION app_revealed(); "
        "DROP FUNCTION app_counties(); DROP FUNCTION app_scope()"
    )
