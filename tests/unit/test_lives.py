"""Lives of tasks in an export that is just as it was written: what is wrong in the log itself."""

from collections.abc import Sequence
from typing import Final

import msgspec
import pytest

from events.exports import parse_line
from events.inspection import FaultKind
from events.log import StoredEvent
from events.task import TaskEvent
from tests import controls
from tests.exporting import export_of, inspect


def scribed(*changes: TaskEvent) -> list[StoredEvent]:
    """One task's log."""
    return list(controls.stored(*changes))


LOG: Final = scribed(
    controls.processing(1), controls.retrying(1), controls.processing(2), controls.completed(2)
)


class TestHistory:
    """What is wrong in the log itself, in a file that is just as it was written."""

    def test_a_sequence_that_leaves_one_out(self) -> None:
        """The event that is missing was never exported."""
        log = renumbered([LOG[0], *LOG[2:]])

        faults, _ = inspect(export_of(log))

        assert [(one.position, one.kind) for one in faults] == [(2, FaultKind.SEQUENCE)]

    @pytest.mark.parametrize(
        ("changes", "position"),
        [
            ((controls.completed(1),), 2),
            ((controls.removed(),), 2),
            ((controls.processing(1), controls.processing(3)), 3),
            ((controls.processing(1), controls.completed(2)), 3),
        ],
    )
    def test_what_may_not_follow(self, changes: tuple[TaskEvent, ...], position: int) -> None:
        """A completion that nobody worked for, a removal before the end, an attempt left out."""
        faults, _ = inspect(export_of(scribed(*changes)))

        assert [(one.position, one.kind) for one in faults] == [(position, FaultKind.IMPOSSIBLE)]

    def test_a_task_that_changes_hands(self) -> None:
        """The body does not say whose it is; the subject does."""
        mine, yours = controls.user_key(1), controls.user_key(2)
        moved = msgspec.structs.replace(LOG[2], subject=LOG[2].subject.replace(mine, yours))

        faults, _ = inspect(export_of([*LOG[:2], moved, *LOG[3:]]))

        assert [one.kind for one in faults] == [FaultKind.IMPOSSIBLE, FaultKind.IMPOSSIBLE]

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b'{"a":\n1}', b" 1", b"nul"])
    def test_what_cannot_be_read(self, body: bytes) -> None:
        """It travels as it is, and is named; the next event of its task is taken as it is."""
        poison = msgspec.structs.replace(LOG[1], body=body)
        lines = export_of([LOG[0], poison, *LOG[2:]])

        faults, _ = inspect(lines)

        assert [(one.position, one.kind) for one in faults] == [(2, FaultKind.UNREADABLE_EVENT)]
        content = parse_line(lines[2]).content
        assert getattr(content, "stored", None) == poison

    def test_a_subject_that_is_none_of_ours(self) -> None:
        """There is no task to lose."""
        stray = msgspec.structs.replace(LOG[4], subject="tasks.stray")

        faults, _ = inspect(export_of([*LOG[:4], stray]))

        assert [one.kind for one in faults] == [FaultKind.UNREADABLE_EVENT]


def renumbered(log: Sequence[StoredEvent]) -> list[StoredEvent]:
    """The same events at other positions."""
    return [
        msgspec.structs.replace(stored, position=number) for number, stored in enumerate(log, 1)
    ]
