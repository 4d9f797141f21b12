"""The command ``gridpatrol``: one group of commands a file, each loaded when it is asked for."""

import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click
import sqlalchemy.exc
from redis.exceptions import RedisError

from core.errors import DomainError, Unavailable


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is defined, and what the overview says about it without loading it."""

    module: str
    attribute: str
    about: str


COMMANDS = {
    "account": Entry("account", "account", "Add and list accounts, give new passwords."),
    "areas": Entry("areas", "areas", "Check, mend and propose boundaries in files; no server needed."),
    "atlas": Entry("atlas", "atlas", "Print the sheets of a grid or community as PDF."),
    "demo": Entry("demo", "demo", "Load the demo town, print its logins."),
    "hotspots": Entry("hotspots", "hotspots", "Find hotspots."),
    "house": Entry("house", "house", "Bring the whole house up on this machine, take it down."),
    "import": Entry("imports", "imports", "Load roads, areas, districts, households, cameras, incidents."),
    "job": Entry("job", "job", "List, show and cancel background jobs."),
    "migrate": Entry("work", "migrate", "Bring the database to the newest migration."),
    "patrols": Entry("patrols", "patrols", "Teams, and planning patrols."),
    "reconcile": Entry("work", "reconcile", "Enqueue again what Redis or a dead worker lost."),
    "worker": Entry("work", "worker", "Work on queues of background jobs."),
}


class Commands(click.Group):
    """Loads a command's module only when that command is called: some need seconds to load."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of the commands that stand."""
        return [name for name, entry in COMMANDS.items() if find_spec(f"webapp.cli.{entry.module}")]

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Return the command called `name`."""
        entry = COMMANDS.get(name)
        if entry is None or find_spec(f"webapp.cli.{entry.module}") is None:
            return None
        command = getattr(import_module(f"webapp.cli.{entry.module}"), entry.attribute)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview from the table, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].about) for name in self.list_commands(ctx)])


@click.command(cls=Commands)
@click.version_option(package_name="gridpatrol")
def gridpatrol() -> None:
    """GridPatrol 网格巡防: grids, households, cameras, incidents and patrols on one map."""


def tell(error: DomainError) -> None:
    """Write `error` to stderr: one sentence in each language, as a terminal has no language switch."""
    from webapp.house.words import SENTENCES as HOUSE  # noqa: PLC0415
    from webapp.house.words import explain  # noqa: PLC0415
    from webapp.problem import problem  # noqa: PLC0415 - Flask is only needed to fail in words

    if error.code in HOUSE:
        click.echo(explain(error), err=True)
        return
    for locale in ("zh", "en"):
        told = problem(error, locale)
        click.echo(f"{told['title']} {told['detail']}".strip(), err=True)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; a refusal is one sentence and exit code 2, never a traceback."""
    try:
        return gridpatrol.main(args=arguments, prog_name="gridpatrol")
    except DomainError as error:
        tell(error)
    except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.TimeoutError):
        tell(Unavailable("database_unreachable"))
    except RedisError:
        tell(Unavailable("redis_unreachable"))
    sys.exit(2)
