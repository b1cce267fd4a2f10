"""The view of a task: folding batches, and the stored form."""

from collections.abc import Mapping

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.task import RecordedEvent, Status, Task, TaskEvent, fold
from projections.task_views import document_of, fold_batch, task_of, tasks_to_load
from tests import controls

FOLLOWING: Mapping[str, TaskEvent] = {
    "processing": controls.processing(),
    "retrying": controls.retrying(),
    "completed": controls.completed(plan={"applied": ["palette"], "strength": 0.5}),
    "failed": controls.failed(),
    "cancelled": controls.cancelled(),
    "removed": controls.removed(),
}

# What an engine's plan can hold: JSON, so that what is read back is what was written.
plans = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
)


def state_of(history: tuple[RecordedEvent, ...]) -> Task:
    """The state that a history with a beginning adds up to."""
    task = fold(history)
    assert task is not None
    return task


class TestTasksToLoad:
    """Which views a batch needs."""

    def test_excludes_tasks_that_the_batch_begins(self) -> None:
        """A task whose request is in the batch needs no stored view."""
        scribe = controls.Scribe()
        _ = scribe.request(controls.request(1))
        _ = scribe.request(controls.request(2, user=2), user=2)
        _ = scribe.append(controls.processing(), task=1)
        _ = scribe.append(controls.processing(), task=2)

        needed = tasks_to_load(scribe.recorded[1:])

        assert needed == {controls.task_id(1)}


class TestFoldBatch:
    """What a batch changes."""

    def test_gives_each_task_once_in_its_newest_state(self) -> None:
        """Several events of a task become one view."""
        scribe = controls.Scribe()
        _ = scribe.request(controls.request(1))
        _ = scribe.request(controls.request(2, user=2), user=2)
        _ = scribe.append(controls.processing(), task=1)
        _ = scribe.append(controls.completed(), task=1)

        changed = fold_batch({}, scribe.recorded)

        assert {task.task_id: task for task in changed} == scribe.tasks
        assert len(changed) == 2

    def test_continues_a_stored_view(self) -> None:
        """Events behind a view's position are folded onto it."""
        events = controls.history(controls.processing(), controls.completed())
        view = state_of(events[:2])

        changed = fold_batch({view.task_id: view}, events[2:])

        assert changed == (state_of(events),)

    def test_changes_nothing_that_a_view_knows(self) -> None:
        """A batch that was folded before touches no task."""
        events = controls.history(controls.processing(), controls.completed())
        view = state_of(events)

        changed = fold_batch({view.task_id: view}, events)

        assert changed == ()

    def test_makes_nothing_of_events_without_a_beginning(self) -> None:
        """A task whose request is not there has no view."""
        events = controls.history(controls.processing())

        changed = fold_batch({}, events[1:])

        assert changed == ()


class TestDocument:
    """A view in its stored form."""

    @pytest.mark.parametrize("name", FOLLOWING)
    def test_survives_the_round_trip_through_bson(self, name: str) -> None:
        """Every status, microseconds included, is read back as it was written."""
        change = FOLLOWING[name]
        begun = (controls.completed(),) if name == "removed" else (controls.processing(),)
        task = state_of(controls.history(*begun, change))

        document = bson.decode(bson.encode(document_of(task)))

        assert task_of(document) == task
        assert task.status == Status(name)

    @given(text=st.text(), plan=plans)
    def test_survives_whatever_users_and_engines_write(
        self, text: str, plan: dict[str, object]
    ) -> None:
        """No text and no plan that JSON can carry is lost or refused."""
        asked = controls.request(prompt=text)
        task = state_of(controls.history(controls.completed(plan=plan), asked=asked))

        document = bson.decode(bson.encode(document_of(task)))

        assert task_of(document) == task

    def test_has_at_its_top_what_indexes_need(self) -> None:
        """Identity, position and status are top-level fields."""
        task = state_of(controls.history(controls.processing()))

        document = document_of(task)

        assert document["_id"] == controls.task_id()
        assert document["user_key"] == controls.user_key()
        assert document["status"] == "processing"
        assert document["requested_position"] == 1
        assert document["position"] == 2
        assert "task_id" not in document
