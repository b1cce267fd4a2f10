"""The `openai` engine against a server that speaks its protocol, faults included."""

import base64
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image
from structlog.testing import capture_logs

from events.failures import FailureCode
from events.task import Status, TaskProcessing
from services.refinement.engines import Instruction
from services.refinement.engines.remote.engine import EDIT_SPAN, RemoteEngine
from services.refinement.engines.remote.openai import OpenAiProvider, TokenPrices
from services.refinement.failures import RefinementFailure
from services.refinement.pictures import PictureLimits
from services.refinement.reactor import Result
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
    babbles,
    bomb,
    cuts,
    cuts_with,
    endless,
    failure_codes,
    hangs,
    mentions_key,
    picture,
    says,
    served,
    told_by,
    workbench,
)

EDITS = "POST /v1/images/edits"
BODY_BYTES_MAX = 500_000
INSTRUCTION = Instruction(refinement_prompt="lighter")


@pytest.fixture
async def studios() -> AsyncIterator[Studios]:
    """A started pool of one."""
    async with Studios(slots=1) as pool:
        yield pool


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    """A provider."""
    async with served() as provider:
        yield provider


@pytest.fixture
async def engine(server: ProviderServer, studios: Studios) -> AsyncIterator[RemoteEngine]:
    """The engine, set up for that provider."""
    provider = OpenAiProvider(
        api_key=Secret(KEY),
        base_url=server.url + "/",
        model="gpt-image-1",
        prices=TokenPrices(input=10, output=40),
        body_bytes_max=BODY_BYTES_MAX,
    )
    made = RemoteEngine(provider=provider, studios=studios)
    yield made
    await made.close()


def edited(body: bytes, **more: Any) -> Handler:
    """An answer with a picture."""
    answer = {"created": 1, "data": [{"b64_json": base64.b64encode(body).decode()}], **more}
    return says(200, answer, headers={"x-request-id": "req_1"})


async def failure_of(engine: RemoteEngine, *, timeout_s: float = 5) -> RefinementFailure:
    """Why a refinement fails."""
    with pytest.raises(RefinementFailure) as caught:
        _ = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=timeout_s)
    return caught.value


async def test_sends_the_documented_form(server: ProviderServer, engine: RemoteEngine) -> None:
    """Model, prompt, size and the picture as multipart, with the key as a bearer token."""
    server.answer(EDITS, edited(picture()))

    _ = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=5)

    (call,) = server.calls
    assert call.headers["Authorization"] == f"Bearer {KEY}"
    assert call.fields["model"] == "gpt-image-1"
    assert call.fields["prompt"].startswith("lighter.")
    assert call.fields["size"] == "auto"
    assert Image.open(io.BytesIO(call.fields["image"])).size == (64, 48)


async def test_says_how_far_it_is(server: ProviderServer, engine: RemoteEngine) -> None:
    """Providers do not tell, so what is told is when the provider was asked and has answered."""
    server.answer(EDITS, edited(picture()))
    shares: list[float] = []

    async def moved(share: float) -> None:
        shares.append(share)

    _ = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=5, moved=moved)

    assert shares == sorted(shares)
    assert shares[-1] == EDIT_SPAN.end < 1


async def test_what_is_sent_is_no_larger_than_what_is_refined(
    server: ProviderServer, studios: Studios
) -> None:
    """A picture with a longer side is made smaller before it leaves."""
    server.answer(EDITS, edited(picture()))
    provider = OpenAiProvider(api_key=Secret(KEY), base_url=server.url, model="gpt-image-1")
    limits = PictureLimits(working_side_max=32)
    engine = RemoteEngine(provider=provider, studios=studios, limits=limits)

    _ = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=5)

    await engine.close()
    assert Image.open(io.BytesIO(server.calls[0].fields["image"])).size == (32, 24)


