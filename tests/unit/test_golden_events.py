"""Golden files: every event ever shipped is still read, and stored bytes never change."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import pytest

from events.codec import decode, encode, event_name
from events.log import StoredEvent
from events.subjects import event_subject
from events.task import (
    EVENT_TYPES,
    Status,
    Task,
    TaskEvent,
    TaskFailed,
    TaskRemoved,
    TaskRequested,
    fold,
)
from tests import controls

GOLDEN: Final = Path(__file__).parents[1] / "golden"
EVENTS: Final = GOLDEN / "events"
HISTORIES: Final = GOLDEN / "histories"
GIT_TIMEOUT_S: Final = 20

REFUNDED: Final = TaskFailed(
    attempt=2,
    error_code="engine_unavailable",
    error_message="The refinement engine is unavailable",
    quota_refunded=True,
)
LIVES: Final[Mapping[str, tuple[TaskEvent, ...]]] = {
    "completed": (controls.processing(), controls.completed(plan=controls.PLAN)),
    "failed-refunded": (
        controls.processing(1),
        controls.retrying(1),
        controls.processing(2),
        REFUNDED,
    ),
    "retried-completed": (
        controls.processing(1),
        controls.retrying(1),
        controls.processing(2),
        controls.completed(2, plan=controls.PLAN),
    ),
    "cancelled": (controls.processing(), controls.cancelled()),
    "removed": (
        controls.processing(),
        controls.completed(plan=controls.PLAN),
        TaskRemoved(quota_refunded=False),
    ),
}

# Beside the file of its event's type: one for each field that was added to a version later.
WITH_OPTIONAL_FIELDS: Final[Mapping[str, tuple[TaskRequested, *tuple[TaskEvent, ...]]]] = {
    "concepts.task.requested.v1.with-engine": (controls.request_with_engine(),),
    "concepts.task.completed.v1.with-thumbnail": (
        controls.request(),
        controls.processing(),
        controls.completed_with_thumbnail(),
    ),
    "concepts.task.completed.v1.with-vector": (
        controls.request(),
        controls.processing(),
        controls.completed_with_vector(),
    ),
}


class GoldenEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A stored message of a history; its body is JSON text, kept byte for byte."""

    position: int
    subject: str
    body: str


class GoldenHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A whole history and the state it adds up to."""

    events: tuple[GoldenEvent, ...]
    task: dict[str, object]


@pytest.fixture
def may_write(request: pytest.FixtureRequest) -> bool:
    """Whether golden files that are missing are written."""
    return bool(request.config.getoption("--update-golden"))


def read_or_add(path: Path, content: bytes, *, may_write: bool) -> bytes:
    """The content of a golden file; a missing one is written if that was asked for."""
    if may_write and not path.exists():
        _ = path.write_bytes(content)
    assert path.exists(), f"{path.name} is missing: run pytest with --update-golden, commit it"
    return path.read_bytes()


def stored_at(path: Path) -> StoredEvent:
    """A golden event where it lies in the log."""
    body = path.read_bytes()
    task_id = msgspec.json.decode(body, type=dict[str, object])["subject"]
    assert isinstance(task_id, str)
    subject = event_subject(
        user_key=controls.user_key(), task_id=task_id, event=event_name(path.stem)
    )
    return StoredEvent(position=1, subject=subject, body=body)


def golden_history(changes: tuple[TaskEvent, ...]) -> bytes:
    """The content of a golden history."""
    stored = controls.stored(*changes)
    task = fold(tuple(decode(message) for message in stored))
    history = GoldenHistory(
        events=tuple(
            GoldenEvent(
                position=message.position, subject=message.subject, body=message.body.decode()
            )
            for message in stored
        ),
        task=msgspec.to_builtins(task),
    )
    return msgspec.json.format(msgspec.json.encode(history), indent=2) + b"\n"


def holds(actual: object, expected: object) -> bool:
    """Whether all that is expected is there; a state may have gained fields since."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        return all(key in actual and holds(actual[key], expected[key]) for key in expected)
    return actual == expected


