"""Keys from an endpoint: fetched seldom, by one for all, and kept while it does not answer."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import msgspec
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from services.api.published_keys import DOCUMENT_BYTES_MAX, PublishedKeys, open_keys
from services.api.signing_keys import KeysUnavailable, SharedSecret, UnknownKey
from services.runtime.settings import AuthSettings, Secret
from tests.providers import (
    PAGE,
    Handler,
    ProviderServer,
    babbles,
    cuts,
    endless,
    hangs,
    says,
    served,
)
from tests.unit.key_world import (
    PLACE,
    WAIT_S,
    ec_signer,
    key_set,
    publish,
    published_at,
    rsa_signer,
    times,
    until,
)

MANY: Final = 200
OTHERS: Final = key_set(ec_signer("other").jwk())


class Gate:
    """An answer that is held back until it is let go."""

    def __init__(self, answer: Handler) -> None:
        self.is_open = asyncio.Event()
        self._answer = answer

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Wait, then answer."""
        await self.is_open.wait()
        return await self._answer(request)


async def outcome(keys: PublishedKeys, key_id: str | None) -> str:
    """What comes of looking for a key: the id of the one found, or the kind of the error."""
    try:
        return str((await keys.find(key_id)).key_id)
    except (UnknownKey, KeysUnavailable) as error:
        return type(error).__name__


async def test_published_keys_are_found_without_asking_again() -> None:
    """However many tokens there are, one fetch serves them all."""
    async with served() as server:
        publish(server, ec_signer(), rsa_signer())
        async with published_at(server) as keys:
            found = [await outcome(keys, key_id) for key_id in ("ec", "rsa") * MANY]

    assert set(found) == {"ec", "rsa"}
    assert server.paths() == [PLACE]
    assert server.calls[0].headers["Accept-Encoding"] == "identity"


async def test_the_endpoint_may_be_down_at_the_start() -> None:
    """Opening waits for nobody; a request that comes too early is told to come again."""
    async with served() as server:
        server.answer(PLACE, hangs)
        async with PublishedKeys(url=f"{server.url}/keys", times=times(wait_s=0.02)) as keys:
            early = [await outcome(keys, key_id) for key_id in ("ec", "", None)]

    assert early == ["KeysUnavailable"] * 3
    assert server.paths() == [PLACE]


async def test_requests_before_the_first_answer_share_it() -> None:
    """Who comes while the first fetch is under way waits for that one, and gets its keys."""
    async with served() as server:
        gate = Gate(says(200, key_set(ec_signer().jwk())))
        server.answer(PLACE, gate)
        async with PublishedKeys(url=f"{server.url}/keys", times=times()) as keys:
            waiting = [asyncio.create_task(outcome(keys, "ec")) for _ in range(MANY)]
            await until(lambda: bool(server.calls))
            gate.is_open.set()
            found = await asyncio.gather(*waiting)

    assert found == ["ec"] * MANY
    assert server.paths() == [PLACE]


async def test_unknown_keys_cause_no_fetch_in_the_cooldown() -> None:
    """A flood of invented keys does not reach the endpoint."""
    async with served() as server:
        publish(server, ec_signer())
        async with published_at(server, times(cooldown_s=WAIT_S)) as keys:
            found = await asyncio.gather(*(outcome(keys, f"no-{n}") for n in range(MANY)))

    assert set(found) == {"UnknownKey"}
    assert server.paths() == [PLACE]


async def test_unknown_keys_after_the_cooldown_cause_one_fetch_for_all() -> None:
    """However many ask at once for what is not known, one of them asks the endpoint."""
    async with served() as server:
        publish(server, ec_signer())
        async with published_at(server, times(cooldown_s=0)) as keys:
            found = await asyncio.gather(*(outcome(keys, f"no-{n}") for n in range(MANY)))

    assert set(found) == {"UnknownKey"}
    assert server.paths() == [PLACE, PLACE]


async def test_a_failed_fetch_has_a_cooldown_too() -> None:
    """An endpoint in trouble is not asked more often because of that."""
    async with served() as server:
        server.answer(PLACE, says(500))
        async with published_at(server) as keys:
            found = await asyncio.gather(*(outcome(keys, f"no-{n}") for n in range(MANY)))

    assert set(found) == {"KeysUnavailable"}
    assert server.paths() == [PLACE]


