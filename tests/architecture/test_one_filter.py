"""Every append of a desk carries the same filter: the header is written in one place only."""

import re
from pathlib import Path
from typing import Final

from events.subjects import desk_filter
from tests.desks import new_desk

ROOT: Final = Path(__file__).parents[2]
HEADER: Final = "Nats-Expected-Last-Subject-Sequence-Subject"


def sources() -> dict[str, str]:
    """The text of every module of the service, by its path."""
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for folder in ("events", "projections", "services")
        for path in (ROOT / folder).rglob("*.py")
    }


def test_one_module_writes_the_header_and_takes_the_filter_from_one_function() -> None:
    """A second place could spell it differently, and would then guard nothing."""
    lines = [
        (path, line.strip())
        for path, text in sources().items()
        for line in text.splitlines()
        if HEADER in line
    ]

    assert lines == [("services/adapters/jetstream_log.py", f'"{HEADER}": desk_filter(user_key),')]


def test_one_module_publishes_to_the_log() -> None:
    """No event gets into the log past the compare-and-append."""
    publishing = {
        path for path, text in sources().items() if re.search(r"\.publish(_async)?\(", text)
    }

    # The connection publishes empty answers to flow control, and requests.
    assert publishing == {"services/adapters/jetstream.py"}


def test_the_filter_is_the_desk() -> None:
    """Byte for byte: the user's desk, never a single task."""
    desk = new_desk()

    assert desk_filter(desk) == f"tasks.concept_refinement.{desk}.>"
