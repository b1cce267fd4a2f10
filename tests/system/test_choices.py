"""What an operator may allow: engines that requests ask for, and results as SVG."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import aiohttp
import pytest

from services.api.bodies import CREATED
from tests.system.customers import FORBIDDEN_URL, Customer
from tests.system.running import Service, refinery

SAMPLE = Path(__file__).parents[2] / "services" / "cli" / "sample" / "coffee-logo.png"
ROOT_TAG = "{http://www.w3.org/2000/svg}svg"
FLAT = "flat design, lighter shades of brown"

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def choices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`refinery up` that copies unless it is asked for more, and stores SVGs."""
    service = Service(
        tmp_path_factory.mktemp("choices") / "data",
        engine="null",
        settings={
            "REFINERY_REFINEMENT_ENGINES_ALLOWED": "local",
            "REFINERY_REFINEMENT_VECTOR": "true",
            "REFINERY_REFINEMENT_WORKING_SIDE_MAX": "300",
        },
    )
    try:
        service.start()
        yield service
    finally:
        service.stop()


async def test_a_request_gets_its_engine_and_an_svg(
    choices: Service, session: aiohttp.ClientSession
) -> None:
    """Through all processes: what is asked for is done, stored, named, served and verified."""
    customer = Customer(session, choices, "somebody")
    answer = await customer.refine(choices.upload(SAMPLE), prompt=FLAT, engine="local")

    task = await customer.ended(answer.json["task_id"])

    result = task["result"]
    async with session.get(result["vector_url"]) as served:
        svg, headers = await served.read(), served.headers
    verified = refinery("storage", "verify", "--data", choices.data)
    assert task["metadata"]["engine"] == result["engine"]["name"] == "local"
    assert (result["width"], result["height"]) == (300, 300)
    assert ET.fromstring(svg).tag == ROOT_TAG  # noqa: S314 - made by the service under test
    assert headers["Content-Type"] == "image/svg+xml"
    assert headers["Content-Disposition"] == "attachment"
    assert "immutable" in headers["Cache-Control"]
    assert verified.status == 0, verified.stdout
    assert "3 pictures verified, 0 differ; 3 objects listed, 0 orphans" in verified.stdout


async def test_without_an_engine_everything_is_as_it_was(
    choices: Service, session: aiohttp.ClientSession
) -> None:
    """The default engine, and no word of a choice in the body."""
    customer = Customer(session, choices, "somebody-else")

    answer = await customer.refine(FORBIDDEN_URL)

    assert answer.status == 202
    assert answer.json["message"] == CREATED
    assert set(answer.json["metadata"]) == {"original_image_url", "refinement_prompt"}


async def test_an_engine_that_is_not_allowed_is_refused(
    choices: Service, session: aiohttp.ClientSession
) -> None:
    """With those that are."""
    customer = Customer(session, choices, "third")

    answer = await customer.refine(FORBIDDEN_URL, engine="openai")

    assert answer.status == 422
    assert answer.json["field_errors"] == {"engine": ["must be one of: local"]}
