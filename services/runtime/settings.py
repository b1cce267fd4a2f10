"""What a process can be told by its environment: one immutable struct for each process.

`services.runtime.environment` reads them; `docs/reference/settings.md` is generated from here.
"""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from typing_extensions import override

from services.runtime.addresses import Network

PREFIX: Final = "REFINERY_"
SECRET_BYTES_MIN: Final = 32
STRONG: Final = {"bytes_min": SECRET_BYTES_MIN}
HTTP_URL: Final = {"pattern": r"https?://[^\s/@?#]+/?", "example": "https://host:port"}
MONGO_URL: Final = {"pattern": r"mongodb(\+srv)?://\S+", "example": "mongodb://host:27017"}
NATS_URL: Final = {
    "pattern": r"(nats|tls|ws|wss)://[^\s/@,]+(,(nats|tls|ws|wss)://[^\s/@,]+)*",
    "example": "nats://host:4222",
}

# Plain HTTP only to this machine: who can change the keys on their way is let in as anybody.
JWKS_URL: Final = {
    "pattern": (
        r"(https://[A-Za-z0-9.-]+|https?://(localhost|127(\.[0-9]{1,3}){3}|\[::1\]))"
        r"(:[0-9]{1,5})?(/[!-\"$-~]*)?"
    ),
    "example": "https://host/path, or http:// on a loopback host",
}
_ORIGIN: Final = r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"
ORIGINS: Final = {
    # Browsers write origins in lower case, and `null` for all that have none.
    "pattern": rf"\s*\*\s*|\s*{_ORIGIN}\s*(,\s*{_ORIGIN}\s*)*",
    "example": "https://host or http://host:port, comma-separated and in lower case, or *",
}

PROVIDERS: Final = ("openai", "replicate", "jigsawstack")
ENGINES: Final = ("local", *PROVIDERS)
ENGINE_NAMES: Final = {
    "pattern": r"\s*({0})\s*(,\s*({0})\s*)*".format("|".join(ENGINES)),
    "example": ",".join(ENGINES) + ", or some of these",
}
PROVIDER_TIMEOUT_S: Final = 150.0
OWN_TIMEOUT_S: Final = 60.0
WORKING_SIDE_MIN: Final = 256
WORKING_SIDE_MAX: Final = 2048


class Secret:
    """A value that never shows itself: not in a log, not in an error, not in a struct's repr."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings that belong together."""

    def problems(self) -> list[str]:
        """What is wrong between settings that are each valid alone; one line for each."""
        return []


class NatsSettings(Section, frozen=True, kw_only=True):
    """The NATS server or cluster that keeps the log."""

    url: Annotated[
        str,
        Meta(
            description="Server addresses, comma-separated: `nats://host:4222`",
            extra=NATS_URL,
        ),
    ]
    user: Annotated[str, Meta(description="User name; also the prefix of the private inbox")]
    password: Annotated[Secret, Meta(description="Password of that user")]


class MongoSettings(Section, frozen=True, kw_only=True):
    """The MongoDB server or replica set that keeps the views."""

    url: Annotated[
        Secret,
        Meta(
            description="Connection string, with credentials: `mongodb://…`",
            extra=MONGO_URL,
        ),
    ]
    database: Annotated[str, Meta(description="Database of the views")] = "refinery"


class S3Settings(Section, frozen=True, kw_only=True):
    """The object store that keeps the pictures."""

    endpoint: Annotated[
        str, Meta(description="Address of the S3 service: `https://host:port`", extra=HTTP_URL)
    ]
    bucket: Annotated[str, Meta(description="The bucket; it must exist")]
    access_key: Annotated[Secret, Meta(description="Access key id")]
    secret_key: Annotated[Secret, Meta(description="Secret access key")]
    region: Annotated[str, Meta(description="Region that requests are signed for")] = "us-east-1"
    public_endpoint: Annotated[
        str | None,
        Meta(
            description="Address that clients reach the store under, if not `endpoint`",
            extra=HTTP_URL,
        ),
    ] = None
    url_expires_s: Annotated[
        int, Meta(ge=1, le=604_800, description="Life of a presigned picture URL, seconds")
    ] = 3600


