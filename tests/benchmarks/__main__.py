"""``python -m tests.benchmarks NAME [NAME ...] [--json] [--quick] [--seed N]``.

A benchmark is a module of this folder with ``run(quick: bool, seed: int) -> list[Figure]``. With ``--json``
the one line on standard output is one JSON object; several names make one object with a list of them.
The exit code is 0 when every goal is met, 1 when one is not.
"""

import argparse
import contextlib
import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import machine

# Modules of this folder that hold no benchmark.
FRAME = {"__main__", "figure", "machine", "scratch"}


def benchmark_names() -> list[str]:
    """Return the benchmarks there are, sorted."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if name not in FRAME and not name.startswith("_"))


def measure(name: str, *, quick: bool, seed: int) -> dict[str, Any]:
    """Run one benchmark and return its object; what it prints goes to standard error."""
    module = importlib.import_module(f"tests.benchmarks.{name}")
    with contextlib.redirect_stdout(sys.stderr):
        figures: list[Figure] = module.run(quick=quick, seed=seed)
    return {
        "benchmark": name,
        "machine": machine(),
        "seed": seed,
        "quick": quick,
        "figures": [figure.as_json() for figure in figures],
    }


def table(result: dict[str, Any]) -> str:
    """Return one benchmark as lines for a person."""
    lines = [f"{result['benchmark']}  (seed {result['seed']}{', quick' if result['quick'] else ''})"]
    for figure in result["figures"]:
        goal = "" if figure["goal"] is None else f"  goal {figure['goal']}: {_verdict(figure)}"
        lines.append(f"  {figure['name']:<58} {figure['value']:>12g} {figure['unit']}{goal}")
    return "\n".join(lines)


def _verdict(figure: dict[str, Any]) -> str:
    return "met" if figure["met"] else "MISSED"


def main() -> int:
    """Run what was asked and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="+", choices=benchmark_names(), metavar="NAME")
    parser.add_argument("--json", action="store_true", help="print exactly one JSON object")
    parser.add_argument("--quick", action="store_true", help="a small size, under a minute")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    results = [measure(name, quick=asked.quick, seed=asked.seed) for name in asked.names]
    if asked.json:
        sys.stdout.write(json.dumps(results[0] if len(results) == 1 else {"benchmarks": results}) + "\n")
    else:
        sys.stdout.write("\n\n".join(table(result) for result in results) + "\n")
    return 0 if all(figure["met"] is not False for r in results for figure in r["figures"]) else 1


if __name__ == "__main__":
    sys.exit(main())
