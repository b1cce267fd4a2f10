"""Makes the engine that the settings choose."""

from typing import assert_never

from services.refinement.engines import Engine
from services.refinement.engines.local.engine import LocalEngine
from services.refinement.engines.null import NullEngine
from services.refinement.engines.remote.engine import Provider, RemoteEngine
from services.refinement.engines.remote.jigsawstack import JigsawStackProvider
from services.refinement.engines.remote.openai import OpenAiProvider, TokenPrices
from services.refinement.engines.remote.replicate import ReplicateProvider
from services.refinement.originals import Download
from services.refinement.studio import Studios
from services.runtime.settings import ProviderSettings, WorkerSettings


def make_engine(settings: WorkerSettings, *, studios: Studios, download: Download) -> Engine:
    """The chosen engine; `download` fetches what a provider leaves on its own servers."""
    options = settings.provider
    match settings.refinement.engine:
        case "local":
            return LocalEngine(studios=studios)
        case "null":
            return NullEngine(studios=studios)
        case "openai":
            return RemoteEngine(provider=_openai(options), studios=studios)
        case "replicate":
            return RemoteEngine(provider=_replicate(options, download), studios=studios)
        case "jigsawstack":
            return RemoteEngine(provider=_jigsawstack(options, download), studios=studios)
        case _ as unreachable:
            assert_never(unreachable)


def calls_max(settings: WorkerSettings) -> int | None:
    """How many calls one task may be paid for; None where calls cost nothing."""
    is_paid = settings.provider.key_of(settings.refinement.engine) is not None
    return settings.provider.calls_max if is_paid else None


def _openai(options: ProviderSettings) -> Provider:
    # That a chosen engine has its key is a rule of the settings.
    assert options.openai_api_key is not None
    return OpenAiProvider(
        api_key=options.openai_api_key,
        base_url=options.openai_base_url,
        model=options.openai_model,
        prices=TokenPrices(input=options.openai_input_price, output=options.openai_output_price),
    )


def _replicate(options: ProviderSettings, download: Download) -> Provider:
    assert options.replicate_api_token is not None
    hosts = (host.strip().lower() for host in options.replicate_output_hosts.split(","))
    return ReplicateProvider(
        api_token=options.replicate_api_token,
        base_url=options.replicate_base_url,
        model=options.replicate_model,
        download=download,
        output_hosts=tuple(filter(None, hosts)),
        price=options.replicate_price,
    )


def _jigsawstack(options: ProviderSettings, download: Download) -> Provider:
    assert options.jigsawstack_api_key is not None
    return JigsawStackProvider(
        api_key=options.jigsawstack_api_key,
        base_url=options.jigsawstack_base_url,
        download=download,
        price=options.jigsawstack_price,
    )
