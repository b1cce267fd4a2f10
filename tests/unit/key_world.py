"""Keys to sign tokens with, and the endpoint that publishes them: what tests of both share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from services.api.published_keys import KeyTimes, PublishedKeys
from services.runtime.retries import Backoff
from tests.providers import ProviderServer, says

PLACE: Final = "GET /keys"
WAIT_S: Final = 5.0
POLL_S: Final = 0.005
NEVER_S: Final = 3600.0

Jwk = dict[str, Any]


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signs tokens, and publishes how to check that."""

    key_id: str
    private: EllipticCurvePrivateKey | RSAPrivateKey

    @property
    def algorithm(self) -> str:
        """What the key is for."""
        return "ES256" if isinstance(self.private, EllipticCurvePrivateKey) else "RS256"

    def jwk(self, **others: object) -> Jwk:
        """The public key as it is published; a member given as None is left out."""
        if isinstance(self.private, EllipticCurvePrivateKey):
            public = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        public.pop("key_ops", None)
        members = {**public, "kid": self.key_id, "alg": self.algorithm, "use": "sig", **others}
        return {name: value for name, value in members.items() if value is not None}

    def token(self, claims: dict[str, object], **header: object) -> str:
        """A token; a member of the header given as None is left out."""
        members = {"kid": self.key_id, **header}
        present = {name: value for name, value in members.items() if value is not None}
        return jwt.encode(claims, self.private, algorithm=self.algorithm, headers=present)


@cache
def ec_signer(key_id: str = "ec") -> Signer:
    """A signer of ES256 tokens."""
    return Signer(key_id=key_id, private=generate_private_key(SECP256R1()))


@cache
def rsa_signer(key_id: str = "rsa", *, bits: int = 2048) -> Signer:
    """A signer of RS256 tokens."""
    return Signer(key_id=key_id, private=generate_rsa(65_537, bits))


def key_set(*keys: Jwk) -> Jwk:
    """The document with these keys."""
    return {"keys": list(keys)}


def publish(server: ProviderServer, *signers: Signer) -> None:
    """Let an endpoint answer with the keys of these signers from now on."""
    server.answer(PLACE, says(200, key_set(*(signer.jwk() for signer in signers))))


def times(
    *,
    refresh_s: float = NEVER_S,
    cooldown_s: float = NEVER_S,
    fetch_timeout_s: float = WAIT_S,
    wait_s: float = WAIT_S,
    retry_s: float = NEVER_S,
) -> KeyTimes:
    """Times at which nothing happens by itself, unless a test says so."""
    return KeyTimes(
        refresh_s=refresh_s,
        cooldown_s=cooldown_s,
        fetch_timeout_s=fetch_timeout_s,
        wait_s=wait_s,
        retry=Backoff(base_s=retry_s, max_s=retry_s),
    )


@asynccontextmanager
async def published_at(
    server: ProviderServer, when: KeyTimes | None = None
) -> AsyncIterator[PublishedKeys]:
    """The keys that an endpoint publishes, after its first answer or failure."""
    async with PublishedKeys(url=f"{server.url}/keys", times=when or times()) as keys:
        await until(lambda: bool(server.calls) and not keys._is_fetching())
        yield keys


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, with a bound."""
    for _ in range(int(WAIT_S / POLL_S)):
        if is_so():
            return
        await asyncio.sleep(POLL_S)
    pytest.fail(f"did not become so in {WAIT_S} s")