async def test_the_result_is_made_anew_and_accounted_for(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """PNG without metadata, with model, request id, usage and cost for the record."""
    usage = {"input_tokens": 1000, "output_tokens": 2000, "total_tokens": 3000}
    server.answer(EDITS, edited(picture(), usage=usage))

    refinement = await engine.refine(original=LOGO, instruction=INSTRUCTION, timeout_s=5)

    assert b"made by a provider" not in refinement.body
    assert refinement.picture.content_type == "image/png"
    assert refinement.original.bytes == len(LOGO)
    assert (refinement.engine.name, refinement.engine.version) == ("openai", "gpt-image-1")
    assert refinement.engine.request_id == "req_1"
    assert refinement.engine.cost == pytest.approx(0.09)
    assert refinement.plan["usage"] == usage


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(says(200, PAGE, content_type="text/html"), "unusable", id="page"),
        pytest.param(says(200, {"data": "none"}), "unusable", id="wrong JSON"),
        pytest.param(says(200, {"data": []}), "unusable", id="no picture"),
        pytest.param(says(200, {"data": [{"b64_json": "%%%"}]}), "unusable", id="no base64"),
        pytest.param(says(200, b"\xff" * 20), "unusable", id="no text"),
        pytest.param(edited(SVG), "unusable", id="SVG"),
        pytest.param(edited(bomb()), "unusable", id="bomb"),
        pytest.param(edited(picture()[:60]), "unusable", id="truncated"),
        pytest.param(edited(LOGO), "unusable", id="unchanged"),
        pytest.param(says(200, b" " * (BODY_BYTES_MAX + 1)), "unusable", id="announced huge"),
        pytest.param(endless(4 * BODY_BYTES_MAX), "unusable", id="huge"),
        pytest.param(
            says(200, b"x", headers={"Content-Encoding": "br"}), "unusable", id="compressed"
        ),
        pytest.param(
            says(400, {"error": {"code": "moderation_blocked"}}), "blocked", id="moderation"
        ),
        pytest.param(says(400, {"error": {"code": "bad_image"}}), "input", id="refused"),
        pytest.param(says(401, {"error": {"message": KEY}}), "setup", id="wrong key"),
        pytest.param(says(302, headers={"Location": "/elsewhere"}), "setup", id="redirect"),
        pytest.param(says(429, {"error": {"type": "insufficient_quota"}}), "quota", id="quota"),
    ],
)
async def test_an_answer_that_repeating_would_not_mend_ends_the_task(
    server: ProviderServer, engine: RemoteEngine, answer: Handler, code: str
) -> None:
    """One call, and the task has failed with what it was."""
    server.answer(EDITS, answer)
    bench = workbench(engine)
    requested = await bench.request()

    await attempt_often(bench)

    codes = {
        "unusable": FailureCode.ENGINE_RESULT_UNUSABLE,
        "blocked": FailureCode.CONTENT_BLOCKED,
        "input": FailureCode.ENGINE_INPUT_REFUSED,
        "setup": FailureCode.ENGINE_MISCONFIGURED,
        "quota": FailureCode.ENGINE_QUOTA_EXHAUSTED,
    }
    assert len(server.calls) == 1
    assert await failure_codes(bench) == [codes[code]]
    assert await bench.names(requested) == ["TaskRequested", "TaskProcessing", "TaskFailed"]


