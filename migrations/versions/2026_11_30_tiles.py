"""Tiles in time.

An index of the large buildings that far tiles draw; the squares incidents lie in, in the index that far tiles
read; dwellings counted by square before they are by zoom.
"""

from alembic import op

revision = "20261130_02"
down_revision = "20261130_01"
branch_labels = None
depends_on = None

COUNTED_BY_SQUARE = """
CREATE OR REPLACE FUNCTION count_dwelling_cells() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Flats share their entrance: counted by square first, few rows are spread over the zooms.
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO dwelling_cell AS cell (zoom, x, y, county_id, area_id, area_path, dwelling_count)
        SELECT zoom, x >> (20 - zoom), y >> (20 - zoom), county_id, area_id, area_path, sum(n)
        FROM (SELECT map_square(ST_X(geom_tile)) AS x, map_square(-ST_Y(geom_tile)) AS y,
                     county_id, area_id, area_path, count(*) AS n FROM gained GROUP BY 1, 2, 3, 4, 5) AS placed,
             generate_series(8, 20) AS zoom
        GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 5
        ON CONFLICT (zoom, x, y, area_id)
        DO UPDATE SET dwelling_count = cell.dwelling_count + excluded.dwelling_count;
    END IF;
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        UPDATE dwelling_cell AS cell SET dwelling_count = cell.dwelling_count - gone.dwelling_count
        FROM (SELECT zoom, x >> (20 - zoom) AS x, y >> (20 - zoom) AS y, area_id,
                     sum(n) AS dwelling_count
              FROM (SELECT map_square(ST_X(geom_tile)) AS x, map_square(-ST_Y(geom_tile)) AS y, area_id,
                           count(*) AS n FROM lost GROUP BY 1, 2, 3) AS placed,
                   generate_series(8, 20) AS zoom
              GROUP BY 1, 2, 3, 4) AS gone
        WHERE (cell.zoom, cell.x, cell.y, cell.area_id) = (gone.zoom, gone.x, gone.y, gone.area_id);
    END IF;
    RETURN NULL;
END $$;
"""

COUNTED_ONE_BY_ONE = """
CREATE OR REPLACE FUNCTION count_dwelling_cells() RETURNS trigger
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
"""


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_building_large ON building USING gist (geom_tile) WHERE ST_Area(geom_tile) >= 1500"
    )
    squares = ", ".join(
        f"ADD COLUMN {name} integer NOT NULL "
        f"GENERATED ALWAYS AS (map_square({coordinate}(ST_Transform(geom, 3857)))) STORED"
        for name, coordinate in (("square_x", "ST_X"), ("square_y", "-ST_Y"))
    )
    op.execute(f"ALTER TABLE incident {squares}")
    _index_times("area_path, square_x, square_y")
    op.get_bind().exec_driver_sql(COUNTED_BY_SQUARE)


def downgrade() -> None:
    op.get_bind().exec_driver_sql(COUNTED_ONE_BY_ONE)
    _index_times("area_path, geom_tile")
    op.execute("ALTER TABLE incident DROP COLUMN square_x, DROP COLUMN square_y")
    op.execute("DROP INDEX ix_building_large")


def _index_times(included: str) -> None:
    op.execute("DROP INDEX ix_incident_time")
    op.execute(f"CREATE INDEX ix_incident_time ON incident (county_id, occurred_at) INCLUDE ({included})")
