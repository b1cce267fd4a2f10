"""Batches of the log, until the process is told to stop."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from types import TracebackType
from typing import Self

from events.log import FollowInterrupted, StoredEvent

Batch = Sequence[StoredEvent]


class Feed:
    """Waits for three things at once: the next batch, the order to stop, and the time.

    A batch that is waited for in vain stays asked for, so that none is lost between two calls.
    """

    def __init__(self, batches: AsyncIterator[Batch], *, stop: asyncio.Event) -> None:
        self._batches = batches
        self._stop = stop
        self._arriving: asyncio.Task[Batch] | None = None
        self._stopping: asyncio.Task[bool] | None = None

    async def __aenter__(self) -> Self:
        self._stopping = asyncio.create_task(self._stop.wait())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        waiting = [task for task in (self._arriving, self._stopping) if task is not None]
        for task in waiting:
            _ = task.cancel()
        _ = await asyncio.gather(*waiting, return_exceptions=True)
        if isinstance(self._batches, AsyncGenerator):
            await self._batches.aclose()

    async def next(self, *, wait_s: float) -> Batch:
        """The next batch; an empty one when it is time to stop, or nothing came within `wait_s`.

        Raises:
            FollowInterrupted: the connection was lost.
        """
        assert self._stopping is not None
        if self._arriving is None:
            self._arriving = asyncio.create_task(self._pull())
        _ = await asyncio.wait(
            {self._arriving, self._stopping},
            timeout=wait_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self._stopping.done() or not self._arriving.done():
            return ()
        arrived, self._arriving = self._arriving, None
        return arrived.result()

    async def _pull(self) -> Batch:
        try:
            return await anext(self._batches)
        except StopAsyncIteration as error:
            raise FollowInterrupted("the log ended, which it never does") from error
