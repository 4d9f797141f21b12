"""Road sections (S18), noded at junctions, and the ground cover of the base map."""

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base
from geo.columns import geometry, spatial_index, tile_geometry

#: From the most to the least important; speeds and line widths are set by class.
ROAD_CLASSES = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "residential", "service", "track",
    "cycleway", "footway",
)  # fmt: skip
#: Along the drawn direction only, against it only, or both ways.
ONEWAYS = ("both", "forward", "backward")


def _class_index(name: str, classes: tuple[str, ...]) -> Index:
    listed = ", ".join(f"'{one}'" for one in classes)
    return Index(
        f"ix_road_section_{name}",
        "geom_tile",
        postgresql_using="gist",
        postgresql_where=text(f"road_class IN ({listed})"),
    )


class RoadSection(Base):
    """A street between two junctions. Node ids are the source's own and meet only within a county."""

    __tablename__ = "road_section"
    __tile_layer__ = "base"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    source_ref: Mapped[str | None] = mapped_column()
    from_node: Mapped[int] = mapped_column()
    to_node: Mapped[int] = mapped_column()
    road_class: Mapped[str] = mapped_column()
    name: Mapped[str | None] = mapped_column()
    oneway: Mapped[str] = mapped_column(server_default="both")
    foot: Mapped[bool] = mapped_column(server_default="true")
    bicycle: Mapped[bool] = mapped_column(server_default="true")
    car: Mapped[bool] = mapped_column(server_default="true")
    bridge: Mapped[bool] = mapped_column(server_default="false")
    tunnel: Mapped[bool] = mapped_column(server_default="false")
    length_m: Mapped[float] = mapped_column()
    geom: Mapped[WKBElement] = geometry("LINESTRING")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("LINESTRING")

    __table_args__ = (
        CheckConstraint(f"road_class IN {ROAD_CLASSES}", name="road_class"),
        CheckConstraint(f"oneway IN {ONEWAYS}", name="oneway"),
        CheckConstraint("length_m > 0", name="length"),
        Index("uq_road_section_source", "county_id", "source_ref", unique=True),
        # Far zooms draw few classes: partial indexes spare them the small streets in between.
        _class_index("main", ROAD_CLASSES[:3]),
        _class_index("middle", ROAD_CLASSES[:5]),
        spatial_index("road_section", "geom"),
        spatial_index("road_section", "geom_tile"),
    )


class GroundCover(Base):
    """Water, green and farmland of the base map."""

    __tablename__ = "ground_cover"
    __tile_layer__ = "base"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    source_ref: Mapped[str | None] = mapped_column()
    kind: Mapped[str] = mapped_column()
    name: Mapped[str | None] = mapped_column()
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("MULTIPOLYGON")

    __table_args__ = (
        CheckConstraint("kind IN ('water', 'green', 'farmland')", name="kind"),
        Index("uq_ground_cover_source", "county_id", "source_ref", unique=True),
        spatial_index("ground_cover", "geom"),
        spatial_index("ground_cover", "geom_tile"),
    )
