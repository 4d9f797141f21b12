"""What a worker writes down: the web server's lines of JSON, and nothing a database error quoted."""

import json
import subprocess
import sys
from pathlib import Path

from core import jobs
from core.db import Scope, transaction
from core.models import JobRun
from tests.conftest import Database
from tests.small_town import build_small_town


def test_a_crashed_job_is_one_line_of_json_without_the_message(database: Database) -> None:
    county = build_small_town().county
    with transaction(Scope.everything()) as session:
        run = JobRun(
            kind="nobody.knows.19900000001", queue="analysis", scope=[county.path], county_id=county.id,
            area_id=county.id, area_path=county.path,
        )  # fmt: skip
        session.add(run)
        session.flush()
    jobs._enqueue(run.id, "analysis", 60)

    command = [str(Path(sys.executable).parent / "gridpatrol"), "worker", "analysis", "--burst"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    (told,) = [line["exception"] for line in lines if "exception" in line]
    assert told["kind"] == "builtins.KeyError"
    assert "19900000001" not in json.dumps(told)
    assert "Traceback" not in done.stdout + done.stderr
