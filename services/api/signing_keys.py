"""The keys that tokens are checked with: one shared secret, or a set of public keys (RFC 7517).

A key decides by itself which algorithm it is for. What a token says about its algorithm is only
compared with that.
"""

import base64
from typing import Annotated, Final, Literal, Protocol

import msgspec
from jwt import PyJWK
from jwt.exceptions import PyJWTError
from msgspec import UNSET, Meta, UnsetType

KEYS_MAX: Final = 32
KEY_ID_LENGTH_MAX: Final = 255
RSA_BITS_MIN: Final = 2048
# More would only make each signature slower to check.
RSA_BITS_MAX: Final = 8192

_BASE64_OF_RSA_MAX: Final = RSA_BITS_MAX // 6 + 1
_BASE64_OF_EXPONENT_MAX: Final = 6
_BASE64_OF_COORDINATE: Final = 43
_BASE64URL: Final = r"\A[A-Za-z0-9_-]+\Z"


class UnknownKey(Exception):
    """A token is signed with a key that is not one of ours."""

    def __init__(self) -> None:
        super().__init__("the token's key is not one that tokens are checked with")


class KeysUnavailable(Exception):
    """Whether a token's key is one of ours cannot be said right now."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"the keys that tokens are checked with are not there: {reason}")
        self.reason = reason


class KeySetRefused(Exception):
    """A document is not a set of keys."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"not a set of keys: {reason}")
        self.reason = reason


class KeyIgnored(Exception):
    """A published key is not used, for this reason."""


