"""Waiting for a condition, never for luck: every wait has a bound and says what it waited for."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

POLL_S: Final = 0.05


class NeverHappened(AssertionError):
    """A condition was not met within its bound."""

    def __init__(self, what: str, *, bound_s: float) -> None:
        super().__init__(f"not within {bound_s:g} s: {what}")


def wait_until(is_met: Callable[[], bool], *, bound_s: float, what: str) -> None:
    """Return once the condition holds.

    Raises:
        NeverHappened: it did not within `bound_s`.
    """
    deadline = time.monotonic() + bound_s
    while not is_met():
        if time.monotonic() > deadline:
            raise NeverHappened(what, bound_s=bound_s)
        time.sleep(POLL_S)


async def eventually(
    is_met: Callable[[], bool | Awaitable[bool]], *, bound_s: float, what: str
) -> None:
    """Return once the condition, which may be asynchronous, holds.

    Raises:
        NeverHappened: it did not within `bound_s`.
    """
    deadline = time.monotonic() + bound_s
    while True:
        answer = is_met()
        if answer if isinstance(answer, bool) else await answer:
            return
        if time.monotonic() > deadline:
            raise NeverHappened(what, bound_s=bound_s)
        await asyncio.sleep(POLL_S)
