"""Settings: complete or refused, everything wrong said at once, and no secret ever shown."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, get_args

import msgspec
import pytest

from services.runtime.environment import InvalidSettings, Setting, describe, load
from services.runtime.settings import (
    ORIGINS,
    PREFIX,
    PROCESSES,
    ApiSettings,
    AuthSettings,
    ProjectorSettings,
    Secret,
    Section,
    WorkerSettings,
)

STRONG: Final = "sesame-" * 5
ISSUER: Final = "https://issuer.example"
WEAK: Final = "sesame"


NO_ORIGINS: Final = (
    *("null", "app.example", "https://", "https://app.example/", "https://app.example/page"),
    *("https://app.example?a=b", "https://user@app.example", "https://*.example", "*,*"),
    *("*, https://app.example", "https://App.example", "https://app.example:port"),
    *("https://a.example https://b.example", "https://a.example,"),
)


def is_secret(setting: Setting) -> bool:
    """Whether a setting is kept from being shown."""
    kind = getattr(setting.type, "__origin__", None)
    return kind is Secret or Secret in get_args(kind)


FORMS: Final = {
    "REFINERY_NATS_URL": "nats://one:4222,nats://two:4222",
    "REFINERY_MONGO_URL": f"mongodb://views:{STRONG}@one:27017/refinery",
    "REFINERY_S3_ENDPOINT": "https://pictures.example:9000",
}


# Of the two ways to check tokens, one is required: this one, unless a test says otherwise.
TOKEN_CHOICE: Final = (ApiSettings, "jwt_secret")
NO_TOKENS: Final = "REFINERY_AUTH_JWT_SECRET or REFINERY_AUTH_JWKS_URL is missing"
TWO_KINDS_OF_TOKENS: Final = (
    "REFINERY_AUTH_JWT_SECRET and REFINERY_AUTH_JWKS_URL are both set, and only one of them may be"
)


def complete(kind: type[Section], **changes: str | None) -> dict[str, str]:
    """An environment with all that a process requires, changed; None takes a variable out."""
    required = {
        setting.variable: FORMS.get(setting.variable, STRONG if is_secret(setting) else "plain")
        for setting in describe(kind)
        if setting.default is msgspec.NODEFAULT or (kind, setting.field) == TOKEN_CHOICE
    }
    changed = {PREFIX + name: value for name, value in changes.items()}
    return {name: value for name, value in {**required, **changed}.items() if value is not None}


def problems_of(kind: type[Section], environment: dict[str, str]) -> tuple[str, ...]:
    """What is wrong with an environment."""
    with pytest.raises(InvalidSettings) as caught:
        _ = load(kind, environment)
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    return caught.value.problems


class TestLoad:
    """Settings of a process from its environment."""

    @pytest.mark.parametrize("process", PROCESSES)
    def test_every_process_starts_from_a_complete_environment(self, process: str) -> None:
        """What has no default is enough; what has one is valid."""
        kind = PROCESSES[process]

        settings = load(kind, complete(kind))

        assert type(settings) is kind

    @pytest.mark.parametrize("process", PROCESSES)
    def test_every_process_takes_its_defaults_when_they_are_set(self, process: str) -> None:
        """A default that is written out is the same settings: nobody must leave anything away."""
        kind = PROCESSES[process]
        defaults = {
            setting.variable: str(setting.default)
            for setting in describe(kind)
            if setting.default is not msgspec.NODEFAULT and setting.default is not None
        }

        spelled = load(kind, complete(kind) | defaults)

        assert repr(spelled) == repr(load(kind, complete(kind)))

    @pytest.mark.parametrize("process", PROCESSES)
    def test_every_missing_variable_is_named_at_once(self, process: str) -> None:
        """One start is enough to learn all that is missing."""
        kind = PROCESSES[process]

        problems = problems_of(kind, {})

        missing = {f"{name} is missing" for name in complete(kind)}
        if kind is ApiSettings:
            missing = missing - {"REFINERY_AUTH_JWT_SECRET is missing"} | {NO_TOKENS}
        assert set(problems) == missing

    @pytest.mark.parametrize(
        ("variable", "value", "form"),
        [
            ("NATS_URL", "localhost:4222", "nats://host:4222"),
            ("NATS_URL", "nats://user:pass@host", "nats://host:4222"),
            ("MONGO_URL", "http://views", "mongodb://host:27017"),
            ("S3_ENDPOINT", "pictures.example", "https://host:port"),
            ("S3_ENDPOINT", "https://pictures.example/bucket", "https://host:port"),
            ("S3_PUBLIC_ENDPOINT", "ftp://pictures.example", "https://host:port"),
            *(("HTTP_CORS_ORIGINS", value, ORIGINS["example"]) for value in NO_ORIGINS),
        ],
    )
    def test_an_address_has_its_form(self, variable: str, value: str, form: str) -> None:
        """What could never be reached is refused at the start, and not repeated."""
        problems = problems_of(ApiSettings, complete(ApiSettings, **{variable: value}))

        assert problems == (f"REFINERY_{variable}: is not of the form {form}",)

    def test_an_empty_variable_is_one_that_is_not_set(self) -> None:
        """Deployment tools write an empty variable for a value that is not given."""
        environment = complete(ApiSettings, AUTH_AUDIENCE="", HTTP_PORT="", NATS_USER="")

        problems = problems_of(ApiSettings, environment)

        assert list(problems) == ["REFINERY_NATS_USER is missing"]

    def test_missing_malformed_and_unknown_are_said_together(self) -> None:
        """No kind of problem hides another."""
        environment = complete(
            ApiSettings,
            NATS_USER=None,
            HTTP_PORT="eighty",
            LOG_LEVEL="loud",
            AUTH_LEEWAY_S="61",
            QUOTA_LIMITS="11",
        )

        problems = problems_of(ApiSettings, environment)

        assert len(problems) == 5
        assert "REFINERY_QUOTA_LIMITS is not a setting" in problems
        assert "REFINERY_NATS_USER is missing" in problems
        for name in ("REFINERY_HTTP_PORT", "REFINERY_LOG_LEVEL", "REFINERY_AUTH_LEEWAY_S"):
            assert sum(problem.startswith(f"{name}: ") for problem in problems) == 1

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            *(("HTTP_PORT", "0"), ("HTTP_PORT", "65536"), ("HTTP_PORT", "80.5")),
            *(("HTTP_PORT", " 80"), ("HTTP_PORT", "9" * 5000)),
            *(("QUOTA_LIMIT", "0"), ("QUOTA_LIMIT", "-1"), ("TASK_DEADLINE_S", "4")),
            *(("S3_URL_EXPIRES_S", "604801"), ("LOG_FORMAT", "JSON"), ("LOG_LEVEL", "loud")),
        ],
    )
    def test_values_outside_their_limits_are_refused(self, variable: str, value: str) -> None:
        """A value that could not work is refused at the start, with the variable's name."""
        problems = problems_of(ApiSettings, complete(ApiSettings, **{variable: value}))

        assert [problem.split(":")[0] for problem in problems] == [f"REFINERY_{variable}"]

    @pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "-inf", "301", "1e400", "soon"])
    def test_times_are_finite_and_positive(self, value: str) -> None:
        """A time limit that never ends, or has ended, is refused."""
        environment = complete(WorkerSettings, FETCH_TIMEOUT_S=value)

        assert len(problems_of(WorkerSettings, environment)) == 1

    @pytest.mark.parametrize("kind", [ApiSettings, WorkerSettings])
    @pytest.mark.parametrize("value", ["10.0.0.1/8", "intranet", "10.0.0.0/33", "10.0.0.0/8;::1"])
    def test_a_network_that_is_none_is_refused(self, kind: type[Section], value: str) -> None:
        """API and worker read the same networks, and both say what is wrong with them."""
        problems = problems_of(kind, complete(kind, FETCH_ALLOW_NETWORKS=value))

        assert len(problems) == 1
        assert problems[0].startswith("REFINERY_FETCH_ALLOW_NETWORKS: ")

    def test_networks_are_read(self) -> None:
        """Of both kinds, with blanks and commas to spare."""
        environment = complete(ApiSettings, FETCH_ALLOW_NETWORKS=" 10.0.0.0/8, ::1/128,")

        networks = load(ApiSettings, environment).fetch.networks

        assert networks == (IPv4Network("10.0.0.0/8"), IPv6Network("::1/128"))

    def test_values_are_converted(self) -> None:
        """Numbers and choices arrive as what they are."""
        environment = complete(
            WorkerSettings,
            FETCH_TIMEOUT_S="2.5",
            REFINEMENT_SLOTS="7",
            REFINEMENT_ENGINE="null",
            NATS_URL="nats://one:4222,nats://two:4222",
        )

        settings = load(WorkerSettings, environment)

        assert settings.fetch.timeout_s == 2.5
        assert settings.refinement.slots == 7
        assert settings.refinement.engine == "null"
        assert settings.nats.url == "nats://one:4222,nats://two:4222"

    def test_one_process_tolerates_the_settings_of_another(self) -> None:
        """One environment file may serve all processes."""
        environment = complete(ApiSettings) | complete(ProjectorSettings, PROJECTION_BATCH_MAX="5")

        assert load(ApiSettings, environment).http.port == 8000
        assert load(ProjectorSettings, environment).projection.batch_max == 5

    def test_variables_of_others_are_none_of_ours(self) -> None:
        """Only names with our prefix are looked at."""
        environment = complete(ProjectorSettings) | {
            "PATH": "/bin",
            "NATS_URL": "x",
            "refinery": "",
        }

        assert load(ProjectorSettings, environment).mongo.database == "refinery"


