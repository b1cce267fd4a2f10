"""What is heard of a worker while it is at a task."""

import asyncio

from events.progress import Progress, Stage
from services.refinement.failures import EngineUnavailable
from services.refinement.progress import SPANS
from tests.unit.reactor.workbench import Workbench


async def test_every_stage_of_an_attempt_is_said(bench: Workbench) -> None:
    """In order, with a fraction of the whole, to whoever listens."""
    heard: list[Progress] = []
    await bench.signals.listen(heard.append)
    requested = await bench.request()

    await bench.handle_next()
    await asyncio.sleep(0)

    fractions = [one.fraction for one in heard]
    assert list(dict.fromkeys(one.stage for one in heard)) == list(Stage)
    assert fractions == sorted(fractions)
    assert {span.start for span in SPANS.values()} <= set(fractions)
    assert {(one.task_id, one.user_key, one.attempt) for one in heard} == {
        (requested.task_id, requested.user_key, 1)
    }


async def test_the_next_attempt_begins_anew(bench: Workbench) -> None:
    """Its number tells it from the one before."""
    heard: list[Progress] = []
    await bench.signals.listen(heard.append)
    requested = await bench.request()

    async def fail() -> None:
        raise EngineUnavailable(reason="busy")

    bench.engine.before = fail
    await bench.handle_next()
    bench.clock.move(seconds=20)
    bench.engine.before = None

    await bench.reactor.handle(await bench.delivery_now())
    await asyncio.sleep(0)

    assert list(dict.fromkeys((one.attempt, one.stage) for one in heard)) == [
        (1, Stage.FETCHING),
        (1, Stage.REFINING),
        (2, Stage.FETCHING),
        (2, Stage.REFINING),
        (2, Stage.STORING),
    ]
    assert (await bench.task(requested)).attempt == 2


async def test_work_goes_on_though_nobody_can_be_told(bench: Workbench) -> None:
    """Progress is for show."""
    bench.signals.is_available = False
    requested = await bench.request()

    await bench.handle_next()

    assert (await bench.names(requested))[-1] == "TaskCompleted"