class SigningKey(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A key, prepared once, and the only algorithm that it is used for."""

    key_id: str | None
    algorithm: Literal["HS256", "ES256", "RS256"]
    verifying: PyJWK

    def equals(self, other: "SigningKey") -> bool:
        """Whether it is the same key under the same id, read another time."""
        return (
            self.key_id == other.key_id
            and self.algorithm == other.algorithm
            and self.verifying.key == other.verifying.key
        )


class KeySet(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The usable keys of a set by their id, and why the others are not used, a line for each."""

    keys: dict[str | None, SigningKey]
    ignored: tuple[str, ...] = ()

    def key_of(self, key_id: str | None) -> SigningKey | None:
        """The key of that id; a token without an id is of the only key there is, or of none."""
        if key_id is None:
            return next(iter(self.keys.values())) if len(self.keys) == 1 else None
        return self.keys.get(key_id)

    def holds(self, key: SigningKey) -> bool:
        """Whether this very key is in the set."""
        return self.keys.get(key.key_id) is key

    def followed_by(self, later: "KeySet") -> "KeySet":
        """The later set, in which the keys that have stayed are the same objects."""
        keys = dict(later.keys)
        for key_id, key in self.keys.items():
            if key_id in keys and key.equals(keys[key_id]):
                keys[key_id] = key
        return KeySet(keys=keys, ignored=later.ignored)


class Keys(Protocol):
    """Where a verifier finds the key of a token."""

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms that a token may be signed with; fixed by configuration."""
        ...

    async def find(self, key_id: str | None) -> SigningKey:
        """The key of a token, by the id in the token's header.

        Raises:
            UnknownKey: there is no such key.
            KeysUnavailable: there may be such a key, and nobody answers who would know.
        """
        ...

    def holds(self, key: SigningKey) -> bool:
        """Whether a key that was found once is one to check tokens with still."""
        ...


class SharedSecret:
    """The one key of HS256 tokens, whatever they say about its id."""

    algorithms: Final = frozenset({"HS256"})

    def __init__(self, secret: str) -> None:
        encoded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode("ascii")
        self._key = SigningKey(
            key_id=None,
            algorithm="HS256",
            verifying=PyJWK({"kty": "oct", "k": encoded, "alg": "HS256"}),
        )

    async def find(self, key_id: str | None) -> SigningKey:
        """The key."""
        del key_id
        return self._key

    def holds(self, key: SigningKey) -> bool:
        """It is the same for as long as the process lives."""
        return key is self._key


class _Common(msgspec.Struct, frozen=True):
    kty: str
    kid: Annotated[str, Meta(max_length=KEY_ID_LENGTH_MAX)] | UnsetType = UNSET
    use: str | UnsetType = UNSET
    key_ops: list[str] | UnsetType = UNSET
    alg: str | UnsetType = UNSET
    d: msgspec.Raw | UnsetType = UNSET


class _Rsa(msgspec.Struct, frozen=True):
    n: Annotated[str, Meta(pattern=_BASE64URL, max_length=_BASE64_OF_RSA_MAX)]
    e: Annotated[str, Meta(pattern=_BASE64URL, max_length=_BASE64_OF_EXPONENT_MAX)]


class _Ec(msgspec.Struct, frozen=True):
    crv: str
    x: Annotated[str, Meta(pattern=_BASE64URL, max_length=_BASE64_OF_COORDINATE)]
    y: Annotated[str, Meta(pattern=_BASE64URL, max_length=_BASE64_OF_COORDINATE)]


class _Document(msgspec.Struct, frozen=True):
    keys: list[msgspec.Raw]


_DOCUMENT: Final = msgspec.json.Decoder(_Document)
_COMMON: Final = msgspec.json.Decoder(_Common)
_RSA: Final = msgspec.json.Decoder(_Rsa)
_EC: Final = msgspec.json.Decoder(_Ec)


def read_key_set(document: bytes) -> KeySet:
    """The usable keys of a JWKS document; of two keys with one id the first is used.

    Raises:
        KeySetRefused: it is none.
    """
    try:
        entries = _DOCUMENT.decode(document).keys
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise KeySetRefused(reason=type(error).__name__) from error
    keys: dict[str | None, SigningKey] = {}
    ignored: list[str] = []
    for number, entry in enumerate(entries[:KEYS_MAX], 1):
        try:
            key = _read_key(entry)
        except KeyIgnored as reason:
            ignored.append(f"key {number}: {reason}")
            continue
        if key.key_id in keys:
            ignored.append(f"key {number}: has the id of a key before it")
        keys.setdefault(key.key_id, key)
    if len(entries) > KEYS_MAX:
        ignored.append(f"keys after the first {KEYS_MAX}")
    return KeySet(keys=keys, ignored=tuple(ignored))


def _read_key(entry: msgspec.Raw) -> SigningKey:
    try:
        common = _COMMON.decode(entry)
        _require_for_signatures(common)
        match common.kty:
            case "RSA":
                return _rsa_key(common, _RSA.decode(entry))
            case "EC":
                return _ec_key(common, _EC.decode(entry))
            case "oct":
                raise KeyIgnored("a secret in a set of public keys")
            case _:
                raise KeyIgnored("of a kind that is not used")
    except (msgspec.MsgspecError, PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise KeyIgnored(f"malformed: {type(error).__name__}") from error


def _require_for_signatures(common: _Common) -> None:
    if common.d is not UNSET:
        raise KeyIgnored("a private key, which everybody can sign with now")
    if common.use not in {UNSET, "sig"}:
        raise KeyIgnored("not for signatures")
    if common.key_ops is not UNSET and "verify" not in common.key_ops:
        raise KeyIgnored("not for checking signatures")


def _rsa_key(common: _Common, numbers: _Rsa) -> SigningKey:
    if common.alg not in {UNSET, "RS256"}:
        raise KeyIgnored("for another algorithm")
    verifying = PyJWK({"kty": "RSA", "n": numbers.n, "e": numbers.e}, "RS256")
    if not RSA_BITS_MIN <= verifying.key.key_size <= RSA_BITS_MAX:
        raise KeyIgnored(f"{verifying.key.key_size} bits")
    return SigningKey(key_id=_id_of(common), algorithm="RS256", verifying=verifying)


def _ec_key(common: _Common, point: _Ec) -> SigningKey:
    if common.alg not in {UNSET, "ES256"}:
        raise KeyIgnored("for another algorithm")
    if point.crv != "P-256":
        raise KeyIgnored("of another curve")
    verifying = PyJWK({"kty": "EC", "crv": "P-256", "x": point.x, "y": point.y}, "ES256")
    return SigningKey(key_id=_id_of(common), algorithm="ES256", verifying=verifying)


def _id_of(common: _Common) -> str | None:
    return None if common.kid is UNSET else common.kid
