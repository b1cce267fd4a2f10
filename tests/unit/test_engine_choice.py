"""The engines that the settings choose and allow."""

from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET, UnsetType
from PIL import Image

from events.task import Task, fold
from services.cli.engines import make_offers
from services.refinement.engines import Instruction
from services.refinement.offers import Offers
from services.refinement.pictures import PictureLimits, encode_png
from services.refinement.studio import Studios
from services.runtime.settings import (
    ENGINES,
    NatsSettings,
    ProviderSettings,
    RefinementSettings,
    S3Settings,
    Secret,
    WorkerSettings,
)
from tests import controls
from tests.unit.reactor.workbench import NoDownload

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "services/cli/sample/coffee-logo.png"
KEY = Secret("a key of a provider")


def settings_for(engine: str, **others: object) -> WorkerSettings:
    """A worker's settings with an engine, and the keys of all providers."""
    return WorkerSettings(
        nats=NatsSettings(url="nats://localhost", user="worker", password=KEY),
        s3=S3Settings(endpoint="http://localhost", bucket="b", access_key=KEY, secret_key=KEY),
        refinement=msgspec.convert({"engine": engine, **others}, RefinementSettings),
        provider=ProviderSettings(
            calls_max=3,
            openai_api_key=KEY,
            openai_model="gpt-image-1-mini",
            replicate_api_token=KEY,
            replicate_model="owner/name",
            jigsawstack_api_key=KEY,
        ),
    )


@pytest.mark.parametrize(
    ("name", "version", "calls", "timeout_s"),
    [
        ("local", None, None, 60),
        ("null", "1", None, 60),
        ("openai", "gpt-image-1-mini", 3, 150),
        ("replicate", "owner/name", 3, 150),
        ("jigsawstack", "image_generation", 3, 150),
    ],
)
async def test_is_the_one_that_was_named(
    name: str, version: str | None, calls: int | None, timeout_s: float
) -> None:
    """By its name in events; those that cost money get more time, and a bound on calls."""
    settings = settings_for(name)

    offers = offers_of(settings)

    offer = offers.for_task(task())
    assert offer is not None
    assert offer.engine.name == name
    assert version in {None, offer.engine.version}
    assert (offer.calls_max, offer.timeout_s) == (calls, timeout_s)
    assert settings.problems() == []
    await offers.close()


async def test_only_what_is_allowed_can_be_asked_for() -> None:
    """Each with its own time and its own bound on calls, whatever the default's are."""
    offers = offers_of(settings_for("local", engines_allowed="openai, replicate"))

    asked = {name: offers.for_task(task(engine=name)) for name in ENGINES}

    await offers.close()
    assert {name: offer and offer.engine.name for name, offer in asked.items()} == {
        "local": "local",
        "openai": "openai",
        "replicate": "replicate",
        "jigsawstack": None,
    }
    local, openai = asked["local"], asked["openai"]
    assert local is not None
    assert openai is not None
    assert (local.calls_max, openai.calls_max) == (None, 3)
    assert (local.timeout_s, openai.timeout_s) == (60, 150)


async def test_a_timeout_that_is_set_holds_for_every_engine() -> None:
    """The defaults are only for who sets none."""
    offers = offers_of(settings_for("local", engines_allowed="openai", attempt_timeout_s=90))

    timeouts = {
        offer.timeout_s
        for name in ("local", "openai")
        if (offer := offers.for_task(task(engine=name))) is not None
    }

    await offers.close()
    assert timeouts == {90}


async def test_pictures_are_refined_at_the_side_that_is_set() -> None:
    """Whatever comes in, what is stored is no longer than that."""
    settings = settings_for("local", working_side_max=256)
    original = encode_png(Image.new("RGB", (600, 300), "#5d3a1a"))
    async with Studios(slots=1) as studios:
        offer = make_offers(settings, studios=studios, download=NoDownload()).for_task(task())
        assert offer is not None
        made = await offer.engine.refine(
            original=original,
            instruction=Instruction(refinement_prompt="lighter"),
            timeout_s=offer.timeout_s,
        )

    assert (made.picture.width, made.picture.height) == (256, 128)


@pytest.mark.parametrize("vector", [True, False])
async def test_an_svg_is_made_where_that_is_set(*, vector: bool) -> None:
    """By the child process that draws, which may write no file."""
    settings = settings_for("local", vector=vector)
    async with Studios(slots=1) as studios:
        offer = make_offers(settings, studios=studios, download=NoDownload()).for_task(task())
        assert offer is not None
        made = await offer.engine.refine(
            original=SAMPLE.read_bytes(),
            instruction=Instruction(refinement_prompt="flat design"),
            timeout_s=offer.timeout_s,
        )

    assert (made.vector is not None) == vector


def test_the_default_side_is_the_one_that_files_are_refined_at() -> None:
    """A prompt that was tried with `refinery refine` gives the same picture in the service."""
    assert RefinementSettings().working_side_max == PictureLimits().working_side_max


def offers_of(settings: WorkerSettings) -> Offers:
    """What a worker with these settings offers, with studios that are never started."""
    return make_offers(settings, studios=Studios(slots=1), download=NoDownload())


def task(*, engine: str | UnsetType = UNSET) -> Task:
    """A task that asks for an engine."""
    asked = msgspec.structs.replace(controls.request(), engine=engine)
    folded = fold(controls.history(asked=asked))
    assert folded is not None
    return folded


def test_the_guide_names_every_code_of_a_provider() -> None:
    """What is repeated and who pays is told for each of them."""
    guide = (ROOT / "docs" / "guides" / "engines.md").read_text(encoding="utf-8")

    for code in ("throttled", "outcome_unknown", "input_refused", "misconfigured"):
        assert f"`engine_{code}`" in guide
    for code in ("engine_quota_exhausted", "engine_result_unusable", "content_blocked"):
        assert f"`{code}`" in guide
