"""Floor 4: forces, teams, patrol planning and execution."""
