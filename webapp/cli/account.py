"""``gridpatrol account``: accounts are made here or on the administrator's page."""

import json

import click

from core.db import Scope, transaction
from geo.areas.queries import area_by_code
from geo.staff.queries import account_by_login, list_accounts
from geo.staff.service import create_account, set_password


@click.group()
def account() -> None:
    """Add and list accounts, give new passwords."""


@account.command()
@click.argument("login")
@click.option("--role", required=True, help="captain, dispatcher, leader, boundary, admin or auditor.")
@click.option("--area", required=True, help="Code of the area the role is held over.")
@click.option("--name", default="", help="Name shown to others; the login when left out.")
def add(login: str, role: str, area: str, name: str) -> None:
    """Add the account LOGIN and print its password, this once."""
    with transaction(Scope.everything()) as session:
        place = area_by_code(session, area)
        made, password = create_account(session, login=login, name=name, role_code=role, area=place)
        told = f"{made.login}  {role}  {place.code} {place.name}"
    click.echo(told)
    click.echo(f"密码 password: {password}")


@account.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_all(as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """List all accounts with their roles and areas."""
    with transaction(Scope.everything()) as session:
        rows = [
            {
                "login": row.login,
                "name": row.name,
                "active": row.active,
                "roles": row.roles,
                "areas": row.areas,
                "last_login_at": row.last_login_at.isoformat() if row.last_login_at else None,
            }
            for row in list_accounts(session)
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        held = ", ".join(f"{role} @ {area}" for role, area in zip(row["roles"], row["areas"], strict=True))
        rests = "" if row["active"] else "  (停用 resting)"
        click.echo(f"{row['login']:<20}{row['name']:<12}{held}{rests}")


@account.command()
@click.argument("login")
def password(login: str) -> None:
    """Give LOGIN a new random password, print it this once, and end its sessions."""
    with transaction(Scope.everything()) as session:
        chosen = set_password(session, account_by_login(session, login))
    click.echo(f"密码 password: {chosen}")
