"""Where an event lies in the log: `tasks.concept_refinement.<user key>.<task id>.<event>`."""

from typing import Final

import msgspec

from events.ids import is_task_id, is_user_key

STREAM: Final = "TASKS"
ALL_TASKS: Final = "tasks.>"
TASK_TYPE: Final = "concept_refinement"
EVENT_NAMES: Final = frozenset(
    {"requested", "processing", "retrying", "completed", "failed", "cancelled", "removed"}
)
ALL_REQUESTS: Final = f"tasks.{TASK_TYPE}.*.*.requested"

_TOKEN_COUNT: Final = 5


class InvalidSubject(ValueError):
    """A subject that no event of ours has."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"not the subject of a task's event: {subject!r}")
        self.subject = subject


class EventSubject(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a subject that vary."""

    user_key: str
    task_id: str
    event: str


def desk_filter(user_key: str) -> str:
    """The one filter that every append of a user's events is guarded with.

    The log compares positions per filter *text*. Two writers with overlapping but different filters
    do not see each other on a replicated stream, and a misspelt filter guards nothing, silently. So
    this function is the only place that builds it (docs/decisions/0003-one-desk-filter.md).
    """
    assert is_user_key(user_key)
    return f"tasks.{TASK_TYPE}.{user_key}.>"


def desk_requests(user_key: str) -> str:
    """All requests of one user: the last of them is the newest task."""
    assert is_user_key(user_key)
    return f"tasks.{TASK_TYPE}.{user_key}.*.requested"


def task_filter(*, user_key: str, task_id: str) -> str:
    """All events of one task, for reading only: an append is guarded with `desk_filter`."""
    assert is_user_key(user_key)
    assert is_task_id(task_id)
    return f"tasks.{TASK_TYPE}.{user_key}.{task_id}.>"


def event_subject(*, user_key: str, task_id: str, event: str) -> str:
    """The exact subject of one event of one task.

    Raises:
        InvalidSubject: a part is not of its form, so that the subject could mean something else.
    """
    subject = f"tasks.{TASK_TYPE}.{user_key}.{task_id}.{event}"
    if not (is_user_key(user_key) and is_task_id(task_id) and event in EVENT_NAMES):
        raise InvalidSubject(subject)
    return subject


def parse_subject(subject: str) -> EventSubject:
    """The parts of a subject.

    Raises:
        InvalidSubject: it is not one of ours.
    """
    tokens = subject.split(".")
    if len(tokens) != _TOKEN_COUNT or tokens[:2] != ["tasks", TASK_TYPE]:
        raise InvalidSubject(subject)
    _, _, user_key, task_id, event = tokens
    if not (is_user_key(user_key) and is_task_id(task_id) and event in EVENT_NAMES):
        raise InvalidSubject(subject)
    return EventSubject(user_key=user_key, task_id=task_id, event=event)
