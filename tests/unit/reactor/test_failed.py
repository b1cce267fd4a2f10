"""Deliveries that end with a failure."""

import asyncio

from events.failures import FailureCode
from events.task import Status, TaskFailed, TaskProcessing
from services.refinement.failures import PromptNotUnderstood
from services.refinement.reactor import Result
from tests.unit.reactor.workbench import ATTEMPTS_MAX, Workbench


async def test_a_missing_original_fails_at_once_and_is_paid_for(bench: Workbench) -> None:
    """Nothing that a retry could mend: one attempt, no refund."""
    requested = await bench.request(with_original=False)

    outcome = await bench.handle_next()

    task = await bench.task(requested)
    assert outcome.result is Result.DONE
    assert (task.status, task.error_code) == (Status.FAILED, FailureCode.IMAGE_NOT_FOUND)
    assert not task.quota_refunded
    assert await bench.names(requested) == ["TaskRequested", "TaskProcessing", "TaskFailed"]


async def test_a_prompt_that_nothing_applies_of_gives_the_quota_back(bench: Workbench) -> None:
    """The user learns what can be done, and may try again."""
    requested = await bench.request()

    async def refuse() -> None:
        raise PromptNotUnderstood(reason="test")

    bench.engine.before = refuse

    await bench.handle_next()

    task = await bench.task(requested)
    assert task.error_code == FailureCode.PROMPT_NOT_UNDERSTOOD
    assert task.quota_refunded


async def test_a_task_past_its_deadline_fails_without_an_attempt(bench: Workbench) -> None:
    """The deadline counts from the request, whoever held the task since."""
    requested = await bench.request()
    bench.clock.move(minutes=6)

    await bench.handle_next()

    task = await bench.task(requested)
    assert (task.error_code, task.quota_refunded) == (FailureCode.DEADLINE_EXCEEDED, True)
    assert await bench.names(requested) == ["TaskRequested", "TaskFailed"]


async def test_an_engine_that_hangs_is_stopped_at_the_deadline(bench: Workbench) -> None:
    """What is left of the task's time is all an attempt gets."""
    requested = await bench.request()
    bench.clock.move(minutes=5, seconds=-0.05)

    async def hang() -> None:
        await asyncio.Event().wait()

    bench.engine.before = hang

    await bench.handle_next()

    assert (await bench.task(requested)).error_code == FailureCode.DEADLINE_EXCEEDED


async def test_an_upload_that_hangs_is_stopped_at_the_deadline(bench: Workbench) -> None:
    """Storing is part of the attempt: it ends with the task's time, whatever its own bound."""
    requested = await bench.request()
    bench.clock.move(minutes=5, seconds=-0.05)
    bench.engine.before = bench.store.hang

    await bench.handle_next()

    assert (await bench.task(requested)).error_code == FailureCode.DEADLINE_EXCEEDED


async def test_a_task_that_kills_its_workers_runs_out_of_attempts(bench: Workbench) -> None:
    """Attempts that never reported back count."""
    requested = await bench.request()
    for attempt in range(1, ATTEMPTS_MAX + 1):
        await bench.append(requested, TaskProcessing(attempt=attempt, worker="dead", engine="told"))

    await bench.handle_next()

    task = await bench.task(requested)
    assert (task.error_code, task.quota_refunded) == (FailureCode.ATTEMPTS_EXHAUSTED, True)


async def test_a_bug_of_ours_costs_its_attempts_and_not_the_worker(bench: Workbench) -> None:
    """An unexpected exception is retried, then recorded as an internal error."""
    requested = await bench.request()

    async def crash() -> None:
        raise ZeroDivisionError

    bench.engine.before = crash

    for _ in range(ATTEMPTS_MAX):
        await bench.reactor.handle(await bench.delivery_now())
        bench.clock.move(seconds=30)

    last = (await bench.history(requested))[-1].event.data
    assert isinstance(last, TaskFailed)
    assert (last.error_code, last.attempt) == (FailureCode.INTERNAL_ERROR, ATTEMPTS_MAX)
    assert last.quota_refunded
