"""A group whose heavier commands are loaded when they are asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class Later(click.Group):
    """A group of commands, some of which add themselves when their module is loaded."""

    def __init__(self, *args: Any, elsewhere: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, with those not loaded yet."""
        return sorted({*super().list_commands(ctx), *self.elsewhere})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the command called `name`, loading its module first."""
        if name not in self.commands and name in self.elsewhere:
            import_module(self.elsewhere[name])
        return super().get_command(ctx, name)
