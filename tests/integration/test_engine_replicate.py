"""The `replicate` engine against a server that speaks its protocol, faults included."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import IPv4Network
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from events.failures import FailureCode
from events.task import Status
from services.refinement.engines import Instruction
from services.refinement.engines.remote.engine import RemoteEngine
from services.refinement.engines.remote.replicate import DOWNLOADS_MAX, ReplicateProvider
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
    bomb,
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

MODEL = "black-forest-labs/flux-kontext-pro"
CREATE = f"POST /v1/models/{MODEL}/predictions"
POLL = "GET /v1/predictions/p1"
CANCEL = "POST /v1/predictions/p1/cancel"
OUTPUT = "GET /output.png"
INSTRUCTION = Instruction(refinement_prompt="lighter")
PNG = says(200, picture(), content_type="image/png")


@pytest.fixture
async def studios() -> AsyncIterator[Studios]:
    """A started pool of one."""
    async with Studios(slots=1) as pool:
        yield pool


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    """A provider."""
    async with served() as provider:
        provider.answer(OUTPUT, PNG)
        provider.answer(CANCEL, says(200, {"id": "p1", "status": "canceled"}))
        yield provider


@pytest.fixture
async def engine(server: ProviderServer, studios: Studios) -> AsyncIterator[RemoteEngine]:
    """The engine, set up for that provider."""
    async with Fetcher(
        limits=FetchLimits(bytes_max=500_000, timeout_s=1.0),
        allowed_networks=(IPv4Network("127.0.0.1/32"),),
    ) as fetcher:
        provider = ReplicateProvider(
            api_token=Secret(KEY),
            base_url=server.url,
            model=MODEL,
            download=fetcher,
            output_hosts=("127.0.0.1",),
            price=0.04,
            poll_s=0.01,
        )
        made = RemoteEngine(provider=provider, studios=studios)
        yield made
        await made.close()


def prediction(status: str, **more: Any) -> Handler:
    """A prediction as the provider tells of it, with addresses that nobody may follow."""
    urls = {"get": "http://127.0.0.1:9/get", "cancel": "http://127.0.0.1:9/cancel"}
    answer = {"id": "p1", "status": status, "output": None, "error": None, "urls": urls, **more}
    return says(201, answer)


def succeeded(server: ProviderServer) -> Handler:
    """A prediction that has an output."""
    output = f"{server.url}/output.png"
    return prediction("succeeded", output=output, metrics={"predict_time": 2.5})


async def failure_of(engine: RemoteEngine, *, timeout_s: float = 5) -> RefinementFailure:
    """Why a refinement fails."""
    with pytest.raises(RefinementFailure) as caught:
        _ = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=timeout_s)
    return caught.value


async def test_sends_the_documented_request(server: ProviderServer, engine: RemoteEngine) -> None:
    """Prompt, picture as a data URL and the wish to wait; the result is done at once."""
    server.answer(CREATE, succeeded(server))

    refinement = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=10)

    create = server.calls[0]
    sent = msgspec.json.decode(create.body)["input"]
    assert create.headers["Authorization"] == f"Bearer {KEY}"
    assert create.headers["Prefer"] in {"wait=4", "wait=5"}
    assert create.headers["Cancel-After"] in {"9s", "10s"}
    assert sent["prompt"].startswith("lighter.")
    assert sent["input_image"].startswith("data:image/png;base64,")
    assert sent["output_format"] == "png"
    assert server.paths() == [CREATE, OUTPUT]
    assert b"made by a provider" not in refinement.body


async def test_a_prediction_is_asked_for_until_it_ends(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """Troubles of asking are waited out: asking is free. The account is on the record."""
    server.answer(CREATE, prediction("starting"))
    server.answer(
        POLL, prediction("processing"), says(500), cuts, says(429), says(504), succeeded(server)
    )

    refinement = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=5)

    assert server.paths() == [CREATE, *[POLL] * 6, OUTPUT]
    assert refinement.engine.version == MODEL
    assert refinement.engine.request_id == "p1"
    assert refinement.engine.cost == 0.04
    assert refinement.plan["usage"] == {"predict_time_s": 2.5}


async def test_the_token_is_not_sent_to_where_the_output_lies(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """Outputs are public; the token is for the API."""
    server.answer(CREATE, succeeded(server))

    _ = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=5)

    assert not mentions_key([server.calls[-1].headers])


async def test_a_prediction_that_is_late_is_cancelled_and_counted(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """It may be paid for: tried again as often as allowed, each cancelled."""
    server.answer(CREATE, prediction("starting"))
    server.answer(POLL, prediction("processing"))
    bench = workbench(engine, timeout_s=0.5, calls_max=2)
    requested = await bench.request()

    await attempt_often(bench)

    assert server.paths().count(CREATE) == 2
    assert server.paths().count(CANCEL) == 2
    assert await failure_codes(bench) == [FailureCode.ENGINE_OUTCOME_UNKNOWN] * 2
    assert (await bench.task(requested)).quota_refunded


async def test_a_worker_that_stops_cancels_its_prediction(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """Nobody will come for the output."""
    polled = asyncio.Event()

    async def note(_: object) -> Any:
        polled.set()
        return await prediction("processing")(None)  # type: ignore[arg-type]

    server.answer(CREATE, prediction("starting"))
    server.answer(POLL, note)
    work = asyncio.create_task(engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=30))
    async with asyncio.timeout(10):
        await polled.wait()

    work.cancel()

    with pytest.raises(asyncio.CancelledError):
        _ = await work
    assert server.paths()[-1] == CANCEL


async def test_a_prediction_that_cannot_be_asked_for_is_cancelled(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """Its output would reach nobody."""
    server.answer(CREATE, prediction("starting"))
    server.answer(POLL, says(401))

    failure = await failure_of(engine)

    assert failure.code == FailureCode.ENGINE_MISCONFIGURED
    assert server.paths() == [CREATE, POLL, CANCEL]


@pytest.mark.parametrize("answer", [hangs, cuts], ids=["hangs", "cuts"])
async def test_a_creation_without_an_answer_is_risked_as_often_as_allowed(
    server: ProviderServer, engine: RemoteEngine, answer: Handler
) -> None:
    """There may be a prediction that we know nothing of."""
    server.answer(CREATE, answer)
    bench = workbench(engine, timeout_s=0.5, calls_max=1)
    await bench.request()

    await attempt_often(bench)

    assert server.paths() == [CREATE]
    assert await failure_codes(bench) == [FailureCode.ENGINE_OUTCOME_UNKNOWN]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(
            prediction("failed", error="The input was flagged as sensitive (E005)"),
            FailureCode.CONTENT_BLOCKED,
            id="moderation",
        ),
        pytest.param(prediction("succeeded"), FailureCode.ENGINE_RESULT_UNUSABLE, id="no output"),
        pytest.param(
            prediction("succeeded", output="https://elsewhere.test/x.png"),
            FailureCode.ENGINE_RESULT_UNUSABLE,
            id="output elsewhere",
        ),
        pytest.param(
            prediction("succeeded", output="file:///etc/passwd"),
            FailureCode.ENGINE_RESULT_UNUSABLE,
            id="output on our disk",
        ),
        pytest.param(
            prediction("succeeded", output="http://[127.0.0.1/"),
            FailureCode.ENGINE_RESULT_UNUSABLE,
            id="output malformed",
        ),
        pytest.param(
            prediction("succeeded", id="../../account"),
            FailureCode.ENGINE_RESULT_UNUSABLE,
            id="odd id",
        ),
        pytest.param(prediction("dreaming"), FailureCode.ENGINE_RESULT_UNUSABLE, id="odd status"),
        pytest.param(says(200, PAGE), FailureCode.ENGINE_RESULT_UNUSABLE, id="page"),
        pytest.param(says(401), FailureCode.ENGINE_MISCONFIGURED, id="wrong token"),
        pytest.param(says(402), FailureCode.ENGINE_QUOTA_EXHAUSTED, id="no credit"),
        pytest.param(says(422), FailureCode.ENGINE_INPUT_REFUSED, id="refused"),
    ],
)
async def test_an_answer_that_repeating_would_not_mend_ends_the_task(
    server: ProviderServer, engine: RemoteEngine, answer: Handler, code: FailureCode
) -> None:
    """One prediction, and the task has failed with what it was."""
    server.answer(CREATE, answer)
    bench = workbench(engine)
    requested = await bench.request()

    await attempt_often(bench)

    assert server.paths() == [CREATE]
    assert await failure_codes(bench) == [code]
    assert await bench.names(requested) == ["TaskRequested", "TaskProcessing", "TaskFailed"]


@pytest.mark.parametrize("status", ["failed", "aborted"])
async def test_a_prediction_that_failed_is_tried_again(
    server: ProviderServer, engine: RemoteEngine, status: str
) -> None:
    """The provider's machines fail too, and are not paid for it."""
    server.answer(CREATE, prediction(status, error="out of memory"), succeeded(server))
    bench = workbench(engine, calls_max=1)
    requested = await bench.request()

    await attempt_often(bench)

    assert await failure_codes(bench) == [FailureCode.ENGINE_UNAVAILABLE]
    assert (await bench.task(requested)).status is Status.COMPLETED


