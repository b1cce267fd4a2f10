"""Deliveries that are postponed."""

import asyncio

import pytest

from events.failures import FailureCode
from events.task import Status
from services.refinement.failures import EngineUnavailable
from services.refinement.reactor import Result
from tests.unit.reactor.workbench import ATTEMPTS_MAX, Workbench


async def unavailable() -> None:
    """An engine that is down."""
    raise EngineUnavailable(reason="test")


async def test_a_passing_failure_is_recorded_and_postponed(bench: Workbench) -> None:
    """The task says when it will be tried again, and the request comes back then."""
    requested = await bench.request()
    bench.engine.before = unavailable

    outcome = await bench.handle_next()

    task = await bench.task(requested)
    assert outcome.result is Result.POSTPONED
    assert 0.5 <= outcome.delay_s <= 1
    assert (task.status, task.error_code) == (Status.RETRYING, FailureCode.ENGINE_UNAVAILABLE)
    assert task.next_attempt_at is not None


async def test_an_upload_that_hangs_is_given_up_and_tried_again(bench: Workbench) -> None:
    """It has a bound of its own, so that one bad connection does not cost the whole deadline."""
    bench.store_timeout_s = 0.05
    bench.reactor = bench.new_reactor()
    requested = await bench.request()
    bench.engine.before = bench.store.hang

    outcome = await bench.handle_next()

    task = await bench.task(requested)
    assert outcome.result is Result.POSTPONED
    assert (task.status, task.error_code) == (Status.RETRYING, FailureCode.STORAGE_UNAVAILABLE)


async def test_an_early_delivery_waits_for_its_time(bench: Workbench) -> None:
    """A request that comes back before its next attempt is due is postponed by the rest."""
    requested = await bench.request()
    bench.engine.before = unavailable
    await bench.handle_next()
    before = await bench.names(requested)

    outcome = await bench.reactor.handle(await bench.delivery_now())

    assert outcome.result is Result.POSTPONED
    assert 0 < outcome.delay_s <= 1
    assert await bench.names(requested) == before


async def test_the_next_attempt_succeeds(bench: Workbench) -> None:
    """When the trouble has passed the task completes, with its attempts counted."""
    requested = await bench.request()
    bench.engine.before = unavailable
    await bench.handle_next()
    bench.engine.before = None
    bench.clock.move(seconds=5)

    await bench.reactor.handle(await bench.delivery_now())

    task = await bench.task(requested)
    assert (task.status, task.attempt) == (Status.COMPLETED, 2)
    assert task.error_code is None


async def test_the_last_attempt_fails_with_what_went_wrong(bench: Workbench) -> None:
    """The owner is told the trouble itself, and gets the quota back."""
    requested = await bench.request()
    bench.engine.before = unavailable

    for _ in range(ATTEMPTS_MAX):
        await bench.reactor.handle(await bench.delivery_now())
        bench.clock.move(seconds=30)

    task = await bench.task(requested)
    assert (task.status, task.error_code) == (Status.FAILED, FailureCode.ENGINE_UNAVAILABLE)
    assert task.quota_refunded
    assert (await bench.names(requested)).count("TaskProcessing") == ATTEMPTS_MAX


async def test_an_unavailable_store_is_retried(bench: Workbench) -> None:
    """Storage that is down is our trouble, and passes."""
    requested = await bench.request()

    async def take_the_store_away() -> None:
        bench.store.is_available = False

    bench.engine.before = take_the_store_away

    await bench.handle_next()

    task = await bench.task(requested)
    assert (task.status, task.error_code) == (Status.RETRYING, FailureCode.STORAGE_UNAVAILABLE)


async def test_an_unavailable_log_leaves_the_request_in_the_queue(bench: Workbench) -> None:
    """Nothing can be decided without the log: the request comes back later."""
    await bench.request()
    delivery = await bench.delivery()
    bench.log.is_available = False

    outcome = await bench.reactor.handle(delivery)

    assert outcome.result is Result.POSTPONED


async def test_a_cancelled_handling_hands_the_request_back(bench: Workbench) -> None:
    """A worker that is told to go gives its task to the others at once."""
    await bench.request()
    started = asyncio.Event()

    async def hang() -> None:
        started.set()
        await asyncio.Event().wait()

    bench.engine.before = hang
    handling = asyncio.create_task(bench.reactor.handle(await bench.delivery()))
    await started.wait()

    handling.cancel()

    with pytest.raises(asyncio.CancelledError):
        await handling
    again = await bench.delivery()
    assert again.count == 2
