"""What a worker does with a task it was handed."""

from datetime import datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.failures import FailureCode
from events.task import TaskEvent, fold
from services.refinement.next_step import Attempt, Fail, Forget, Step, Wait, next_step
from tests import controls
from tests.strategies import lives

ATTEMPTS_MAX: Final = 4
DEADLINE: Final = controls.request().deadline
DUE: Final = controls.retrying(1).next_attempt_at
TICK: Final = timedelta(microseconds=1)

P1: Final = controls.processing(1)
R1: Final = controls.retrying(1)
LAST: Final = controls.processing(ATTEMPTS_MAX)


def step_of(*changes: TaskEvent, now: datetime = DUE) -> Step:
    """The step after a request and what followed."""
    return next_step(fold(controls.history(*changes)), now=now, attempts_max=ATTEMPTS_MAX)


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        pytest.param((), controls.at(2), Attempt(1), id="a new task is attempted"),
        pytest.param((P1,), controls.at(3), Attempt(2), id="a worker that died is followed"),
        pytest.param((P1, R1), DUE - TICK, Wait(DUE), id="a retry is not due yet"),
        pytest.param((P1, R1), DUE, Attempt(2), id="a retry is due"),
        pytest.param((P1, R1), DUE + TICK, Attempt(2), id="a retry is overdue"),
        pytest.param((LAST,), DUE, Fail(FailureCode.ATTEMPTS_EXHAUSTED), id="the last worker died"),
        pytest.param(
            (LAST, controls.retrying(ATTEMPTS_MAX)),
            controls.at(5),
            Fail(FailureCode.ATTEMPTS_EXHAUSTED),
            id="no attempt is left to wait for",
        ),
        pytest.param(
            (controls.processing(ATTEMPTS_MAX - 1),),
            DUE,
            Attempt(ATTEMPTS_MAX),
            id="one attempt is left",
        ),
        pytest.param((), DEADLINE - TICK, Attempt(1), id="just before the deadline"),
        pytest.param((), DEADLINE, Fail(FailureCode.DEADLINE_EXCEEDED), id="at the deadline"),
        pytest.param(
            (P1, R1),
            DEADLINE + TICK,
            Fail(FailureCode.DEADLINE_EXCEEDED),
            id="past the deadline while waiting",
        ),
        pytest.param(
            (LAST,),
            DEADLINE,
            Fail(FailureCode.DEADLINE_EXCEEDED),
            id="the deadline comes before the attempts",
        ),
        pytest.param((P1, controls.completed()), DEADLINE, Forget(), id="completed"),
        pytest.param((P1, controls.failed()), DEADLINE, Forget(), id="failed"),
        pytest.param((controls.cancelled(),), DEADLINE, Forget(), id="cancelled"),
        pytest.param((P1, controls.completed(), controls.removed()), DUE, Forget(), id="removed"),
    ],
)
def test_decides(changes: tuple[TaskEvent, ...], now: datetime, expected: Step) -> None:
    """One row for each reason to attempt, wait, fail or forget."""
    assert step_of(*changes, now=now) == expected


def test_forgets_a_task_that_is_not_there() -> None:
    """A request whose task cannot be found has nothing to work on."""
    assert next_step(None, now=DUE, attempts_max=ATTEMPTS_MAX) == Forget()


@given(life=lives(), seconds=st.integers(min_value=-1_000, max_value=1_000))
def test_never_attempts_too_late_or_too_often(life: tuple[TaskEvent, ...], seconds: int) -> None:
    """An attempt has a number that is new and allowed, and time before the deadline."""
    task = fold(controls.history(*life))
    now = DEADLINE + timedelta(seconds=seconds)
    assert task is not None

    step = next_step(task, now=now, attempts_max=ATTEMPTS_MAX)

    assert isinstance(step, Forget) == (not task.status.is_active)
    if isinstance(step, Attempt):
        assert step.number == task.attempt + 1 <= ATTEMPTS_MAX
        assert now < DEADLINE


def test_a_task_that_kills_its_workers_runs_out_of_attempts() -> None:
    """However often it is handed out, it is attempted as often as allowed and then fails."""
    scribe = controls.Scribe()
    _ = scribe.request(controls.request())
    steps: list[Step] = []
    for _ in range(ATTEMPTS_MAX + 1):
        step = next_step(scribe.tasks[controls.task_id()], now=DUE, attempts_max=ATTEMPTS_MAX)
        steps.append(step)
        if isinstance(step, Attempt):
            _ = scribe.append(controls.processing(step.number))

    assert steps == [
        *(Attempt(number) for number in range(1, ATTEMPTS_MAX + 1)),
        Fail(FailureCode.ATTEMPTS_EXHAUSTED),
    ]
