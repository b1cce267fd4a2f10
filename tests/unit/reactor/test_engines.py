"""Deliveries of tasks that ask for an engine, or for none."""

import pytest
from msgspec import UNSET, UnsetType
from structlog.testing import capture_logs

from events.failures import FailureCode
from events.task import Status, TaskProcessing
from services.refinement.failures import ProviderUnclear
from services.refinement.offers import Offer
from services.refinement.reactor import Result
from tests.unit.reactor.workbench import ToldEngine, Workbench


def paid() -> Offer:
    """An engine that costs money and never answers; one such call is risked."""
    engine = ToldEngine("openai")

    async def never_answer() -> None:
        raise ProviderUnclear(reason="test")

    engine.before = never_answer
    return Offer(engine=engine, timeout_s=5, calls_max=1)


async def test_a_task_gets_the_engine_it_asks_for() -> None:
    """Its attempt and its result name it; the default is not called."""
    patient = ToldEngine("replicate")
    bench = Workbench(others=(Offer(engine=patient, timeout_s=123),))
    requested = await bench.request(engine="replicate")

    outcome = await bench.handle_next()

    task = await bench.task(requested)
    begun = (await bench.history(requested))[1].event.data
    assert outcome.result is Result.DONE
    assert task.result is not None
    assert task.result.engine.name == "replicate"
    assert isinstance(begun, TaskProcessing)
    assert begun.engine == "replicate"
    assert patient.timeouts_s == [123]
    assert bench.engine.instructions == []


@pytest.mark.parametrize("engine", ["told", UNSET])
async def test_the_default_is_for_who_asks_for_it_or_for_nothing(engine: str | UnsetType) -> None:
    """By its name, or without one."""
    other = ToldEngine("replicate")
    bench = Workbench(others=(Offer(engine=other, timeout_s=5),))
    requested = await bench.request(engine=engine)

    await bench.handle_next()

    assert (await bench.task(requested)).status is Status.COMPLETED
    assert len(bench.engine.instructions) == 1
    assert other.instructions == []


async def test_an_engine_that_is_not_offered_fails_the_task_once(bench: Workbench) -> None:
    """No attempt, the quota given back, and an operator told that API and worker disagree."""
    requested = await bench.request(engine="openai")

    with capture_logs() as logged:
        outcome = await bench.handle_next()

    task = await bench.task(requested)
    assert outcome.result is Result.DONE
    assert (task.status, task.error_code) == (Status.FAILED, FailureCode.ENGINE_NOT_OFFERED)
    assert task.quota_refunded
    assert await bench.names(requested) == ["TaskRequested", "TaskFailed"]
    assert [entry["code"] for entry in logged if entry["event"] == "engine.needs_operator"] == [
        FailureCode.ENGINE_NOT_OFFERED
    ]
    assert not bench.queue.is_waiting(requested.position)


async def test_what_a_task_may_cost_is_bounded_by_its_own_engine() -> None:
    """An engine that is paid for is called as often as its own bound says."""
    bench = Workbench(others=(paid(),))
    requested = await bench.request(engine="openai")

    await bench.handle_next()

    task = await bench.task(requested)
    assert (task.status, task.attempt) == (Status.FAILED, 1)
    assert task.error_code == FailureCode.ENGINE_OUTCOME_UNKNOWN


async def test_an_engine_that_costs_nothing_has_no_such_bound() -> None:
    """The bound of another engine of the same worker is not its own."""
    bench = Workbench(others=(paid(),))
    requested = await bench.request()
    await bench.append(requested, TaskProcessing(attempt=1, worker="dead", engine="told"))

    await bench.handle_next()

    task = await bench.task(requested)
    assert (task.status, task.attempt) == (Status.COMPLETED, 2)
