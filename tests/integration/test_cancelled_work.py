"""A worker on real servers whose tasks are cancelled under its hands, in every stage."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Final

import msgspec
import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from events.codec import decode
from events.log import Delivery
from events.progress import Progress, Stage
from events.task import (
    RecordedEvent,
    TaskCancelled,
    TaskCompleted,
    TaskProcessing,
    TaskRequested,
    fold,
    next_event,
)
from services.adapters.jetstream import JetStreamConnection, JetStreamQueue
from services.adapters.jetstream_log import JetStreamLog
from services.adapters.jetstream_progress import JetStreamProgress
from services.adapters.s3 import S3ObjectStore
from services.adapters.storage import RESULTS
from services.refinement.attempts import Attempts
from services.refinement.engines import Engine, Instruction, Provenance, Refinement, Thumbnail
from services.refinement.engines.local.engine import LocalEngine
from services.refinement.engines.null import NullEngine
from services.refinement.engines.remote.engine import RemoteEngine
from services.refinement.engines.remote.openai import OpenAiProvider, TokenPrices
from services.refinement.offers import Offer, Offers
from services.refinement.originals import Originals
from services.refinement.pictures import PictureFacts, encode_png
from services.refinement.progress import Moved, unmoved
from services.refinement.reactor import Reactor, Result
from services.refinement.studio import Studios
from services.runtime.clock import RandomIdentifiers, Stamper, SystemClock
from services.runtime.retries import Backoff
from services.runtime.settings import Secret
from tests.desks import new_desk, requested_event, stamp
from tests.providers import served
from tests.servers import Servers
from tests.unit.reactor.workbench import NoDownload

BOUND_S: Final = 20.0
# From the cancellation to a worker that is free again; a good second, on a machine with other work.
NOTICED_S: Final = 3.0
LOGO: Final = encode_png(Image.new("RGBA", (64, 64), (120, 72, 40, 255)))
# Takes the local engine many seconds.
NOISE: Final = encode_png(
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (1536, 1536, 4), dtype=np.uint8))
)
LARGE: Final = b"x" * 4_000_000


class LargeEngine:
    """Makes something that takes a while to store."""

    name = "large"
    version = "1"

    async def refine(
        self,
        *,
        original: bytes,
        instruction: Instruction,
        timeout_s: float,
        moved: Moved = unmoved,
    ) -> Refinement:
        """Give the same bytes, whatever they were."""
        assert original
        assert instruction.refinement_prompt
        assert timeout_s > 0
        await moved(0.5)
        facts = PictureFacts(
            content_type="image/png", width=1, height=1, bytes=len(LARGE), sha256="0" * 64
        )
        return Refinement(
            body=LARGE,
            picture=facts,
            original=facts,
            plan={},
            engine=Provenance(name=self.name, version=self.version),
            thumbnail=Thumbnail(body=LARGE, picture=facts),
        )

    async def close(self) -> None:
        """Nothing to end."""


class Shop:
    """A worker and an API on the same log, as the users they are, and a bucket."""

    def __init__(self, *, api: JetStreamConnection, worker: JetStreamConnection) -> None:
        self._worker = worker
        self.api_log = JetStreamLog(api)
        self.signals = JetStreamProgress(api)
        self.store: S3ObjectStore
        self.studios: Studios
        self.said: list[Progress] = []

    def attempts(self) -> Attempts:
        """What does the work."""
        return Attempts(
            store=self.store,
            originals=Originals(store=self.store, download=NoDownload(), bytes_max=32_000_000),
            signals=JetStreamProgress(self._worker),
            store_timeout_s=BOUND_S,
            new_concept_id=RandomIdentifiers().event_id,
        )

    def reactor(self, engine: Engine) -> Reactor:
        """A worker with this engine."""
        stamper = Stamper(producer="tests/0", clock=SystemClock(), identifiers=RandomIdentifiers())
        return Reactor(
            log=JetStreamLog(self._worker),
            attempts=self.attempts(),
            offers=Offers(Offer(engine=engine, timeout_s=BOUND_S)),
            stamper=stamper,
            worker="worker-1",
            attempts_max=3,
            backoff=Backoff(base_s=1, max_s=8),
        )

    async def request(self, picture: bytes) -> RecordedEvent:
        """A new user's request to refine a picture of the bucket."""
        key = f"uploads/{new_desk()}.png"
        await self.store.put(key, picture, content_type="image/png")
        event = requested_event(url=await self.store.presign(key, expires_s=60))
        assert isinstance(event.data, TaskRequested)
        later = event.data.deadline + timedelta(minutes=1)
        event = msgspec.structs.replace(
            event, data=msgspec.structs.replace(event.data, deadline=later)
        )
        return await self.api_log.append(event, user_key=new_desk(), expected_position=0)

    async def delivery(self, requested: RecordedEvent) -> Delivery:
        """The delivery of a request; those that other tests have left are acknowledged."""
        queue = JetStreamQueue(self._worker)
        try:
            async with asyncio.timeout(BOUND_S):
                while True:
                    delivery = await queue.next(wait_s=5)
                    if delivery is None:
                        continue
                    if delivery.stored.position == requested.position:
                        return delivery
                    await delivery.acknowledge()
        finally:
            await queue.close()

    async def cancel(self, requested: RecordedEvent) -> None:
        """Append the cancellation, as the API does."""
        reading = await self.api_log.read_task(
            user_key=requested.user_key, task_id=requested.task_id
        )
        assert reading is not None
        task = fold(reading.events)
        assert task is not None
        await self.api_log.append(
            next_event(task, TaskCancelled(reason="owner", quota_refunded=False), stamp=stamp()),
            user_key=requested.user_key,
            expected_position=reading.position,
        )

    async def is_at(self, requested: RecordedEvent, stage: Stage) -> None:
        """Return once the API has heard that a task is in this stage."""
        async with asyncio.timeout(BOUND_S):
            while True:
                if any((one.task_id, one.stage) == (requested.task_id, stage) for one in self.said):
                    return
                await asyncio.sleep(0.005)

    async def cancelled_meanwhile(
        self, engine: Engine, picture: bytes, begun: Callable[[RecordedEvent], Awaitable[None]]
    ) -> RecordedEvent:
        """A task that is cancelled once its work has begun; checks what is left of it."""
        requested = await self.request(picture)
        handling = asyncio.create_task(self.reactor(engine).handle(await self.delivery(requested)))
        await begun(requested)
        await self.cancel(requested)

        async with asyncio.timeout(NOTICED_S):
            outcome = await handling

        assert outcome.result is Result.DONE
        assert await self.names(requested) == [
            TaskRequested.__name__,
            TaskProcessing.__name__,
            TaskCancelled.__name__,
        ]
        assert await self.keys(requested) == []
        return requested

    async def names(self, requested: RecordedEvent) -> list[str]:
        """The names of a task's events."""
        history = await self.api_log.read_history(
            user_key=requested.user_key, task_id=requested.task_id
        )
        return [type(decode(one).event.data).__name__ for one in history]

    async def keys(self, requested: RecordedEvent) -> list[str]:
        """The objects of a task's attempts."""
        prefix = f"{RESULTS}{requested.user_key}/{requested.task_id}/"
        return [found.key async for found in self.store.keys(prefix)]

    async def assert_next_completes(self, engine: Engine) -> None:
        """The worker is as good as before."""
        requested = await self.request(LOGO)

        outcome = await self.reactor(engine).handle(await self.delivery(requested))

        assert outcome.result is Result.DONE
        assert (await self.names(requested))[-1] == TaskCompleted.__name__


