"""The real servers that the contracts are held against."""

import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from pymongo import MongoClient

from projections.memory import MemoryViewStore
from projections.mongo import MongoViewStore, open_views
from projections.store import ViewStore
from services.embedded.binaries import MONGOD, find

PRIMARY_S: Final = 20.0
POLL_S: Final = 0.02


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mongod of its own, a replica set of one, writable."""
    directory = tmp_path_factory.mktemp("mongod")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - the program that the wheel installed
            _command(directory, port=port), stdout=log, stderr=log
        )
    try:
        _make_primary(url, member=f"127.0.0.1:{port}")
        yield url
    finally:
        process.terminate()
        _ = process.wait(timeout=PRIMARY_S)


@pytest.fixture
def database() -> str:
    """The name of a database that no other test uses."""
    return f"views-{uuid4().hex}"


@pytest.fixture(params=["memory", "mongo"])
async def store(request: pytest.FixtureRequest, database: str) -> AsyncIterator[ViewStore]:
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryViewStore()
        return
    real = await open_views(url=request.getfixturevalue("mongo_url"), database=database)
    yield real
    await real.close()


@pytest.fixture
async def mongo(mongo_url: str, database: str) -> AsyncIterator[MongoViewStore]:
    """The real store, for what only it can show."""
    real = await open_views(url=mongo_url, database=database)
    yield real
    await real.close()


def _command(directory: Path, *, port: int) -> list[str]:
    return [
        *(str(find(MONGOD)), "--dbpath", str(directory), "--port", str(port)),
        *("--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", "rs0"),
        *("--wiredTigerCacheSizeGB", "0.25"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]


def _make_primary(url: str, *, member: str) -> None:
    deadline = time.monotonic() + PRIMARY_S
    client: MongoClient[dict[str, Any]]
    with MongoClient(url, serverSelectionTimeoutMS=int(PRIMARY_S * 1000)) as client:
        members = [{"_id": 0, "host": member}]
        _ = client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
        while not client.admin.command("hello")["isWritablePrimary"]:
            assert time.monotonic() < deadline
            time.sleep(POLL_S)
