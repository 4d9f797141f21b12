"""Edits of a partition: one small pure function per edit, each returning a difference."""
