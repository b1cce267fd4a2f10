"""One task: which events move it, what they add up to, and how the next event is chained."""

from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import body_hash, decode
from events.task import (
    EVENT_TYPES,
    SOURCE,
    RecordedEvent,
    Status,
    Task,
    TaskEvent,
    evolve,
    first_event,
    fold,
    next_event,
)
from tests import controls
from tests.strategies import lives, recorded_events

EVENTS: Final[dict[str, TaskEvent]] = {
    "requested": controls.request(),
    "processing": controls.processing(2),
    "retrying": controls.retrying(2),
    "completed": controls.completed(2),
    "failed": controls.failed(2),
    "cancelled": controls.cancelled(),
    "removed": controls.removed(),
}
HISTORIES: Final[dict[Status, tuple[TaskEvent, ...]]] = {
    Status.PENDING: (),
    Status.PROCESSING: (controls.processing(),),
    Status.RETRYING: (controls.processing(), controls.retrying()),
    Status.COMPLETED: (controls.processing(), controls.completed()),
    Status.FAILED: (controls.processing(), controls.failed()),
    Status.CANCELLED: (controls.cancelled(),),
    Status.REMOVED: (controls.processing(), controls.completed(), controls.removed()),
}
TERMINAL: Final = tuple(status for status in Status if not status.is_active)

# Rows: the state before. Columns: the event. A dot means that nothing changes. What may be appended
# is for decisions to say: `evolve` follows whatever the log says as long as a task is active.
TABLE: Final = """
            requested processing retrying completed failed cancelled removed
pending     .         processing retrying completed failed cancelled removed
processing  .         processing retrying completed failed cancelled removed
retrying    .         processing retrying completed failed cancelled removed
completed   .         .          .        .         .      .         removed
failed      .         .          .        .         .      .         removed
cancelled   .         .          .        .         .      .         removed
removed     .         .          .        .         .      .         removed
"""


def transitions() -> list[tuple[Status, str, Status | None]]:
    """The cells of the table: before, event, and after if anything changes."""
    header, *rows = (line.split() for line in TABLE.strip().splitlines())
    return [
        (Status(row[0]), event, None if cell == "." else Status(cell))
        for row in rows
        for event, cell in zip(header, row[1:], strict=True)
    ]


def task_of(*changes: TaskEvent) -> Task:
    """The state after a request and what followed."""
    task = fold(controls.history(*changes))
    assert task is not None
    return task


def after(task: Task, change: TaskEvent, *, position: int | None = None) -> RecordedEvent:
    """A change recorded behind a task's last event, whether or not it may happen."""
    recorded = controls.history(controls.processing())[1]
    event = msgspec.structs.replace(
        recorded.event,
        id="event-after",
        type=EVENT_TYPES[type(change)],
        time=controls.at(1_000),
        sequence=f"{task.version + 1:010d}",
        data=change,
    )
    return msgspec.structs.replace(
        recorded, position=position or task.position + 1, hash="c" * 64, event=event
    )


class TestEvolve:
    """The state after one more event."""

    @pytest.mark.parametrize(("before", "event", "expected"), transitions())
    def test_moves_as_the_table_says(
        self, before: Status, event: str, expected: Status | None
    ) -> None:
        """Every event in every state, legal or not."""
        task = task_of(*HISTORIES[before])

        moved = evolve(task, after(task, EVENTS[event]))

        if expected is None:
            assert moved is task
        else:
            assert moved is not None
            assert moved.status is expected
            assert moved.version == task.version + 1

    def test_begins_with_a_request(self) -> None:
        """A request alone is a pending task with everything that identifies it."""
        recorded = controls.history()[0]

        task = evolve(None, recorded)

        assert task == Task(
            task_id=controls.task_id(),
            user_key=controls.user_key(),
            status=Status.PENDING,
            version=1,
            requested_position=1,
            position=1,
            last_event_id=controls.stamp(1).event_id,
            last_hash=recorded.hash,
            correlation_id=f"request-{controls.task_id()}",
            created_at=controls.at(1),
            updated_at=controls.at(1),
            request=controls.request(),
        )

    @pytest.mark.parametrize("event", [name for name in EVENTS if name != "requested"])
    def test_makes_nothing_of_events_without_a_beginning(self, event: str) -> None:
        """No event but a request begins a task."""
        recorded = after(task_of(), EVENTS[event])

        assert evolve(None, recorded) is None

    @pytest.mark.parametrize("status", Status)
    def test_ignores_what_it_has_folded(self, status: Status) -> None:
        """A history told twice is the history told once."""
        history = controls.history(*HISTORIES[status])

        assert fold(history + history) == fold(history)

    @pytest.mark.parametrize("status", TERMINAL)
    @pytest.mark.parametrize("late", [1, 2])
    def test_ignores_a_removal_that_it_is_past(self, status: Status, late: int) -> None:
        """Also a removal counts only behind the state's position."""
        task = task_of(*HISTORIES[status])
        position = max(1, task.position - late + 1)

        assert evolve(task, after(task, controls.removed(), position=position)) is task

    @pytest.mark.parametrize("change", [controls.processing(3), controls.completed(3)])
    def test_forgets_an_error_that_passed(self, change: TaskEvent) -> None:
        """After a retry nothing is left of the error and of the next attempt's time."""
        before = task_of(controls.processing(), controls.retrying())

        moved = evolve(before, after(before, change))

        assert before.error_code == "engine_unavailable"
        assert before.next_attempt_at == controls.at(101)
        assert moved is not None
        assert (moved.error_code, moved.error_message, moved.next_attempt_at) == (None, None, None)
        assert moved.attempt == 3

    def test_hides_the_result_of_a_removed_task(self) -> None:
        """What its owner removed is not shown by the state any more."""
        removed = task_of(controls.processing(), controls.completed(), controls.removed())

        assert removed.result is None
        assert removed.request == controls.request()

    @pytest.mark.parametrize("refunded", [True, False])
    @pytest.mark.parametrize("event", ["failed", "cancelled", "removed"])
    def test_knows_whether_the_request_counts(self, event: str, *, refunded: bool) -> None:
        """Each event that ends a task says whether its quota was given back."""
        task = task_of()
        change = msgspec.structs.replace(EVENTS[event], quota_refunded=refunded)

        moved = evolve(task, after(task, change))

        assert moved is not None
        assert moved.quota_refunded is refunded

    @given(events=st.lists(recorded_events(), max_size=20))
    def test_never_raises(self, events: list[RecordedEvent]) -> None:
        """Any events in any order add up to a task or to nothing."""
        task = fold(events)

        assert task is None or task.position >= task.requested_position

    @given(events=st.lists(recorded_events(), max_size=20))
    def test_is_final_but_for_the_removal(self, events: list[RecordedEvent]) -> None:
        """A task that has ended stays as it ended, or is removed."""
        task: Task | None = None
        for recorded in events:
            moved = evolve(task, recorded)
            if task is not None and not task.status.is_active:
                assert moved is task or (moved is not None and moved.status is Status.REMOVED)
            task = moved


