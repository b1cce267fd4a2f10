"""Serves the API of a world on a loopback port with the real server, for tests that need one."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Final

import httpx
import pytest

from services.api.process import serve
from services.runtime.settings import EngineSettings
from tests.unit.api_contract import contract
from tests.unit.api_world import World

WAIT_S: Final = 5.0
POLL_S: Final = 0.01


class Serving:
    """An API that is being served."""

    def __init__(self, *, port: int, stop: asyncio.Event, task: asyncio.Task[None]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.stop = stop
        self.task = task


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def serving(world: World, *, drain_s: float = WAIT_S) -> AsyncIterator[Serving]:
    """Serve a world's API until the block ends."""
    port, stop = free_port(), asyncio.Event()
    task = asyncio.create_task(serve(world.dependencies(port=port), stop, drain_s=drain_s))
    await until_listening(port)
    try:
        yield Serving(port=port, stop=stop, task=task)
    finally:
        stop.set()
        async with asyncio.timeout(2 * WAIT_S):
            await task


def client_of(api: Serving) -> httpx.AsyncClient:
    """A client that goes straight to an API, whatever proxies this machine has."""
    held = contract(EngineSettings().engines_on_request, reads_streams=False)
    return httpx.AsyncClient(
        base_url=api.url, trust_env=False, event_hooks={"response": [held.check]}
    )


async def until_listening(port: int, *, expected: bool = True) -> None:
    """Wait until a port takes connections, or takes none any more."""
    for _ in range(int(WAIT_S / POLL_S)):
        if await _is_listening(port) is expected:
            return
        await asyncio.sleep(POLL_S)
    pytest.fail(f"port {port} did not change in {WAIT_S} s")


async def _is_listening(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
