"""Pure geometry: coordinate grid, projections, partitions. No database, no clock, no environment."""
