"""The engine that the settings choose."""

from pathlib import Path

import msgspec
import pytest

from services.cli.engines import calls_max, make_engine
from services.refinement.studio import Studios
from services.runtime.settings import (
    NatsSettings,
    ProviderSettings,
    RefinementSettings,
    S3Settings,
    Secret,
    WorkerSettings,
)
from tests.unit.reactor.workbench import NoDownload

ROOT = Path(__file__).parents[2]
KEY = Secret("a key of a provider")


def settings_for(engine: str) -> WorkerSettings:
    """A worker's settings with an engine, and the keys of all providers."""
    return WorkerSettings(
        nats=NatsSettings(url="nats://localhost", user="worker", password=KEY),
        s3=S3Settings(endpoint="http://localhost", bucket="b", access_key=KEY, secret_key=KEY),
        refinement=msgspec.convert({"engine": engine}, RefinementSettings),
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
    ("name", "version", "calls"),
    [
        ("local", None, None),
        ("null", "1", None),
        ("openai", "gpt-image-1-mini", 3),
        ("replicate", "owner/name", 3),
        ("jigsawstack", "image_generation", 3),
    ],
)
async def test_is_the_one_that_was_named(name: str, version: str | None, calls: int | None) -> None:
    """By its name in events; those that cost money come with a bound on calls."""
    settings = settings_for(name)

    engine = make_engine(settings, studios=Studios(slots=1), download=NoDownload())

    assert engine.name == name
    assert version in {None, engine.version}
    assert calls_max(settings) == calls
    assert settings.problems() == []
    await engine.close()


def test_the_guide_names_every_code_of_a_provider() -> None:
    """What is repeated and who pays is told for each of them."""
    guide = (ROOT / "docs" / "guides" / "engines.md").read_text(encoding="utf-8")

    for code in ("throttled", "outcome_unknown", "input_refused", "misconfigured"):
        assert f"`engine_{code}`" in guide
    for code in ("engine_quota_exhausted", "engine_result_unusable", "content_blocked"):
        assert f"`{code}`" in guide
