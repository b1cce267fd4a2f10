"""What may follow what: as the design draws it, and as real writers do it."""

import pytest
from hypothesis import given

from events.task import Status, TaskEvent
from events.transitions import Stage, stage_after, why_impossible
from tests import controls
from tests.strategies import LEGAL, lives

EVENTS: tuple[TaskEvent, ...] = (
    controls.request(),
    controls.processing(2),
    controls.retrying(1),
    controls.completed(1),
    controls.failed(1),
    controls.cancelled(),
    controls.removed(),
)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("payload", EVENTS, ids=lambda payload: type(payload).__name__)
def test_the_state_machine(status: Status, payload: TaskEvent) -> None:
    """Each event in each state."""
    is_possible = why_impossible(Stage(status, 1), payload) is None

    assert is_possible == isinstance(payload, LEGAL[status])


@given(lives())
def test_a_legal_life_is_possible(changes: tuple[TaskEvent, ...]) -> None:
    """From its request to its end."""
    stage: Stage | None = None
    for payload in (controls.request(), *changes):
        assert why_impossible(stage, payload) is None
        stage = stage_after(stage, payload)


def test_a_life_begins_with_its_request() -> None:
    """And with nothing else."""
    assert why_impossible(None, controls.request()) is None
    assert why_impossible(None, controls.processing()) == "a task begins with its request"


def test_attempts_are_counted() -> None:
    """The next one begins; only the last one ends."""
    before = Stage(Status.PROCESSING, 2)

    assert why_impossible(before, controls.processing(3)) is None
    assert why_impossible(before, controls.processing(2)) is not None
    assert why_impossible(before, controls.completed(1)) is not None
    assert why_impossible(before, controls.failed(2)) is None
