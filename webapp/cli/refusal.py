"""How a command ends that refuses what it was given: one sentence or its JSON, and exit code 2."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from webapp.cli.import_words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.errors import DomainError
    from webapp.cli.import_words import Words

#: 1 is "findings" of those commands that look for some.
REFUSED = 2


def refuse(
    error: DomainError,
    table: Mapping[str, Words],
    *,
    as_json: bool,
    spoken: Mapping[str, Any] | None = None,
) -> NoReturn:
    """Say why in the words of `table` and end the process with `REFUSED`.

    `spoken` are the fields as a sentence takes them, where they differ from those of the error.
    """
    sentence = say(table, error.code, error.fields if spoken is None else spoken, join="\n")
    if as_json:
        told = {"error": {"code": error.code, "fields": error.fields, "sentence": sentence}}
        click.echo(json.dumps(told, ensure_ascii=False, default=str))
    else:
        click.echo(sentence, err=True)
    sys.exit(REFUSED)
