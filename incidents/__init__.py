"""Floor 3: incidents, their closed loop and their hotspots."""
