"""Makes the engines that the settings choose and allow."""

from services.refinement.engines import Engine
from services.refinement.engines.local.engine import LocalEngine
from services.refinement.engines.null import NullEngine
from services.refinement.engines.remote.engine import Provider, RemoteEngine
from services.refinement.engines.remote.jigsawstack import JigsawStackProvider
from services.refinement.engines.remote.openai import OpenAiProvider, TokenPrices
from services.refinement.engines.remote.replicate import ReplicateProvider
from services.refinement.offers import Offer, Offers
from services.refinement.originals import Download
from services.refinement.pictures import PictureLimits
from services.refinement.studio import Studios
from services.runtime.settings import ProviderSettings, WorkerSettings


def make_offers(settings: WorkerSettings, *, studios: Studios, download: Download) -> Offers:
    """The default engine and those allowed; `download` fetches from a provider's own servers."""
    return Offers(
        *(_offer(name, settings, studios, download) for name in settings.refinement.engines)
    )


def _offer(name: str, settings: WorkerSettings, studios: Studios, download: Download) -> Offer:
    options = settings.refinement
    limits = PictureLimits(working_side_max=options.working_side_max)
    engine: Engine
    match name:
        case "local":
            engine = LocalEngine(studios=studios, limits=limits, with_vector=options.vector)
        case "null":
            engine = NullEngine(studios=studios, limits=limits)
        case _:
            provider = _provider(name, settings.provider, download)
            engine = RemoteEngine(provider=provider, studios=studios, limits=limits)
    is_paid = settings.provider.key_of(name) is not None
    return Offer(
        engine=engine,
        timeout_s=options.timeout_s_of(name),
        calls_max=settings.provider.calls_max if is_paid else None,
    )


def _provider(name: str, options: ProviderSettings, download: Download) -> Provider:
    match name:
        case "openai":
            return _openai(options)
        case "replicate":
            return _replicate(options, download)
        case "jigsawstack":
            return _jigsawstack(options, download)
        case _:
            # The settings take no other name.
            raise AssertionError(name)


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
