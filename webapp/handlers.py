"""What processes load before they work: the handlers of jobs, and what only workers compute with.

Every module with jobs must load quickly: the web server needs both ends of a job to request it, and loads
them before it answers anybody. Libraries that take half a second or more are therefore loaded where they
are first called, and by a worker beforehand.
"""

from importlib import import_module

JOB_MODULES = (
    "cameras.jobs",
    "geo.boundaries.jobs",
    "incidents.forecasts.jobs",
    "incidents.jobs",
    "incidents.listed.jobs",
    "patrols.jobs",
    "webapp.print.jobs",
)
#: Libraries of the analyses; scipy loads its own parts when they are first used.
ENGINES = ("scipy.optimize", "scipy.signal", "scipy.stats", "sklearn.ensemble")


def register_handlers() -> None:
    """Import every module with jobs; a kind nobody registered is refused."""
    for module in JOB_MODULES:
        import_module(module)


def load_engines() -> None:
    """Load all a worker's jobs need, which takes seconds, so that each fork of it begins at once."""
    register_handlers()
    for module in ENGINES:
        import_module(module)
