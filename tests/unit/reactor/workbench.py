"""A reactor on memory adapters, with an engine that does as it is told and a clock that stands."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import UNSET, UnsetType

from events.codec import decode
from events.log import Delivery
from events.task import RecordedEvent, Task, TaskEvent, TaskRequested, fold, next_event
from services.adapters.memory import (
    MemoryLog,
    MemoryObjectStore,
    MemoryProgress,
    MemoryQueue,
)
from services.refinement.attempts import Attempts
from services.refinement.engines import (
    Engine,
    Instruction,
    Provenance,
    Refinement,
    Thumbnail,
    Vector,
)
from services.refinement.offers import Offer, Offers
from services.refinement.originals import Download, Originals
from services.refinement.pictures import PictureFacts
from services.refinement.progress import Moved, unmoved
from services.refinement.reactor import Outcome, Reactor
from services.runtime.clock import RandomIdentifiers, Stamper
from services.runtime.retries import Backoff
from tests.desks import new_desk, requested_event

ATTEMPTS_MAX = 3
ORIGINAL = b"original bytes"
REFINED = b"refined bytes"
SMALL = b"small"
DRAWN = b"<svg/>"


class StandingClock:
    """Shows the time it is set to."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time

    def move(self, **span: float) -> None:
        """Let time pass."""
        self.time += timedelta(**span)


class ToldEngine:
    """Refines, unless `before` does something else first."""

    version = "1"

    def __init__(self, name: str = "told") -> None:
        self.name = name
        self.timeouts_s: list[float] = []
        self.before: Callable[[], Awaitable[None]] | None = None
        self.instructions: list[Instruction] = []
        self.is_flat = False

    async def refine(
        self,
        *,
        original: bytes,
        instruction: Instruction,
        timeout_s: float,
        moved: Moved = unmoved,
    ) -> Refinement:
        """Give fixed bytes."""
        assert timeout_s > 0
        await moved(0.5)
        self.timeouts_s.append(timeout_s)
        self.instructions.append(instruction)
        if self.before is not None:
            await self.before()
        return Refinement(
            body=REFINED,
            picture=_facts(REFINED),
            original=_facts(original),
            plan={"applied": ["lighten"], "skipped": [], "unmatched": []},
            engine=Provenance(name=self.name, version=self.version),
            thumbnail=Thumbnail(body=SMALL, picture=_facts(SMALL)),
            vector=Vector(body=DRAWN, picture=_drawing_facts()) if self.is_flat else None,
        )

    async def close(self) -> None:
        """Nothing to end."""


class HangingStore(MemoryObjectStore):
    """A bucket that, once it is told to, takes results and never answers.

    `before_put` is called with the key of each object before that is stored.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_hanging = False
        self.before_put: Callable[[str], Awaitable[None]] | None = None

    async def hang(self) -> None:
        """Answer no upload any more."""
        self.is_hanging = True

    async def put(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object, or hang."""
        if self.is_hanging:
            await asyncio.Event().wait()
        if self.before_put is not None:
            await self.before_put(key)
        await super().put(key, body, content_type=content_type)


class NoDownload:
    """The outside world, which these tests have no need of."""

    async def fetch(self, url: str, *, moved: Moved = unmoved) -> bytes:
        """Refuse."""
        raise AssertionError(url, moved)


