"""POST /api/concepts/refine with an address literal: what could never be fetched costs nothing."""

from typing import Final

import pytest
from structlog.testing import capture_logs

from events.failures import FAILURE_RULES, FailureCode
from services.adapters.memory import MemoryObjectStore
from services.runtime.settings import AddressSettings
from tests.unit.api_world import SEED_REQUEST, World, quota_headers, user_key

MESSAGE: Final = FAILURE_RULES[FailureCode.IMAGE_FETCH_REFUSED].message
URLS_REFUSED: Final = (
    "http://10.0.0.1/x.png",
    "http://127.0.0.1:8000/x.png",
    "https://169.254.169.254/latest/meta-data",
    "http://168.63.129.16/x.png",
    "http://[::1]/",
    "http://[fd00::1]/x.png",
    "http://[fe80::1%25eth0]/x.png",
    "http://[::ffff:10.0.0.1]/x.png",
    "http://[64:ff9b::a00:1]/x.png",
    "HTTP://10.0.0.1:80/x.png",
    "http://10.0.0.1./x.png",
    "http://127.1/x.png",
    "http://2130706433/x.png",
    "http://0x7f.0.0.1/x.png",
    "http://0177.0.0.1/x.png",
    "http://%31%30.0.0.1/x.png",
    "http://8.8.8.8:6379/x.png",
)
URLS_ACCEPTED: Final = (
    "http://8.8.8.8/x.png",
    "https://[2606:4700::1111]:443/x.png",
    # What a name leads to is only known to whoever looks it up, which is the worker.
    "http://localhost/x.png",
    "http://127.0.0.1.example.com/x.png",
    "http://metadata.internal/x.png",
)


def asking_for(url: str) -> dict[str, object]:
    """A request for the picture at a URL."""
    return SEED_REQUEST | {"original_image_url": url}


@pytest.mark.parametrize("url", URLS_REFUSED)
async def test_an_address_that_is_never_contacted_is_422_and_costs_nothing(url: str) -> None:
    """With the worker's code and message, no event, and all of the quota left."""
    world = World()
    async with world.client() as client:
        answer = await world.refine(client, request=asking_for(url))

    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:concept-refinery:problem:invalid-request"
    assert answer.json()["field_errors"] == {"original_image_url": [MESSAGE]}
    assert answer.json()["errors"] == [
        {"pointer": "#/original_image_url", "detail": MESSAGE, "code": "image_fetch_refused"}
    ]
    assert quota_headers(10).items() <= dict(answer.headers).items()
    assert await world.log.head() == 0


@pytest.mark.parametrize("url", URLS_ACCEPTED)
async def test_public_addresses_and_names_are_taken(url: str) -> None:
    """Nothing is looked up while the user waits."""
    world = World()
    async with world.client() as client:
        answer = await world.refine(client, request=asking_for(url))

    assert answer.status_code == 202


async def test_it_is_told_with_all_else_that_is_wrong() -> None:
    """Other errors have no code, because no task fails with them."""
    world = World()
    request = asking_for("http://10.0.0.1/x.png") | {"refinement_prompt": "hi"}
    async with world.client() as client:
        answer = await world.refine(client, request=request)

    assert answer.json()["errors"] == [
        {"pointer": "#/original_image_url", "detail": MESSAGE, "code": "image_fetch_refused"},
        {"pointer": "#/refinement_prompt", "detail": "must have 5 to 500 characters"},
    ]


async def test_why_is_only_in_the_log() -> None:
    """Without the address itself, as for any other value of a request."""
    world = World()
    async with world.client() as client:
        with capture_logs() as lines:
            answer = await world.refine(client, request=asking_for("http://10.0.0.1/x.png"))

    [line] = [line for line in lines if line["event"] == "http.request"]
    assert line["reason"] == "address not permitted"
    assert "10.0.0.1" not in str(lines)
    assert "not permitted" not in answer.text


async def test_an_allowed_network_is_open_here_as_for_the_worker() -> None:
    """On every port, and only that network."""
    world = World(fetch=AddressSettings(allow_networks="10.0.0.0/8"))
    async with world.client() as client:
        inside = await world.refine(client, request=asking_for("http://10.0.0.1:9000/x.png"))
        outside = await world.refine(client, request=asking_for("http://127.0.0.1:9000/x.png"))

    assert [inside.status_code, outside.status_code] == [202, 422]


async def test_our_own_bucket_may_be_at_a_private_address() -> None:
    """Its URLs are read through the object store, and all else at that address is refused."""
    store = MemoryObjectStore(endpoint="http://127.0.0.1:9000", bucket="refinery")
    world = World(store=store)
    key = f"concepts/{user_key()}/task-1/1.png"
    await store.put(key, b"picture", content_type="image/png")
    async with world.client() as client:
        others = await world.refine(client, request=asking_for(f"http://127.0.0.1:9000/else/{key}"))
        missing = await world.refine(
            client, request=asking_for("http://127.0.0.1:9000/refinery/missing.png")
        )
        ours = await world.refine(
            client, request=asking_for(f"http://127.0.0.1:9000/refinery/{key}")
        )

    assert [others.status_code, missing.status_code, ours.status_code] == [422, 404, 202]
