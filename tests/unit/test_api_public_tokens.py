"""Who is let in with tokens that are checked with public keys: ES256 and RS256, as the key says."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx import AsyncClient, Response
from hypothesis import given
from hypothesis import strategies as st
from jwt import PyJWS
from structlog.testing import capture_logs

from services.api.auth import InvalidToken, TokenVerifier
from services.api.published_keys import KeyTimes
from services.api.signing_keys import KeySet, SharedSecret, SigningKey, UnknownKey, read_key_set
from services.runtime.settings import AuthSettings, Secret
from tests.providers import ProviderServer, hangs, says, served
from tests.unit.api_world import SIGNING_KEY, START, World, settings
from tests.unit.key_world import (
    PLACE,
    Signer,
    ec_signer,
    key_set,
    publish,
    published_at,
    rsa_signer,
    times,
    until,
)

TASK_URL: Final = "/api/tasks/task-01960000-0000-7000-8000-000000000001"
NOW: Final = START.timestamp()
GOOD: Final[dict[str, object]] = {"sub": "ada", "exp": NOW + 3600}
EC: Final = ec_signer()
RSA: Final = rsa_signer()
STRANGER: Final = ec_signer("stranger")
PROJECT: Final = "https://project.example/auth/v1"
# What a user of such a provider gets, and what its public and its server's API key are.
USER: Final[dict[str, object]] = {
    "iss": PROJECT,
    "sub": "5f8b1f0e-53a9-4c5d-9f4c-0a5f5f0f7a11",
    "aud": "authenticated",
    "exp": int(NOW) + 3600,
    "iat": int(NOW),
    "email": "ada@example.com",
    "phone": "",
    "app_metadata": {"provider": "email", "providers": ["email"]},
    "user_metadata": {},
    "role": "authenticated",
    "aal": "aal1",
    "amr": [{"method": "password", "timestamp": int(NOW)}],
    "session_id": "0d0b6e54-6fd3-4b43-8c4e-1d3a52a3b0d5",
    "is_anonymous": False,
}
API_KEY: Final[dict[str, object]] = {
    "iss": "supabase",
    "ref": "project",
    "iat": int(NOW) - 1000,
    "exp": int(NOW) + 300_000_000,
}


class FixedKeys:
    """Public keys that never change."""

    algorithms: Final = frozenset({"ES256", "RS256"})

    def __init__(self, *signers: Signer) -> None:
        document = json.dumps(key_set(*(signer.jwk() for signer in signers)))
        self._keys: KeySet = read_key_set(document.encode())

    async def find(self, key_id: str | None) -> SigningKey:
        """The key, at once."""
        key = self._keys.key_of(key_id)
        if key is None:
            raise UnknownKey
        return key

    def holds(self, key: SigningKey) -> bool:
        """Whether it is one of them."""
        return self._keys.holds(key)


def verifier(*signers: Signer, auth: AuthSettings | None = None) -> TokenVerifier:
    """A verifier with the keys of these signers, at the start of the world."""
    configured = settings()
    return TokenVerifier(
        keys=FixedKeys(*signers),
        auth=auth or AuthSettings(jwks_url="https://unused.example/keys"),
        user=configured.user,
        clock=World().clock,
    )


@asynccontextmanager
async def signed_by(
    server: ProviderServer, when: KeyTimes | None = None
) -> AsyncIterator[AsyncClient]:
    """A client of an API that takes tokens of the keys at an endpoint."""
    async with published_at(server, when) as keys, World(keys=keys).client() as client:
        yield client


async def ask(client: AsyncClient, token: str) -> Response:
    """Ask for a task that is not there: 404 is for those who are let in."""
    headers = {b"Authorization": b"Bearer " + token.encode(), b"X-Request-Id": b"same"}
    return await client.get(TASK_URL, headers=headers)


def part(content: object) -> str:
    """One part of a token: base64url without padding, of JSON or of bytes."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def confused(header: Mapping[str, object], secret: bytes) -> str:
    """A token signed by HMAC with what everybody knows, the public key."""
    signed = f"{part(header)}.{part(GOOD)}"
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def disguises(signer: Signer) -> dict[str, bytes]:
    """The public key in every form that a careless verifier might take for a secret."""
    public, jwk = signer.private.public_key(), signer.jwk()
    number = str(jwk["n" if "n" in jwk else "x"])
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "PEM": pem,
        "PEM, stripped": pem.strip(),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "JWK": json.dumps(jwk).encode(),
        "JWK, compact": json.dumps(jwk, separators=(",", ":")).encode(),
        "number": base64.urlsafe_b64decode(number + "=="),
        "number as text": number.encode(),
        "nothing": b"",
    }


