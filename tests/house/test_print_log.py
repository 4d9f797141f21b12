"""What printing writes down: no step of a page, and nothing that stands on it."""

import subprocess
import sys

PRINTED = """
from webapp.log import write_json_lines
write_json_lines("INFO")
from webapp.print.pdf import page_pdf
assert page_pdf("<p style='nonsense: 1'>王小明\\x02</p>").startswith(b"%PDF")
"""


def test_a_printed_page_leaves_no_word_of_itself_in_the_log() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINTED], capture_output=True, text=True, timeout=120, check=True
    )

    assert "weasyprint" not in done.stderr