class AuthSettings(Section, frozen=True, kw_only=True):
    """Whose tokens are accepted: those of one secret, or those of one set of public keys."""

    jwt_secret: Annotated[
        Secret | None,
        Meta(
            description=(
                "HS256 key of the bearer tokens, at least 32 bytes; required without `jwks_url`"
            ),
            extra=STRONG,
        ),
    ] = None
    jwks_url: Annotated[
        str | None,
        Meta(
            description=(
                "Where the public keys of ES256 and RS256 tokens are, instead of `jwt_secret`;"
                " `https`, except on this machine"
            ),
            extra=JWKS_URL,
        ),
    ] = None
    jwks_refresh_s: Annotated[
        int,
        Meta(ge=30, le=86_400, description="Seconds until the public keys are fetched again"),
    ] = 600
    audience: Annotated[str | None, Meta(description="Required `aud` claim, if set")] = None
    issuer: Annotated[str | None, Meta(description="Required `iss` claim, if set")] = None
    leeway_s: Annotated[int, Meta(ge=0, le=60, description="Clock difference tolerated")] = 10
    allow_anonymous: Annotated[
        bool,
        Meta(
            description=(
                "Accept tokens that claim `is_anonymous`; whoever can have a new one at any time"
                " has no quota"
            )
        ),
    ] = False

    def problems(self) -> list[str]:
        """Neither way to check tokens is configured, or both are."""
        secret, url = f"{PREFIX}AUTH_JWT_SECRET", f"{PREFIX}AUTH_JWKS_URL"
        if self.jwt_secret is None and self.jwks_url is None:
            return [f"{secret} or {url} is missing"]
        if self.jwt_secret is not None and self.jwks_url is not None:
            return [f"{secret} and {url} are both set, and only one of them may be"]
        return []


class UserSettings(Section, frozen=True, kw_only=True):
    """How users are named in the log."""

    key_secret: Annotated[
        Secret,
        Meta(
            description="Key of the user keys, at least 32 bytes. It may never change",
            extra=STRONG,
        ),
    ]


class QuotaSettings(Section, frozen=True, kw_only=True):
    """How much a user may ask for."""

    limit: Annotated[int, Meta(ge=1, description="Accepted requests in a calendar month")] = 10


class TaskSettings(Section, frozen=True, kw_only=True):
    """How long a task may take."""

    deadline_s: Annotated[int, Meta(ge=5, le=86_400, description="Seconds from request to end")] = (
        300
    )


