"""HTTP with a provider: bounded in connections, bytes and time, and clear about what was sent."""

import asyncio
import contextlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar

import aiohttp
import msgspec

from events.failures import FailureCode
from services.refinement.engines.remote.faults import EXPLANATION_BYTES_MAX, failure_of
from services.refinement.failures import (
    EngineUnavailable,
    ProviderRefused,
    ProviderUnclear,
    RefinementFailure,
)

REQUEST_ID: Final = "x-request-id"
REQUEST_ID_LENGTH_MAX: Final = 128

_CONNECTIONS_MAX: Final = 16
_CONNECT_S: Final = 10.0
_EXPLANATION_S: Final = 2.0
_CHUNK_BYTES: Final = 64 * 1024
_HEADERS: Final = {"Accept-Encoding": "identity", "User-Agent": "concept-refinery"}

T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A successful answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str | None:
        """How the provider calls this request, if it says so in a readable way."""
        return readable_id(self.headers.get(REQUEST_ID))

    def read(self, kind: type[T]) -> T:
        """The body as JSON of a given shape.

        Raises:
            ProviderRefused: it is something else.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.MsgspecError, ValueError) as error:
            raise unusable(f"not the documented JSON: {type(error).__name__}") from error


class ProviderClient:
    """Requests to one provider, over connections of its own.

    A connection serves one request: one that the provider had closed meanwhile would leave it open
    whether a request was done. Failures are raised without their causes, because an error of
    aiohttp carries the request's headers, and with them the key.
    """

    def __init__(self, *, body_bytes_max: int) -> None:
        self._body_bytes_max = body_bytes_max
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close connections; requests under way fail."""
        if self._session is not None:
            await self._session.close()

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout_s: float,
        is_paid: bool,
        **content: Any,
    ) -> Answer:
        """Send a request once and read its answer, all within `timeout_s`.

        Raises:
            RefinementFailure: ProviderUnclear if the request was sent, `is_paid`, and no answer
                came; as `failure_of` names it if the answer is no success.
        """
        failure: RefinementFailure
        if timeout_s <= 0:
            raise EngineUnavailable(reason="no time left to ask")
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(
                    method,
                    url,
                    connect_s=min(_CONNECT_S, timeout_s / 2),
                    is_paid=is_paid,
                    headers=headers,
                    **content,
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            failure = EngineUnavailable(reason=f"not connected: {type(error).__name__}")
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            failure = misconfigured(type(error).__name__)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            reason = f"no whole answer: {type(error).__name__}"
            failure = (
                ProviderUnclear(reason=reason) if is_paid else EngineUnavailable(reason=reason)
            )
        raise failure

    async def _exchange(
        self, method: str, url: str, *, connect_s: float, is_paid: bool, **content: Any
    ) -> Answer:
        session = self._open_session()
        timeout = aiohttp.ClientTimeout(total=None, connect=connect_s)
        async with session.request(
            method, url, allow_redirects=False, timeout=timeout, **content
        ) as response:
            if response.status // 100 != HTTPStatus.OK // 100:
                raise failure_of(
                    response.status,
                    await _explanation(response),
                    retry_after=response.headers.get("Retry-After"),
                    is_paid=is_paid,
                )
            encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
            if encoding not in {"", "identity"}:
                raise unusable("content encoding not asked for")
            body = await self._read(response)
            return Answer(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=body,
            )

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        if (response.content_length or 0) > self._body_bytes_max:
            raise unusable("declared length")
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            body += chunk
            if len(body) > self._body_bytes_max:
                raise unusable("received length")
        return bytes(body)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Made here and not in the constructor because aiohttp asks for a running loop.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS_MAX, force_close=True),
                headers=_HEADERS,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session


async def _explanation(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of an error's body, as far as it comes: the status already says enough."""
    body = bytearray()
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(_EXPLANATION_S):
            while len(body) < EXPLANATION_BYTES_MAX and not response.content.at_eof():
                body += await response.content.readany()
    return bytes(body[:EXPLANATION_BYTES_MAX])


def unusable(reason: str) -> ProviderRefused:
    """The provider answered, and what it answered is no picture for us."""
    return ProviderRefused(code=FailureCode.ENGINE_RESULT_UNUSABLE, reason=reason)


def misconfigured(reason: str) -> ProviderRefused:
    """The provider cannot be used as it is set up here."""
    return ProviderRefused(code=FailureCode.ENGINE_MISCONFIGURED, reason=reason)


def readable_id(text: str | None) -> str | None:
    """An identifier of a provider for the record, or None if it is not fit for one."""
    if (
        not text
        or len(text) > REQUEST_ID_LENGTH_MAX
        or not text.isascii()
        or not text.isprintable()
    ):
        return None
    return text
