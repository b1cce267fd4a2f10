"""Who is let in: good tokens, forged tokens, and the one answer to all that are refused."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Final

import jwt
import pytest
from structlog.testing import capture_logs

from services.api.auth import VERIFIED_TOKENS_MAX, InvalidToken, TokenVerifier
from services.api.signing_keys import SharedSecret
from services.runtime.settings import AuthSettings, Secret
from tests.unit.api_world import REFINE, SIGNING_KEY, START, World, settings, user_key

TASK_URL: Final = "/api/tasks/task-01960000-0000-7000-8000-000000000001"
NOW: Final = START.timestamp()
GOOD: Final[dict[str, object]] = {"sub": "ada", "exp": NOW + 3600}
HEADER: Final[dict[str, object]] = {"alg": "HS256", "typ": "JWT"}


def part(content: object) -> str:
    """One part of a token: base64url without padding, of JSON or of bytes."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forge(header: object = HEADER, claims: object = GOOD, *, key: str = SIGNING_KEY) -> str:
    """A token made by hand, signed with HMAC-SHA256 whatever its header says."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{part(hmac.digest(key.encode(), signed.encode(), hashlib.sha256))}"


def with_claims(**others: object) -> str:
    """A genuine token with other claims; None leaves one out."""
    claims = GOOD | others
    return forge(claims={name: value for name, value in claims.items() if value is not None})


def verifier(auth: AuthSettings | None = None, *, world: World | None = None) -> TokenVerifier:
    """A verifier at the start of the world."""
    configured = settings(auth=auth)
    clock = (world or World()).clock
    return TokenVerifier(
        keys=SharedSecret(SIGNING_KEY), auth=configured.auth, user=configured.user, clock=clock
    )


GENUINE: Final = forge()
REFUSED: Final[dict[str, str]] = {
    "another key": forge(key="x" * 32),
    "an empty key": forge(key=""),
    "alg none": f"{part({'alg': 'none'})}.{part(GOOD)}.",
    "alg none, signed": forge({"alg": "none"}),
    "alg None": forge({"alg": "None"}),
    "alg HS384": jwt.encode(GOOD, SIGNING_KEY + "x" * 32, algorithm="HS384"),
    "alg HS512 claimed": forge({"alg": "HS512"}),
    "alg RS256 claimed": forge({"alg": "RS256"}),
    "alg in lower case": forge({"alg": "hs256"}),
    "alg missing": forge({"typ": "JWT"}),
    "alg null": forge({"alg": None}),
    "alg a list": forge({"alg": ["HS256"]}),
    "alg an object": forge({"alg": {"HS256": 1}}),
    "alg a number": forge({"alg": 256}),
    "header a list": forge(["HS256"]),
    "header a string": forge("HS256"),
    "header not JSON": forge(b"{nope"),
    "header deep": forge(b"[" * 4000),
    "crit": forge(HEADER | {"crit": ["exp"]}),
    "crit empty": forge(HEADER | {"crit": []}),
    "b64 false": forge(HEADER | {"b64": False}),
    "b64 true": forge(HEADER | {"b64": True}),
    "jwk of its own, other key": forge(
        HEADER | {"jwk": {"kty": "oct", "k": part(b"x" * 32)}}, key="x" * 32
    ),
    "jku of its own, other key": forge(HEADER | {"jku": "https://evil.example"}, key="x" * 32),
    "x5u of its own, other key": forge(HEADER | {"x5u": "https://evil.example"}, key="x" * 32),
    "kid of a path, other key": forge(HEADER | {"kid": "/dev/null"}, key=""),
    "kid a number": forge(HEADER | {"kid": 1}),
    "claims changed": GENUINE.replace(part(GOOD), part(GOOD | {"sub": "grace"})),
    "signature missing": GENUINE.rpartition(".")[0] + ".",
    "signature cut": GENUINE[:-4],
    "signature padded": GENUINE + "=",
    "signature with a newline": GENUINE + "%0a",
    "base64 of the other alphabet": GENUINE.replace(".", "+.", 1),
    "two parts": GENUINE.rpartition(".")[0],
    "four parts": GENUINE + ".x",
    "five parts, encrypted": "a.b.c.d.e",
    "only dots": "..",
    "a word": "token",
    "too long": with_claims(padding="x" * 8192),
    "beyond ASCII": GENUINE + "é",
    "exp missing": with_claims(exp=None),
    "exp over": with_claims(exp=NOW - 11),
    "exp just over": with_claims(exp=NOW - 10),
    "exp text": with_claims(exp="2999-01-01"),
    "exp a digit string": with_claims(exp="99999999999"),
    "exp a list": with_claims(exp=[NOW + 3600]),
    "exp true": with_claims(exp=True),
    "exp infinite": forge(claims=b'{"sub":"ada","exp":1e999}'),
    "exp Infinity": forge(claims=b'{"sub":"ada","exp":Infinity}'),
    "exp NaN": forge(claims=b'{"sub":"ada","exp":NaN}'),
    "exp negative": with_claims(exp=-1),
    "nbf to come": with_claims(nbf=NOW + 60),
    "nbf text": with_claims(nbf="soon"),
    "iat to come": with_claims(iat=NOW + 60),
    "sub missing": with_claims(sub=None),
    "sub empty": with_claims(sub=""),
    "sub a number": with_claims(sub=1),
    "sub a list": with_claims(sub=["ada"]),
    "sub long": with_claims(sub="x" * 256),
    "sub with a null byte": with_claims(sub="ada\x00"),
    "sub with a newline": with_claims(sub="ada\n"),
    "sub with a C1 control": with_claims(sub="ada\x9b"),
    "sub a lone surrogate": forge(claims=b'{"sub":"\\ud800","exp":9999999999}'),
    "role of the public key": with_claims(role="anon"),
    "role of the service key": with_claims(role="service_role"),
    "role a list": with_claims(role=["anon"]),
    "of nobody in particular": with_claims(is_anonymous=True),
    "is_anonymous a text": with_claims(is_anonymous="false"),
    "claims a list": forge(claims=["ada"]),
    "claims not JSON": forge(claims=b"{nope"),
    "claims not UTF-8": forge(claims=b"\xff"),
    "claims deep": forge(claims=b'{"sub":' * 1000),
}


async def test_unauthorized_for_every_bad_token_with_one_answer() -> None:
    """Whatever is wrong with a token, the answer is the same 401, and only the log says why."""
    world = World()
    different: list[str] = []
    reasons: dict[str, str] = {}
    async with world.client() as client:
        headers = {b"Authorization": b"Bearer no", b"X-Request-Id": b"same"}
        expected = await client.get(TASK_URL, headers=headers)
        for case, token in REFUSED.items():
            headers = {b"Authorization": f"Bearer {token}".encode(), b"X-Request-Id": b"same"}
            with capture_logs() as lines:
                answer = await client.get(TASK_URL, headers=headers)
            if answer.content != expected.content or answer.headers != expected.headers:
                different.append(case)
            (line,) = lines
            reasons[case] = line["reason"]
            assert token not in str(line)

    assert expected.status_code == 401
    assert expected.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert not different
    assert reasons["another key"] == "signature"
    assert reasons["alg none, signed"] == "algorithm"
    assert reasons["exp over"] == "expired"
    assert reasons["nbf to come"] == "not_yet_valid"
    assert reasons["sub empty"] == "claims"
    assert reasons["role of the public key"] == "role"
    assert reasons["of nobody in particular"] == "anonymous"
    assert reasons["b64 true"] == "critical_header"


async def test_unauthorized_has_a_challenge_and_no_reason() -> None:
    """The 401 says how to sign in, and nothing about what was wrong."""
    world = World()
    async with world.client() as client:
        answer = await client.post(REFINE, json={})

    assert answer.status_code == 401
    assert answer.json() == {
        "type": "urn:concept-refinery:problem:unauthorized",
        "title": "Unauthorized",
        "status": 401,
        "detail": "A valid bearer token is required.",
        "instance": REFINE,
    }
    assert dict(answer.headers) == {
        "www-authenticate": "Bearer",
        "cache-control": "no-store",
        "content-type": "application/problem+json",
        "content-length": str(len(answer.content)),
        "x-request-id": answer.headers["X-Request-Id"],
    }


async def test_unauthorized_for_what_is_no_bearer_token() -> None:
    """Only the scheme Bearer with exactly one token is read."""
    world = World()
    values = ["", "Bearer", "Bearer ", f"Basic {GENUINE}", GENUINE, f"Bearer {GENUINE} x"]
    async with world.client() as client:
        answers = [await client.get(TASK_URL, headers={"Authorization": value}) for value in values]

    assert [answer.status_code for answer in answers] == [401] * len(values)
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}


async def test_unauthorized_for_two_authorization_headers() -> None:
    """Two of them leave open who asks, even when both are good."""
    world = World()
    async with world.client() as client:
        headers = [("Authorization", f"Bearer {GENUINE}")] * 2
        answer = await client.get(TASK_URL, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_unauthorized_comes_before_every_other_check() -> None:
    """Who is not signed in learns nothing about bodies, types or sizes."""
    world = World()
    async with world.client() as client:
        answers = [
            await client.post(REFINE, content=b"x" * 100_000),
            await client.post(REFINE, content=b"", headers={"Content-Type": "text/plain"}),
        ]

    assert [answer.status_code for answer in answers] == [401, 401]


ACCEPTED: Final[dict[str, str]] = {
    "plain": GENUINE,
    "without typ": forge({"alg": "HS256"}),
    "with a kid": forge(HEADER | {"kid": "2026"}),
    "with a jku that nobody follows": forge(HEADER | {"jku": "https://evil.example"}),
    "exp a float": with_claims(exp=NOW + 0.5),
    "exp within the leeway": with_claims(exp=NOW - 9),
    "nbf within the leeway": with_claims(nbf=NOW + 9),
    "iat within the leeway": with_claims(iat=NOW + 9),
    "aud that nobody asked for": with_claims(aud=["other"]),
    "role of users": with_claims(role="authenticated"),
    "of somebody": with_claims(is_anonymous=False),
    "claims of others": with_claims(email="ada@example.com", nested={"a": [1]}),
}


async def test_accepted_tokens_reach_their_owner() -> None:
    """A genuine token in time is accepted, in any spelling of the scheme."""
    world = World()
    statuses: dict[str, int] = {}
    async with world.client() as client:
        for case, token in ACCEPTED.items():
            for scheme in ("Bearer", "bearer", "BEARER "):
                answer = await client.get(TASK_URL, headers={"Authorization": f"{scheme} {token}"})
                statuses[f"{case}, {scheme}"] = answer.status_code

    assert set(statuses.values()) == {404}
    assert len(statuses) == 3 * len(ACCEPTED)


async def test_anonymous_users_are_users_where_that_is_wanted() -> None:
    """A setting lets them in, each as the owner that the token names."""
    world = World(auth=AuthSettings(jwt_secret=Secret(SIGNING_KEY), allow_anonymous=True))
    async with world.client() as client:
        answer = await world.refine(client, user="ada")
        task_id = answer.json()["task_id"]
        shown = await client.get(
            f"/api/tasks/{task_id}", headers=world.signed_in("ada", is_anonymous=True)
        )

    assert shown.status_code == 200


@pytest.mark.parametrize(
    "subject", ["a", "x" * 255, "auth0|5f7c8ec7", "ада@пример.рф", "👩\u200d🎨"]
)
async def test_owner_is_the_subject_under_a_key_that_hides_it(subject: str) -> None:
    """Any text may be a subject; the log sees only its key."""
    owner = await verifier().owner_of(with_claims(sub=subject))

    assert owner.user_id == subject
    assert owner.user_key == user_key(subject)


AUDIENCE_AND_ISSUER: Final = AuthSettings(
    jwt_secret=Secret(SIGNING_KEY), audience="refinery", issuer="https://issuer.example"
)
ISSUED: Final[dict[str, object]] = {"aud": "refinery", "iss": "https://issuer.example"}


@pytest.mark.parametrize("audience", ["refinery", ["other", "refinery"]])
async def test_audience_and_issuer_are_accepted_as_configured(audience: object) -> None:
    """The audience may be one of several; the issuer is exact."""
    owner = await verifier(AUDIENCE_AND_ISSUER).owner_of(
        with_claims(**(ISSUED | {"aud": audience}))
    )

    assert owner.user_id == "ada"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": None},
        {"aud": "other"},
        {"aud": []},
        {"aud": "refinery-2"},
        {"aud": {"refinery": 1}},
        {"iss": None},
        {"iss": "https://issuer.example/"},
        {"iss": ["https://issuer.example"]},
    ],
)
async def test_audience_and_issuer_are_refused_otherwise(claims: dict[str, object]) -> None:
    """A genuine token for another service, or of another issuer, is refused."""
    token = with_claims(**(ISSUED | claims))

    with pytest.raises(InvalidToken):
        _ = await verifier(AUDIENCE_AND_ISSUER).owner_of(token)


async def test_remembered_token_ends_when_it_expires() -> None:
    """Being remembered does not prolong a token."""
    world = World()
    verifying = verifier(world=world)
    token = with_claims(exp=NOW + 60)
    first, again = await verifying.owner_of(token), await verifying.owner_of(token)

    world.clock.time = START + timedelta(seconds=70)

    assert first == again
    for _ in range(2):
        with pytest.raises(InvalidToken, match="expired"):
            _ = await verifying.owner_of(token)


async def test_remembered_tokens_are_bounded() -> None:
    """However many users there are, the memory of tokens stays small; the forgotten still work."""
    verifying = verifier()
    tokens = [with_claims(sub=f"user-{number}") for number in range(VERIFIED_TOKENS_MAX + 1)]

    owners = [await verifying.owner_of(token) for token in tokens]

    assert len(verifying._verified) == VERIFIED_TOKENS_MAX
    assert await verifying.owner_of(tokens[0]) == owners[0]


async def test_refused_tokens_are_not_remembered() -> None:
    """Forged tokens take no memory."""
    verifying = verifier()

    for key in ("x", "y", "z"):
        with pytest.raises(InvalidToken):
            _ = await verifying.owner_of(forge(key=key * 32))

    assert not verifying._verified
