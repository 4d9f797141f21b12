"""Floor 5: HTTP, pages, API, maps, sign-in and the command line; the only floor that knows Flask."""
