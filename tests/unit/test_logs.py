"""Logs: nothing secret is shown, nothing can be forged, and nothing else is changed."""

import logging
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Final, Literal

import msgspec
import pytest
import structlog

from services.runtime.logs import DEPTH_MAX, TEXT_LENGTH_MAX, configure_logs, redact
from services.runtime.settings import LogSettings, Secret

Fields = dict[str, object]
Configure = Callable[[Literal["json", "console"]], None]

# Below this, the clock measures itself.
NOTHING_S: Final = 0.05
HIDDEN: Final = "hunter2"
JWT: Final = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.aHVudGVyMg-_"


@pytest.fixture
def configure() -> Iterator[Configure]:
    """Configure logs for one test, from inside it: `capsys` begins there."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    # Not closed by `basicConfig(force=True)`: they belong to pytest.
    root.handlers = []

    def configured(form: Literal["json", "console"]) -> None:
        configure_logs(LogSettings(format=form, level="info"), service="tests")

    yield configured
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


def redacted(value: object, *, name: str = "reason") -> object:
    """What becomes of one field."""
    return redact(None, "info", {name: value})[name]


class TestSecretValues:
    """Secrets that are known by their look."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (f"mongodb://app:{HIDDEN}@db:27017/refinery", "mongodb://[secret]@db:27017/refinery"),
            (f"mongodb+srv://app:{HIDDEN}@db/?w=1", "mongodb+srv://[secret]@db/?w=1"),
            (
                f"ServerSelectionTimeoutError: mongodb://app:{HIDDEN}@a:1,b:2/: timed out",
                "ServerSelectionTimeoutError: mongodb://[secret]@a:1,b:2/: timed out",
            ),
            (f"cannot reach nats://api:{HIDDEN}@bus:4222", "cannot reach nats://[secret]@bus:4222"),
            (f"nats://{HIDDEN}@bus:4222", "nats://[secret]@bus:4222"),
            (f"redis://:{HIDDEN}@cache", "redis://[secret]@cache"),
            (f"https://me:{HIDDEN}@images.example/a.png", "https://[secret]@images.example/a.png"),
            (JWT, "[token]"),
            (f"token {JWT} has expired", "token [token] has expired"),
            (f'{{"jwt": "{JWT}"}}', '{"jwt": "[token]"}'),
            (f"Bearer {HIDDEN}", "Bearer [secret]"),
            (f"authorization: bearer {JWT}", "authorization: bearer [secret]"),
            ("Authorization: Basic aHVudGVyMg==", "Authorization: Basic [secret]"),
            (
                f"GET https://s3.example/b/k.png?X-Amz-Signature={HIDDEN}&X-Amz-Date=1 failed",
                "GET https://s3.example/b/k.png?[query] failed",
            ),
            (
                f"fetched 'http://s3.example/k?X-Amz-Security-Token={HIDDEN}', 200",
                "fetched 'http://s3.example/k?[query]', 200",
            ),
            (
                f'<a href="https://s3.example/k?sig={HIDDEN}">k</a>',
                '<a href="https://s3.example/k?[query]">k</a>',
            ),
            (
                f"nats://a:{HIDDEN}@one:1 and nats://b:{HIDDEN}@two:2",
                "nats://[secret]@one:1 and nats://[secret]@two:2",
            ),
        ],
    )  # fmt: skip
    def test_are_taken_out_of_texts(self, text: str, expected: str) -> None:
        """The secret goes, and what helps to find the error stays."""
        assert redacted(text) == expected

    @pytest.mark.parametrize(
        "text",
        [
            f"HTTPS://s3.example/k?X-Amz-Signature={HIDDEN}",
            f"mongodb://app:pass@{HIDDEN}@db:27017/refinery",
            f"mongodb://app:pass/{HIDDEN}@db:27017/refinery",
        ],
    )
    def test_are_found_when_written_unusually(self, text: str) -> None:
        """Schemes in capitals, and passwords that somebody forgot to escape."""
        assert HIDDEN not in str(redacted(text))

    def test_are_taken_out_of_exceptions(self) -> None:
        """A driver's exception, whose text nobody wrote with logs in mind, is a value too."""
        error = RuntimeError(f"connect to nats://api:{HIDDEN}@bus:4222 failed")

        assert redacted(error) == "connect to nats://[secret]@bus:4222 failed"

    def test_are_taken_out_of_collections(self) -> None:
        """Lists and mappings are looked into."""
        servers = {"all": [f"nats://a:{HIDDEN}@one:1"], "url": (f"nats://b:{HIDDEN}@two:2",)}

        assert redacted(servers) == {
            "all": ["nats://[secret]@one:1"],
            "url": ["nats://[secret]@two:2"],
        }

    def test_settings_are_shown_without_secrets(self) -> None:
        """A `Secret` is masked wherever it stands."""
        assert redacted(Secret(HIDDEN)) == "[secret]"
        assert redacted([Secret(HIDDEN)]) == ["[secret]"]
        assert HIDDEN not in str(redacted({1: {2: {3: {4: {5: Secret(HIDDEN)}}}}}))


