"""Who is asking: bearer tokens (JWT) to the owner of tasks.

The algorithm and the keys come from the settings, never from the token. Every refusal is the same
401 outside; its reason is only in the log.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
from jwt import PyJWS
from jwt.exceptions import PyJWTError
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp, Scope
from msgspec import UNSET, Meta, UnsetType
from typing_extensions import override

from events.ids import user_key_of
from services.api.edge import facts_of
from services.api.signing_keys import Keys, SigningKey, UnknownKey
from services.runtime.clock import Clock
from services.runtime.settings import AuthSettings, UserSettings

TOKEN_BYTES_MAX: Final = 8192
SUBJECT_LENGTH_MAX: Final = 255
VERIFIED_TOKENS_MAX: Final = 10_000

# Three non-empty parts of base64url without padding: what PyJWT tolerates beyond that is refused.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([^ ]+)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Some identity providers sign their public API keys with the same secret as their users' tokens.
_ROLES_REFUSED: Final = frozenset({"anon", "service_role"})
# What parts of a token that are not what they should be make of the libraries that read them.
_UNREADABLE: Final = (PyJWTError, ValueError, TypeError, RecursionError)


class InvalidToken(Exception):
    """The request has no token that is accepted; `reason` is a word for the log.

    `was_sent` tells a token that is refused from a request without any.
    """

    def __init__(self, reason: str, *, was_sent: bool = True) -> None:
        super().__init__(f"the bearer token was refused: {reason}")
        self.reason = reason
        self.was_sent = was_sent


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in user: `user_id` is the token's subject, `user_key` stands for it in the log."""

    user_id: str
    user_key: str


class _Claims(msgspec.Struct, frozen=True):
    sub: Annotated[str, Meta(min_length=1, max_length=SUBJECT_LENGTH_MAX)]
    exp: float
    nbf: float | UnsetType = UNSET
    iat: float | UnsetType = UNSET
    aud: str | list[str] | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    is_anonymous: bool | UnsetType = UNSET


class _Verified(msgspec.Struct, frozen=True):
    owner: Owner
    key: SigningKey
    ends_at: float


_CLAIMS_DECODER: Final = msgspec.json.Decoder(_Claims)