class TestEvents:
    """One file for each version of each event."""

    @pytest.mark.parametrize("event_type", EVENT_TYPES.values())
    def test_the_newest_is_encoded_byte_for_byte(self, event_type: str, *, may_write: bool) -> None:
        """Writers still write what the golden file holds: not a byte of the format has moved."""
        example = controls.every_event()[event_type].body

        golden = read_or_add(EVENTS / f"{event_type}.json", example, may_write=may_write)

        assert golden == example

    @pytest.mark.parametrize("name", WITH_OPTIONAL_FIELDS)
    def test_optional_fields_are_encoded_byte_for_byte(self, name: str, *, may_write: bool) -> None:
        """Where a field that was added later is there, the format has not moved either."""
        asked, *changes = WITH_OPTIONAL_FIELDS[name]

        [*_, example] = controls.stored(*changes, asked=asked)

        golden = read_or_add(EVENTS / f"{name}.json", example.body, may_write=may_write)

        assert golden == example.body
        assert encode(decode(example).event) == golden

    def test_every_version_is_read(self) -> None:
        """Every golden event is decoded; those at their newest version are encoded as they were."""
        paths = sorted(EVENTS.glob("*.json"))

        for path in paths:
            stored = stored_at(path)
            recorded = decode(stored)
            assert recorded.event.type in EVENT_TYPES.values()
            if path.stem in EVENT_TYPES.values():
                assert encode(recorded.event) == stored.body
        assert {path.stem for path in paths} >= set(EVENT_TYPES.values())


class TestHistories:
    """Whole lives, and the states they add up to."""

    @pytest.mark.parametrize("name", LIVES)
    def test_is_there(self, name: str, *, may_write: bool) -> None:
        """Each kind of life has a file, which writers would still write the same events into."""
        written = golden_history(LIVES[name])

        content = read_or_add(HISTORIES / f"{name}.json", written, may_write=may_write)

        golden = msgspec.json.decode(content, type=GoldenHistory)
        assert golden.events == msgspec.json.decode(written, type=GoldenHistory).events

    def test_replay_to_the_stored_states(self) -> None:
        """Yesterday's events add up to yesterday's state, field for field."""
        statuses: set[Status] = set()

        for path in sorted(HISTORIES.glob("*.json")):
            golden = msgspec.json.decode(path.read_bytes(), type=GoldenHistory)
            task = fold(
                tuple(
                    decode(
                        StoredEvent(
                            position=event.position,
                            subject=event.subject,
                            body=event.body.encode(),
                        )
                    )
                    for event in golden.events
                )
            )
            assert isinstance(task, Task)
            state = msgspec.json.decode(msgspec.json.encode(task), type=dict[str, object])
            assert holds(state, golden.task), path.name
            statuses.add(task.status)

        assert statuses == {status for status in Status if not status.is_active}


class TestAppendOnly:
    """Golden files are added, never edited or removed."""

    def test_every_file_that_was_committed_is_as_it_was(self) -> None:
        """What lies in a log somewhere cannot be changed by changing a file here."""
        root = repository()

        changed = [
            name
            for name, first in first_commits(root).items()
            if not (root / name).is_file()
            or (root / name).read_bytes() != git(root, "show", f"{first}:{name}")
        ]

        assert not changed, f"golden files were edited or removed: {changed}"

    def test_an_update_changes_no_file_that_exists(self, tmp_path: Path) -> None:
        """The option that writes golden files adds what is missing and nothing else."""
        path = tmp_path / "concepts.task.old.v1.json"
        _ = path.write_bytes(b"as it was")

        kept = read_or_add(path, b"as it would be", may_write=True)
        added = read_or_add(tmp_path / "new.json", b"new", may_write=True)

        assert kept == path.read_bytes() == b"as it was"
        assert added == b"new"


def repository() -> Path:
    """The root of the checkout these tests run in; skips outside of one."""
    top = GOLDEN.parents[1]
    if shutil.which("git") is None or not (top / ".git").exists():
        pytest.skip("not in a git checkout: there is no history to compare with")
    return top


def first_commits(root: Path) -> dict[str, str]:
    """Every golden file of events that was ever committed, and the first commit that has it."""
    folders = [folder.relative_to(root).as_posix() for folder in (EVENTS, HISTORIES)]
    lines = git(
        root,
        *("log", "--reverse", "--no-renames", "--diff-filter=A", "--name-only", "--format=%H"),
        *("--", *folders),
    )
    commits: dict[str, str] = {}
    commit = ""
    for line in lines.decode().split("\n"):
        if line.startswith(tuple(f"{folder}/" for folder in folders)):
            _ = commits.setdefault(line, commit)
        elif line:
            commit = line
    return commits


def git(root: Path, *arguments: str) -> bytes:
    """The output of a git command that only reads."""
    program = shutil.which("git")
    assert program is not None
    run = subprocess.run(  # noqa: S603 - a fixed program with arguments of ours
        [program, "-C", str(root), *arguments],
        capture_output=True,
        check=True,
        timeout=GIT_TIMEOUT_S,
    )
    return run.stdout
