"""What surrounds every request: ids, log lines, errors nobody expected, and bodies that stall."""

import asyncio
import re
from collections.abc import AsyncIterator, MutableMapping

import pytest
from structlog.testing import capture_logs

from events.log import DeskReading
from services.adapters.memory import MemoryLog
from tests.unit.api_world import REFINE, SEED_REQUEST, World, user_key


class BrokenLog(MemoryLog):
    """A log with a mistake in it."""

    async def read_desk(self, user_key: str, *, replay_of: str | None = None) -> DeskReading:
        """Fail in a way that nobody foresaw."""
        del replay_of
        raise ZeroDivisionError(f"of {user_key} in mongodb://root:hunter2@db")


def requests_in(lines: list[MutableMapping[str, object]]) -> list[MutableMapping[str, object]]:
    """The request lines of a log."""
    return [line for line in lines if line["event"] == "http.request"]


async def test_request_id_is_the_clients_if_it_is_sane() -> None:
    """A sane id comes back, so that a client can follow its request through our log."""
    async with World().client() as client:
        answers = [
            await client.get("/api/health/live", headers={"X-Request-Id": request_id})
            for request_id in ("a", "x" * 64, "01JD-3.x_Y")
        ]

    assert [answer.headers["X-Request-Id"] for answer in answers] == ["a", "x" * 64, "01JD-3.x_Y"]


async def test_request_id_is_ours_otherwise() -> None:
    """No id, or one that could break a log line, is replaced by a new one."""
    values: list[dict[str, str]] = [{}]
    values += [{"X-Request-Id": bad} for bad in ("", "x" * 65, "a b", "a\t", '"', "<script>")]
    async with World().client() as client:
        answers = [await client.get("/api/health/live", headers=headers) for headers in values]

    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in ids)
    assert len(set(ids)) == len(ids)


async def test_log_has_one_line_for_each_request() -> None:
    """One line says what was asked, how it ended, how long it took, and whom it concerned."""
    world = World()
    async with world.client() as client:
        with capture_logs() as lines:
            accepted = await world.refine(client)
            task_id = accepted.json()["task_id"]
            _ = await client.get(f"/api/tasks/{task_id}?a=b", headers=world.signed_in())
            _ = await client.get("/nothing")

    posted, read, unknown = lines
    duration_ms = posted.pop("duration_ms")
    assert isinstance(duration_ms, float)
    assert posted == {
        "event": "http.request",
        "log_level": "info",
        "method": "POST",
        "route": REFINE,
        "status": 202,
        "request_id": accepted.headers["X-Request-Id"],
        "user_key": user_key(),
        "task_id": task_id,
    }
    assert read["route"] == "/api/tasks/{task_id}"
    assert read["task_id"] == task_id
    assert unknown["route"] is None
    assert unknown["problem"] == "not-found"


async def test_log_never_has_what_a_user_wrote() -> None:
    """Prompts, URLs and ids of users stay out of the log."""
    world = World()
    async with world.client() as client:
        with capture_logs() as lines:
            _ = await world.refine(client, user="ada@example.com")
            _ = await world.refine(client, request={"secret field": "secret value"})

    text = str(lines)
    for written in (*map(str, SEED_REQUEST.values()), "ada@example.com", "secret"):
        assert written not in text


async def test_health_is_not_logged_at_info() -> None:
    """Probes come every few seconds: they are only worth a debug line."""
    async with World().client() as client:
        with capture_logs() as lines:
            _ = await client.get("/api/health/live")
            _ = await client.get("/api/health/ready")

    assert {line["log_level"] for line in requests_in(lines)} == {"debug"}


async def test_unexpected_error_is_a_500_with_only_the_request_id() -> None:
    """What nobody foresaw is logged once with its stack; the client learns only where to look."""
    world = World(log=BrokenLog())
    async with world.client() as client:
        with capture_logs() as lines:
            answer = await world.refine(client)

    request_id = answer.headers["X-Request-Id"]
    assert answer.status_code == 500
    assert answer.json() == {
        "type": "urn:concept-refinery:problem:internal-error",
        "title": "Internal error",
        "status": 500,
        "detail": "Something went wrong on our side.",
        "instance": REFINE,
        "request_id": request_id,
    }
    failed, request = lines
    assert failed["event"] == "http.failed"
    assert failed["request_id"] == request_id
    assert isinstance(failed["exc_info"], ZeroDivisionError)
    assert request["status"] == 500
    assert request["problem"] == "internal-error"


async def test_stalled_body_is_408() -> None:
    """Who begins a body and does not finish it is told so, and does not hold us up for ever."""
    world = World()

    async def stalling() -> AsyncIterator[bytes]:
        yield b'{"refinement_prompt":'
        await asyncio.Event().wait()

    async with world.client(body_timeout_s=0.05) as client:
        headers = world.signed_in() | {"Content-Type": "application/json"}
        answer = await client.post(REFINE, content=stalling(), headers=headers)

    assert answer.status_code == 408
    assert answer.json()["type"] == "urn:concept-refinery:problem:request-timeout"
    assert answer.headers["Connection"] == "close"


async def test_dripping_body_is_408() -> None:
    """The bound is on the whole body: a byte now and then does not prolong it."""
    world = World()
    sent = 0

    async def dripping() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" "
            await asyncio.sleep(0.01)

    async with world.client(body_timeout_s=0.05) as client:
        headers = world.signed_in() | {"Content-Type": "application/json"}
        answer = await client.post(REFINE, content=dripping(), headers=headers)

    assert answer.status_code == 408
    assert 1 < sent < 20


@pytest.mark.parametrize(
    "path", ["/" + "x" * 8000, "/%00", "/..%2f..%2fetc/passwd", "//evil.example"]
)
async def test_hostile_path_is_404(path: str) -> None:
    """Whatever an address is made of, there is nothing behind it, and it comes back escaped."""
    async with World().client() as client:
        answer = await client.get("http://api.test" + path)

    assert answer.status_code == 404
    assert answer.json()["instance"].isascii()