@pytest.mark.parametrize(
    ("answer", "downloads"),
    [
        pytest.param(says(500), DOWNLOADS_MAX, id="500"),
        pytest.param(cuts, DOWNLOADS_MAX, id="cuts"),
        pytest.param(says(404), 1, id="404"),
        pytest.param(says(200, b" " * 600_000), 1, id="huge"),
        pytest.param(says(200, SVG, content_type="image/svg+xml"), 1, id="SVG"),
        pytest.param(says(200, bomb(), content_type="image/png"), 1, id="bomb"),
        pytest.param(says(200, PAGE, content_type="text/html"), 1, id="page"),
    ],
)
async def test_an_output_that_is_no_picture_costs_one_prediction(
    server: ProviderServer, engine: RemoteEngine, answer: Handler, downloads: int
) -> None:
    """The download is repeated where that may help; the prediction is not."""
    server.answer(CREATE, succeeded(server))
    server.answer(OUTPUT, answer)
    bench = workbench(engine)
    await bench.request()

    await attempt_often(bench)

    assert server.paths() == [CREATE, *[OUTPUT] * downloads]
    assert await failure_codes(bench) == [FailureCode.ENGINE_RESULT_UNUSABLE]


@pytest.mark.parametrize(
    "answer",
    [cuts, says(401, KEY.encode()), prediction("failed", error=KEY), prediction("dreaming")],
    ids=["cuts", "401", "failed", "odd status"],
)
async def test_the_token_is_shown_nowhere(
    server: ProviderServer, engine: RemoteEngine, answer: Handler
) -> None:
    """Not in errors, their causes, the logs or the events, even if the provider repeats it."""
    server.answer(CREATE, answer)
    bench = workbench(engine)
    requested = await bench.request()

    with capture_logs() as logged:
        failure = await failure_of(engine)
        await attempt_often(bench)

    assert logged
    assert KEY not in told_by(failure)
    assert not mentions_key([logged, vars(engine._provider), await bench.history(requested)])
