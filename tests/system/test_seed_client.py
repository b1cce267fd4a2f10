"""The JavaScript client that the service was specified with, unchanged, against the service."""

import asyncio
import hashlib
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from PIL import Image

from tests.system.customers import PROMPT, Customer
from tests.system.running import Service, run

HERE = Path(__file__).parent
SAMPLE = Path(__file__).parents[2] / "services" / "cli" / "sample" / "coffee-logo.png"
LOGO = "A modern coffee shop logo with coffee beans"
THEME = "Warm brown tones, natural feeling"

pytestmark = pytest.mark.system


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What the client returned, and what it did on the way."""

    returned: dict[str, Any] | None
    answers: list[dict[str, Any]]
    updates: list[dict[str, Any]]
    logged: list[list[Any]]
    errors: list[list[str]]


async def test_the_client_gets_its_refined_picture(
    studio: Service, session: aiohttp.ClientSession
) -> None:
    """It posts, polls, and returns a completed task whose `image_url` serves another PNG."""
    image_url = await asyncio.to_thread(studio.upload, SAMPLE)

    page = await refine_in_a_page(studio, "browser", image_url, PROMPT)

    assert page.returned is not None, page
    assert page.returned["status"] == "completed", page.returned
    assert page.answers[0] == {"method": "POST", "path": "/api/concepts/refine", "status": 202}
    task_path = f"/api/concepts/task/{page.returned['task_id']}"
    assert page.answers[1:]
    assert all(
        answer == {"method": "GET", "path": task_path, "status": 200} for answer in page.answers[1:]
    )
    assert {update["status"] for update in page.updates} <= {"pending", "processing"}
    assert page.errors == []
    browser = Customer(session, studio, "browser")
    refined = await browser.download(page.returned["image_url"])
    assert hashlib.sha256(refined).hexdigest() == page.returned["result"]["sha256"]
    with Image.open(BytesIO(refined)) as after, Image.open(SAMPLE) as before:
        assert after.format == "PNG"
        assert after.size == before.size
        assert after.convert("RGB").tobytes() != before.convert("RGB").tobytes()


async def test_the_client_returns_the_task_in_progress(
    studio: Service, session: aiohttp.ClientSession
) -> None:
    """A 409 is the task that is active already, which the client logs and returns."""
    image_url = await asyncio.to_thread(studio.upload, SAMPLE)
    customer = Customer(session, studio, "second-tab")
    with studio.frozen("worker"):
        task_id = await customer.accepted(image_url)

        page = await refine_in_a_page(studio, "second-tab", image_url, "Make it much bolder")

    assert page.returned is not None, page
    assert page.returned["task_id"] == task_id
    assert page.returned["status"] == "pending"
    assert page.returned["message"] == "A concept refinement task is already in progress"
    assert page.returned["metadata"]["refinement_prompt"] == PROMPT
    assert page.answers == [{"method": "POST", "path": "/api/concepts/refine", "status": 409}]
    assert page.logged == [["A refinement task is already in progress:", page.returned]]
    assert (await customer.ended(task_id))["status"] == "completed"


async def test_the_client_is_told_of_a_request_that_is_not_valid(studio: Service) -> None:
    """A 422 makes the client report that the refinement failed, and return nothing."""
    page = await refine_in_a_page(studio, "browser-2", "https://pictures.test/logo.png", "bold")

    assert page.returned is None
    assert page.answers == [{"method": "POST", "path": "/api/concepts/refine", "status": 422}]
    assert page.errors == [
        ["Failed to start concept refinement:", "Error: Concept refinement failed"]
    ]


async def refine_in_a_page(service: Service, user: str, image_url: str, prompt: str) -> Page:
    """Call `refineConceptWithPrompt` as a page of a signed-in user would."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("the JavaScript client needs node, which is not installed")
    call = {
        "api": service.ready.api,
        "token": service.token_of(user),
        "arguments": [image_url, prompt, LOGO, THEME],
    }
    text = msgspec.json.encode(call).decode()
    ended = await asyncio.to_thread(run, node, str(HERE / "seed_driver.js"), text)
    assert ended.status == 0, ended.stderr
    return msgspec.json.decode(ended.stdout, type=Page)
