"""The `jigsawstack` engine against a server that speaks its protocol, faults included."""

import base64
from collections.abc import AsyncIterator
from ipaddress import IPv4Network

import msgspec
import pytest
from structlog.testing import capture_logs

from events.failures import FailureCode
from events.task import Status
from services.refinement.engines import Instruction
from services.refinement.engines.remote.engine import RemoteEngine
from services.refinement.engines.remote.jigsawstack import JigsawStackProvider
from services.refinement.failures import RefinementFailure
from services.refinement.fetching import Fetcher, FetchLimits
from services.refinement.studio import Studios
from services.runtime.settings import Secret
from tests.providers import (
    KEY,
    LOGO,
    PAGE,
    SVG,
    Handler,
    ProviderServer,
    attempt_often,
    cuts,
    failure_codes,
    hangs,
    mentions_key,
    picture,
    says,
    served,
    told_by,
    workbench,
)

STORE = "POST /v1/store/file"
GENERATE = "POST /v1/ai/image_generation"
REMOVE = "DELETE /v1/store/file/read/f1.png"
OUTPUT = "GET /output.png"
INSTRUCTION = Instruction(refinement_prompt="lighter")
PNG = says(200, picture(), content_type="image/png", headers={"x-request-id": "req_1"})


@pytest.fixture
async def studios() -> AsyncIterator[Studios]:
    """A started pool of one."""
    async with Studios(slots=1) as pool:
        yield pool


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    """A provider whose file store works."""
    async with served() as provider:
        provider.answer(STORE, says(200, {"key": "f1.png", "url": "x", "size": 1}))
        provider.answer(REMOVE, says(200, {"success": True}))
        provider.answer(OUTPUT, PNG)
        yield provider


@pytest.fixture
async def engine(server: ProviderServer, studios: Studios) -> AsyncIterator[RemoteEngine]:
    """The engine, set up for that provider."""
    async with Fetcher(
        limits=FetchLimits(bytes_max=500_000, timeout_s=1.0),
        allowed_networks=(IPv4Network("127.0.0.1/32"),),
    ) as fetcher:
        provider = JigsawStackProvider(
            api_key=Secret(KEY), base_url=server.url, download=fetcher, price=0.01
        )
        made = RemoteEngine(provider=provider, studios=studios)
        yield made
        await made.close()


async def test_stores_generates_and_removes(server: ProviderServer, engine: RemoteEngine) -> None:
    """The picture is named by its key, and nothing of it stays behind."""
    server.answer(GENERATE, PNG)

    refinement = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=5)

    sent = msgspec.json.decode(server.calls[1].body)
    assert server.paths() == [STORE, GENERATE, REMOVE]
    assert all(call.headers["x-api-key"] == KEY for call in server.calls)
    assert server.calls[0].headers["Content-Type"] == "image/png"
    assert server.calls[0].body.startswith(b"\x89PNG")
    assert sent["file_store_key"] == "f1.png"
    assert sent["prompt"].startswith("lighter.")
    assert sent["return_type"] == "binary"
    assert b"made by a provider" not in refinement.body
    assert (refinement.engine.request_id, refinement.engine.cost) == ("req_1", 0.01)


