"""Which published keys are used, and what they are used for; no document is too strange to read."""

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.signing_keys import KEYS_MAX, KeySet, KeySetRefused, SharedSecret, read_key_set
from tests.unit.key_world import Jwk, ec_signer, key_set, rsa_signer

EC: Final = ec_signer().jwk()
RSA: Final = rsa_signer().jwk()
SMALL: Final = rsa_signer("small", bits=1024).jwk()
HUGE_EXPONENT: Final = "_" * 22


def read(*keys: Any) -> KeySet:
    """The usable keys among these."""
    return read_key_set(json.dumps(key_set(*keys)).encode())


def test_a_key_has_the_one_algorithm_of_its_kind() -> None:
    """Nothing in a token changes what a key is used for."""
    found = read(EC, RSA)

    assert {key_id: key.algorithm for key_id, key in found.keys.items()} == {
        "ec": "ES256",
        "rsa": "RS256",
    }
    assert found.ignored == ()


@pytest.mark.parametrize(
    "others",
    [
        {"alg": None},
        {"use": None},
        {"key_ops": ["verify"]},
        {"key_ops": ["sign", "verify"], "use": None},
        {"x5c": ["MIIB"], "x5t": "abc", "unknown": {"nested": [1]}},
    ],
)
@pytest.mark.parametrize("key", [EC, RSA], ids=["EC", "RSA"])
def test_keys_are_used_however_their_provider_describes_them(key: Jwk, others: Jwk) -> None:
    """What a description may leave out or add does not matter."""
    described = {name: value for name, value in {**key, **others}.items() if value is not None}

    assert list(read(described).keys) == [key["kid"]]


IGNORED: Final[dict[str, Any]] = {
    "a secret": {"kty": "oct", "k": "c2VjcmV0", "kid": "x", "alg": "HS256"},
    "a secret said to be of RS256": {"kty": "oct", "k": "c2VjcmV0", "kid": "x", "alg": "RS256"},
    "RSA with 1024 bits": SMALL,
    "RSA with too many bits": RSA | {"n": "_" * 1400},
    "RSA with exponent 1": RSA | {"e": "AQ"},
    "RSA with an even exponent": RSA | {"e": "Ag"},
    "RSA with a huge exponent": RSA | {"e": HUGE_EXPONENT},
    "RSA without a modulus": {name: value for name, value in RSA.items() if name != "n"},
    "RSA with padding": RSA | {"e": "AQAB=="},
    "RSA with spaces": RSA | {"n": RSA["n"] + "\n"},
    "RSA with numbers": RSA | {"n": 12345},
    "RSA for PS256": RSA | {"alg": "PS256"},
    "RSA for RS512": RSA | {"alg": "RS512"},
    "RSA for HS256": RSA | {"alg": "HS256"},
    "RSA for encryption": RSA | {"use": "enc"},
    "RSA for RSA-OAEP": RSA | {"alg": "RSA-OAEP", "use": None},
    "RSA with its private part": RSA | {"d": "AQAB"},
    "EC for encryption": EC | {"use": "enc"},
    "EC for key agreement": EC | {"key_ops": ["deriveBits"]},
    "EC for signing only": EC | {"key_ops": ["sign"]},
    "EC with key_ops a text": EC | {"key_ops": "verify"},
    "EC of P-384": EC | {"crv": "P-384"},
    "EC of secp256k1": EC | {"crv": "secp256k1"},
    "EC without a curve": {name: value for name, value in EC.items() if name != "crv"},
    "EC for ES384": EC | {"alg": "ES384"},
    "EC for RS256": EC | {"alg": "RS256"},
    "EC off the curve": EC | {"x": "A" * 43},
    "EC with a short coordinate": EC | {"x": EC["x"][:40]},
    "EC beyond ASCII": EC | {"x": "é" * 43},
    "EC with its private part": EC | {"d": EC["x"]},
    "EC called RSA": EC | {"kty": "RSA"},
    "Ed25519": {"kty": "OKP", "crv": "Ed25519", "x": EC["x"], "kid": "x", "alg": "EdDSA"},
    "of no kind": {"kid": "x"},
    "of a kind that is a list": EC | {"kty": ["EC"]},
    "with an id that is a number": EC | {"kid": 7},
    "with an id without end": EC | {"kid": "x" * 256},
    "a text": "EC",
    "null": None,
    "a list": [EC],
}