def swapped(signer: Signer, **header: object) -> str:
    """A genuine signature under a header that says something else than what was signed."""
    _, claims, signature = signer.token(GOOD).split(".")
    return f"{part({'kid': signer.key_id, **header})}.{claims}.{signature}"


def with_other_claims(token: str) -> str:
    """A genuine header and signature around somebody else's name."""
    header, _, signature = token.split(".")
    return f"{header}.{part(GOOD | {'sub': 'grace'})}.{signature}"


def of_another_curve() -> str:
    """A token of P-384 under the id of a key of P-256."""
    return jwt.encode(
        GOOD, generate_private_key(SECP384R1()), algorithm="ES384", headers={"kid": "ec"}
    )


EC_TOKEN: Final = EC.token(GOOD)
REFUSED: Final[dict[str, str]] = {
    **{
        f"HMAC with the {signer.algorithm} key as {form}, alg {algorithm}": confused(
            {"alg": algorithm, "kid": signer.key_id, "typ": "JWT"}, secret
        )
        for signer in (EC, RSA)
        for form, secret in disguises(signer).items()
        for algorithm in ("HS256", signer.algorithm)
    },
    "HMAC with the secret of another set-up": confused(
        {"alg": "HS256", "kid": "ec"}, SIGNING_KEY.encode()
    ),
    "alg none": f"{part({'alg': 'none', 'kid': 'ec'})}.{part(GOOD)}.",
    "alg none, with a signature": swapped(EC, alg="none"),
    "alg RS256 over an EC key": swapped(EC, alg="RS256"),
    "alg ES256 over an RSA key": swapped(RSA, alg="ES256"),
    "alg PS256 over an RSA key": swapped(RSA, alg="PS256"),
    "alg RS512 over an RSA key": jwt.encode(
        GOOD, RSA.private, algorithm="RS512", headers={"kid": "rsa"}
    ),
    "alg PS256, signed so": jwt.encode(
        GOOD, RSA.private, algorithm="PS256", headers={"kid": "rsa"}
    ),
    "alg ES384 of another curve": of_another_curve(),
    "alg in lower case": swapped(EC, alg="es256"),
    "alg a list": swapped(EC, alg=["ES256"]),
    "alg an object": swapped(EC, alg={"ES256": 1}),
    "alg null": swapped(EC, alg=None),
    "alg missing": swapped(EC),
    "the id of another key": EC.token(GOOD, kid="rsa"),
    "the key of a stranger": STRANGER.token(GOOD),
    "the key of a stranger under our id": STRANGER.token(GOOD, kid="ec"),
    "the key of a stranger in the header": STRANGER.token(GOOD, kid="ec", jwk=STRANGER.jwk()),
    "the key of a stranger by address": STRANGER.token(GOOD, kid="ec", jku="https://evil.example"),
    "a certificate of a stranger": STRANGER.token(GOOD, kid="ec", x5c=["MIIB"]),
    "no id, with several keys": EC.token(GOOD, kid=None),
    "an id that is a number": swapped(EC, alg="ES256", kid=7),
    "an id that is a list": swapped(EC, alg="ES256", kid=["ec"]),
    "an id that is null": swapped(EC, alg="ES256", kid=None),
    "an empty id": EC.token(GOOD, kid=""),
    "crit": EC.token(GOOD, crit=["exp"]),
    "b64": swapped(EC, alg="ES256", b64=True),
    "signature of zeros": f"{EC_TOKEN.rpartition('.')[0]}.{part(bytes(64))}",
    "signature cut": EC_TOKEN[:-4],
    "signature empty": EC_TOKEN.rpartition(".")[0] + ".",
    "signature of the wrong kind": f"{EC_TOKEN.rpartition('.')[0]}.{part(bytes(256))}",
    "claims changed": with_other_claims(EC_TOKEN),
    "over": EC.token(GOOD | {"exp": NOW - 11}),
    "not yet valid": RSA.token(GOOD | {"nbf": NOW + 60}),
    "without an end": EC.token({"sub": "ada"}),
    "without a subject": EC.token({"exp": NOW + 3600}),
    "too long": EC.token(GOOD | {"padding": "x" * 8192}),
    "of the public API key": EC.token(GOOD | {"role": "anon"}),
    "of the server's API key": RSA.token(GOOD | {"role": "service_role"}),
}


