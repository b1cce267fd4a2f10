"""Keeps the public keys that a JWKS endpoint publishes: fetched at times, never at each request.

The endpoint may be slow, down, or answer nonsense. The keys of its last good answer stay in use
until it gives another one, which then is the whole truth: what is no longer in it is revoked.
"""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

import aiohttp
import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from services.api.signing_keys import (
    Keys,
    KeySet,
    KeySetRefused,
    KeysUnavailable,
    SharedSecret,
    SigningKey,
    UnknownKey,
    read_key_set,
)
from services.runtime.retries import Backoff
from services.runtime.settings import AuthSettings

DOCUMENT_BYTES_MAX: Final = 256 * 1024

_CHUNK_BYTES: Final = 64 * 1024
_HEADERS: Final = {
    "Accept": "application/jwk-set+json, application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "concept-refinery",
}

_log: FilteringBoundLogger = structlog.get_logger()


class KeyTimes(msgspec.Struct, frozen=True, kw_only=True):
    """When keys are fetched, and how long that may take.

    `cooldown_s` passes after a fetch before a token with an unknown key may cause the next one;
    `wait_s` is how long the request with that token waits for it.
    """

    refresh_s: float
    cooldown_s: float = 30.0
    fetch_timeout_s: float = 5.0
    wait_s: float = 3.0
    retry: Backoff = Backoff(base_s=1.0, max_s=30.0)


@asynccontextmanager
async def open_keys(auth: AuthSettings) -> AsyncIterator[Keys]:
    """The keys that tokens are checked with, as configured; nothing has to answer for that."""
    if auth.jwks_url is None:
        # That there is one or the other is a rule of the settings.
        assert auth.jwt_secret is not None
        yield SharedSecret(auth.jwt_secret.reveal())
        return
    if auth.audience is None:
        _log.warning("auth.audience.unchecked")
    times = KeyTimes(refresh_s=auth.jwks_refresh_s)
    async with PublishedKeys(url=auth.jwks_url, times=times) as keys:
        yield keys


class PublishedKeys:
    """The public keys behind a URL, for ES256 and RS256 tokens; fetched while it is entered."""

    algorithms: Final = frozenset({"ES256", "RS256"})

    def __init__(self, *, url: str, times: KeyTimes) -> None:
        self._url = url
        self._times = times
        self._keys = KeySet(keys={})
        # Since the last good answer; one under way counts.
        self._attempts = 0
        self._fetched_s = -math.inf
        self._fetching: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=1, force_close=True),
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )
        self._refreshing = asyncio.create_task(self._refresh(), name="refresh of the public keys")
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        tasks = {task for task in (self._refreshing, self._fetching) if task is not None}
        for task in tasks:
            task.cancel()
        _ = await asyncio.wait(tasks)
        assert self._session is not None
        await self._session.close()

    async def find(self, key_id: str | None) -> SigningKey:
        """The key of that id; looked for at the endpoint if it is unknown and may be new.

        Raises:
            UnknownKey: the endpoint's last answer, or one that is new, does not have it.
            KeysUnavailable: the endpoint has never answered, or does not answer now.
        """
        key = self._keys.key_of(key_id)
        if key is None and (self._is_fetching() or self._has_cooled_down()):
            _ = await asyncio.wait({self._fetch()}, timeout=self._times.wait_s)
            key = self._keys.key_of(key_id)
        if key is not None:
            return key
        if self._attempts:
            raise KeysUnavailable(reason="the key set endpoint does not answer")
        raise UnknownKey

    def holds(self, key: SigningKey) -> bool:
        """Whether the endpoint's last good answer has this very key."""
        return self._keys.holds(key)

    def _is_fetching(self) -> bool:
        return self._fetching is not None and not self._fetching.done()

    def _has_cooled_down(self) -> bool:
        return _now_s() >= self._fetched_s + self._times.cooldown_s

    def _fetch(self) -> asyncio.Task[None]:
        """The fetch under way, or a new one. It goes on when who waits for it goes away."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch_once(), name="fetch of public keys")
        return self._fetching

    async def _refresh(self) -> None:
        """Fetch again and again: as scheduled, or sooner while the endpoint does not answer."""
        while True:
            _ = await asyncio.wait({self._fetch()})
            delay_s = self._times.refresh_s
            if self._attempts:
                delay_s = min(delay_s, self._times.retry.delay_s(self._attempts))
            await asyncio.sleep(delay_s)

    async def _fetch_once(self) -> None:
        """Replace the keys if the endpoint gives others; keep them if it gives none."""
        self._attempts += 1
        try:
            async with asyncio.timeout(self._times.fetch_timeout_s):
                later = read_key_set(await self._download())
        except KeySetRefused as error:
            self._warn(error.reason)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self._warn(type(error).__name__)
        else:
            self._replace(later)
            self._attempts = 0
        finally:
            self._fetched_s = _now_s()

    def _warn(self, reason: str) -> None:
        _log.warning(
            "auth.keys.unavailable",
            reason=reason,
            attempts=self._attempts,
            keys_kept=len(self._keys.keys),
        )

    def _replace(self, later: KeySet) -> None:
        before, self._keys = self._keys, self._keys.followed_by(later)
        if later.ignored and later.ignored != before.ignored:
            _log.warning("auth.keys.ignored", reasons=later.ignored)
        if not later.keys:
            _log.warning("auth.keys.none")
        added = [key.key_id for key in self._keys.keys.values() if not before.holds(key)]
        revoked = [key.key_id for key in before.keys.values() if not self._keys.holds(key)]
        if added or revoked:
            _log.info("auth.keys.changed", added=added, revoked=revoked)

    async def _download(self) -> bytes:
        assert self._session is not None
        async with self._session.get(self._url, allow_redirects=False) as response:
            if response.status != HTTPStatus.OK:
                # A redirect too: it leads away from the address that was configured.
                raise KeySetRefused(reason=f"status {response.status}")
            document = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                document += chunk
                if len(document) > DOCUMENT_BYTES_MAX:
                    raise KeySetRefused(reason="too large")
            return bytes(document)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