class TestFiles:
    """Values in files, as orchestrators mount secrets."""

    def test_a_value_may_stand_in_a_file(self, tmp_path: Path) -> None:
        """The line break that editors add is not part of the value."""
        file = tmp_path / "secret"
        _ = file.write_text(f" {STRONG} \n", encoding="utf-8")
        environment = complete(ApiSettings, AUTH_JWT_SECRET=None, AUTH_JWT_SECRET_FILE=str(file))

        settings = load(ApiSettings, environment)

        assert settings.auth.jwt_secret is not None
        assert settings.auth.jwt_secret.reveal() == f" {STRONG} "

    def test_two_values_are_refused(self, tmp_path: Path) -> None:
        """A variable and its file would be two truths."""
        file = tmp_path / "url"
        _ = file.write_text("nats://other:4222", encoding="utf-8")

        problems = problems_of(ApiSettings, complete(ApiSettings, NATS_URL_FILE=str(file)))

        assert problems == ("REFINERY_NATS_URL: set it or REFINERY_NATS_URL_FILE, not both",)

    @pytest.mark.parametrize("name", ["missing", "", "a\x00b"])
    def test_a_file_that_cannot_be_read_is_a_problem(self, tmp_path: Path, name: str) -> None:
        """Neither a missing file nor a directory is an empty value."""
        environment = complete(
            ApiSettings, NATS_PASSWORD=None, NATS_PASSWORD_FILE=f"{tmp_path}/{name}"
        )

        problems = problems_of(ApiSettings, environment)

        assert len(problems) == 1
        assert problems[0].startswith("REFINERY_NATS_PASSWORD: ")

    @pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
    def test_a_file_without_a_value_is_a_problem(self, tmp_path: Path, content: bytes) -> None:
        """An empty or unreadable secret is refused where it is read."""
        file = tmp_path / "secret"
        _ = file.write_bytes(content)
        environment = complete(ApiSettings, NATS_PASSWORD=None, NATS_PASSWORD_FILE=str(file))

        problems = problems_of(ApiSettings, environment)

        assert len(problems) == 1


