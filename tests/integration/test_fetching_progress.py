"""Downloads under way: they say how much has come, and end when nobody waits for them."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from aiohttp import web

from services.refinement.fetching import Fetcher
from tests.providers import ProviderServer, served

BODY = b"x" * 300_000
PLACE = "/logo.png"


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    """A server of pictures."""
    async with served() as running:
        yield running


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    """A fetcher that may reach it."""
    async with Fetcher(allowed_networks=(ip_network("127.0.0.1/32"),)) as guarded:
        yield guarded


@pytest.mark.parametrize("is_length_known", [True, False])
async def test_a_download_says_how_much_has_come(
    server: ProviderServer, fetcher: Fetcher, *, is_length_known: bool
) -> None:
    """As far as the server says how much there is."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if is_length_known:
            response.content_length = len(BODY)
        else:
            response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(BODY)
        return response

    server.answer(f"GET {PLACE}", answer)
    shares: list[float] = []

    async def moved(share: float) -> None:
        shares.append(share)

    body = await fetcher.fetch(server.url + PLACE, moved=moved)

    assert body == BODY
    assert shares == sorted(shares)
    assert (shares[-1:] == [1]) == is_length_known
    assert bool(shares) == is_length_known


async def test_a_cancelled_download_hangs_up(server: ProviderServer, fetcher: Fetcher) -> None:
    """In the middle of a body; the server sees it, and the next download works."""
    half, hung_up = asyncio.Event(), asyncio.Event()

    async def stall(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = len(BODY)
        await response.prepare(request)
        await response.write(BODY[: len(BODY) // 2])
        try:
            await asyncio.Event().wait()
        finally:
            hung_up.set()
        return response

    async def whole(_: web.Request) -> web.StreamResponse:
        return web.Response(body=BODY)

    async def moved(share: float) -> None:
        if share == 0.5:
            half.set()

    server.answer(f"GET {PLACE}", stall, whole)
    fetching = asyncio.create_task(fetcher.fetch(server.url + PLACE, moved=moved))
    async with asyncio.timeout(10):
        await half.wait()

        fetching.cancel()

        with pytest.raises(asyncio.CancelledError):
            await fetching
        await hung_up.wait()
    assert await fetcher.fetch(server.url + PLACE) == BODY
