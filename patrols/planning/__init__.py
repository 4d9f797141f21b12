"""Pure patrol planning: what a stop is worth, and which team goes where in which order."""