@pytest.fixture
async def shop(servers: Servers) -> AsyncIterator[Shop]:
    """An API and a worker with one studio."""
    async with AsyncExitStack() as stack:
        connections = []
        for user in ("api", "worker"):
            connection = await JetStreamConnection.open(servers.nats(user), name="cancelled")
            stack.push_async_callback(connection.close)
            connections.append(connection)
        running = Shop(api=connections[0], worker=connections[1])
        running.store = await S3ObjectStore.open(servers.s3())
        stack.push_async_callback(running.store.close)
        running.studios = await stack.enter_async_context(Studios(slots=1))
        stack.push_async_callback(await running.signals.listen(running.said.append))
        yield running


async def test_a_picture_under_work_is_dropped(shop: Shop) -> None:
    """The child that draws is killed and replaced, and the next task has it at once."""
    engine = LocalEngine(studios=shop.studios)
    drawing = shop.studios._studios[0].pid

    await shop.cancelled_meanwhile(
        engine, NOISE, lambda requested: shop.is_at(requested, Stage.REFINING)
    )

    assert shop.studios._studios[0].pid not in {None, drawing}
    await shop.assert_next_completes(NullEngine(studios=shop.studios))


async def test_what_is_being_stored_is_removed(shop: Shop) -> None:
    """At whichever moment: no upload is cut off and still carried out after it was deleted."""
    offer = Offer(engine=LargeEngine(), timeout_s=BOUND_S)

    for delay_s in (step * 0.004 for step in range(20)):
        requested = await shop.request(LOGO)
        task = fold([requested])
        assert task is not None
        making = asyncio.create_task(shop.attempts().make(task, attempt=1, offer=offer))
        await shop.is_at(requested, Stage.STORING)
        await asyncio.wait({making}, timeout=delay_s)

        was_under_way = making.cancel()

        await asyncio.wait({making})
        assert making.cancelled() == was_under_way
        if was_under_way:
            assert await shop.keys(requested) == []
    await shop.assert_next_completes(NullEngine(studios=shop.studios))


async def test_a_provider_is_hung_up_on(shop: Shop) -> None:
    """It sees that nobody waits any more."""
    called, hung_up = asyncio.Event(), asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        called.set()
        try:
            await asyncio.Event().wait()
        finally:
            hung_up.set()
        raise AssertionError

    async def is_called(_: RecordedEvent) -> None:
        async with asyncio.timeout(BOUND_S):
            await called.wait()

    async with served() as server:
        server.answer("POST /v1/images/edits", hang)
        provider = OpenAiProvider(
            api_key=Secret("key"),
            base_url=server.url + "/",
            model="gpt-image-1",
            prices=TokenPrices(input=10, output=40),
        )
        engine = RemoteEngine(provider=provider, studios=shop.studios)

        await shop.cancelled_meanwhile(engine, LOGO, is_called)

        async with asyncio.timeout(BOUND_S):
            await hung_up.wait()
        await engine.close()
    await shop.assert_next_completes(NullEngine(studios=shop.studios))


async def test_a_task_s_stages_are_heard_in_order(shop: Shop) -> None:
    """From the worker to the API: each stage as it begins, and never backwards."""
    requested = await shop.request(LOGO)

    await shop.reactor(NullEngine(studios=shop.studios)).handle(await shop.delivery(requested))
    await shop.is_at(requested, Stage.STORING)

    said = [one for one in shop.said if one.task_id == requested.task_id]
    assert list(dict.fromkeys(one.stage for one in said)) == list(Stage)
    assert [one.fraction for one in said] == sorted(one.fraction for one in said)
    assert {(one.user_key, one.attempt) for one in said} == {(requested.user_key, 1)}