async def test_unauthorized_for_every_forged_token_with_one_answer() -> None:
    """Nothing that one can make of a public key is a token, and the answer never says why."""
    different: list[str] = []
    reasons: dict[str, object] = {}
    async with served() as server:
        publish(server, EC, RSA)
        async with signed_by(server) as client:
            expected = await ask(client, "no")
            for case, token in REFUSED.items():
                with capture_logs() as lines:
                    answer = await ask(client, token)
                if answer.content != expected.content or answer.headers != expected.headers:
                    different.append(case)
                reasons[case] = lines[-1]["reason"]

    assert expected.status_code == 401
    assert expected.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert not different
    assert server.paths() == [PLACE]
    assert reasons["HMAC with the RS256 key as PEM, alg HS256"] == "algorithm"
    assert reasons["HMAC with the RS256 key as PEM, alg RS256"] == "signature"
    assert reasons["alg RS256 over an EC key"] == "algorithm"
    assert reasons["the key of a stranger"] == "key"
    assert reasons["the key of a stranger under our id"] == "signature"
    assert reasons["no id, with several keys"] == "key"
    assert reasons["over"] == "expired"


ACCEPTED: Final[dict[str, str]] = {
    "ES256": EC_TOKEN,
    "RS256": RSA.token(GOOD),
    "without typ": EC.token(GOOD, typ=None),
    "as an access token": RSA.token(GOOD, typ="at+jwt"),
    "with a key that nobody looks at": EC.token(GOOD, jwk=STRANGER.jwk()),
    "with an address that nobody asks": EC.token(GOOD, jku="https://evil.example"),
    "of a user": EC.token(USER),
}


async def test_genuine_tokens_are_let_in() -> None:
    """Both algorithms, side by side, each with the key that is for it."""
    async with served() as server:
        publish(server, EC, RSA)
        async with signed_by(server) as client:
            statuses = {
                case: (await ask(client, token)).status_code for case, token in ACCEPTED.items()
            }

    assert set(statuses.values()) == {404}
    assert server.paths() == [PLACE]


@pytest.mark.parametrize("signer", [EC, RSA], ids=["ES256", "RS256"])
async def test_a_token_without_a_key_id_is_let_in_by_the_only_key(signer: Signer) -> None:
    """Where there is nothing to choose, nothing has to be chosen; the signature still decides."""
    alone = verifier(signer)

    owner = await alone.owner_of(signer.token(GOOD, kid=None))

    assert owner.user_id == "ada"
    with pytest.raises(InvalidToken, match="signature"):
        _ = await verifier(EC).owner_of(STRANGER.token(GOOD, kid=None))


SUPABASE: Final = AuthSettings(
    jwks_url=f"{PROJECT}/.well-known/jwks.json", audience="authenticated", issuer=PROJECT
)