class Workbench:
    """Everything a reactor works with; `engine` takes the place of the one that is told.

    `others` are offered besides.
    """

    def __init__(
        self,
        *,
        engine: Engine | None = None,
        others: tuple[Offer, ...] = (),
        original: bytes = ORIGINAL,
        download: Download | None = None,
        calls_max: int | None = None,
        timeout_s: float = 5,
    ) -> None:
        self.original = original
        self.download = download or NoDownload()
        self.others = others
        self.calls_max = calls_max
        self.timeout_s = timeout_s
        self.clock = StandingClock()
        self.log = MemoryLog()
        self.queue = MemoryQueue(self.log)
        self.store = HangingStore()
        self.signals = MemoryProgress()
        self.store_timeout_s = 5.0
        self.engine = ToldEngine()
        self.used_engine: Engine = engine or self.engine
        self.stamper = Stamper(
            producer="tests/0", clock=self.clock, identifiers=RandomIdentifiers()
        )
        self.requested: RecordedEvent | None = None
        self.reactor = self.new_reactor()

    def new_reactor(self) -> Reactor:
        """Another worker on the same log."""
        attempts = Attempts(
            store=self.store,
            originals=Originals(store=self.store, download=self.download, bytes_max=1000),
            signals=self.signals,
            store_timeout_s=self.store_timeout_s,
            new_concept_id=self.stamper.identifiers.event_id,
        )
        return Reactor(
            log=self.log,
            attempts=attempts,
            offers=Offers(
                Offer(engine=self.used_engine, timeout_s=self.timeout_s, calls_max=self.calls_max),
                *self.others,
            ),
            stamper=self.stamper,
            worker="worker-1",
            attempts_max=ATTEMPTS_MAX,
            backoff=Backoff(base_s=1, max_s=8),
        )

    async def request(
        self,
        *,
        with_original: bool = True,
        engine: str | UnsetType = UNSET,
        url: str | None = None,
    ) -> RecordedEvent:
        """A request, whose original lies in the object store unless it has a URL of its own."""
        if url is None:
            url = await self.store.presign("uploads/logo.png", expires_s=60)
            if with_original:
                await self.store.put("uploads/logo.png", self.original, content_type="image/png")
        event = requested_event(url=url)
        assert isinstance(event.data, TaskRequested)
        data = msgspec.structs.replace(
            event.data, deadline=self.clock.now() + timedelta(minutes=5), engine=engine
        )
        event = msgspec.structs.replace(event, data=data)
        self.requested = await self.log.append(event, user_key=new_desk(), expected_position=0)
        return self.requested

    async def delivery(self) -> Delivery:
        """The next delivery."""
        delivery = await self.queue.next(wait_s=1)
        assert delivery is not None
        return delivery

    async def delivery_now(self) -> Delivery:
        """The next delivery, however long it was postponed for."""
        self.queue.hurry()
        return await self.delivery()

    async def handle_next(self) -> Outcome:
        """Let the reactor handle the next delivery."""
        return await self.reactor.handle(await self.delivery())

    async def history(self, recorded: RecordedEvent) -> list[RecordedEvent]:
        """All events of a task."""
        stored = await self.log.read_history(user_key=recorded.user_key, task_id=recorded.task_id)
        return [decode(one) for one in stored]

    async def everything(self) -> list[RecordedEvent]:
        """All events of the task that was requested last."""
        assert self.requested is not None
        return await self.history(self.requested)

    async def names(self, recorded: RecordedEvent) -> list[str]:
        """The names of a task's events."""
        return [type(one.event.data).__name__ for one in await self.history(recorded)]

    async def task(self, recorded: RecordedEvent) -> Task:
        """The state of a task."""
        task = fold(await self.history(recorded))
        assert task is not None
        return task

    async def append(self, recorded: RecordedEvent, change: TaskEvent) -> RecordedEvent:
        """Append a change behind everything on the desk, as somebody else would."""
        task = await self.task(recorded)
        reading = await self.log.read_desk(recorded.user_key)
        return await self.log.append(
            next_event(task, change, stamp=self.stamper.stamp()),
            user_key=recorded.user_key,
            expected_position=reading.position,
        )


class RecordedDelivery:
    """A delivery that remembers how it was answered."""

    def __init__(self, delivery: Delivery) -> None:
        self.stored = delivery.stored
        self.count = delivery.count
        self.answers: list[str] = []

    async def extend(self) -> None:
        """Work goes on."""
        self.answers.append("extend")

    async def acknowledge(self) -> None:
        """Done."""
        self.answers.append("acknowledge")

    async def postpone(self, delay_s: float) -> None:
        """Later."""
        assert delay_s > 0
        self.answers.append("postpone")


def _facts(body: bytes) -> PictureFacts:
    return PictureFacts(
        content_type="image/png", width=64, height=32, bytes=len(body), sha256="ab" * 32
    )


def _drawing_facts() -> PictureFacts:
    return msgspec.structs.replace(_facts(DRAWN), content_type="image/svg+xml")
