"""What a process does to itself when it starts."""

import resource
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from services.runtime.lifecycle import allow_open_files

SOFT = 512


@pytest.fixture
def hard() -> Iterator[int]:
    """The hard limit of open files, under a soft one that is low."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] == resource.RLIM_INFINITY:
        pytest.skip("open files have no limit here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, before[1]))
    try:
        yield before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_soft_limit_is_raised_to_what_is_needed(hard: int) -> None:
    """No further, and the hard limit stays."""
    with capture_logs() as lines:
        allow_open_files(SOFT + 10)

    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (SOFT + 10, hard)
    assert lines == []


def test_a_limit_that_is_high_enough_stays(hard: int) -> None:
    """It is never lowered."""
    allow_open_files(SOFT - 10)

    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (SOFT, hard)


def test_a_hard_limit_that_is_too_low_is_logged(hard: int) -> None:
    """The process gets what there is, and its operator reads what is missing."""
    with capture_logs() as lines:
        allow_open_files(hard + 1)

    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    [line] = lines
    assert line["event"] == "process.open_files_too_few"
    assert (line["allowed"], line["needed"]) == (hard, hard + 1)