class TestSecrets:
    """Values that never show themselves."""

    def test_are_masked_wherever_they_are_shown(self) -> None:
        """No way of showing settings shows a secret."""
        settings = load(ApiSettings, complete(ApiSettings))
        secret = settings.auth.jwt_secret
        assert secret is not None
        shown = [repr(settings), str(settings), repr(secret), f"{secret}", f"{secret!r:>40}"]

        assert all(WEAK not in text for text in shown)
        assert "jwt_secret=Secret(***)" in repr(settings)
        assert secret.reveal() == STRONG

    def test_are_not_encoded(self) -> None:
        """A secret that ends up in a message or a file by mistake is an error."""
        with pytest.raises(TypeError):
            _ = msgspec.json.encode(Secret(STRONG))

    def test_every_setting_named_like_a_secret_is_one(self) -> None:
        """A password that is a plain text would be shown with the settings."""
        settings = [setting for kind in PROCESSES.values() for setting in describe(kind)]
        named = [
            setting
            for setting in settings
            if any(part in setting.field for part in ("secret", "password", "key"))
        ]

        assert named
        assert all(is_secret(setting) for setting in named)

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            ("changeme", "is a placeholder, not a secret"),
            ("Password", "is a placeholder, not a secret"),
        ],
    )
    def test_must_be_set_to_something_secret(self, value: str, reason: str) -> None:
        """A secret that everybody guesses is refused."""
        environment = complete(ApiSettings, NATS_PASSWORD=value)

        assert problems_of(ApiSettings, environment) == (f"REFINERY_NATS_PASSWORD: {reason}",)

    @pytest.mark.parametrize("variable", ["AUTH_JWT_SECRET", "USER_KEY_SECRET"])
    def test_that_sign_must_be_long(self, variable: str) -> None:
        """Thirty-one bytes are refused, thirty-two are taken, and the value is not repeated."""
        short = complete(ApiSettings, **{variable: (WEAK * 6)[:31]})
        enough = complete(ApiSettings, **{variable: (WEAK * 6)[:32]})

        problems = problems_of(ApiSettings, short)
        settings = load(ApiSettings, enough)

        assert problems == (f"REFINERY_{variable}: must have at least 32 bytes",)
        assert isinstance(settings, ApiSettings)

    def test_are_measured_in_bytes(self) -> None:
        """Sixteen letters of two bytes are thirty-two bytes."""
        settings = load(ApiSettings, complete(ApiSettings, AUTH_JWT_SECRET="é" * 16))

        assert isinstance(settings.auth, AuthSettings)

    def test_are_not_repeated_in_errors(self, tmp_path: Path) -> None:
        """Whatever is wrong with the environment, the log of the failed start is safe to share."""
        file = tmp_path / "secret"
        _ = file.write_bytes(WEAK.encode() + b"\xff")
        environment = complete(
            ApiSettings,
            AUTH_JWT_SECRET=WEAK,
            NATS_PASSWORD=None,
            NATS_PASSWORD_FILE=str(file),
            HTTP_PORT="eighty",
        )

        with pytest.raises(InvalidSettings) as caught:
            _ = load(ApiSettings, environment)

        assert len(caught.value.problems) == 3
        assert WEAK not in str(caught.value)
        assert WEAK not in repr(caught.value)