class TestSecretNames:
    """Secrets that are known by their names."""

    @pytest.mark.parametrize(
        "name",
        [
            *("authorization", "Authorization", "cookie", "set-cookie", "token", "access_token"),
            *("secret", "jwt_secret", "password", "NATS_PASSWORD", "passwd", "api_key", "apikey"),
            *("access_key", "secret_key", "accesskey", "X-Amz-Signature", "credentials"),
        ],
    )
    def test_are_taken_out(self, name: str) -> None:
        """What is called a secret is one, as a field and inside of one."""
        assert redacted(HIDDEN, name=name) == "[secret]"
        assert redacted({name: HIDDEN}) == {name: "[secret]"}
        assert redacted([{name: [HIDDEN]}]) == [{name: "[secret]"}]

    def test_are_not_shown_because_they_lie_deep(self) -> None:
        """What is too deep to be looked into is not shown at all."""
        deep = {"b": {"c": {"d": {"e": {"password": HIDDEN}}}}}

        assert HIDDEN not in str(redacted(deep))

    def test_an_absent_secret_is_shown_as_absent(self) -> None:
        """That a secret is missing is worth knowing, and tells nothing."""
        assert redacted(None, name="token") is None


class TestEverythingElse:
    """What is no secret is logged as it is."""

    @pytest.mark.parametrize(
        "value",
        [
            *("", "plain", "café ☕ 日本語", "tab\tand\nnew line", "user@example.com", "a@b"),
            *("http://images.example/logo.png", "https://images.example/a@2x.png"),
            *("nats://bus:4222", "mongodb://one:27017,two:27017/refinery", "5 < 6 ? yes : no"),
            *("eyJ", "eyJust.a.word", "task-019cebab-8995-7000-8000-000000000001", "1.2.3"),
            *(None, True, False, 0, -1, 2**70, 1.5),
        ],
    )
    def test_stays_as_it_is(self, value: object) -> None:
        """Texts, numbers and truth values are not touched."""
        result = redacted(value)

        assert result == value
        assert type(result) is type(value)

    @pytest.mark.parametrize(
        "name", ["task_id", "user_key", "key", "reason", "url", "attempt", "author", "delay_s"]
    )
    def test_keeps_its_name_s_value(self, name: str) -> None:
        """Names that are not secrets' names hide nothing."""
        assert redacted("value", name=name) == "value"

    def test_long_texts_are_cut(self) -> None:
        """One line of a log has a bound."""
        assert redacted("x" * TEXT_LENGTH_MAX) == "x" * TEXT_LENGTH_MAX
        assert redacted("x" * (TEXT_LENGTH_MAX + 1)) == "x" * TEXT_LENGTH_MAX + "…"

    @pytest.mark.parametrize("piece", ["a.", "a", "a://", "eyJaaaaaa.", "https://a?", "a:b@"])
    def test_a_text_without_end_is_bounded(self, piece: str) -> None:
        """Four times the text takes nothing like sixteen times as long."""

        def seconds(length: int) -> float:
            text = piece * (length // len(piece))
            started_at = perf_counter()
            _ = redacted(text)
            return perf_counter() - started_at

        once_s = min(seconds(50_000) for _ in range(3))
        four_times_s = min(seconds(200_000) for _ in range(3))

        assert four_times_s < max(8 * once_s, NOTHING_S)

    def test_deep_values_are_flattened(self) -> None:
        """Also a value that contains itself ends."""
        value: list[object] = []
        value.append(value)
        deep = redacted(value)

        for _ in range(DEPTH_MAX):
            assert isinstance(deep, list)
            deep = deep[0]
        assert isinstance(deep, str)


class TestForgedLines:
    """Texts of strangers cannot look like ours."""

    @pytest.mark.parametrize(
        "text",
        [
            *("a\rb", "a\x1b[2Jb", "a\x00b", "a\x7fb", "a\x85b", "a\x9bb", "a\u2028b", "a\u2029b"),
            *("a\x0bb", "a\x0cb", "a\x08b"),
        ],
    )
    def test_control_characters_are_shown_not_obeyed(self, text: str) -> None:
        """Terminals and viewers do nothing on behalf of a logged text."""
        assert redacted(text) == f"a\\u{ord(text[1]):04x}{text[2:]}"

    def test_one_entry_is_one_line(
        self, configure: Configure, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A line break in a value does not begin a new entry."""
        configure("json")
        forged = 'x"}\n{"event":"task.refinement.completed","level":"info"}\r\n'

        structlog.get_logger().info("image.fetch.failed", reason=forged)

        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        entry = msgspec.json.decode(lines[0], type=Fields)
        assert entry["event"] == "image.fetch.failed"
        assert entry["reason"] == forged.replace("\r", "\\u000d")

    def test_a_value_on_a_console_is_one_line(
        self, configure: Configure, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """People are not fooled either."""
        configure("console")

        structlog.get_logger().info("image.fetch.failed", reason="x\n2026 [info] forged")

        assert len(capsys.readouterr().err.splitlines()) == 1


class TestConfiguredLogs:
    """Entries as they are written."""

    def test_carry_what_every_entry_needs(
        self, configure: Configure, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Time, event, level, service, and what was bound around it."""
        configure("json")

        with structlog.contextvars.bound_contextvars(task_id="task-1"):
            structlog.get_logger().warning("task.attempt.failed", attempt=2)

        line = capsys.readouterr().err
        entry = msgspec.json.decode(line, type=Fields)
        assert line.startswith('{"timestamp":"')
        assert str(entry.pop("timestamp")).endswith("Z")
        assert entry == {
            "event": "task.attempt.failed",
            "level": "warning",
            "service": "tests",
            "task_id": "task-1",
            "attempt": 2,
        }

    def test_leave_out_what_is_below_their_level(
        self, configure: Configure, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Debugging is silent unless it was asked for."""
        configure("json")

        structlog.get_logger().debug("task.attempt.progress")

        assert capsys.readouterr().err == ""

    def test_redact_tracebacks(
        self, configure: Configure, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The text of an exception, and of its cause, is redacted with its traceback."""
        configure("json")

        cause = OSError(f"mongodb://app:{HIDDEN}@db:27017 refused")
        error = RuntimeError(f"Bearer {HIDDEN} was refused")
        error.__cause__ = cause

        structlog.get_logger().error("task.attempt.crashed", exc_info=error)

        written = capsys.readouterr().err
        entry = msgspec.json.decode(written, type=Fields)
        assert "mongodb://[secret]@db:27017 refused" in str(entry["exception"])
        assert "Bearer [secret] was refused" in str(entry["exception"])
        assert HIDDEN not in written

    def test_take_in_what_libraries_log(
        self, configure: Configure, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Warnings of libraries come out in our form, redacted; their chatter does not."""
        configure("json")

        logging.getLogger("pymongo").info("connected")
        logging.getLogger("pymongo").warning("lost %s", f"mongodb://app:{HIDDEN}@db")

        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        entry = msgspec.json.decode(lines[0], type=Fields)
        assert entry["event"] == "library.warning"
        assert entry["library"] == "pymongo"
        assert entry["message"] == "lost mongodb://[secret]@db"

    def test_keep_the_tracebacks_of_libraries(
        self, configure: Configure, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A lost task is reported with its exception, and nothing else says what it was."""
        configure("json")

        logging.getLogger("asyncio").error(
            "Task exception was never retrieved", exc_info=RuntimeError("the reason")
        )

        assert "the reason" in capsys.readouterr().err

    def test_survive_a_library_s_bad_format(
        self, configure: Configure, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A library that logs with the wrong arguments does not take the process down."""
        configure("json")

        logging.getLogger("library").warning("%d tasks", "many")

        assert "library.warning" in capsys.readouterr().err

    @pytest.mark.parametrize("form", ["json", "console"])
    def test_survive_a_lone_surrogate(
        self,
        configure: Configure,
        capsys: pytest.CaptureFixture[str],
        form: Literal["json", "console"],
    ) -> None:
        """A file name or a header that is no text is logged, not raised."""
        configure(form)

        structlog.get_logger().info("image.fetch.failed", reason={"logo-\udcff": "\udcff.png"})

        assert "image.fetch.failed" in capsys.readouterr().err
