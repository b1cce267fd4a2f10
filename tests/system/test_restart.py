"""The whole service ends, as it was told to or not, and starts again on the same data."""

import asyncio
import hashlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import msgspec
import pytest

from events.task import RecordedEvent
from tests.system.customers import FORBIDDEN_URL, Customer
from tests.system.evidence import assert_views_equal, endings, settled
from tests.system.running import Service, assert_all_ended, lines_of, refinery
from tests.system.waiting import wait_until

QUOTA = 2
# For what a killed `refinery up` had started: it ends by itself, each process within its grace.
ORPHANS_BOUND_S = 40.0

pytestmark = [pytest.mark.system, pytest.mark.timeout(150)]


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer has had from the service before it ended."""

    tasks: list[dict[str, Any]]
    histories: dict[str, list[RecordedEvent]]


@pytest.fixture
def service(kept: Service) -> Service:
    """`refinery up` on data of its own; running, also if another test has failed in between."""
    if kept.has_ended():
        kept.start()
    return kept


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The data that all these tests share, with a quota that is soon spent."""
    restarted = Service(
        tmp_path_factory.mktemp("restart") / "data",
        settings={"REFINERY_QUOTA_LIMIT": str(QUOTA)},
    )
    try:
        yield restarted
    finally:
        restarted.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_a_restart_loses_nothing(
    number: signal.Signals, service: Service, session: aiohttp.ClientSession, picture: Path
) -> None:
    """Tasks, pictures, quota and history are there again; what was accepted last still ends."""
    somebody = Customer(session, service, f"regular-{uuid4()}")
    newcomer = Customer(session, service, f"newcomer-{uuid4()}")
    past = await spend_quota(somebody, service, picture)
    unfinished = await newcomer.accepted(FORBIDDEN_URL)
    before = service.family()
    assert len(before) > len(service.ready.pids)

    service.interrupt(number)
    status = await asyncio.to_thread(service.wait)

    if number is signal.SIGKILL:
        assert status == -signal.SIGKILL
    else:
        assert status == 0, service.stderr
        # Nothing is left behind when it says so; nobody has to wait.
        assert_all_ended(before, bound_s=0)
    assert len(lines_of(service.stdout)) == 1, "the line for other programs is the only one"
    await asyncio.to_thread(service.start)
    assert_all_ended(before, bound_s=ORPHANS_BOUND_S)
    somebody = Customer(session, service, somebody.user)
    newcomer = Customer(session, service, newcomer.user)
    present = await past_of(somebody, service, [task["task_id"] for task in past.tasks])
    assert present == past
    assert (await somebody.refine(FORBIDDEN_URL)).status == 429
    assert (await newcomer.ended(unfinished))["status"] == "failed"
    completed = (await somebody.task(past.tasks[0]["task_id"])).json
    picture_now = await somebody.download(completed["image_url"])
    assert hashlib.sha256(picture_now).hexdigest() == completed["result"]["sha256"]
    histories = await settled(service)
    assert len(endings(histories[unfinished])) == 1
    await assert_views_equal(service, histories)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_start_can_be_stopped(
    number: signal.Signals, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A signal before it is ready undoes what was started."""
    service = Service(tmp_path_factory.mktemp("impatient") / "data")
    try:
        service.launch()
        wait_until(lambda: "is ready" in service.stderr, bound_s=30, what="a server is ready")
        family = service.family()

        service.interrupt(number)

        assert service.wait() == 0, service.stderr
        assert_all_ended(family, bound_s=0)
        assert service.stdout == ""
    finally:
        service.stop()


def test_a_second_start_is_refused_and_changes_nothing(service: Service) -> None:
    """One line says that the data is in use; the first keeps its addresses over a restart."""
    before = service.ready

    second = refinery("up", "--data", service.data, "--port", "0", "--json")

    assert second.status == 1
    assert second.stdout == ""
    [line] = lines_of(second.stderr)
    assert line.startswith("error: ")
    assert str(service.data) in line
    assert service.pid("api") in {process.pid for process in service.family()}
    service.stop()
    service.start()
    assert service.ready.api == before.api
    assert service.ready.nats == before.nats
    assert service.ready.mongo == before.mongo
    assert service.ready.s3 == before.s3


async def spend_quota(customer: Customer, service: Service, picture: Path) -> Past:
    """One task that completes and one that fails: a whole quota."""
    completed = await customer.accepted(await asyncio.to_thread(service.upload, picture))
    assert (await customer.ended(completed))["status"] == "completed"
    failed = await customer.accepted(FORBIDDEN_URL)
    assert (await customer.ended(failed))["status"] == "failed"
    return await past_of(customer, service, [completed, failed])


async def past_of(customer: Customer, service: Service, task_ids: list[str]) -> Past:
    """What the service has of these tasks, in its answers, its views and its log."""
    histories = await settled(service)
    await assert_views_equal(service, histories)
    tasks = [(await customer.task(task_id)).json for task_id in task_ids]
    return Past(
        tasks=[without_signed_urls(task) for task in tasks],
        histories={task_id: list(histories[task_id]) for task_id in task_ids},
    )


def without_signed_urls(task: dict[str, Any]) -> dict[str, Any]:
    """A task without what is made anew each time it is read."""
    result = task.get("result")
    if result is not None:
        assert result["image_url"]
        task = {**task, "result": {**result, "image_url": ""}}
    return {name: value for name, value in task.items() if name != "image_url"}
