"""The guard in every test of the API: an answer that is not described fails the test."""

import copy
from collections.abc import Mapping
from typing import Any, Final

import pytest
from httpx import Request, Response

from services.api.openapi.document import openapi_document
from services.api.openapi.task_examples import TASK_ID
from tests.unit.api_contract import Contract, UndescribedAnswer

DOCUMENT: Final[dict[str, Any]] = openapi_document(version="0", engines=())
LIVE: Final = "/api/health/live"
GOOD: Final = {"Cache-Control": "no-store", "X-Request-ID": "1", "Content-Type": "application/json"}


def answer(
    path: str = LIVE,
    *,
    method: str = "GET",
    status: int = 200,
    headers: Mapping[str, str | None] | None = None,
    body: bytes = b'{"status":"live"}',
) -> Response:
    """An answer that is as described, but for what is given; a header given as None is not sent."""
    sent = {name: value for name, value in {**GOOD, **(headers or {})}.items() if value is not None}
    request = Request(method, f"http://api.test{path}")
    return Response(status, headers=sent, content=body, request=request)


async def test_what_is_described_passes() -> None:
    """Also with what the transport and CORS add, and for HEAD without the body of GET."""
    headers = {"Date": "today", "Access-Control-Allow-Origin": "*", "Vary": "Origin"}

    await Contract(DOCUMENT).check(answer(headers=headers))
    await Contract(DOCUMENT).check(answer(method="HEAD", headers=headers, body=b""))


@pytest.mark.parametrize(
    ("undescribed", "fault"),
    [
        pytest.param(answer(status=418), "status is not described", id="status"),
        pytest.param(answer("/api/nothing"), "status is not described", id="path"),
        pytest.param(answer(method="PUT"), "status is not described", id="method"),
        pytest.param(answer(headers={"X-New": "1"}), "x-new is not described", id="header"),
        pytest.param(answer(headers={"X-Request-ID": "a b"}), "x-request-id is not as", id="value"),
        pytest.param(answer(headers={"Cache-Control": None}), "are missing", id="missing header"),
        pytest.param(answer(headers={"Content-Type": "text/html"}), "media type", id="media type"),
        pytest.param(answer(body=b'{"status":"dead"}'), "body is not as described", id="body"),
        pytest.param(answer(method="HEAD"), "it has a body", id="a body of HEAD"),
        pytest.param(
            answer(
                f"/api/tasks/{TASK_ID}",
                method="DELETE",
                status=204,
                headers={"Content-Type": None},
            ),
            "it has a body",
            id="a body where there is none",
        ),
    ],
)
async def test_what_is_not_described_fails(undescribed: Response, fault: str) -> None:
    """Each with its reason."""
    with pytest.raises(UndescribedAnswer, match=fault):
        await Contract(DOCUMENT).check(undescribed)


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        ("id: 17\nevent: unheard-of\ndata: {}", "an event is not as described"),
        ("event: progress\ndata: {}", "an event's data is not as described"),
    ],
)
async def test_a_stream_that_is_not_described_fails(frame: str, fault: str) -> None:
    """Its events and what they carry; what is no event is passed over."""
    streamed = answer(
        f"/api/tasks/{TASK_ID}/events",
        headers={"Content-Type": "text/event-stream"},
        body=f"retry: 2000\n\n: a comment\n\n{frame}\n\n".encode(),
    )

    with pytest.raises(UndescribedAnswer, match=fault):
        await Contract(DOCUMENT).check(streamed)


async def test_a_description_that_lacks_a_header_fails() -> None:
    """What is sent and was left out of the description is found."""
    document = copy.deepcopy(DOCUMENT)
    del document["paths"][LIVE]["get"]["responses"]["200"]["headers"]["Cache-Control"]

    with pytest.raises(UndescribedAnswer, match="cache-control is not described"):
        await Contract(document).check(answer())
