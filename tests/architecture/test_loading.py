"""What a start loads: the web server's time to its first answer is mostly the loading of modules."""

import subprocess
import sys

import pytest

from webapp.handlers import ENGINES, JOB_MODULES

#: Prints which of the modules given are loaded once the application is made, or the handlers are.
PROGRAM = """
import sys
from {module} import {name}
{name}()
print(*(name for name in sys.argv[1:] if name in sys.modules))
"""


def loaded(module: str, name: str) -> set[str]:
    program = PROGRAM.format(module=module, name=name)
    command = [sys.executable, "-c", program, *ENGINES, *JOB_MODULES]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.usefixtures("database")  # creating the application reads the settings
def test_the_web_server_loads_both_ends_of_every_job_and_no_engine() -> None:
    assert loaded("webapp.factory", "create_app") == set(JOB_MODULES)


def test_a_worker_loads_every_engine_before_its_first_job() -> None:
    assert loaded("webapp.handlers", "load_engines") == {*ENGINES, *JOB_MODULES}