@pytest.mark.parametrize("form", ["base64", "data URL", "address"])
async def test_other_forms_of_the_answer_are_understood(
    server: ProviderServer, engine: RemoteEngine, form: str
) -> None:
    """The vendor's pages name bytes, base64 and an address; usage comes with the latter two."""
    encoded = base64.b64encode(picture()).decode()
    urls = {
        "base64": encoded,
        "data URL": f"data:image/png;base64,{encoded}",
        "address": f"{server.url}/output.png",
    }
    usage = {"input_tokens": 1, "output_tokens": 2, "inference_time_tokens": 3, "total_tokens": 6}
    server.answer(GENERATE, says(200, {"success": True, "url": urls[form], "_usage": usage}))

    refinement = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=5)

    assert refinement.picture.width == 64
    assert refinement.plan["usage"] == usage


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(
            says(200, PAGE, content_type="text/html"),
            FailureCode.ENGINE_RESULT_UNUSABLE,
            id="page",
        ),
        pytest.param(
            says(200, SVG, content_type="image/svg+xml"),
            FailureCode.ENGINE_RESULT_UNUSABLE,
            id="SVG",
        ),
        pytest.param(
            says(200, {"success": False}), FailureCode.ENGINE_RESULT_UNUSABLE, id="wrong JSON"
        ),
        pytest.param(
            says(200, {"url": "http://10.0.0.1/x.png"}),
            FailureCode.ENGINE_RESULT_UNUSABLE,
            id="address inside",
        ),
        pytest.param(says(403), FailureCode.ENGINE_MISCONFIGURED, id="wrong key"),
        pytest.param(
            says(400, {"message": "NSFW content"}), FailureCode.CONTENT_BLOCKED, id="moderation"
        ),
    ],
)
async def test_an_answer_that_repeating_would_not_mend_ends_the_task(
    server: ProviderServer, engine: RemoteEngine, answer: Handler, code: FailureCode
) -> None:
    """One generation, the file removed, and the task has failed with what it was."""
    server.answer(GENERATE, answer)
    bench = workbench(engine)
    await bench.request()

    await attempt_often(bench)

    assert server.paths() == [STORE, GENERATE, REMOVE]
    assert await failure_codes(bench) == [code]


@pytest.mark.parametrize("answer", [hangs, cuts], ids=["hangs", "cuts"])
async def test_an_unknown_outcome_is_risked_as_often_as_allowed(
    server: ProviderServer, engine: RemoteEngine, answer: Handler
) -> None:
    """The generation is counted, the file removed all the same."""
    server.answer(GENERATE, answer)
    bench = workbench(engine, timeout_s=0.8, calls_max=2)
    await bench.request()

    await attempt_often(bench)

    assert server.paths() == [STORE, GENERATE, REMOVE] * 2
    assert await failure_codes(bench) == [FailureCode.ENGINE_OUTCOME_UNKNOWN] * 2


async def test_a_file_store_that_fails_costs_nothing(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """Nothing was generated, so the attempt does not count as one that cost."""
    stored = says(200, {"key": "f1.png"})
    server.answer(STORE, cuts, says(504), stored)
    server.answer(GENERATE, PNG)
    bench = workbench(engine, calls_max=1)
    requested = await bench.request()

    await attempt_often(bench)

    assert await failure_codes(bench) == [FailureCode.ENGINE_UNAVAILABLE] * 2
    assert (await bench.task(requested)).status is Status.COMPLETED


async def test_a_key_that_is_a_path_is_refused(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """Addresses of requests that carry our key are made of nothing odd."""
    server.answer(STORE, says(200, {"key": "../../account"}))

    with pytest.raises(RefinementFailure) as caught:
        _ = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=5)

    assert caught.value.code == FailureCode.ENGINE_RESULT_UNUSABLE
    assert server.paths() == [STORE]


@pytest.mark.parametrize(
    "answer",
    [cuts, says(403, KEY.encode()), says(200, {"url": KEY})],
    ids=["cuts", "403", "wrong JSON"],
)
async def test_the_key_is_shown_nowhere(
    server: ProviderServer, engine: RemoteEngine, answer: Handler
) -> None:
    """Not in errors, their causes, the logs or the events, even if the provider repeats it."""
    server.answer(GENERATE, answer)
    bench = workbench(engine)
    requested = await bench.request()

    with capture_logs() as logged:
        with pytest.raises(RefinementFailure) as caught:
            _ = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=5)
        await attempt_often(bench)

    assert logged
    assert KEY not in told_by(caught.value)
    assert not mentions_key([logged, vars(engine._provider), await bench.history(requested)])
