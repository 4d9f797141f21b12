"""The tree of areas and their boundaries."""
