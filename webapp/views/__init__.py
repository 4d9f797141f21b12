"""Pages: load, authorise, act, answer."""
