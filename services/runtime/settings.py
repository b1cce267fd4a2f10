"""What a process can be told by its environment: one immutable struct for each process.

A setting `nats.url` is read from `REFINERY_NATS_URL`, or from the file that
`REFINERY_NATS_URL_FILE` names. Everything is validated at once, and all that is wrong is said at
once. Only composition roots call `load`; `docs/reference/settings.md` is generated from here.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta

PREFIX: Final = "REFINERY_"
SECRET_BYTES_MIN: Final = 32
STRONG: Final = {"bytes_min": SECRET_BYTES_MIN}
HTTP_URL: Final = {"pattern": r"https?://[^\s/@?#]+/?", "example": "https://host:port"}
MONGO_URL: Final = {"pattern": r"mongodb(\+srv)?://\S+", "example": "mongodb://host:27017"}
NATS_URL: Final = {
    "pattern": r"(nats|tls|ws|wss)://[^\s/@,]+(,(nats|tls|ws|wss)://[^\s/@,]+)*",
    "example": "nats://host:4222",
}

_PLACEHOLDERS: Final = ("changeme", "change-me", "secret", "password", "example")


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


class InvalidSettings(ValueError):
    """The environment does not make valid settings; `problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("invalid settings: " + "; ".join(problems))
        self.problems = tuple(problems)


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
    """Whose tokens are accepted."""

    jwt_secret: Annotated[
        Secret,
        Meta(description="HS256 key of the bearer tokens, at least 32 bytes", extra=STRONG),
    ]
    audience: Annotated[str | None, Meta(description="Required `aud` claim, if set")] = None
    issuer: Annotated[str | None, Meta(description="Required `iss` claim, if set")] = None
    leeway_s: Annotated[int, Meta(ge=0, le=60, description="Clock difference tolerated")] = 10


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
    ] = 512


class FetchSettings(Section, frozen=True, kw_only=True):
    """What may be downloaded from a user's URL."""

    bytes_max: Annotated[int, Meta(ge=1, description="Largest original, bytes")] = 20 * 1024 * 1024
    timeout_s: Annotated[float, Meta(gt=0, le=300, description="Seconds for a whole download")] = (
        20.0
    )
    allow_networks: Annotated[
        str,
        Meta(description="Networks allowed though private, comma-separated; for development"),
    ] = ""


class RefinementSettings(Section, frozen=True, kw_only=True):
    """How the worker works."""

    engine: Annotated[
        Literal["local", "null", "openai", "replicate", "jigsawstack"],
        Meta(
            description=(
                "`local` refines on this machine; `null` copies, for measuring; the others are"
                " providers, and cost money"
            )
        ),
    ] = "local"
    slots: Annotated[int, Meta(ge=1, le=64, description="Tasks worked on at once")] = 2
    attempts_max: Annotated[int, Meta(ge=1, le=20, description="Attempts at one task")] = 4
    attempt_timeout_s: Annotated[
        float, Meta(gt=0, le=600, description="Seconds the engine has for one picture")
    ] = 60.0
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
    """The providers that may edit pictures for us; only the chosen engine's are used."""

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
    log: LogSettings = LogSettings()


class WorkerSettings(Section, frozen=True, kw_only=True):
    """Settings of `refinery worker`."""

    nats: NatsSettings
    s3: S3Settings
    fetch: FetchSettings = FetchSettings()
    refinement: RefinementSettings = RefinementSettings()
    provider: ProviderSettings = ProviderSettings()
    log: LogSettings = LogSettings()

    def problems(self) -> list[str]:
        """A provider is chosen, and there is no key for it."""
        match self.provider.key_of(self.refinement.engine):
            case (name, None):
                variable = f"{PREFIX}provider_{name}".upper()
                return [f"{variable} is missing: {self.refinement.engine} is the engine"]
            case _:
                return []


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


PROCESSES: Final[Mapping[str, type[Section]]] = {
    "api": ApiSettings,
    "worker": WorkerSettings,
    "projector": ProjectorSettings,
    "provision": ProvisionSettings,
    "storage": StorageSettings,
}

SettingsT = TypeVar("SettingsT", bound=Section)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting, as the reference lists it."""

    variable: str
    section: str
    field: str
    type: object
    description: str
    default: object


def load(kind: type[SettingsT], environment: Mapping[str, str]) -> SettingsT:
    """The settings of one process from environment variables.

    Raises:
        InvalidSettings: a variable is missing, malformed, or not known at all.
    """
    problems = _unknown_names(environment)
    values: dict[str, dict[str, object]] = {}
    for setting in describe(kind):
        try:
            text = _read(setting.variable, environment)
            if text is None and setting.default is msgspec.NODEFAULT:
                problems.append(f"{setting.variable} is missing")
            elif text is not None:
                values.setdefault(setting.section, {})[setting.field] = _parse(text, setting)
        except (ValueError, OSError) as error:  # msgspec's ValidationError is a ValueError
            problems.append(f"{setting.variable}: {error}")
    if problems:
        raise InvalidSettings(problems)
    sections = {name: section(**values.get(name, {})) for name, section in _sections(kind).items()}
    settings = kind(**sections)
    if contradictions := settings.problems():
        raise InvalidSettings(contradictions)
    return settings


def check_names(environment: Mapping[str, str]) -> None:
    """Look for misspelt settings before anything is started.

    Raises:
        InvalidSettings: a variable looks like a setting and is none.
    """
    if problems := _unknown_names(environment):
        raise InvalidSettings(problems)


def describe(kind: type[Section]) -> Iterator[Setting]:
    """The settings of one process, in the order of its struct."""
    for name, section in _sections(kind).items():
        hints = get_type_hints(section, include_extras=True)
        for field in msgspec.structs.fields(section):
            yield Setting(
                variable=f"{PREFIX}{name}_{field.name}".upper(),
                section=name,
                field=field.name,
                type=hints[field.name],
                description=_description(hints[field.name]),
                default=field.default,
            )


def _sections(kind: type[Section]) -> dict[str, type[Section]]:
    return get_type_hints(kind)


def _description(hint: object) -> str:
    metas = [extra for extra in get_args(hint) if isinstance(extra, Meta)]
    return metas[0].description or ""


def _read(variable: str, environment: Mapping[str, str]) -> str | None:
    file = environment.get(f"{variable}_FILE")
    # An empty variable is how deployment tools write one that is not set.
    if not file:
        return environment.get(variable) or None
    if environment.get(variable):
        raise ValueError(f"set it or {variable}_FILE, not both")
    text = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    if not text:
        raise ValueError("the file it names is empty")
    return text


def _parse(text: str, setting: Setting) -> object:
    value: object = msgspec.convert(text, setting.type, strict=False, dec_hook=_decode_secret)
    if isinstance(value, str | Secret):
        _require_form(text, _extra(setting.type))
    return value


def _require_form(text: str, form: Mapping[str, Any]) -> None:
    """Hold a text to its form, without repeating it in an error: it may be a secret."""
    bytes_min = form.get("bytes_min", 0)
    if len(text.encode()) < bytes_min:
        raise ValueError(f"must have at least {bytes_min} bytes")
    if "pattern" in form and re.fullmatch(form["pattern"], text) is None:
        raise ValueError(f"is not of the form {form['example']}")


def _extra(hint: object) -> Mapping[str, Any]:
    metas = [extra for extra in get_args(hint) if isinstance(extra, Meta)]
    return metas[0].extra or {} if metas else {}


def _unknown_names(environment: Mapping[str, str]) -> list[str]:
    return [f"{name} is not a setting" for name in sorted(environment) if _is_unknown(name)]


def _is_unknown(name: str) -> bool:
    if not name.startswith(PREFIX):
        return False
    return name.removesuffix("_FILE") not in {
        setting.variable for kind in PROCESSES.values() for setting in describe(kind)
    }


def _decode_secret(kind: type, text: object) -> Secret:
    assert kind is Secret
    assert isinstance(text, str)
    if text.lower() in _PLACEHOLDERS:
        raise ValueError("is a placeholder, not a secret")
    return Secret(text)
