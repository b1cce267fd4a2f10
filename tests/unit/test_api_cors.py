"""Pages of other origins: those that are configured may call the API and read every answer."""

from typing import Final

import pytest
from httpx import Response

from events.log import DeskReading
from services.adapters.memory import MemoryLog
from services.runtime.settings import HttpSettings
from tests.unit.api_world import REFINE, SEED_REQUEST, World

PAGE: Final = "https://app.example"
LOCAL: Final = "http://localhost:3000"
ORIGINS: Final = f"{PAGE}, {LOCAL}"
EXPOSED: Final = (
    "Location, Link, ETag, Retry-After, Preference-Applied, Idempotent-Replayed, RateLimit,"
    " RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset,"
    " X-RateLimit-Period, X-Request-ID, WWW-Authenticate"
)
OTHERS: Final = (
    "https://evil.example",
    "https://app.example.evil.example",
    "https://evil-app.example",
    "https://app.example:8443",
    "https://APP.example",
    "http://app.example",
    "https://app.example/",
    "null",
    "",
    "*",
    "https://app.example https://evil.example",
    f"{PAGE},{LOCAL}",
)
ASKING: Final = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
}


class BrokenLog(MemoryLog):
    """A log with a mistake in it."""

    async def read_desk(self, user_key: str, *, replay_of: str | None = None) -> DeskReading:
        """Fail in a way that nobody foresaw."""
        raise ZeroDivisionError(f"of {user_key} and {replay_of}")


def cors_of(answer: Response) -> dict[str, str]:
    """The headers of an answer that concern other origins."""
    names = ("access-control", "vary")
    return {name: value for name, value in answer.headers.items() if name.startswith(names)}


READABLE: Final = {
    "access-control-allow-origin": PAGE,
    "access-control-expose-headers": EXPOSED,
    "vary": "Origin",
}


async def test_preflight_of_a_configured_origin_needs_no_token() -> None:
    """The browser asks first, without the token, and is told all that a page may do."""
    world = World(cors_origins=ORIGINS)
    async with world.client() as client:
        answers = [
            await client.options(path, headers={"Origin": PAGE} | ASKING)
            for path in (REFINE, "/api/tasks/task-1", "/nothing")
        ]

    for answer in answers:
        assert answer.status_code == 204
        assert answer.content == b""
        assert cors_of(answer) == {
            "access-control-allow-origin": PAGE,
            "access-control-allow-methods": "GET, HEAD, POST, DELETE, OPTIONS",
            "access-control-allow-headers": (
                "Authorization, Content-Type, Idempotency-Key, If-None-Match, Prefer,"
                " Last-Event-ID, X-Request-ID"
            ),
            "access-control-max-age": "3600",
            "vary": "Origin",
        }
        assert answer.headers["X-Request-ID"]


async def test_preflight_of_another_origin_allows_nothing() -> None:
    """Whatever is not exactly a configured origin gets no header that would allow anything."""
    world = World(cors_origins=ORIGINS)
    async with world.client() as client:
        answers = {
            origin: await client.options(REFINE, headers={"Origin": origin} | ASKING)
            for origin in OTHERS
        }
        twice = [("Origin", PAGE), ("Origin", LOCAL), *ASKING.items()]
        answers["two origins"] = await client.options(REFINE, headers=twice)

    allowed = {origin: cors_of(answer) for origin, answer in answers.items()}
    assert allowed == {origin: {"vary": "Origin"} for origin in answers}


async def test_every_answer_to_a_configured_origin_can_be_read() -> None:
    """A 202, and each error: of the token, the address, the method, the body, and ours."""
    world, broken = World(cors_origins=ORIGINS), World(log=BrokenLog(), cors_origins=ORIGINS)
    token = world.signed_in() | {"Content-Type": "application/json", "Origin": PAGE}
    async with world.client() as client, broken.client() as broken_client:
        answers = {
            202: await client.post(REFINE, json=SEED_REQUEST, headers=token),
            401: await client.post(REFINE, json=SEED_REQUEST, headers={"Origin": PAGE}),
            404: await client.get("/nothing", headers={"Origin": PAGE}),
            405: await client.delete(REFINE, headers={"Origin": PAGE}),
            409: await client.post(REFINE, json=SEED_REQUEST, headers=token),
            413: await client.post(REFINE, content=b" " * 65_537, headers=token),
            415: await client.post(REFINE, content=b"", headers=token | {"Content-Type": "a/b"}),
            422: await client.post(REFINE, content=b"[", headers=token),
            500: await broken_client.post(REFINE, json=SEED_REQUEST, headers=token),
        }
        world.log.is_available = False
        answers[503] = await client.post(REFINE, json=SEED_REQUEST, headers=token)

    assert [answer.status_code for answer in answers.values()] == list(answers)
    assert [cors_of(answer) for answer in answers.values()] == [READABLE] * len(answers)


async def test_answers_to_others_differ_by_origin_and_allow_nothing() -> None:
    """Other pages, and callers that are no pages, get answers that no cache may mix up."""
    world = World(cors_origins=ORIGINS)
    async with world.client() as client:
        answers = [
            await client.get("/api/health/live", headers=headers)
            for headers in ({}, *({"Origin": origin} for origin in OTHERS))
        ]

    assert {answer.status_code for answer in answers} == {200}
    assert [cors_of(answer) for answer in answers] == [{"vary": "Origin"}] * len(answers)


async def test_star_allows_all_origins_without_credentials() -> None:
    """One answer for everybody; cookies are never allowed, so `*` gives away nothing."""
    world = World(cors_origins="*")
    async with world.client() as client:
        preflight = await client.options(REFINE, headers={"Origin": "null"} | ASKING)
        read = await client.get("/nothing", headers={"Origin": "https://any.example"})
        plain = await client.get("/api/health/live")

    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Headers"].startswith("Authorization, ")
    for answer in (read, plain):
        assert cors_of(answer) == {
            "access-control-allow-origin": "*",
            "access-control-expose-headers": EXPOSED,
        }


async def test_off_unless_configured() -> None:
    """Without the setting, no page of another origin is allowed anything, and nothing is said."""
    async with World().client() as client:
        preflight = await client.options(REFINE, headers={"Origin": PAGE} | ASKING)
        answer = await client.get("/api/health/live", headers={"Origin": PAGE})

    assert cors_of(preflight) == cors_of(answer) == {}


async def test_options_that_is_no_preflight_is_answered_by_the_route() -> None:
    """Only a browser's question is taken for one."""
    world = World(cors_origins=ORIGINS)
    async with world.client() as client:
        answer = await client.options(REFINE, headers={"Origin": PAGE})

    assert answer.status_code == 204
    assert answer.headers["Allow"] == "OPTIONS, POST"
    assert cors_of(answer) == READABLE


@pytest.mark.parametrize(
    ("configured", "origins"),
    [
        ("", ()),
        (" * ", ("*",)),
        (
            " https://a.example ,http://b.example:3000 ",
            ("https://a.example", "http://b.example:3000"),
        ),
        ("https://a.example:443,http://b:80", ("https://a.example", "http://b")),
        ("https://a.example:80,http://b:443", ("https://a.example:80", "http://b:443")),
        ("http://[::1]:3000,capacitor://localhost", ("http://[::1]:3000", "capacitor://localhost")),
    ],
)
def test_origins_are_read_as_browsers_write_them(configured: str, origins: tuple[str, ...]) -> None:
    """Blanks do not count, and neither does a port that goes without saying."""
    assert HttpSettings(cors_origins=configured).origins == origins
