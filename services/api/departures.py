"""Notices that the client of a request has gone away, so that nobody waits for it in vain."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from litestar.types import Receive

from services.api.edge import BodyAborted, BodyStalled


async def until_gone(receive: Receive) -> None:
    """Return when the client of a request is gone; what is left of its body is thrown away."""
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    except (BodyAborted, BodyStalled):
        # The same news, from the layer that watches over request bodies; nobody is waited for who
        # has announced a body and does not send it.
        pass


@asynccontextmanager
async def calling_when_gone(receive: Receive, call: Callable[[], None]) -> AsyncIterator[None]:
    """Call once if the client goes away before the block ends."""

    async def wait() -> None:
        await until_gone(receive)
        call()

    waiting = asyncio.create_task(wait(), name="departure of a client")
    try:
        yield
    finally:
        _ = waiting.cancel()
        _ = await asyncio.gather(waiting, return_exceptions=True)
