"""Patrol districts: how they come in, how they fit together, and how the map shows them."""
