"""The routes without a user: health, the description of the API, and addresses with nothing."""

import asyncio
import json
from importlib.metadata import version
from typing import Final

import pytest

from services.adapters.memory import MemoryLog
from services.api.health import check_readiness
from services.api.refinement_requests import ASPECTS, read_request
from tests.unit.api_world import REFINE, SEED_REQUEST, World


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


async def test_openapi_describes_the_request_and_every_answer() -> None:
    """The description has the request's schema, the answers of each route, and the token."""
    async with World().client() as client:
        answer = await client.get("/schema/openapi.json")

    described = answer.json()
    paths = described["paths"]
    refine = paths[REFINE]["post"]
    schema = refine["requestBody"]["content"]["application/json"]["schema"]
    assert answer.status_code == 200
    assert set(paths) == {
        REFINE,
        "/api/concepts/task/{task_id}",
        "/api/tasks",
        "/api/tasks/{task_id}",
        "/api/tasks/{task_id}/cancel",
        "/api/tasks/{task_id}/events",
        "/api/health/live",
        "/api/health/ready",
        "/api/health/version",
        "/api/health/rate-limits",
        "/api/health/rate-limits-status",
    }
    assert set(refine["responses"]) == {
        *("202", "400", "401", "404", "408", "409", "413", "415", "422", "429", "503")
    }
    assert set(paths["/api/tasks/{task_id}"]["get"]["responses"]) == {
        *("200", "304", "400", "401", "404", "503")
    }
    for status, content in refine["responses"].items():
        of_task = status in {"202", "409"}
        assert list(content["content"]) == [
            "application/json" if of_task else "application/problem+json"
        ]
    assert refine["security"] == [{"BearerToken": []}]
    assert "security" not in paths["/api/health/live"]["get"]
    assert schema["required"] == ["original_image_url", "refinement_prompt"]
    assert schema["additionalProperties"] is False
    assert {one["name"] for one in refine["parameters"]} == {"Idempotency-Key", "Prefer"}
    properties = list(described["components"]["schemas"]["TaskBody"]["properties"])
    assert {"task_id", "status", "metadata", "result"} <= set(properties)


async def test_openapi_has_the_limits_that_are_enforced() -> None:
    """The described limits are the real ones: at the limit accepted, one past it refused."""
    async with World().client() as client:
        described = (await client.get("/schema/openapi.json")).json()
    operation = described["paths"][REFINE]["post"]
    properties = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]

    prompt = properties["refinement_prompt"]
    outcomes = [
        _is_refused(_body(refinement_prompt="x" * length))
        for length in (
            prompt["minLength"] - 1,
            prompt["minLength"],
            prompt["maxLength"],
            prompt["maxLength"] + 1,
        )
    ]

    assert outcomes == [True, False, False, True]
    assert set(properties) == {*SEED_REQUEST, "preserve_aspects", "engine"}
    assert tuple(properties["preserve_aspects"]["items"]["enum"]) == ASPECTS


async def test_openapi_comes_without_pages_that_load_scripts() -> None:
    """There is the description itself, and no page from elsewhere around it."""
    async with World().client() as client:
        answers = [
            await client.get(f"/schema{page}")
            for page in ("", "/swagger", "/redoc", "/elements", "/rapidoc", "/scalar")
        ]

    assert [answer.status_code for answer in answers] == [200, 404, 404, 404, 404, 404]
    assert not [answer for answer in answers if "<script" in answer.text]


_SEED: Final = SEED_REQUEST


def _is_refused(body: bytes) -> bool:
    return isinstance(read_request(body, engines=(), may_fetch=lambda _: True), tuple)


def _body(**fields: object) -> bytes:
    return json.dumps(_SEED | fields).encode()
