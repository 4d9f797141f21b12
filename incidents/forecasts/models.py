"""Bands of forecasts: which ground is expected to see most of the coming incidents."""

from datetime import datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import ForeignKey, Identity, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Owned, Stamped
from geo.columns import geometry, spatial_index, tile_geometry


class ForecastBand(Owned, Stamped, Base):
    """A part of an area's ground: with the bands before it, it holds the riskiest `share` of the area.

    `area_id` is the area the run was asked for; `expected` incidents between `starts_at` and `ends_at`. A
    band expires with its forecast and is then drawn no more.
    """

    __tablename__ = "forecast_band"
    __tile_layer__ = "forecast"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("job_run.id", ondelete="CASCADE"), index=True)
    horizon_days: Mapped[int] = mapped_column(Integer)
    share: Mapped[float] = mapped_column()
    expected: Mapped[float] = mapped_column()
    area_m2: Mapped[float] = mapped_column()
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    geom: Mapped[WKBElement] = geometry("MULTIPOLYGON")
    geom_tile: Mapped[WKBElement | None] = tile_geometry("MULTIPOLYGON")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Return the indexes of map and list."""
        return (
            Index("ix_forecast_band_expires", "county_id", "expires_at"),
            spatial_index("forecast_band", "geom_tile"),
        )
