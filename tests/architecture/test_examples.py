"""Examples in docstrings are tried: one nobody runs is a claim."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FLOORS = ("core", "geo", "incidents", "cameras", "patrols", "webapp")
WITH_EXAMPLES = [
    ".".join(path.relative_to(PROJECT).with_suffix("").parts)
    for floor in FLOORS
    for path in sorted((PROJECT / floor).rglob("*.py"))
    if ">>> " in path.read_text("utf-8")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_of_a_module_hold(name: str) -> None:
    result = doctest.testmod(import_module(name))

    assert result.attempted > 0
    assert result.failed == 0
