"""Deliveries whose task was taken away meanwhile."""

import msgspec

from events.task import Status, TaskCancelled, TaskProcessing
from services.refinement.reactor import Result
from tests.unit.reactor.workbench import RecordedDelivery, Workbench


async def test_a_newer_attempt_takes_the_task(bench: Workbench) -> None:
    """The older worker's result is refused and its picture removed."""
    requested = await bench.request()

    async def another_worker() -> None:
        await bench.append(requested, TaskProcessing(attempt=2, worker="other", engine="told"))

    bench.engine.before = another_worker

    outcome = await bench.handle_next()

    task = await bench.task(requested)
    assert outcome.result is Result.LOST
    assert (task.status, task.attempt) == (Status.PROCESSING, 2)
    assert list(bench.store.objects) == ["uploads/logo.png"]


async def test_a_cancelled_task_takes_no_result(bench: Workbench) -> None:
    """The owner's word is final: no result follows a cancellation."""
    requested = await bench.request()

    async def the_owner() -> None:
        await bench.append(requested, TaskCancelled(reason="owner", quota_refunded=False))

    bench.engine.before = the_owner

    outcome = await bench.handle_next()

    assert outcome.result is Result.DONE
    assert await bench.names(requested) == ["TaskRequested", "TaskProcessing", "TaskCancelled"]
    assert list(bench.store.objects) == ["uploads/logo.png"]
    assert not bench.queue.is_waiting(requested.position)


async def test_a_lost_request_is_acknowledged_once_its_task_has_ended(bench: Workbench) -> None:
    """The next delivery finds the end, and is the last."""
    requested = await bench.request()
    delivery = await bench.delivery()
    await bench.append(requested, TaskCancelled(reason="owner", quota_refunded=True))

    outcome = await bench.reactor.handle(delivery)

    assert outcome.result is Result.DONE
    assert await bench.queue.next(wait_s=0) is None


async def test_two_workers_with_one_delivery_make_one_result(bench: Workbench) -> None:
    """Both fold the same state; the log lets one of them have the attempt at a time."""
    requested = await bench.request()
    delivery = await bench.delivery()
    other = bench.new_reactor()

    async def the_other_worker_too() -> None:
        bench.engine.before = None
        await other.handle(delivery)

    bench.engine.before = the_other_worker_too

    await bench.reactor.handle(delivery)

    names = await bench.names(requested)
    assert names.count("TaskCompleted") == 1
    assert names[-1] == "TaskCompleted"


async def test_a_loser_does_not_touch_the_request_that_another_holds(bench: Workbench) -> None:
    """Who lost the task leaves its request alone: the winner is still at work on it."""
    requested = await bench.request()

    async def another_worker() -> None:
        await bench.append(requested, TaskProcessing(attempt=2, worker="other", engine="told"))

    bench.engine.before = another_worker
    delivery = RecordedDelivery(await bench.delivery())

    outcome = await bench.reactor.handle(delivery)

    assert outcome.result is Result.LOST
    assert delivery.answers == []


async def test_a_request_of_no_known_form_is_put_off_and_stops_nobody(bench: Workbench) -> None:
    """A subject that is not ours costs the worker nothing but a line in its log."""
    await bench.request()
    delivery = RecordedDelivery(await bench.delivery())
    delivery.stored = msgspec.structs.replace(
        delivery.stored, subject="tasks.concept_refinement.x.y.requested"
    )

    outcome = await bench.reactor.handle(delivery)

    assert outcome.result is Result.POSTPONED
    assert delivery.answers == ["postpone"]