@pytest.mark.parametrize("process", PROCESSES)
def test_every_setting_is_described(process: str) -> None:
    """The reference is generated from here, so there is something to generate."""
    settings = list(describe(PROCESSES[process]))

    assert all(setting.description for setting in settings)
    assert len({setting.variable for setting in settings}) == len(settings)
    assert all(setting.variable.startswith(PREFIX) for setting in settings)


class TestTokens:
    """One secret, or one set of public keys."""

    def test_public_keys_replace_the_secret(self) -> None:
        """A process that knows no secret can be told none by mistake, and can sign nothing."""
        environment = complete(ApiSettings, AUTH_JWT_SECRET=None, AUTH_JWKS_URL=f"{ISSUER}/keys")

        settings = load(ApiSettings, environment)

        assert settings.auth.jwt_secret is None
        assert settings.auth.jwks_url == f"{ISSUER}/keys"

    def test_one_of_them_is_needed_and_not_both(self) -> None:
        """Nobody guesses which tokens were meant."""
        neither = complete(ApiSettings, AUTH_JWT_SECRET=None)
        both = complete(ApiSettings, AUTH_JWKS_URL=f"{ISSUER}/keys")

        assert problems_of(ApiSettings, neither) == (NO_TOKENS,)
        assert problems_of(ApiSettings, both) == (TWO_KINDS_OF_TOKENS,)

    def test_a_way_that_is_set_wrongly_is_not_said_to_be_missing(self) -> None:
        """One mistake is one line."""
        environment = complete(ApiSettings, AUTH_JWT_SECRET=WEAK)

        assert len(problems_of(ApiSettings, environment)) == 1

    @pytest.mark.parametrize(
        "url",
        [
            "https://issuer.example/.well-known/jwks.json",
            "https://issuer.example:8443/keys?policy=sign-in",
            "https://issuer.example",
            "https://127.0.0.1/keys",
            *("http://localhost:8080/keys", "http://127.0.0.1:1/keys", "http://[::1]:8080/keys"),
        ],
    )
    def test_public_keys_come_over_https_or_from_this_machine(self, url: str) -> None:
        """Where nobody else can change them on their way."""
        environment = complete(ApiSettings, AUTH_JWT_SECRET=None, AUTH_JWKS_URL=url)

        assert load(ApiSettings, environment).auth.jwks_url == url

    @pytest.mark.parametrize(
        "url",
        [
            *("http://issuer.example/keys", "http://10.0.0.1/keys", "http://localhost.evil/keys"),
            *("http://127.0.0.1.evil.example/", "http://127.0.0.1@evil.example/", "http://[::2]/"),
            *("https://user:pass@issuer.example/", "https://issuer.example/#keys", "https:///keys"),
            *(
                "https://issuer.example/a b",
                "file:///etc/keys",
                "issuer.example/keys",
                "https://:443/",
            ),
        ],
    )
    def test_public_keys_come_from_nowhere_else(self, url: str) -> None:
        """Who can change the keys on their way is let in as anybody."""
        environment = complete(ApiSettings, AUTH_JWT_SECRET=None, AUTH_JWKS_URL=url)

        (problem,) = problems_of(ApiSettings, environment)

        assert problem.startswith("REFINERY_AUTH_JWKS_URL: is not of the form ")
        assert url not in problem