@pytest.mark.parametrize("key", IGNORED.values(), ids=IGNORED)
def test_keys_that_must_not_be_used_are_ignored_alone(key: Any) -> None:
    """One key that is weak, secret, or for something else costs the others nothing."""
    good = ec_signer("good").jwk()

    found = read(key, good)

    assert list(found.keys) == ["good"]
    (reason,) = found.ignored
    assert reason.startswith("key 1: ")


def test_of_two_keys_with_one_id_the_first_is_used() -> None:
    """Whoever appends to a set changes nothing about the keys that are there."""
    first, second = ec_signer("first").jwk(kid="same"), rsa_signer().jwk(kid="same")

    found = read(first, second)

    assert [key.algorithm for key in found.keys.values()] == ["ES256"]
    assert found.ignored == ("key 2: has the id of a key before it",)


def test_only_so_many_keys_are_looked_at() -> None:
    """A set without end costs no more than one with an end."""
    found = read(*(EC | {"kid": str(number)} for number in range(KEYS_MAX + 10)))

    assert len(found.keys) == KEYS_MAX
    assert found.ignored == (f"keys after the first {KEYS_MAX}",)


@pytest.mark.parametrize(
    "document",
    [
        *(b"", b"{", b"null", b"[]", b"{}", b'"keys"', b'{"keys": null}', b'{"keys": {}}'),
        *(
            b'{"keys": "EC"}',
            b"<!doctype html>",
            b"\xff\xfe",
            b'{"keys": [' * 5000,
            b"\x1f\x8b\x08",
        ),
    ],
)
def test_what_is_no_set_of_keys_is_refused(document: bytes) -> None:
    """A page, half a document or another document is not a set without keys."""
    with pytest.raises(KeySetRefused):
        _ = read_key_set(document)


def test_a_set_without_keys_is_one() -> None:
    """Taking all keys back is something a provider may say."""
    assert read().keys == {}


def test_a_token_without_a_key_id_is_of_the_only_key() -> None:
    """With several keys somebody would have to guess, and nobody does."""
    one, two = read(EC), read(EC, RSA)

    assert one.key_of(None) is one.keys["ec"]
    assert two.key_of(None) is None
    assert read().key_of(None) is None


def test_a_key_without_an_id_is_for_tokens_without_one() -> None:
    """An id that names nothing is not taken for the key that has none."""
    found = read({name: value for name, value in EC.items() if name != "kid"})

    assert found.key_of(None) is found.keys[None]
    assert found.key_of("ec") is None


def test_keys_that_stay_are_the_same_objects() -> None:
    """A refresh changes nothing for tokens of keys that are still there, and of no others."""
    other = ec_signer("other").jwk(kid="ec")
    before = read(EC, RSA)

    same, changed = before.followed_by(read(RSA, EC)), before.followed_by(read(other))

    assert all(same.holds(key) for key in before.keys.values())
    assert not any(changed.holds(key) for key in before.keys.values())
    assert list(changed.keys) == ["ec"]


async def test_a_secret_is_the_key_of_every_token() -> None:
    """With one secret there is nothing to choose, whatever a token says about its key."""
    secret = SharedSecret("x" * 32)

    keys = [await secret.find(key_id) for key_id in (None, "x", "")]

    assert {key.algorithm for key in keys} == secret.algorithms == {"HS256"}
    assert all(secret.holds(key) for key in keys)
    assert not secret.holds(await SharedSecret("x" * 32).find(None))


JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
MEMBERS: Final = st.sampled_from(["kty", "kid", "use", "key_ops", "alg", "crv", *"nexyd"])
TEXTS: Final = st.sampled_from(["RSA", "EC", "oct", "P-256", "ES256", "RS256", "AQAB", "", "AA"])


@given(
    keys=st.lists(
        st.builds(
            lambda key, changes: {**key, **changes},
            st.sampled_from([EC, RSA, {}]),
            st.dictionaries(MEMBERS, TEXTS | JSON, max_size=3),
        )
        | JSON,
        max_size=5,
    )
)
def test_any_keys_are_used_or_ignored(keys: list[Any]) -> None:
    """Nothing that a key may hold gets past its reader, or makes it fail."""
    found = read(*keys)

    assert len(found.keys) + len(found.ignored) == len(keys)
    assert {key.algorithm for key in found.keys.values()} <= {"ES256", "RS256"}


@given(document=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_document_is_read_or_refused(document: bytes) -> None:
    """Nothing that an endpoint may answer makes the reader fail in another way."""
    try:
        found = read_key_set(document)
    except KeySetRefused:
        return

    assert found.keys == {}