class TestFold:
    """What a history adds up to."""

    @given(life=lives())
    def test_needs_only_the_first_and_the_last_event(self, life: tuple[TaskEvent, ...]) -> None:
        """Two reads decide, however long the history is."""
        history = controls.history(*life)

        assert fold((history[0], history[-1])) == fold(history)

    @given(life=lives(), data=st.data())
    def test_goes_on_from_any_state(self, life: tuple[TaskEvent, ...], data: st.DataObject) -> None:
        """A history may be folded in pieces, and the pieces may overlap."""
        history = controls.history(*life)
        seen = data.draw(st.integers(min_value=0, max_value=len(history)))
        again = data.draw(st.integers(min_value=0, max_value=seen))
        task = fold(history[:seen])

        for recorded in history[again:]:
            task = evolve(task, recorded)

        assert task == fold(history)

    def test_makes_nothing_of_nothing(self) -> None:
        """No events, no task."""
        assert fold(()) is None


class TestStatus:
    """What a status means."""

    def test_is_active_until_the_end(self) -> None:
        """A worker may change a task as long as it is pending, processing or retrying."""
        active = {status.value for status in Status if status.is_active}

        assert active == {"pending", "processing", "retrying"}


class TestNextEvent:
    """How events of a task hang together."""

    @given(life=lives())
    def test_is_chained_to_the_event_before(self, life: tuple[TaskEvent, ...]) -> None:
        """Each names the body, the id and the number of the one before it."""
        stored = controls.stored(*life)
        events = [decode(message).event for message in stored]

        assert [event.previoushash for event in events] == [
            None,
            *(body_hash(message.body) for message in stored[:-1]),
        ]
        assert [event.causationid for event in events] == [None, *(e.id for e in events[:-1])]
        assert [int(event.sequence) for event in events] == list(range(1, len(events) + 1))
        assert {event.correlationid for event in events} == {events[0].correlationid}

    def test_carries_the_attributes_of_cloudevents(self) -> None:
        """The first event of a task, attribute by attribute."""
        event = first_event(controls.request(), stamp=controls.stamp(7), correlation_id="request-7")

        assert msgspec.structs.asdict(event) == {
            "specversion": "1.0",
            "id": controls.stamp(7).event_id,
            "source": SOURCE,
            "type": "concepts.task.requested.v1",
            "subject": controls.task_id(),
            "time": controls.at(7),
            "dataschema": f"{SOURCE}:schema:concepts.task.requested.v1",
            "sequence": "0000000001",
            "correlationid": "request-7",
            "causationid": None,
            "previoushash": None,
            "producer": controls.PRODUCER,
            "data": controls.request(),
        }

    def test_numbers_sort_as_text(self) -> None:
        """Sequences are padded, so that text order is their order."""
        task = msgspec.structs.replace(task_of(), version=9)

        events = [
            next_event(
                msgspec.structs.replace(task, version=version),
                controls.processing(),
                stamp=controls.stamp(),
            )
            for version in (8, 9, 98, 99)
        ]

        assert [event.sequence for event in events] == sorted(event.sequence for event in events)

    def test_refuses_a_second_request(self) -> None:
        """A task is requested once: anything else is a programmer's error."""
        with pytest.raises(AssertionError):
            _ = next_event(task_of(), controls.request(), stamp=controls.stamp())

    @pytest.mark.parametrize("payload", EVENT_TYPES)
    def test_every_event_has_its_own_type(self, payload: type[TaskEvent]) -> None:
        """Types are named after their events and carry a version."""
        name = payload.__name__.removeprefix("Task").lower()

        assert EVENT_TYPES[payload] == f"concepts.task.{name}.v1"
