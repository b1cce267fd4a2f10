"""Deliveries that end with a result."""

from events.task import Status, TaskProcessing
from services.refinement.reactor import Result
from tests.desks import requested_event
from tests.unit.reactor.workbench import DRAWN, REFINED, SMALL, Workbench


async def test_a_request_is_processed_stored_and_completed(bench: Workbench) -> None:
    """The picture is in the store under the key that the event names."""
    requested = await bench.request()

    outcome = await bench.handle_next()

    task = await bench.task(requested)
    assert outcome.result is Result.DONE
    assert await bench.names(requested) == ["TaskRequested", "TaskProcessing", "TaskCompleted"]
    assert task.result is not None
    assert bench.store.objects[task.result.image.key] == (REFINED, "image/png")
    assert task.result.image.key == (
        f"concepts/{requested.user_key}/{requested.task_id}/{task.attempt}.png"
    )


async def test_the_thumbnail_is_stored_beside_the_result(bench: Workbench) -> None:
    """And the event names it, so that who reads the event finds it."""
    requested = await bench.request()

    await bench.handle_next()

    task = await bench.task(requested)
    assert task.result is not None
    image, thumbnail = task.result.images
    assert thumbnail.key == image.key.replace(".png", "-thumbnail.png")
    assert thumbnail.bytes == len(SMALL)
    assert bench.store.objects[thumbnail.key] == (SMALL, "image/png")


async def test_an_svg_is_stored_beside_the_result(bench: Workbench) -> None:
    """Where the engine has made one; the event names it like the picture."""
    bench.engine.is_flat = True
    requested = await bench.request()

    await bench.handle_next()

    task = await bench.task(requested)
    assert task.result is not None
    image, _, vector = task.result.images
    assert vector == task.result.vector
    assert vector.key == image.key.replace(".png", ".svg")
    assert (vector.content_type, vector.bytes) == ("image/svg+xml", len(DRAWN))
    assert bench.store.objects[vector.key] == (DRAWN, "image/svg+xml")


async def test_without_an_svg_the_event_says_nothing_of_it(bench: Workbench) -> None:
    """Its bytes are what they were before there were any."""
    requested = await bench.request()

    await bench.handle_next()

    stored = await bench.log.read_history(user_key=requested.user_key, task_id=requested.task_id)
    assert b"vector" not in stored[-1].body


async def test_a_completed_request_is_never_delivered_again(bench: Workbench) -> None:
    """Only a finished task is acknowledged."""
    await bench.request()

    await bench.handle_next()

    assert await bench.queue.next(wait_s=0) is None


async def test_the_instruction_reaches_the_engine(bench: Workbench) -> None:
    """The engine is given what the user asked for."""
    requested = await bench.request()

    await bench.handle_next()

    task = await bench.task(requested)
    assert bench.engine.instructions[0].refinement_prompt == task.request.refinement_prompt


async def test_an_attempt_that_never_reported_back_is_followed_by_the_next(
    bench: Workbench,
) -> None:
    """A worker died in the middle: the next delivery starts the next attempt."""
    requested = await bench.request()
    await bench.append(requested, TaskProcessing(attempt=1, worker="dead", engine="told"))

    await bench.handle_next()

    task = await bench.task(requested)
    assert task.status is Status.COMPLETED
    assert task.attempt == 2


async def test_a_task_that_has_ended_is_forgotten(bench: Workbench) -> None:
    """A delivery of a finished task changes nothing and is acknowledged."""
    requested = await bench.request()
    first = await bench.delivery()
    await bench.reactor.handle(first)
    before = await bench.names(requested)

    outcome = await bench.reactor.handle(first)

    assert outcome.result is Result.DONE
    assert await bench.names(requested) == before


async def test_another_task_on_the_desk_does_not_cost_the_result(bench: Workbench) -> None:
    """The desk moved while the worker worked, but not its task: the result is recorded."""
    requested = await bench.request()

    async def touch_the_desk() -> None:
        reading = await bench.log.read_desk(requested.user_key)
        await bench.log.append(
            requested_event(), user_key=requested.user_key, expected_position=reading.position
        )

    bench.engine.before = touch_the_desk

    outcome = await bench.handle_next()

    assert outcome.result is Result.DONE
    assert (await bench.task(requested)).status is Status.COMPLETED
