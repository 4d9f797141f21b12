"""Floor 2: shapes, areas, staff, households, places and roads."""