async def test_tokens_of_supabase_are_taken_as_they_are() -> None:
    """Of its signing keys, and of its older secret; its API keys speak for no user."""
    configured = settings()
    public = verifier(EC, auth=SUPABASE)
    secret = TokenVerifier(
        keys=SharedSecret(SIGNING_KEY),
        auth=AuthSettings(jwt_secret=Secret(SIGNING_KEY)),
        user=configured.user,
        clock=World().clock,
    )

    owners = [
        await public.owner_of(EC.token(USER)),
        await secret.owner_of(jwt.encode(USER, SIGNING_KEY, algorithm="HS256")),
    ]

    assert [owner.user_id for owner in owners] == [USER["sub"]] * 2
    for role in ("anon", "service_role"):
        api_key = jwt.encode(API_KEY | {"role": role}, SIGNING_KEY, algorithm="HS256")
        named = jwt.encode(API_KEY | {"role": role, "sub": "ada"}, SIGNING_KEY, algorithm="HS256")
        # They have no subject; and if they had one, their role would give them away.
        with pytest.raises(InvalidToken, match="claims"):
            _ = await secret.owner_of(api_key)
        with pytest.raises(InvalidToken, match="role"):
            _ = await secret.owner_of(named)
    with pytest.raises(InvalidToken, match="malformed"):
        _ = await secret.owner_of("sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH")


@pytest.mark.parametrize(
    "claims", [{"aud": "other"}, {"aud": None}, {"iss": f"{PROJECT}/"}, {"iss": None}]
)
async def test_tokens_for_others_are_refused(claims: dict[str, object]) -> None:
    """A provider signs for many with the same keys."""
    changed = {name: value for name, value in (USER | claims).items() if value is not None}

    with pytest.raises(InvalidToken, match=r"audience|issuer"):
        _ = await verifier(EC, auth=SUPABASE).owner_of(EC.token(changed))


async def test_unavailable_until_there_were_keys() -> None:
    """A token that may be good is not called bad; one that cannot be good is, also without keys."""
    async with served() as server:
        server.answer(PLACE, says(503))
        async with signed_by(server) as client:
            with capture_logs() as lines:
                answer = await ask(client, EC_TOKEN)
            hopeless = ["no", REFUSED["alg none, with a signature"], REFUSED["crit"]]
            refused = [await ask(client, token) for token in hopeless]
            missing = await client.get(TASK_URL)

    assert answer.status_code == 503
    assert answer.json() == {
        "type": "urn:concept-refinery:problem:unavailable",
        "title": "Service unavailable",
        "status": 503,
        "detail": "Tokens cannot be checked right now. Try again shortly.",
        "instance": TASK_URL,
    }
    assert answer.headers["Retry-After"] == "5"
    assert "WWW-Authenticate" not in answer.headers
    assert lines[-1]["reason"] == "the key set endpoint does not answer"
    assert [one.status_code for one in refused] == [401] * 3
    assert missing.headers["WWW-Authenticate"] == "Bearer"


async def test_what_is_refused_in_any_case_asks_for_no_key() -> None:
    """Only a token that could be good makes us look for its key."""
    strange = [
        swapped(EC, alg=alg, kid="new") for alg in ("none", "HS256", "ES384", None, ["ES256"])
    ]
    async with served() as server:
        publish(server, EC)
        async with signed_by(server, times(cooldown_s=0)) as client:
            answers = [await ask(client, token) for token in ("no", *strange)]
            asked = server.paths()
            _ = await ask(client, swapped(EC, alg="ES256", kid="new"))

    assert {answer.status_code for answer in answers} == {401}
    assert asked == [PLACE]
    assert server.paths() == [PLACE, PLACE]