class TestProviders:
    """Engines that cost money."""

    @pytest.mark.parametrize(
        ("engine", "key"),
        [
            ("openai", "PROVIDER_OPENAI_API_KEY"),
            ("replicate", "PROVIDER_REPLICATE_API_TOKEN"),
            ("jigsawstack", "PROVIDER_JIGSAWSTACK_API_KEY"),
        ],
    )
    def test_a_chosen_provider_needs_its_key(self, engine: str, key: str) -> None:
        """A worker without the key does not start; with it, the key is there and not shown."""
        chosen: dict[str, str | None] = {"REFINEMENT_ENGINE": engine}

        problems = problems_of(WorkerSettings, complete(WorkerSettings, **chosen))
        settings = load(WorkerSettings, complete(WorkerSettings, **chosen, **{key: WEAK}))

        assert problems == (f"{PREFIX}{key} is missing: {engine} is the engine",)
        assert settings.refinement.engines == (engine,)
        name, secret = settings.provider.key_of(engine) or ("", None)
        assert key.endswith(name.upper())
        assert secret is not None
        assert secret.reveal() == WEAK
        assert WEAK not in repr(settings)

    def test_every_provider_that_is_allowed_needs_its_key(self) -> None:
        """It is said of each of them at once."""
        allowed = complete(WorkerSettings, REFINEMENT_ENGINES_ALLOWED="openai,local , replicate")

        problems = problems_of(WorkerSettings, allowed)

        assert problems == (
            f"{PREFIX}PROVIDER_OPENAI_API_KEY is missing: openai is an engine allowed",
            f"{PREFIX}PROVIDER_REPLICATE_API_TOKEN is missing: replicate is an engine allowed",
        )

    @pytest.mark.parametrize("kind", [ApiSettings, WorkerSettings])
    @pytest.mark.parametrize("value", ["null", "openai;local", "openai,", "dall-e", "OpenAI"])
    def test_only_engines_can_be_allowed(self, kind: type[Section], value: str) -> None:
        """A misspelt name is refused where it is read, by the API and by the worker."""
        problems = problems_of(kind, complete(kind, REFINEMENT_ENGINES_ALLOWED=value))

        form = "local,openai,replicate,jigsawstack, or some of these"
        assert problems == (f"{PREFIX}REFINEMENT_ENGINES_ALLOWED: is not of the form {form}",)

    def test_the_default_comes_first_and_nothing_twice(self) -> None:
        """What may be asked for are the names of engines that refine."""
        chosen = {"REFINEMENT_ENGINE": "null", "REFINEMENT_ENGINES_ALLOWED": "openai, local,openai"}

        refinement = load(ApiSettings, complete(ApiSettings, **chosen)).refinement

        assert refinement.engines == ("null", "openai", "local")
        assert refinement.engines_on_request == ("openai", "local")

    def test_an_engine_of_ours_needs_no_key(self) -> None:
        """Nothing about providers is asked of who uses none."""
        settings = load(WorkerSettings, complete(WorkerSettings))

        assert settings.provider.key_of(settings.refinement.engine) is None


