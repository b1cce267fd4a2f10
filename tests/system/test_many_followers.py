"""A thousand clients follow two hundred tasks on one API process, which is then as it was.

The numbers in docs/performance.md are those of `--log-cli-level=info`.
"""

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
import pytest

from events.subjects import STREAM
from services.adapters.jetstream import JetStreamConnection
from services.adapters.s3 import CONNECTIONS_MAX
from services.runtime.lifecycle import allow_open_files
from tests.system.customers import ANSWER_BOUND_S, Customer
from tests.system.evidence import History, read_histories
from tests.system.followers import Listener, Poller, told_of
from tests.system.pictures import draw
from tests.system.running import Service
from tests.system.waiting import eventually

TASKS: Final = 200
LISTENERS_PER_TASK: Final = 3
POLLERS_PER_TASK: Final = 2
CLIENTS: Final = TASKS * (LISTENERS_PER_TASK + POLLERS_PER_TASK)
ROUNDS: Final = 2
WARM_UP: Final = "warm-up"
BOUND_S: Final = 30.0
# Places for all, and for a quarter as many again.
SETTINGS: Final = {
    "REFINERY_REFINEMENT_SLOTS": "8",
    "REFINERY_HTTP_WAITING_MAX": str(CLIENTS + CLIENTS // 4),
}
# What the pools of connections to the object store and to MongoDB may grow by; the latter is the
# driver's default. Less than one file for each task.
FILES_SLACK: Final = CONNECTIONS_MAX + 100
# After each round, above what was left of the warm-up: less than 17 KiB for each client, which is
# less than one costs.
MEMORY_SLACK_MIB: Final = 16
# The worker's, the projector's, and one of the API, however many wait there.
CONSUMERS: Final = 3
# As the kernel writes what is no connection, and what no process has open (any more).
LISTENING: Final = "0A"
NOBODYS: Final = "0"

_log: Final = logging.getLogger(__name__)

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """What a process takes of the machine."""

    files: int
    memory_mib: float

    @classmethod
    def of(cls, pid: int) -> "Footprint":
        """Look at a process."""
        proc = Path("/proc") / str(pid)
        pages = int((proc / "statm").read_text().split()[1])
        return cls(
            files=len(list((proc / "fd").iterdir())),
            memory_mib=pages * resource.getpagesize() / 1024**2,
        )


class Crowd:
    """Clients of a number of tasks, each task with as many of each kind."""

    def __init__(self, tasks: Sequence[tuple[Customer, str]]) -> None:
        self.listeners = [Listener(*task) for task in tasks for _ in range(LISTENERS_PER_TASK)]
        self.pollers = [Poller(*task) for task in tasks for _ in range(POLLERS_PER_TASK)]

    async def look(self) -> None:
        """Let those who poll see their task as it is."""
        await asyncio.gather(*(one.look() for one in self.pollers))

    def follow(self) -> list[asyncio.Task[None]]:
        """Let all of them follow."""
        return [
            *(asyncio.create_task(one.listen()) for one in self.listeners),
            *(asyncio.create_task(one.poll()) for one in self.pollers),
        ]

    async def all_wait(self, service: Service) -> None:
        """Return when each has a connection to the API, and each stream has begun."""
        await eventually(
            lambda: connected(service) >= CLIENTS and all(one.told for one in self.listeners),
            bound_s=BOUND_S,
            what="all clients wait",
        )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`refinery up` that nobody else has used."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("files and memory are counted in /proc, which this system does not have")
    service = Service(tmp_path_factory.mktemp("crowd") / "data", settings=SETTINGS)
    try:
        service.start()
        yield service
    finally:
        service.stop()


@pytest.fixture
def room() -> Iterator[None]:
    """Enough open files for the clients, which are all in the process of the tests."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = CLIENTS + 256
    allow_open_files(needed)
    if 0 <= resource.getrlimit(resource.RLIMIT_NOFILE)[0] < needed:
        pytest.skip(f"a process may open fewer than {needed} files here")
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("room")
async def test_a_thousand_clients_follow_on_one_process(service: Service, tmp_path: Path) -> None:
    """Each sees each event once, in order; files, memory and consumers do not grow with them.

    As many have come and gone before: if they kept their places, not all would find one. The
    first thousand make the process larger for good, so it is compared with what it was after them.
    """
    image_url = await asyncio.to_thread(service.upload, draw(tmp_path / "logo.png"))
    pid = service.pid("api")
    _, warm = await follow(service, image_url, name=WARM_UP)
    crowds: list[Crowd] = []
    after: list[Footprint] = []
    for number in range(ROUNDS):
        crowd, footprint = await follow(service, image_url, name=f"round-{number}")
        crowds.append(crowd)
        after.append(footprint)

    histories = await read_histories(service)
    for crowd in crowds:
        assert_all_was_told(crowd, histories)
    assert service.pid("api") == pid
    for footprint in after:
        assert footprint.files <= warm.files + FILES_SLACK
        assert footprint.memory_mib <= warm.memory_mib + MEMORY_SLACK_MIB


async def follow(service: Service, image_url: str, *, name: str) -> tuple[Crowd, Footprint]:
    """Let tasks begin once all clients wait for them, and all clients see them end, and go.

    Returns:
        the clients, and what the API takes without them.
    """
    pid = service.pid("api")
    start = Footprint.of(pid)
    async with connections() as session:
        customers = [Customer(session, service, f"{name}-{number}") for number in range(TASKS)]
        with service.frozen("worker"):
            task_ids = await asyncio.gather(*(one.accepted(image_url) for one in customers))
            tasks = list(zip(customers, task_ids, strict=True))
            await come_and_go(service, Crowd(tasks))
            crowd = Crowd(tasks)
            await crowd.look()
            following = crowd.follow()
            await crowd.all_wait(service)
            waiting = Footprint.of(pid)
            await eventually(
                lambda: has_consumers(service, CONSUMERS), bound_s=BOUND_S, what="few consumers"
            )
        await asyncio.gather(*following)
    await all_gone(service)
    end = Footprint.of(pid)
    grown_kib = (waiting.memory_mib - start.memory_mib) * 1024
    _log.info("%s: before %s", name, start)
    _log.info("%s: with %d clients %s", name, CLIENTS, waiting)
    _log.info("%s: after %s; %.1f KiB for each client", name, end, grown_kib / CLIENTS)
    return crowd, end


async def come_and_go(service: Service, crowd: Crowd) -> None:
    """Let a crowd wait, and be gone without a word before anything happens."""
    await crowd.look()
    following = crowd.follow()
    await crowd.all_wait(service)
    for one in following:
        one.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    await all_gone(service)


async def all_gone(service: Service) -> None:
    """Return when nobody is connected to the API."""
    await eventually(
        lambda: connected(service) == 0, bound_s=BOUND_S, what="the connections are closed"
    )


def connected(service: Service) -> int:
    """How many connections the API has open, also those whose other end is gone already."""
    port = f":{urlsplit(service.ready.api).port:04X}"
    table = Path("/proc") / str(service.pid("api")) / "net" / "tcp"
    rows = (line.split() for line in table.read_text().splitlines()[1:])
    return sum(
        local.endswith(port) and state != LISTENING and inode != NOBODYS
        for _, local, _, state, _, _, _, _, _, inode, *_ in rows
    )


def assert_all_was_told(crowd: Crowd, histories: History) -> None:
    """What the log has, no less, no more, and in its order."""
    for listener in crowd.listeners:
        history = histories[listener.task_id]
        assert listener.told == [told_of(one) for one in history]
        assert listener.has_ended
        assert (listener.streams_opened, listener.streams_ended) == (1, 1)
    for poller in crowd.pollers:
        history = histories[poller.task_id]
        assert poller.positions == sorted(poller.positions)
        assert set(poller.positions) <= {one.position for one in history}
        assert poller.statuses[0] == "pending"
        assert set(poller.statuses[1:-1]) <= {"processing"}
        assert poller.statuses[-1] == "completed"


async def has_consumers(service: Service, count: int) -> bool:
    """Whether the log has so many consumers, as its server counts them."""
    connection = await JetStreamConnection.open(service.log_settings(), name="consumers")
    try:
        answer = await connection.ask(f"STREAM.INFO.{STREAM}")
    finally:
        await connection.close()
    counted = msgspec.json.decode(answer)["state"]["consumer_count"]
    assert isinstance(counted, int)
    return counted == count


@asynccontextmanager
async def connections() -> AsyncIterator[aiohttp.ClientSession]:
    """As many connections as are asked for; all are closed at the end."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=2 * ANSWER_BOUND_S),
    ) as session:
        yield session
