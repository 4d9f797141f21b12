"""The JSON interface: jobs, search, what is here, areas, layer versions, words for scripts."""