async def test_remembered_tokens_outlive_an_outage() -> None:
    """While the endpoint is down, who is signed in or signs in with a known key notices nothing."""
    async with served() as server:
        publish(server, EC, RSA)
        async with signed_by(server, times(refresh_s=0.01, wait_s=0.02, retry_s=0.01)) as client:
            before = await ask(client, EC_TOKEN)
            server.answer(PLACE, says(500))
            asked = len(server.calls)
            await until(lambda: len(server.calls) > asked + 2)
            server.answer(PLACE, hangs)
            after = [await ask(client, token) for token in (EC_TOKEN, RSA.token(GOOD))]
            unknown = await ask(client, STRANGER.token(GOOD))

    assert [answer.status_code for answer in (before, *after)] == [404, 404, 404]
    assert unknown.status_code == 503


async def test_remembered_tokens_end_with_their_key() -> None:
    """A key that is taken back takes its tokens along, the remembered ones too, and no others."""
    async with served() as server:
        publish(server, EC, RSA)
        async with signed_by(server, times(refresh_s=0.01)) as client:
            rsa_token = RSA.token(GOOD)
            before = [await ask(client, token) for token in (EC_TOKEN, rsa_token)]
            publish(server, RSA)
            asked = len(server.calls)
            await until(lambda: len(server.calls) > asked + 2)
            after = [await ask(client, token) for token in (EC_TOKEN, rsa_token)]

    assert [answer.status_code for answer in before] == [404, 404]
    assert [answer.status_code for answer in after] == [401, 404]


async def test_a_rotation_is_noticed_by_its_first_token() -> None:
    """Tokens of a new key are let in at once, while those of the old one end."""
    new = ec_signer("new")
    async with served() as server:
        publish(server, EC)
        async with signed_by(server, times(cooldown_s=0)) as client:
            before = await ask(client, EC_TOKEN)
            publish(server, new)
            answers = [await ask(client, token) for token in (new.token(GOOD), EC_TOKEN)]

    assert before.status_code == 404
    assert [answer.status_code for answer in answers] == [404, 401]


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
HEADERS: Final = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "zip", "enc"]),
    st.sampled_from(["ES256", "RS256", "HS256", "none", "ec", "rsa", True, False, []]) | JSON,
)
PARTS: Final = st.one_of(
    HEADERS.map(part),
    JSON.map(part),
    st.binary(max_size=80).map(part),
    st.sampled_from(EC_TOKEN.split(".")),
    st.text(st.sampled_from("AZaz09-_=+/ %\x00é"), max_size=20),
)
TOKENS: Final = st.lists(PARTS, min_size=1, max_size=5).map(".".join)
VERIFIERS: Final = (verifier(EC, RSA), verifier(EC), verifier())


@given(token=TOKENS.filter(lambda token: token != EC_TOKEN))
async def test_any_other_token_is_refused(token: str) -> None:
    """Whatever is sent is refused in the one way there is: nothing is let in, nothing fails."""
    for verifying in VERIFIERS:
        with pytest.raises(InvalidToken):
            _ = await verifying.owner_of(token)


@given(
    index=st.integers(0, len(EC_TOKEN) - 1),
    character=st.sampled_from("ABCXYZabcxyz0189-_=. é"),
)
async def test_a_token_with_another_character_is_refused(index: int, character: str) -> None:
    """Each character of a token counts."""
    changed = EC_TOKEN[:index] + character + EC_TOKEN[index + 1 :]
    if changed == EC_TOKEN:
        return

    with pytest.raises(InvalidToken):
        _ = await VERIFIERS[0].owner_of(changed)


CLAIMS: Final = st.sampled_from(["sub", "exp", "nbf", "iat", "aud", "iss", "role"])


@given(claims=st.dictionaries(CLAIMS, JSON))
async def test_any_claims_that_are_signed_are_taken_or_refused(claims: dict[str, object]) -> None:
    """A provider that signs nonsense is no reason to fail."""
    payload = json.dumps(GOOD | claims).encode()
    token = PyJWS().encode(payload, EC.private, algorithm="ES256", headers={"kid": "ec"})

    try:
        owner = await VERIFIERS[0].owner_of(token)
    except InvalidToken:
        return

    assert owner.user_id == claims.get("sub", "ada")
