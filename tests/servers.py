"""The real servers for tests: one set for the whole session, in a thread with a loop of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest

from services.cli.provisioning import provision_servers
from services.embedded.servers import EmbeddedServers
from services.runtime.settings import MongoSettings, NatsSettings, S3Settings, Secret

START_DEADLINE_S = 60.0

Result = TypeVar("Result")


class Servers:
    """Running embedded servers, provisioned, and the settings to reach them with."""

    def __init__(self, data: Path) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon, so that a failed start cannot keep the test run from ending.
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.embedded = self._run(EmbeddedServers.start(data=data))

    def provision(self) -> Self:
        """Create the stream, the consumer and the indexes."""
        self._run(provision_servers(self.nats("admin"), self.mongo("admin"), replicas=1))
        return self

    def stop(self) -> None:
        """Stop the servers and the thread."""
        self._run(self.embedded.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_DEADLINE_S)
        self._loop.close()

    def nats(self, user: str) -> NatsSettings:
        """Settings of a NATS user."""
        password = getattr(self.embedded.credentials.nats, user)
        url = self.embedded.addresses.nats_url
        return NatsSettings(url=url, user=user, password=Secret(password))

    def mongo(self, user: str, *, database: str | None = None) -> MongoSettings:
        """Settings of a MongoDB user."""
        addresses = self.embedded.addresses
        url = getattr(addresses, f"mongo_{user}_url")
        return MongoSettings(url=Secret(url), database=database or addresses.mongo_database)

    def s3(self) -> S3Settings:
        """Settings of the object store."""
        addresses, credentials = self.embedded.addresses, self.embedded.credentials
        return S3Settings(
            endpoint=addresses.s3_endpoint,
            bucket=addresses.s3_bucket,
            access_key=Secret(credentials.s3_access_key),
            secret_key=Secret(credentials.s3_secret_key),
            region=addresses.s3_region,
        )

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_DEADLINE_S)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """nats-server, mongod and SeaweedFS, provisioned; tests keep apart by user and key."""
    running = Servers(tmp_path_factory.mktemp("servers"))
    try:
        yield running.provision()
    finally:
        running.stop()