class HttpSettings(Section, frozen=True, kw_only=True):
    """Where the API listens."""

    host: Annotated[str, Meta(description="Address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535, description="Port to listen on")] = 8000
    connections_max: Annotated[
        int, Meta(ge=1, description="Requests served at once; more wait in the socket's backlog")
    ] = 4096
    waiting_max: Annotated[
        int, Meta(ge=0, description="Of these, requests that may wait for a task to move")
    ] = 2048
    cors_origins: Annotated[
        str,
        Meta(
            description=(
                "Origins whose pages may call the API from a browser, comma-separated:"
                " `https://host`; `*` for all"
            ),
            extra=ORIGINS,
        ),
    ] = ""

    @property
    def origins(self) -> tuple[str, ...]:
        """Every origin whose pages may call the API, as browsers write it."""
        origins = (origin.strip() for origin in self.cors_origins.split(","))
        return tuple(_without_default_port(origin) for origin in origins if origin)


def _without_default_port(origin: str) -> str:
    """An origin without the port that browsers leave out."""
    scheme, _, _ = origin.partition(":")
    return origin.removesuffix({"http": ":80", "https": ":443"}.get(scheme, ""))


class AddressSettings(Section, frozen=True, kw_only=True):
    """Where a user's URL may lead: API and worker must agree."""

    allow_networks: Annotated[
        str,
        Meta(
            description=(
                "Networks allowed though private, comma-separated; for development. API and worker"
                " need the same"
            )
        ),
    ] = ""

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks allowed; a ValueError if there is something else among them."""
        parts = (part.strip() for part in self.allow_networks.split(","))
        return tuple(ip_network(part) for part in parts if part)

    @override
    def problems(self) -> list[str]:
        """Something that is allowed is no network."""
        try:
            _ = self.networks
        except ValueError as error:
            return [f"{PREFIX}FETCH_ALLOW_NETWORKS: {error}"]
        return []


class FetchSettings(AddressSettings, frozen=True, kw_only=True):
    """What may be downloaded from a user's URL."""

    bytes_max: Annotated[int, Meta(ge=1, description="Largest original, bytes")] = 20 * 1024 * 1024
    timeout_s: Annotated[float, Meta(gt=0, le=300, description="Seconds for a whole download")] = (
        20.0
    )


class EngineSettings(Section, frozen=True, kw_only=True):
    """Which engines there are to ask for, and how long they take: API and worker must agree."""

    engine: Annotated[
        Literal["local", "null", "openai", "replicate", "jigsawstack"],
        Meta(
            description=(
                "`local` refines on this machine; `null` copies, for measuring; the others are"
                " providers, and cost money"
            )
        ),
    ] = "local"
    engines_allowed: Annotated[
        str,
        Meta(
            description="Engines that a request may ask for besides `engine`, comma-separated",
            extra=ENGINE_NAMES,
        ),
    ] = ""
    attempt_timeout_s: Annotated[
        float,
        Meta(
            ge=0,
            le=600,
            description=(
                "Seconds the engine has for one picture; 0 is"
                f" {PROVIDER_TIMEOUT_S:g} for providers, {OWN_TIMEOUT_S:g} for `local` and `null`"
            ),
        ),
    ] = 0.0

    @property
    def engines(self) -> tuple[str, ...]:
        """Every engine that may be used: the default first, then those allowed besides."""
        allowed = filter(None, (name.strip() for name in self.engines_allowed.split(",")))
        return tuple(dict.fromkeys((self.engine, *allowed)))

    @property
    def engines_on_request(self) -> tuple[str, ...]:
        """What a request may ask for by name; measuring is nothing to ask for."""
        return tuple(name for name in self.engines if name in ENGINES)

    def timeout_s_of(self, engine: str) -> float:
        """The seconds that an engine has for one picture."""
        usual_s = PROVIDER_TIMEOUT_S if engine in PROVIDERS else OWN_TIMEOUT_S
        return self.attempt_timeout_s or usual_s


class RefinementSettings(EngineSettings, frozen=True, kw_only=True):
    """How the worker works."""

    working_side_max: Annotated[
        int,
        Meta(
            ge=WORKING_SIDE_MIN,
            le=WORKING_SIDE_MAX,
            description="Longest side a picture is refined at, pixels; longer ones are scaled down",
        ),
    ] = 1536
    vector: Annotated[
        bool,
        Meta(description="Store an SVG besides, where the `local` engine has made a picture flat"),
    ] = False
    slots: Annotated[int, Meta(ge=1, le=64, description="Tasks worked on at once")] = 2
    attempts_max: Annotated[int, Meta(ge=1, le=20, description="Attempts at one task")] = 4
    store_timeout_s: Annotated[
        float, Meta(gt=0, le=300, description="Seconds for storing the result of one attempt")
    ] = 30.0
    retry_base_s: Annotated[
        float, Meta(gt=0, description="Delay before the second attempt; doubles with each")
    ] = 1.0
    retry_max_s: Annotated[float, Meta(gt=0, description="Longest delay between attempts")] = 30.0
    drain_s: Annotated[
        float, Meta(ge=0, le=600, description="Seconds that running tasks get on SIGTERM")
    ] = 20.0


class ProviderSettings(Section, frozen=True, kw_only=True):
    """The providers that may edit pictures for us; only those of engines in use are looked at."""

    calls_max: Annotated[
        int,
        Meta(ge=1, le=10, description="Calls for one task that may have been paid for, at most"),
    ] = 2
    openai_api_key: Annotated[
        Secret | None, Meta(description="Key; required by the engine `openai`")
    ] = None
    openai_base_url: Annotated[
        str, Meta(description="OpenAI, or another server that speaks its protocol")
    ] = "https://api.openai.com"
    openai_model: Annotated[str, Meta(description="Model that edits the picture")] = "gpt-image-1"
    openai_input_price: Annotated[
        float, Meta(ge=0, description="US dollars for a million input tokens; 0 records no cost")
    ] = 0.0
    openai_output_price: Annotated[
        float, Meta(ge=0, description="US dollars for a million output tokens; 0 records no cost")
    ] = 0.0
    replicate_api_token: Annotated[
        Secret | None, Meta(description="Token; required by the engine `replicate`")
    ] = None
    replicate_base_url: Annotated[str, Meta(description="Address of the API")] = (
        "https://api.replicate.com"
    )
    replicate_model: Annotated[
        str,
        Meta(
            description="Official model that edits the picture: `owner/name`",
            pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$",
        ),
    ] = "black-forest-labs/flux-kontext-pro"
    replicate_output_hosts: Annotated[
        str, Meta(description="Hosts that outputs are downloaded from, comma-separated")
    ] = "replicate.delivery"
    replicate_price: Annotated[
        float, Meta(ge=0, description="US dollars for a picture; 0 records no cost")
    ] = 0.0
    jigsawstack_api_key: Annotated[
        Secret | None, Meta(description="Key; required by the engine `jigsawstack`")
    ] = None
    jigsawstack_base_url: Annotated[str, Meta(description="Address of the API")] = (
        "https://api.jigsawstack.com"
    )
    jigsawstack_price: Annotated[
        float, Meta(ge=0, description="US dollars for a picture; 0 records no cost")
    ] = 0.0

    def key_of(self, engine: str) -> tuple[str, Secret | None] | None:
        """The setting that holds an engine's key, and the key; None if it needs none."""
        match engine:
            case "openai":
                return "openai_api_key", self.openai_api_key
            case "replicate":
                return "replicate_api_token", self.replicate_api_token
            case "jigsawstack":
                return "jigsawstack_api_key", self.jigsawstack_api_key
            case _:
                return None


class ProjectionSettings(Section, frozen=True, kw_only=True):
    """How the projector batches."""

    batch_max: Annotated[int, Meta(ge=1, le=10_000, description="Events applied at once")] = 1000
    duty_cycle: Annotated[
        float,
        Meta(gt=0, le=1, description="Share of the time spent on batches; in the rest they gather"),
    ] = 0.25


class LogSettings(Section, frozen=True, kw_only=True):
    """What is logged, and how."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least level shown")
    ] = "info"
    format: Annotated[
        Literal["json", "console"], Meta(description="`json` lines, or `console` for people")
    ] = "json"


class ApiSettings(Section, frozen=True, kw_only=True):
    """Settings of `refinery api`."""

    nats: NatsSettings
    mongo: MongoSettings
    s3: S3Settings
    auth: AuthSettings
    user: UserSettings
    http: HttpSettings = HttpSettings()
    quota: QuotaSettings = QuotaSettings()
    task: TaskSettings = TaskSettings()
    fetch: AddressSettings = AddressSettings()
    refinement: EngineSettings = EngineSettings()
    log: LogSettings = LogSettings()

    def problems(self) -> list[str]:
        """A network is none, or a task could end before the first attempt at it may."""
        problems = self.fetch.problems()
        engine = max(self.refinement.engines, key=self.refinement.timeout_s_of)
        timeout_s = self.refinement.timeout_s_of(engine)
        if timeout_s >= self.task.deadline_s:
            attempt = f"the {timeout_s:g} s that one attempt with {engine} may take"
            problems.append(f"{PREFIX}TASK_DEADLINE_S must be more than {attempt}")
        return problems


class WorkerSettings(Section, frozen=True, kw_only=True):
    """Settings of `refinery worker`."""

    nats: NatsSettings
    s3: S3Settings
    fetch: FetchSettings = FetchSettings()
    refinement: RefinementSettings = RefinementSettings()
    provider: ProviderSettings = ProviderSettings()
    log: LogSettings = LogSettings()

    def problems(self) -> list[str]:
        """A network is none, or a provider is chosen or allowed, and there is no key for it."""
        default, *_ = engines = self.refinement.engines
        problems = self.fetch.problems()
        for engine in engines:
            match self.provider.key_of(engine):
                case (name, None):
                    variable = f"{PREFIX}provider_{name}".upper()
                    role = "the engine" if engine == default else "an engine allowed"
                    problems.append(f"{variable} is missing: {engine} is {role}")
                case _:
                    pass
        return problems


class ProjectorSettings(Section, frozen=True, kw_only=True):
    """Settings of `refinery projector`."""

    nats: NatsSettings
    mongo: MongoSettings
    projection: ProjectionSettings = ProjectionSettings()
    log: LogSettings = LogSettings()


class ProvisionSettings(Section, frozen=True, kw_only=True):
    """Settings of `refinery provision`, which creates what the processes expect to find."""

    nats: NatsSettings
    mongo: MongoSettings
    log: LogSettings = LogSettings()


class StorageSettings(Section, frozen=True, kw_only=True):
    """Settings of `refinery storage`, which compares the bucket with the log."""

    nats: NatsSettings
    s3: S3Settings
    log: LogSettings = LogSettings()


class EventsSettings(Section, frozen=True, kw_only=True):
    """Settings of `refinery events`, which reads the log for auditors, and writes it back."""

    nats: NatsSettings
    log: LogSettings = LogSettings()


PROCESSES: Final[Mapping[str, type[Section]]] = {
    "api": ApiSettings,
    "worker": WorkerSettings,
    "projector": ProjectorSettings,
    "provision": ProvisionSettings,
    "storage": StorageSettings,
    "events": EventsSettings,
}
