"""The modules whose import registers a job's handler: for the web server, which requests, and the worker."""

from importlib import import_module

JOB_MODULES = (
    "cameras.jobs",
    "geo.boundaries.jobs",
    "incidents.forecasts.jobs",
    "incidents.jobs",
    "patrols.jobs",
    "webapp.print.jobs",
)


def register_handlers() -> None:
    """Import every module with jobs (heavy: solvers and geometry); a kind nobody registered is refused."""
    for module in JOB_MODULES:
        import_module(module)