class TestTimes:
    """How long attempts and tasks may take."""

    @pytest.mark.parametrize(
        ("changes", "least"),
        [
            ({}, "60 s that one attempt with local"),
            ({"REFINEMENT_ENGINES_ALLOWED": "openai"}, "150 s that one attempt with openai"),
            ({"REFINEMENT_ENGINE": "replicate"}, "150 s that one attempt with replicate"),
            ({"REFINEMENT_ATTEMPT_TIMEOUT_S": "90"}, "90 s that one attempt with local"),
        ],
    )
    def test_a_task_has_more_time_than_an_attempt(
        self, changes: dict[str, str | None], least: str
    ) -> None:
        """With any engine that it may be refined with; the API says so when it starts."""
        seconds = least.split(maxsplit=1)[0]
        short = complete(ApiSettings, TASK_DEADLINE_S=seconds, **changes)
        enough = complete(ApiSettings, TASK_DEADLINE_S=str(int(seconds) + 1), **changes)

        problems = problems_of(ApiSettings, short)

        assert problems == (f"{PREFIX}TASK_DEADLINE_S must be more than the {least} may take",)
        assert isinstance(load(ApiSettings, enough), ApiSettings)


class TestChoices:
    """Settings that are on or off."""

    @pytest.mark.parametrize(("value", "is_on"), [("true", True), ("1", True), ("false", False)])
    def test_are_written_as_one_would(self, value: str, *, is_on: bool) -> None:
        """In words or as a number."""
        environment = complete(WorkerSettings, REFINEMENT_VECTOR=value)

        assert load(WorkerSettings, environment).refinement.vector is is_on

    def test_are_not_guessed(self) -> None:
        """What is neither is refused."""
        environment = complete(WorkerSettings, REFINEMENT_VECTOR="perhaps")

        assert len(problems_of(WorkerSettings, environment)) == 1


class TestWorkingSide:
    """The longest side that pictures are refined at."""

    @pytest.mark.parametrize("value", ["255", "2049", "1536.5", "large"])
    def test_has_bounds(self, value: str) -> None:
        """What would be useless, or too much for a child process, is refused by name."""
        environment = complete(WorkerSettings, REFINEMENT_WORKING_SIDE_MAX=value)

        (problem,) = problems_of(WorkerSettings, environment)

        assert problem.startswith(f"{PREFIX}REFINEMENT_WORKING_SIDE_MAX: Expected `int`")

    @pytest.mark.parametrize("value", ["256", "2048"])
    def test_reaches_its_bounds(self, value: str) -> None:
        """Both are allowed."""
        environment = complete(WorkerSettings, REFINEMENT_WORKING_SIDE_MAX=value)

        assert load(WorkerSettings, environment).refinement.working_side_max == int(value)
