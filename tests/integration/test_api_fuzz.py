"""The served API, fuzzed by its own description: the short form of `make fuzz-api`."""

import re
import subprocess
import sys
from typing import Final

import pytest

EXAMPLES: Final = 10
CASES_MIN: Final = 400
# Ten seconds on a machine of two cores with nothing else to do.
RUN_S: Final = 90


@pytest.mark.timeout(RUN_S + 10)
def test_nothing_is_found() -> None:
    """Every check holds for hundreds of requests, good and bad: one seed, so always the same."""
    run = subprocess.run(  # noqa: S603 - a program of ours
        (sys.executable, "-m", "tests.fuzz", "--max-examples", str(EXAMPLES)),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_S,
    )

    assert run.returncode == 0, run.stdout
    cases = re.search(r"(\d+) generated", run.stdout)
    assert cases is not None, run.stdout
    assert int(cases[1]) >= CASES_MIN