async def test_a_task_completes_with_its_provenance(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """Who made the picture is on the log."""
    server.answer(EDITS, edited(picture()))
    bench = workbench(engine)
    requested = await bench.request()

    await bench.handle_next()

    task = await bench.task(requested)
    assert task.result is not None
    assert (task.result.engine.name, task.result.engine.request_id) == ("openai", "req_1")


async def test_the_attempt_is_on_the_log_before_the_call(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """Whatever becomes of the worker, the call it may have made is counted."""
    bench = workbench(engine)
    requested = await bench.request()
    seen: list[str] = []

    async def look(_: object) -> Any:
        seen.extend(await bench.names(requested))
        return await edited(picture())(None)  # type: ignore[arg-type]

    server.answer(EDITS, look)

    await bench.handle_next()

    assert seen == ["TaskRequested", "TaskProcessing"]


async def test_retry_after_is_waited_for(server: ProviderServer, engine: RemoteEngine) -> None:
    """Asked for patience, the task is tried again then, and completes."""
    server.answer(EDITS, says(429, headers={"Retry-After": "17"}), edited(picture()))
    bench = workbench(engine)
    requested = await bench.request()

    outcome = await bench.handle_next()
    await attempt_often(bench)

    assert outcome.result is Result.POSTPONED
    assert outcome.delay_s == 17
    assert await failure_codes(bench) == [FailureCode.ENGINE_THROTTLED]
    assert (await bench.task(requested)).status is Status.COMPLETED


@pytest.mark.parametrize(
    "answer", [cuts_with(500), endless(4 * BODY_BYTES_MAX, status=500)], ids=["cut", "huge"]
)
async def test_an_error_is_known_by_its_status(
    server: ProviderServer, engine: RemoteEngine, answer: Handler
) -> None:
    """Whatever comes of its body: the task is tried again."""
    server.answer(EDITS, answer)

    failure = await failure_of(engine)

    assert failure.code == FailureCode.ENGINE_UNAVAILABLE


async def test_throttling_does_not_count_as_a_call_that_cost(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """Refused calls are bounded by the attempts, not by what a task may cost."""
    server.answer(EDITS, says(429), says(500), edited(picture()))
    bench = workbench(engine, calls_max=1)
    requested = await bench.request()

    await attempt_often(bench)

    assert len(server.calls) == 3
    assert (await bench.task(requested)).status is Status.COMPLETED


@pytest.mark.parametrize(
    "answer", [hangs, cuts, babbles, says(504)], ids=["hangs", "cuts", "babbles", "504"]
)
@pytest.mark.parametrize("calls_max", [1, 2])
async def test_an_unknown_outcome_is_risked_as_often_as_allowed(
    server: ProviderServer, engine: RemoteEngine, answer: Handler, calls_max: int
) -> None:
    """Each such call may have been paid for: they are counted, and then the task fails."""
    server.answer(EDITS, answer)
    bench = workbench(engine, timeout_s=0.8, calls_max=calls_max)
    requested = await bench.request()

    await attempt_often(bench)

    task = await bench.task(requested)
    assert len(server.calls) == calls_max
    assert (await bench.names(requested)).count("TaskProcessing") == calls_max
    assert await failure_codes(bench) == [FailureCode.ENGINE_OUTCOME_UNKNOWN] * calls_max
    assert (task.status, task.quota_refunded) == (Status.FAILED, True)


async def test_workers_that_died_after_calling_are_counted(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """Two attempts never reported back: there is no third call."""
    bench = workbench(engine, calls_max=2)
    requested = await bench.request()
    for attempt in (1, 2):
        await bench.append(
            requested, TaskProcessing(attempt=attempt, worker="dead", engine="openai")
        )

    await attempt_often(bench)

    assert server.calls == []
    assert await failure_codes(bench) == [FailureCode.ATTEMPTS_EXHAUSTED]


async def test_a_connection_that_was_never_made_cost_nothing(studios: Studios) -> None:
    """Nobody listens: the outcome is known."""
    provider = OpenAiProvider(
        api_key=Secret(KEY), base_url="http://127.0.0.1:9", model="gpt-image-1"
    )
    engine = RemoteEngine(provider=provider, studios=studios)

    failure = await failure_of(engine)

    await engine.close()
    assert failure.code == FailureCode.ENGINE_UNAVAILABLE
    assert failure.is_transient


async def test_a_picture_that_is_none_reaches_no_provider(
    server: ProviderServer, engine: RemoteEngine
) -> None:
    """The user's bytes are looked at by us first."""
    with pytest.raises(RefinementFailure) as caught:
        _ = await engine.refine(original=SVG, instruction=INSTRUCTION, timeout_s=5)

    assert caught.value.code == FailureCode.IMAGE_UNSUPPORTED
    assert server.calls == []


@pytest.mark.parametrize(
    "answer",
    [
        hangs,
        cuts,
        babbles,
        says(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
        says(400, {"error": {"code": KEY}}),
        says(200, {"data": KEY}),
        says(500, KEY.encode()),
        edited(SVG),
    ],
    ids=["hangs", "cuts", "babbles", "401", "400", "wrong JSON", "500", "SVG"],
)
async def test_the_key_is_shown_nowhere(
    server: ProviderServer, engine: RemoteEngine, answer: Handler
) -> None:
    """Not in errors, their causes, the logs or the events, even if the provider repeats it."""
    server.answer(EDITS, answer)
    bench = workbench(engine, timeout_s=0.8)
    requested = await bench.request()

    with capture_logs() as logged:
        failure = await failure_of(engine, timeout_s=0.8)
        await attempt_often(bench)

    assert server.calls
    assert logged
    assert KEY not in told_by(failure)
    assert not mentions_key([logged, engine, vars(engine), await bench.history(requested)])
    assert not mentions_key([vars(engine._provider)])
