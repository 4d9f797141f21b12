"""``gridpatrol demo``: make and load the demo town, and tell its logins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from core.clock import local_zone, now
from core.db import Scope, transaction
from core.settings import settings
from webapp.demo.layout import DEFAULT_HOUSEHOLDS
from webapp.demo.load import is_loaded, keep_logins, load_demo
from webapp.demo.people import renew_logins
from webapp.demo.town import make_town
from webapp.house.words import in_a_sentence

# A million households take some minutes; a statement longer than an hour is stuck.
_LOAD_TIMEOUT_S = 3600
DEFAULT_SEED = 7


@click.group(invoke_without_command=True)
@click.option(
    "--households", default=DEFAULT_HOUSEHOLDS, show_default=True, type=click.IntRange(100, 1_000_000)
)
@click.option("--seed", default=DEFAULT_SEED, show_default=True, type=click.IntRange(0))
@click.pass_context
@in_a_sentence
def demo(context: click.Context, households: int, seed: int) -> None:
    """Make the fictional town 青溪镇 and load it; nothing happens when it is there already."""
    if context.invoked_subcommand is not None:
        return
    with transaction(Scope.everything()) as session:
        present = is_loaded(session)
    if present:
        click.echo("示例镇已经存在，未作更改。/ The demo town is there already; nothing was changed.")
        return
    reference = now().astimezone(local_zone())
    town = make_town(seed, households, reference.replace(microsecond=0))
    with transaction(Scope.everything(), statement_timeout_s=_LOAD_TIMEOUT_S) as session:
        counts, _ = load_demo(session, town, _folder())
    for table, count in counts.items():
        click.echo(f"{table:<18}{count:>10,}")


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("--renew", is_flag=True, help="Give the demo logins new passwords first.")
@in_a_sentence
def logins(*, as_json: bool, renew: bool) -> None:
    """Print the demo logins of this installation."""
    if renew:
        with transaction(Scope.everything()) as session:
            keep_logins(_folder(), renew_logins(session))
    rows = _kept()
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['role']:<12}{row['username']:<14}{row['password']:<20}{row['area']}")


def _kept() -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = json.loads((_folder() / "logins.json").read_text("utf-8"))
    except FileNotFoundError:
        sentence = (
            "没有示例登录：请先运行 gridpatrol demo。/ There are no demo logins: run `gridpatrol demo` first."
        )
        raise click.ClickException(sentence) from None
    return rows


def _folder() -> Path:
    return settings().var_path / "demo"
