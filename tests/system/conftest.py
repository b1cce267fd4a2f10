"""The running service for system tests: one for all of them, and its users."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from tests.system.customers import ANSWER_BOUND_S, Customer
from tests.system.pictures import draw
from tests.system.running import Service


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`refinery up` with the engine that copies; it may fetch from this machine."""
    service = Service(
        tmp_path_factory.mktemp("stack") / "data",
        settings={"REFINERY_FETCH_ALLOW_NETWORKS": "127.0.0.1/32"},
    )
    try:
        service.start()
        yield service
    finally:
        service.stop()


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`refinery up` with the engine that refines on this machine; a page of one origin may call."""
    service = Service(
        tmp_path_factory.mktemp("studio") / "data",
        engine="local",
        settings={"REFINERY_HTTP_CORS_ORIGINS": "https://app.example"},
    )
    try:
        service.start()
        yield service
    finally:
        service.stop()


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small PNG."""
    return draw(tmp_path_factory.mktemp("pictures") / "logo.png")


@pytest.fixture(scope="session")
def picture_url(stack: Service, picture: Path) -> str:
    """The small PNG in the object store of `stack`."""
    return stack.upload(picture)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections for any number of customers."""
    bound = aiohttp.ClientTimeout(total=ANSWER_BOUND_S)
    async with aiohttp.ClientSession(timeout=bound) as opened:
        yield opened


@pytest.fixture
def customer(stack: Service, session: aiohttp.ClientSession) -> Callable[[], Customer]:
    """Makes customers of `stack` who were never here before."""
    return lambda: Customer(session, stack, f"customer-{uuid4()}")