async def test_a_new_key_is_found_when_its_first_token_comes() -> None:
    """A rotation needs nobody to wait for the schedule; keys that stay are untouched."""
    async with served() as server:
        publish(server, ec_signer("old"), rsa_signer("stays"))
        async with published_at(server, times(cooldown_s=0)) as keys:
            old, stays = await keys.find("old"), await keys.find("stays")
            publish(server, ec_signer("new"), rsa_signer("stays"))
            with capture_logs() as lines:
                found = await keys.find("new")

            assert keys.holds(found)
            assert keys.holds(stays)
            assert not keys.holds(old)

    assert [line for line in lines if line["event"] == "auth.keys.changed"] == [
        {
            "event": "auth.keys.changed",
            "log_level": "info",
            "added": ["new"],
            "revoked": ["old"],
        }
    ]


async def test_a_key_with_another_key_s_id_is_another_key() -> None:
    """What is remembered of a key ends when its id is given to another."""
    async with served() as server:
        publish(server, ec_signer())
        async with published_at(server, times(refresh_s=0.01)) as keys:
            old = await keys.find("ec")
            server.answer(PLACE, says(200, key_set(ec_signer("other").jwk(kid="ec"))))
            await until(lambda: not keys.holds(old))

            assert (await keys.find("ec")).verifying.key != old.verifying.key


async def test_the_schedule_takes_keys_back_and_says_it_once() -> None:
    """A key that is no longer published ends without any token asking for it."""
    async with served() as server:
        publish(server, ec_signer())
        with capture_logs() as lines:
            async with published_at(server, times(refresh_s=0.01)) as keys:
                key = await keys.find("ec")
                server.answer(PLACE, says(200, key_set({"kty": "oct", "k": "c2VjcmV0"})))
                await until(lambda: not keys.holds(key))
                asked = len(server.calls)
                await until(lambda: len(server.calls) > asked + 2)
                after = await outcome(keys, "ec")

    told = [line for line in lines if line["event"] == "auth.keys.ignored"]
    assert after == "UnknownKey"
    assert [line["reasons"] for line in told] == [("key 1: a secret in a set of public keys",)]
    assert any(line["event"] == "auth.keys.none" for line in lines)


def redirect(server: ProviderServer) -> Handler:
    """An answer that leads to other keys."""
    server.answer("GET /elsewhere", says(200, OTHERS))
    return says(302, OTHERS, headers={"Location": f"{server.url}/elsewhere"})


