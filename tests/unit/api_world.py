"""The API over memory adapters, with a clock and tokens that tests set: what its tests share."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
from httpx import ASGITransport, AsyncClient, Response

from events.ids import user_key_of
from events.log import EventLog, TaskReading
from events.task import (
    Durations,
    EngineRun,
    OriginalImage,
    StoredImage,
    Task,
    TaskCompleted,
    TaskEvent,
    TaskFailed,
    TaskProcessing,
    fold,
    next_event,
)
from projections.memory import MemoryViewStore
from services.adapters.memory import MemoryLog, MemoryObjectStore, MemoryProgress
from services.adapters.storage import result_key
from services.api.app import Dependencies, create_app
from services.api.edge import BODY_TIMEOUT_S
from services.api.feed import TaskFeed
from services.api.line import WaitingLine
from services.api.signing_keys import Keys, SharedSecret
from services.runtime.clock import RandomIdentifiers, Stamper
from services.runtime.settings import (
    AddressSettings,
    ApiSettings,
    AuthSettings,
    EngineSettings,
    HttpSettings,
    MongoSettings,
    NatsSettings,
    S3Settings,
    Secret,
    UserSettings,
)
from tests.unit.api_contract import contract

REFINE: Final = "/api/concepts/refine"
SIGNING_KEY: Final = "a token key for tests, long enough"
USER_KEY: Final = "a user key for tests, long enough"
BUCKET: Final = "http://storage.test:9000/refinery/"
START: Final = datetime(2026, 3, 14, 9, 26, 53, 589_793, UTC)
SEED_REQUEST: Final[dict[str, object]] = {
    "original_image_url": "https://storage.example.com/concepts/1234-5678-9012-3456.png",
    "refinement_prompt": "Make the logo more minimalist and use lighter shades of brown",
    "logo_description": "A modern coffee shop logo with coffee beans",
    "theme_description": "Warm brown tones, natural feeling",
}


# The quota at the start of the world.
MARCH_S: Final = 31 * 86_400
TO_APRIL_S: Final = 1_521_187
APRIL: Final = str(int(datetime(2026, 4, 1, tzinfo=UTC).timestamp()))
FAILED: Final = TaskFailed(
    attempt=1, error_code="image_not_found", error_message="No image", quota_refunded=False
)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time


def settings(
    *,
    auth: AuthSettings | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    engines: EngineSettings | None = None,
    fetch: AddressSettings | None = None,
    cors_origins: str = "",
) -> ApiSettings:
    """Settings whose servers are never called."""
    unused = Secret("unused")
    return ApiSettings(
        nats=NatsSettings(url="nats://unused", user="api", password=unused),
        mongo=MongoSettings(url=unused),
        s3=S3Settings(
            endpoint="http://unused", bucket="refinery", access_key=unused, secret_key=unused
        ),
        auth=auth or AuthSettings(jwt_secret=Secret(SIGNING_KEY)),
        user=UserSettings(key_secret=Secret(USER_KEY)),
        http=HttpSettings(host=host, port=port, cors_origins=cors_origins),
        refinement=engines or EngineSettings(),
        fetch=fetch or AddressSettings(),
    )


class World:
    """An API, all it depends on, and a client. Users are named by a word."""

    def __init__(
        self,
        *,
        log: MemoryLog | None = None,
        auth: AuthSettings | None = None,
        engines: EngineSettings | None = None,
        keys: Keys | None = None,
        fetch: AddressSettings | None = None,
        store: MemoryObjectStore | None = None,
        cors_origins: str = "",
    ) -> None:
        self.clock = SetClock()
        self.log = log or MemoryLog()
        self.views = MemoryViewStore()
        self.signals = MemoryProgress()
        self.line = WaitingLine(self.views)
        self.feed = TaskFeed(log=self.log, signals=self.signals, line=self.line)
        self.store = store or MemoryObjectStore()
        self.auth = auth
        self.engines = engines
        self.keys = keys or SharedSecret(SIGNING_KEY)
        self.fetch = fetch
        self.cors_origins = cors_origins

    def dependencies(self, *, host: str = "127.0.0.1", port: int = 8000) -> Dependencies:
        """What the API is made of."""
        log: EventLog = self.log
        stamper = Stamper(producer="api/test", clock=self.clock, identifiers=RandomIdentifiers())
        return Dependencies(
            log=log,
            feed=self.feed,
            line=self.line,
            views=self.views,
            store=self.store,
            stamper=stamper,
            keys=self.keys,
            settings=settings(
                auth=self.auth,
                host=host,
                port=port,
                engines=self.engines,
                fetch=self.fetch,
                cors_origins=self.cors_origins,
            ),
        )

    @asynccontextmanager
    async def client(self, *, body_timeout_s: float = BODY_TIMEOUT_S) -> AsyncIterator[AsyncClient]:
        """A client that gets answers to errors, not the errors, and holds all to the contract."""
        dependencies = self.dependencies()
        held = contract(tuple(dependencies.settings.refinement.engines_on_request))
        # The client and the application describe ASGI in types that do not know each other.
        application: Any = create_app(dependencies, body_timeout_s=body_timeout_s)
        transport = ASGITransport(application, raise_app_exceptions=False)
        feeding = asyncio.create_task(self.feed.run())
        try:
            async with AsyncClient(
                transport=transport,
                base_url="http://api.test",
                event_hooks={"response": [held.check]},
            ) as client:
                yield client
        finally:
            _ = feeding.cancel()
            _ = await asyncio.gather(feeding, return_exceptions=True)

    def claims(self, user: str = "ada", **others: object) -> dict[str, object]:
        """The claims of a good token; a claim given as None is left out."""
        claims = {"sub": user, "exp": (self.clock.time + timedelta(hours=1)).timestamp()} | others
        return {name: value for name, value in claims.items() if value is not None}

    def signed_in(self, user: str = "ada", **others: object) -> dict[str, str]:
        """The header that signs a user in."""
        token = jwt.encode(self.claims(user, **others), SIGNING_KEY, algorithm="HS256")
        return {"Authorization": f"Bearer {token}"}

    async def refine(
        self,
        client: AsyncClient,
        *,
        user: str = "ada",
        request: Mapping[str, object] = SEED_REQUEST,
        key: str | None = None,
    ) -> Response:
        """Ask for a refinement."""
        headers = self.signed_in(user)
        if key is not None:
            headers["Idempotency-Key"] = key
        return await client.post(REFINE, json=request, headers=headers)

    async def happen(self, task_id: str, *changes: TaskEvent, user: str = "ada") -> Task:
        """Let events of one task happen, one second after another."""
        for change in changes:
            task, reading = await self._read(task_id, user)
            self.clock.time += timedelta(seconds=1)
            stamp = self.dependencies().stamper.stamp()
            _ = await self.log.append(
                next_event(task, change, stamp=stamp),
                user_key=user_key(user),
                expected_position=reading.position,
            )
        task, _ = await self._read(task_id, user)
        return task

    async def _read(self, task_id: str, user: str) -> tuple[Task, TaskReading]:
        reading = await self.log.read_task(user_key=user_key(user), task_id=task_id)
        assert reading is not None
        task = fold(reading.events)
        assert task is not None
        return task, reading


def user_key(user: str = "ada") -> str:
    """The key of a user."""
    return user_key_of(user, secret=USER_KEY.encode())


def processing() -> TaskProcessing:
    """A worker starts."""
    return TaskProcessing(attempt=1, worker="worker-1", engine="local")


def completed(task_id: str, *, user: str = "ada") -> TaskCompleted:
    """A worker is done."""
    return TaskCompleted(
        attempt=1,
        concept_id="concept-1",
        image=StoredImage(
            key=result_key(user_key=user_key(user), task_id=task_id, attempt=1),
            content_type="image/png",
            width=640,
            height=480,
            bytes=12_345,
            sha256="a" * 64,
        ),
        original=OriginalImage(
            content_type="image/jpeg", width=1280, height=960, bytes=54_321, sha256="b" * 64
        ),
        engine=EngineRun(name="local", version="1", plan={"applied": ["minimalist"]}),
        durations_ms=Durations(fetch=12.5, refine=250.25, store=3.75),
    )


def quota_headers(remaining: int, *, resets_in_s: int = TO_APRIL_S) -> dict[str, str]:
    """The quota headers in the world's first month."""
    return {
        "ratelimit-policy": f'"refine-month";q=10;w={MARCH_S}',
        "ratelimit": f'"refine-month";r={remaining};t={resets_in_s}',
        "x-ratelimit-limit": "10",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": APRIL,
        "x-ratelimit-period": "month",
    }
