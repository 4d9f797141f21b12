"""Key places and stations."""