BAD: Final[dict[str, Handler]] = {
    "500": says(500, OTHERS),
    "404": says(404),
    "204": says(204),
    "206": says(206, OTHERS),
    "a page": says(200, PAGE, content_type="application/json"),
    "nothing": says(200),
    "another document": says(200, {"issuer": "https://issuer.example"}),
    "half a document": says(200, b'{"keys": ['),
    "deep": says(200, b'{"keys": ' + b"[" * 100_000),
    "unreadable": says(200, b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"}),
    "cut": cuts,
    "hanging": hangs,
    "no HTTP": babbles,
    "large": says(200, msgspec.json.encode(OTHERS) + b" " * DOCUMENT_BYTES_MAX),
    "without end": endless(100 * DOCUMENT_BYTES_MAX),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
async def test_the_last_good_keys_are_kept_whatever_the_endpoint_answers(answer: Handler) -> None:
    """An outage changes nothing for known keys; of others nobody can say anything."""
    async with served() as server:
        publish(server, ec_signer(), rsa_signer())
        async with published_at(server, times(cooldown_s=0, fetch_timeout_s=0.5)) as keys:
            known = await keys.find("ec")
            server.answer(PLACE, answer)
            with capture_logs() as lines:
                others = [await outcome(keys, key_id) for key_id in ("other", None)]

            assert keys.holds(known)
            assert await keys.find("ec") is known

    assert others == ["KeysUnavailable"] * 2
    assert [(line["event"], line["attempts"], line["keys_kept"]) for line in lines] == [
        ("auth.keys.unavailable", 1, 2),
        ("auth.keys.unavailable", 2, 2),
    ]


async def test_a_redirect_is_not_followed() -> None:
    """Keys come from the address that was configured, and from no other."""
    async with served() as server:
        publish(server, ec_signer())
        async with published_at(server, times(cooldown_s=0)) as keys:
            server.answer(PLACE, redirect(server))
            found = await outcome(keys, "other")

    assert found == "KeysUnavailable"
    assert server.paths() == [PLACE, PLACE]


async def test_an_endpoint_that_is_gone_takes_no_keys_along() -> None:
    """Nobody listens any more, and the known keys are still there."""
    async with AsyncExitStack() as stack:
        async with served() as server:
            publish(server, ec_signer())
            opened = published_at(server, times(cooldown_s=0))
            keys = await stack.enter_async_context(opened)
        found = [await outcome(keys, key_id) for key_id in ("ec", "other", "ec")]

    assert found == ["ec", "KeysUnavailable", "ec"]


async def test_the_endpoint_is_asked_again_until_it_answers() -> None:
    """While it does not answer it is asked sooner than scheduled, and then all is well."""
    async with served() as server:
        server.answer(
            PLACE, says(503), cuts, says(200, PAGE), says(200, key_set(ec_signer().jwk()))
        )
        with capture_logs() as lines:
            async with published_at(server, times(retry_s=0.01)) as keys:
                early = await outcome(keys, "ec")
                await until(lambda: len(server.calls) == 4 and not keys._is_fetching())
                late = await outcome(keys, "ec")

    assert [early, late] == ["KeysUnavailable", "ec"]
    failed = [line for line in lines if line["event"] == "auth.keys.unavailable"]
    assert [line["attempts"] for line in failed] == [1, 2, 3]


async def test_a_request_waits_for_a_slow_endpoint_only_so_long() -> None:
    """The fetch goes on without those who have left, and what it brings is there for the next."""
    async with served() as server:
        publish(server, ec_signer())
        async with published_at(server, times(cooldown_s=0, wait_s=0.02)) as keys:
            gate = Gate(says(200, key_set(ec_signer().jwk(), rsa_signer().jwk())))
            server.answer(PLACE, gate)
            left = [await outcome(keys, "rsa"), await outcome(keys, "rsa")]
            cancelled = asyncio.create_task(outcome(keys, "rsa"))
            await asyncio.sleep(0)
            cancelled.cancel()
            gate.is_open.set()
            await until(lambda: not keys._is_fetching())

            assert await outcome(keys, "rsa") == "rsa"

    assert left == ["KeysUnavailable"] * 2
    assert server.paths() == [PLACE, PLACE]


async def test_a_set_without_keys_takes_all_of_them_back() -> None:
    """An answer is believed as a whole, also one that leaves nobody to be let in."""
    async with served() as server:
        publish(server, ec_signer())
        async with published_at(server, times(cooldown_s=0)) as keys:
            key = await keys.find("ec")
            server.answer(PLACE, says(200, key_set()))
            found = [await outcome(keys, "other"), await outcome(keys, "ec")]

            assert not keys.holds(key)

    assert found == ["UnknownKey"] * 2


async def test_the_end_does_not_wait_for_the_endpoint() -> None:
    """A process stops while a fetch hangs."""
    async with served() as server:
        server.answer(PLACE, hangs)
        async with (
            asyncio.timeout(WAIT_S),
            PublishedKeys(url=f"{server.url}/keys", times=times(fetch_timeout_s=10 * WAIT_S)),
        ):
            await until(lambda: bool(server.calls))

    assert not [task for task in asyncio.all_tasks() if "public keys" in task.get_name()]


async def test_settings_choose_where_keys_come_from() -> None:
    """A secret asks nobody; a URL without an audience is said to let other tokens in."""
    async with served() as server:
        publish(server, ec_signer())
        url = f"{server.url}/keys"
        with capture_logs() as lines:
            async with open_keys(AuthSettings(jwt_secret=Secret("x" * 32))) as secret:
                pass
            async with open_keys(AuthSettings(jwks_url=url, audience="refinery")) as public:
                found = await public.find("ec")
        with capture_logs() as warned:
            async with open_keys(AuthSettings(jwks_url=url)):
                pass

    assert isinstance(secret, SharedSecret)
    assert found.algorithm == "ES256"
    assert not [line for line in lines if line["log_level"] == "warning"]
    assert [line["event"] for line in warned] == ["auth.audience.unchecked"]
