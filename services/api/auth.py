"""Who is asking: bearer tokens (JWT, HS256) to the owner of tasks.

The algorithm and the key come from the settings, never from the token. Every refusal is the same
401 outside; its reason is only in the log.
"""

import base64
import hashlib
import re
from collections import OrderedDict
from typing import Annotated, Final

import msgspec
from jwt import PyJWK, PyJWS
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
from services.runtime.clock import Clock
from services.runtime.settings import AuthSettings, UserSettings

ALGORITHM: Final = "HS256"
TOKEN_BYTES_MAX: Final = 8192
SUBJECT_LENGTH_MAX: Final = 255
VERIFIED_TOKENS_MAX: Final = 10_000

# Three non-empty parts of base64url without padding: what PyJWT tolerates beyond that is refused.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([^ ]+)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Some identity providers sign their public API keys with the same secret as their users' tokens.
_ROLES_REFUSED: Final = frozenset({"anon", "service_role"})


class InvalidToken(Exception):
    """The request has no token that is accepted; `reason` is a word for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the bearer token was refused: {reason}")
        self.reason = reason


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


class _Verified(msgspec.Struct, frozen=True):
    owner: Owner
    ends_at: float


_CLAIMS_DECODER: Final = msgspec.json.Decoder(_Claims)


class TokenVerifier:
    """Verifies tokens, and remembers the verified ones until they end.

    A client polls with one token for an hour; a remembered one costs a hash of it instead of a
    signature and two JSON documents. Keys of the memory are hashes, so that it holds no token.
    """

    def __init__(self, *, auth: AuthSettings, user: UserSettings, clock: Clock) -> None:
        self._key = _symmetric_key(auth.jwt_secret.reveal())
        self._audience = auth.audience
        self._issuer = auth.issuer
        self._leeway_s = auth.leeway_s
        self._user_key_secret = user.key_secret.reveal().encode()
        self._clock = clock
        self._signatures = PyJWS([ALGORITHM])
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    def owner_of(self, token: str) -> Owner:
        """The owner that a token speaks for.

        Raises:
            InvalidToken: it is forged, malformed, over, not yet valid, or not for this service.
        """
        if len(token) > TOKEN_BYTES_MAX:
            raise InvalidToken("too_long")
        if _TOKEN.fullmatch(token) is None:
            raise InvalidToken("malformed")
        digest = hashlib.sha256(token.encode("ascii")).digest()
        now = self._clock.now().timestamp()
        known = self._verified.get(digest)
        if known is not None:
            if now >= known.ends_at:
                del self._verified[digest]
                raise InvalidToken("expired")
            self._verified.move_to_end(digest)
            return known.owner
        claims = self._verify(token)
        self._check(claims, now=now)
        owner = Owner(
            user_id=claims.sub,
            user_key=user_key_of(claims.sub, secret=self._user_key_secret),
        )
        self._verified[digest] = _Verified(owner=owner, ends_at=claims.exp + self._leeway_s)
        if len(self._verified) > VERIFIED_TOKENS_MAX:
            self._verified.popitem(last=False)
        return owner

    def _verify(self, token: str) -> _Claims:
        """The claims of a token whose signature is ours."""
        try:
            # The key is ours: one that the header holds or points to is never looked at.
            signed = self._signatures.decode_complete(token, self._key, [ALGORITHM])
            claims = _CLAIMS_DECODER.decode(signed["payload"])
        except msgspec.ValidationError as error:
            raise InvalidToken("claims") from error
        except (PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise InvalidToken("signature") from error
        header = signed["header"]
        if header.get("alg") != ALGORITHM:
            raise InvalidToken("algorithm")
        if "crit" in header or "b64" in header:
            raise InvalidToken("critical_header")
        return claims

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
        if _CONTROL.search(claims.sub):
            raise InvalidToken("subject")


def _symmetric_key(secret: str) -> PyJWK:
    """The key, prepared once: from bytes it would be looked at anew with each token."""
    encoded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode("ascii")
    return PyJWK({"kty": "oct", "k": encoded, "alg": ALGORITHM})


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
        """
        owner = self._verifier.owner_of(_bearer_token(connection.scope))
        facts_of(connection.scope).user_key = owner.user_key
        return AuthenticationResult(user=owner, auth=None)


def _bearer_token(scope: Scope) -> str:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if not values:
        raise InvalidToken("missing")
    if len(values) > 1:
        raise InvalidToken("ambiguous")
    match = _BEARER.fullmatch(values[0].decode("latin-1"))
    if match is None:
        raise InvalidToken("not_a_bearer_token")
    return match[1]
