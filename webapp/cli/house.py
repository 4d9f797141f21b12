"""``gridpatrol house``: what ``./start`` hands over to once Python stands."""

import os
import sys

import click

from webapp.house.up import DEFAULT_PORT, Wishes, bring_up, standing, start_afresh, take_down
from webapp.house.words import in_a_sentence


@click.group()
def house() -> None:
    """Bring the whole house up on this machine, take it down, say how it stands."""


@house.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--detach", is_flag=True, help="Return when it is ready; logs in var/log.")
@click.option("--fresh", is_flag=True, help="Delete all private data first (asks).")
@click.option("--yes", is_flag=True, help="Answer the question of --fresh with yes.")
@click.option("--no-demo", is_flag=True, help="Load no demo town into an empty database.")
@click.option("--households", type=click.IntRange(100, 1_000_000), help="Size of the demo town.")
@click.option("--seed", type=int, help="Seed of the demo town.")
@in_a_sentence
def up(  # noqa: PLR0917 - click passes every option by name
    host: str,
    port: int,
    detach: bool,  # noqa: FBT001
    fresh: bool,  # noqa: FBT001
    yes: bool,  # noqa: FBT001
    no_demo: bool,  # noqa: FBT001
    households: int | None,
    seed: int | None,
) -> None:
    """Start everything; the demo town is loaded when the database is empty."""
    if fresh:
        if not yes:
            click.confirm("删除全部数据重新开始？/ Delete all data and begin anew?", abort=True)
        start_afresh(os.environ)
    wishes = Wishes(host=host, port=port, detach=detach, demo=not no_demo, households=households, seed=seed)
    bring_up(wishes, os.environ)


@house.command()
@in_a_sentence
def stop() -> None:
    """Stop web server, workers and private servers."""
    take_down(os.environ)


@house.command()
@in_a_sentence
def status() -> None:
    """Say how the house stands; the exit code is 0 when it runs and is healthy, else 3."""
    found = standing(os.environ)
    marks = {True: "运行 running", False: "停止 stopped", None: "外部 external"}
    click.echo(f"网页 web         {found.address or marks[False]}")
    click.echo(f"数据库 database  {marks[found.database]}")
    click.echo(f"Redis            {marks[found.redis]}")
    if found.address:
        click.echo(f"健康 health      {'正常 ok' if found.healthy else found.detail}")
    sys.exit(0 if found.healthy else 3)