class TokenVerifier:
    """Verifies tokens, and remembers the verified ones until they end or their key is gone.

    A client polls with one token for an hour; a remembered one costs a hash of it instead of a
    signature and two JSON documents. Keys of the memory are hashes, so that it holds no token.
    """

    def __init__(self, *, keys: Keys, auth: AuthSettings, user: UserSettings, clock: Clock) -> None:
        self._keys = keys
        self._audience = auth.audience
        self._issuer = auth.issuer
        self._leeway_s = auth.leeway_s
        self._allows_anonymous = auth.allow_anonymous
        self._user_key_secret = user.key_secret.reveal().encode()
        self._clock = clock
        self._signatures = PyJWS(
            sorted(keys.algorithms), options={"enforce_minimum_key_length": True}
        )
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    async def owner_of(self, token: str) -> Owner:
        """The owner that a token speaks for. Waits only where its key has to be fetched.

        Raises:
            InvalidToken: it is forged, malformed, over, not yet valid, or not for this service.
            KeysUnavailable: it may be good, and its key cannot be had right now.
        """
        if len(token) > TOKEN_BYTES_MAX:
            raise InvalidToken("too_long")
        if _TOKEN.fullmatch(token) is None:
            raise InvalidToken("malformed")
        digest = hashlib.sha256(token.encode("ascii")).digest()
        known = self._remembered(digest)
        if known is not None:
            return known
        key = await self._key_of(token)
        claims = self._verify(token, key)
        self._check(claims, now=self._now())
        owner = Owner(
            user_id=claims.sub,
            user_key=user_key_of(claims.sub, secret=self._user_key_secret),
        )
        self._verified[digest] = _Verified(
            owner=owner, key=key, ends_at=claims.exp + self._leeway_s
        )
        if len(self._verified) > VERIFIED_TOKENS_MAX:
            self._verified.popitem(last=False)
        return owner

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _remembered(self, digest: bytes) -> Owner | None:
        known = self._verified.get(digest)
        if known is None:
            return None
        if self._now() >= known.ends_at:
            del self._verified[digest]
            raise InvalidToken("expired")
        if not self._keys.holds(known.key):
            del self._verified[digest]
            return None
        self._verified.move_to_end(digest)
        return known.owner

    async def _key_of(self, token: str) -> SigningKey:
        """The key of ours that a token names; one that it holds or points to is never looked at."""
        header: dict[str, Any]
        try:
            header = self._signatures.get_unverified_header(token)
        except _UNREADABLE as error:
            raise InvalidToken("header") from error
        if "crit" in header or "b64" in header:
            raise InvalidToken("critical_header")
        algorithm = header.get("alg")
        # Before the key is looked for, so that nothing is fetched for what is refused in any case.
        if not isinstance(algorithm, str) or algorithm not in self._keys.algorithms:
            raise InvalidToken("algorithm")
        try:
            key = await self._keys.find(header.get("kid"))
        except UnknownKey as error:
            raise InvalidToken("key") from error
        if algorithm != key.algorithm:
            raise InvalidToken("algorithm")
        return key

    def _verify(self, token: str, key: SigningKey) -> _Claims:
        """The claims of a token, if that key has signed it."""
        try:
            payload = self._signatures.decode(token, key.verifying, [key.algorithm])
            return _CLAIMS_DECODER.decode(payload)
        except msgspec.ValidationError as error:
            raise InvalidToken("claims") from error
        except _UNREADABLE as error:
            raise InvalidToken("signature") from error

    def _check(self, claims: _Claims, *, now: float) -> None:
        """Refuse a token that is genuine but not, or not now, for this service."""
        if now >= claims.exp + self._leeway_s:
            raise InvalidToken("expired")
        if any(
            moment is not UNSET and moment > now + self._leeway_s
            for moment in (claims.nbf, claims.iat)
        ):
            raise InvalidToken("not_yet_valid")
        if self._audience is not None:
            audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
            if audiences is UNSET or self._audience not in audiences:
                raise InvalidToken("audience")
        if self._issuer is not None and claims.iss != self._issuer:
            raise InvalidToken("issuer")
        if claims.role in _ROLES_REFUSED:
            raise InvalidToken("role")
        if claims.is_anonymous is True and not self._allows_anonymous:
            raise InvalidToken("anonymous")
        if _CONTROL.search(claims.sub):
            raise InvalidToken("subject")


class BearerAuthentication(AbstractAuthenticationMiddleware):
    """Puts the `Owner` of a request into `scope["user"]`, or refuses the request."""

    def __init__(self, app: ASGIApp, verifier: TokenVerifier) -> None:
        super().__init__(app)
        self._verifier = verifier

    @override
    async def authenticate_request(
        self, connection: ASGIConnection[BaseRouteHandler, object, object, State]
    ) -> AuthenticationResult:
        """The owner of the request.

        Raises:
            InvalidToken: there is no token, more than one, or one that is not accepted.
            KeysUnavailable: nobody can say whether the token is good.
        """
        owner = await self._verifier.owner_of(_bearer_token(connection.scope))
        facts_of(connection.scope).user_key = owner.user_key
        return AuthenticationResult(user=owner, auth=None)


def bearer_authentication(verifier: TokenVerifier) -> Callable[[ASGIApp], ASGIApp]:
    """The middleware of routes that need a token.

    A function, because Litestar makes a deep copy of any other middleware for each route: each
    would have a memory of its own, and keys that are never fetched again.
    """

    def around(app: ASGIApp) -> ASGIApp:
        return BearerAuthentication(app, verifier)

    return around


def _bearer_token(scope: Scope) -> str:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if not values:
        raise InvalidToken("missing", was_sent=False)
    if len(values) > 1:
        raise InvalidToken("ambiguous")
    match = _BEARER.fullmatch(values[0].decode("latin-1"))
    if match is None:
        raise InvalidToken("not_a_bearer_token", was_sent=False)
    return match[1]
