"""Subjects: what is formatted is parsed as it was, and nothing hostile becomes part of one."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import event_name
from events.subjects import (
    ALL_REQUESTS,
    EVENT_NAMES,
    EventSubject,
    InvalidSubject,
    desk_filter,
    desk_requests,
    event_subject,
    parse_subject,
    task_filter,
)
from events.task import EVENT_TYPES
from tests import controls

KEY: Final = controls.user_key()
TASK: Final = controls.task_id()

user_keys = st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26)
task_ids = st.builds(
    lambda unique, version: f"task-{str(unique)[:14]}{version}{str(unique)[15:]}",
    st.uuids(version=4),
    st.sampled_from("57"),
)

HOSTILE_KEYS: Final = {
    "empty": "",
    "too short": KEY[:-1],
    "too long": KEY + "a",
    "upper case": KEY.upper(),
    "one upper case": "K" + KEY[1:],
    "a dot": KEY[:-1] + ".",
    "two tokens": "a." + KEY[2:],
    "one wildcard": "*",
    "all wildcards": ">",
    "a wildcard inside": KEY[:-1] + "*",
    "a space": KEY[:-1] + " ",
    "a line break": KEY + "\n",
    "a zero byte": KEY[:-1] + "\x00",
    "not base32": KEY[:-1] + "1",
    "another alphabet": KEY[:-1] + "\u0430",
}
HOSTILE_TASKS: Final = {
    "empty": "",
    "without its prefix": TASK.removeprefix("task-"),
    "upper case": TASK.upper(),
    "upper case digits": "task-" + TASK.removeprefix("task-").upper(),
    "a dot": TASK.replace("-", ".", 1),
    "one wildcard": "*",
    "all wildcards": ">",
    "a wildcard inside": TASK[:-1] + "*",
    "a space": TASK[:-1] + " ",
    "a line break": TASK + "\n",
    "another version of uuid": TASK[:19] + "4" + TASK[20:],
    "no dashes": "task-" + TASK.removeprefix("task-").replace("-", ""),
    "braces": f"task-{{{TASK.removeprefix('task-')}}}",
}
HOSTILE_EVENTS: Final = ["", "*", ">", "Requested", "requested ", "requested.x", "unknown"]


class TestEventSubject:
    """The exact subject of one event."""

    @given(user_key=user_keys, task_id=task_ids, event=st.sampled_from(sorted(EVENT_NAMES)))
    def test_is_parsed_as_it_was_formatted(self, user_key: str, task_id: str, event: str) -> None:
        """Parse after format is the identity."""
        subject = event_subject(user_key=user_key, task_id=task_id, event=event)

        assert parse_subject(subject) == EventSubject(
            user_key=user_key, task_id=task_id, event=event
        )

    @given(user_key=user_keys, task_id=task_ids, event=st.sampled_from(sorted(EVENT_NAMES)))
    def test_is_formatted_as_it_was_parsed(self, user_key: str, task_id: str, event: str) -> None:
        """Format after parse is the identity."""
        subject = f"tasks.concept_refinement.{user_key}.{task_id}.{event}"
        place = parse_subject(subject)

        again = event_subject(user_key=place.user_key, task_id=place.task_id, event=place.event)

        assert again == subject

    @pytest.mark.parametrize("name", HOSTILE_KEYS)
    def test_refuses_hostile_user_keys(self, name: str) -> None:
        """No user key can change what a subject means."""
        with pytest.raises(InvalidSubject):
            _ = event_subject(user_key=HOSTILE_KEYS[name], task_id=TASK, event="failed")

    @pytest.mark.parametrize("name", HOSTILE_TASKS)
    def test_refuses_hostile_task_ids(self, name: str) -> None:
        """No task id, which may come from a path, can change what a subject means."""
        with pytest.raises(InvalidSubject):
            _ = event_subject(user_key=KEY, task_id=HOSTILE_TASKS[name], event="failed")

    @pytest.mark.parametrize("event", HOSTILE_EVENTS)
    def test_refuses_unknown_events(self, event: str) -> None:
        """Only events of ours have subjects."""
        with pytest.raises(InvalidSubject):
            _ = event_subject(user_key=KEY, task_id=TASK, event=event)


class TestParseSubject:
    """The parts of a subject."""

    @pytest.mark.parametrize(
        "subject",
        [
            *("", ".", "....", "tasks", f"tasks.concept_refinement.{KEY}.{TASK}"),
            f"tasks.concept_refinement.{KEY}.{TASK}.failed.more",
            f" tasks.concept_refinement.{KEY}.{TASK}.failed",
            f"TASKS.concept_refinement.{KEY}.{TASK}.failed",
            f"tasks.other.{KEY}.{TASK}.failed",
            f"tasks.concept_refinement.{TASK}.{KEY}.failed",
            *(f"tasks.concept_refinement.{key}.{TASK}.failed" for key in HOSTILE_KEYS.values()),
            *(f"tasks.concept_refinement.{KEY}.{task}.failed" for task in HOSTILE_TASKS.values()),
            *(f"tasks.concept_refinement.{KEY}.{TASK}.{event}" for event in HOSTILE_EVENTS),
        ],
    )
    def test_refuses_what_is_not_ours(self, subject: str) -> None:
        """The error carries the subject, readable even if it is not printable."""
        with pytest.raises(InvalidSubject) as caught:
            _ = parse_subject(subject)

        assert caught.value.subject == subject
        assert repr(subject) in str(caught.value)


class TestFilters:
    """What is subscribed to, and what appends are guarded with."""

    def test_the_desk_is_guarded_with_one_text(self) -> None:
        """The filter is the same, byte for byte, whoever appends: a changed one guards nothing."""
        assert desk_filter(KEY) == f"tasks.concept_refinement.{KEY}.>"

    def test_requests_and_tasks_lie_on_their_desk(self) -> None:
        """Readers look at parts of what appends are guarded with."""
        assert desk_requests(KEY) == f"tasks.concept_refinement.{KEY}.*.requested"
        assert task_filter(user_key=KEY, task_id=TASK) == f"tasks.concept_refinement.{KEY}.{TASK}.>"
        assert ALL_REQUESTS == "tasks.concept_refinement.*.*.requested"

    @pytest.mark.parametrize("name", HOSTILE_KEYS)
    def test_are_never_built_from_hostile_keys(self, name: str) -> None:
        """A filter over somebody else's desk is a programmer's error, and stops."""
        key = HOSTILE_KEYS[name]

        with pytest.raises(AssertionError):
            _ = desk_filter(key)
        with pytest.raises(AssertionError):
            _ = desk_requests(key)
        with pytest.raises(AssertionError):
            _ = task_filter(user_key=key, task_id=TASK)

    @pytest.mark.parametrize("name", HOSTILE_TASKS)
    def test_are_never_built_from_hostile_task_ids(self, name: str) -> None:
        """Nor is a filter over other tasks."""
        with pytest.raises(AssertionError):
            _ = task_filter(user_key=KEY, task_id=HOSTILE_TASKS[name])


def test_every_event_has_a_name_in_subjects() -> None:
    """Types and subjects name the same events."""
    assert {event_name(event_type) for event_type in EVENT_TYPES.values()} == EVENT_NAMES
