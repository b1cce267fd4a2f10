"""The routes without a user: health, and addresses with nothing."""

import asyncio
from importlib.metadata import version

import pytest

from services.adapters.memory import MemoryLog
from services.api.health import check_readiness
from tests.unit.api_world import REFINE, World


class SilentLog(MemoryLog):
    """A log that never answers."""

    async def head(self) -> int:
        """Wait for ever."""
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


async def test_live_answers_without_asking_anybody() -> None:
    """Liveness needs no server and no token."""
    world = World()
    world.log.is_available = world.views.is_available = world.store.is_available = False
    async with world.client() as client:
        answer = await client.get("/api/health/live")

    assert answer.status_code == 200
    assert answer.json() == {"status": "live"}
    assert answer.headers["Cache-Control"] == "no-store"


async def test_version_names_the_build() -> None:
    """The version is that of the installed package."""
    async with World().client() as client:
        answer = await client.get("/api/health/version")

    assert answer.json() == {"service": "concept-refinery", "version": version("concept-refinery")}


@pytest.mark.parametrize(
    ("down", "status_code", "status"),
    [
        ((), 200, "ready"),
        (("views",), 200, "degraded"),
        (("store",), 200, "degraded"),
        (("views", "store"), 200, "degraded"),
        (("log",), 503, "unavailable"),
        (("log", "views", "store"), 503, "unavailable"),
    ],
)
async def test_ready_tells_what_is_down(
    down: tuple[str, ...], status_code: int, status: str
) -> None:
    """Only without the log can nothing be done; each server's answer is shown."""
    world = World()
    world.log.is_available = "log" not in down
    world.views.is_available = "views" not in down
    world.store.is_available = "store" not in down
    async with world.client() as client:
        answer = await client.get("/api/health/ready")

    assert answer.status_code == status_code
    assert answer.json() == {
        "status": status,
        "checks": {
            name: "unavailable" if name in down else "ok" for name in ("log", "views", "store")
        },
    }


async def test_ready_does_not_wait_for_a_server_that_never_answers() -> None:
    """A silent server is one that is down, after a bounded time."""
    world = World()

    readiness = await check_readiness(
        log=SilentLog(), views=world.views, store=world.store, timeout_s=0.01
    )

    assert readiness.status == "unavailable"
    assert readiness.checks == {"log": "unavailable", "views": "ok", "store": "ok"}


async def test_unknown_address_is_a_problem() -> None:
    """An address with nothing behind it answers like everything else that goes wrong."""
    async with World().client() as client:
        answer = await client.get("/api/nothing")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:concept-refinery:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing at this address.",
        "instance": "/api/nothing",
    }


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", REFINE, "OPTIONS, POST"),
        ("DELETE", "/api/concepts/task/x", "GET, OPTIONS"),
        ("POST", "/api/health/live/", "GET, OPTIONS"),
    ],
)
async def test_other_method_is_405_and_says_which_are_allowed(
    method: str, path: str, allowed: str
) -> None:
    """A method that an address does not support is answered with those it does."""
    async with World().client() as client:
        answer = await client.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed
    assert answer.json()["type"] == "urn:concept-refinery:problem:method-not-allowed"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (REFINE, "OPTIONS, POST"),
        ("/api/tasks/x", "DELETE, GET, OPTIONS"),
        ("/api/concepts/task/x", "GET, OPTIONS"),
        ("/api/health/live/", "GET, OPTIONS"),
    ],
)
async def test_options_says_which_methods_there_are(path: str, allowed: str) -> None:
    """All of them, whichever route has which; without a token."""
    async with World().client() as client:
        answer = await client.options(path)

    assert answer.status_code == 204
    assert answer.headers["Allow"] == allowed
    assert answer.content == b""


async def test_options_of_nothing_is_404() -> None:
    """An address with nothing behind it supports no method."""
    async with World().client() as client:
        answer = await client.options("/api/nothing")

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:concept-refinery:problem:not-found"
