"""The `refinery` command: what it prints, and that it fails with one line, never a traceback."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from PIL import Image

from services.embedded.credentials import load_or_create
from tests.system.customers import FORBIDDEN_URL, PROMPT, Customer
from tests.system.processes import still_running
from tests.system.running import REFINERY, Ended, Service, lines_of, refinery, run_watched

PROCESSES = ("api", "worker", "projector", "provision")
PARALLEL_MAX = 4
ESCAPE = "\x1b"
DAY_S = 24 * 60 * 60
TASK_ID_LENGTH = len("task-01900000-0000-7000-8000-000000000000")

pytestmark = pytest.mark.system


class TestHelp:
    """`--help`, of the whole and of each command."""

    def test_every_command_explains_itself(self) -> None:
        """The whole lists the commands; each says how it is called, in plain text."""
        whole = refinery("--help")
        _, _, table = whole.stdout.partition("Commands:\n")
        commands = [line.split()[0] for line in lines_of(table) if line[2] != " "]
        assert whole.status == 0
        assert {"demo", "up", "submit", "token", *PROCESSES} <= set(commands)

        with ThreadPoolExecutor(PARALLEL_MAX) as threads:
            helps = list(threads.map(lambda command: refinery(command, "--help"), commands))

        for command, shown in zip(commands, helps, strict=True):
            assert shown.status == 0, shown.stderr
            assert shown.stdout.startswith(f"Usage: refinery {command}")
            assert shown.stderr == ""
            assert ESCAPE not in shown.stdout

    def test_help_has_a_short_form(self) -> None:
        """`-h` is `--help`."""
        assert refinery("-h") == refinery("--help")

    def test_the_version_is_shown(self) -> None:
        """`refinery --version` is one line."""
        shown = refinery("--version")

        assert shown.status == 0
        assert len(lines_of(shown.stdout)) == 1


class TestToken:
    """`refinery token`."""

    def test_a_token_says_who_may_do_what_until_when(self, stack: Service) -> None:
        """Its claims are the user, the scopes and the life that were asked for."""
        shown = refinery(
            *("token", "--user", "ada@example.com", "--ttl", "90s", "--data", stack.data),
            *("--scope", "audit:read", "--scope", "audit:verify"),
        )

        assert shown.status == 0, shown.stderr
        claims = claims_of(shown, stack)
        assert claims["sub"] == "ada@example.com"
        assert claims["scope"] == "audit:read audit:verify"
        assert claims["exp"] - claims["iat"] == 90

    def test_a_plain_token_lives_for_a_day(self, stack: Service) -> None:
        """Without options it has no scope."""
        shown = refinery("token", "--user", "ada", "--data", stack.data)

        claims = claims_of(shown, stack)
        assert claims.keys() == {"sub", "iat", "exp"}
        assert claims["exp"] - claims["iat"] == DAY_S

    def test_a_life_that_is_none_is_a_usage_error(self, stack: Service) -> None:
        """It says what would be right, and exits with 2."""
        lives = ("", "0s", "-1h", "1y", "soon")

        for life in lives:
            shown = refinery("token", "--user", "ada", "--ttl", life, "--data", stack.data)

            assert shown.status == 2, life
            assert shown.stdout == ""
            assert "90s, 15m, 12h or 30d" in shown.stderr


class TestSubmit:
    """`refinery submit`."""

    def test_a_picture_goes_in_and_a_refined_one_comes_out(
        self, stack: Service, picture: Path, tmp_path: Path
    ) -> None:
        """On standard output are the task's id and the file, and nothing else."""
        output = tmp_path / "new" / "refined.png"

        done = submit(stack, picture, PROMPT, "--output", output)

        assert done.status == 0, done.stderr
        task_id, path = lines_of(done.stdout)
        assert len(task_id) == TASK_ID_LENGTH
        assert path == str(output)
        with Image.open(output) as refined, Image.open(picture) as original:
            assert refined.format == "PNG"
            assert refined.size == original.size
        assert ESCAPE not in done.stdout + done.stderr

    def test_a_url_is_passed_on(self, stack: Service, picture_url: str) -> None:
        """What is in the object store already is not uploaded again; --wait prints where it is."""
        done = submit(stack, picture_url, PROMPT, "--wait")

        assert done.status == 0, done.stderr
        task_id, image_url = lines_of(done.stdout)
        assert task_id in image_url
        assert "uploaded" not in done.stderr

    async def test_without_wait_the_task_is_only_accepted(
        self, stack: Service, picture_url: str, customer: Callable[[], Customer]
    ) -> None:
        """It prints the id, under which the user finds the task."""
        somebody = customer()

        done = submit(stack, picture_url, PROMPT, user=somebody.user)

        assert done.status == 0, done.stderr
        [task_id] = lines_of(done.stdout)
        assert (await somebody.ended(task_id))["status"] == "completed"

    def test_a_task_that_fails_is_a_failure(self, stack: Service) -> None:
        """With --wait the reason is the error."""
        done = submit(stack, FORBIDDEN_URL, PROMPT, "--wait")

        [task_id] = lines_of(done.stdout)
        reason = error_of(done).removeprefix(f"{task_id} is failed: ")
        assert reason.startswith("The image")

    def test_a_missing_file(self, stack: Service, tmp_path: Path) -> None:
        """It is named."""
        done = submit(stack, tmp_path / "missing.png", PROMPT)

        assert (
            error_of(done)
            == f"{tmp_path / 'missing.png'} cannot be read: No such file or directory"
        )

    def test_a_directory(self, stack: Service, tmp_path: Path) -> None:
        """It is named, and called what it is."""
        done = submit(stack, tmp_path, PROMPT)

        assert error_of(done) == f"{tmp_path} cannot be read: Is a directory"

    def test_a_file_that_is_no_picture(self, stack: Service, tmp_path: Path) -> None:
        """It says which pictures are taken."""
        text = tmp_path / "logo.png"
        text.write_text("I am not a picture.\n")

        done = submit(stack, text, PROMPT)

        assert error_of(done) == f"{text} is not a PNG, JPEG or WebP picture"

    def test_a_prompt_that_is_too_short(self, stack: Service, picture_url: str) -> None:
        """It repeats what the API says about the field."""
        done = submit(stack, picture_url, "bold")

        assert "refinement_prompt: must have 5 to 500 characters" in error_of(done)

    def test_an_output_that_cannot_be_written(
        self, stack: Service, picture: Path, tmp_path: Path
    ) -> None:
        """The file is named."""
        blocked = tmp_path / "file"
        blocked.write_text("in the way")

        done = submit(stack, picture, PROMPT, "--output", blocked / "refined.png")

        assert str(blocked / "refined.png") in error_of(done)

    def test_no_stack_runs(self, picture: Path, tmp_path: Path) -> None:
        """It says how to start one, and makes no data directory."""
        nowhere = tmp_path / "nowhere"

        done = refinery("submit", picture, PROMPT, "--data", nowhere)

        assert f"refinery up --data {nowhere}" in error_of(done)
        assert not nowhere.exists()


class TestStorage:
    """`refinery storage verify`."""

    def test_a_sound_bucket_is_no_difference(self, stack: Service, picture: Path) -> None:
        """What was refined is as its event says; the last line counts."""
        submitted = submit(stack, picture, PROMPT, "--wait")

        verified = refinery("storage", "verify", "--data", stack.data)

        assert submitted.status == 0, submitted.stderr
        assert verified.status == 0, verified.stdout + verified.stderr
        assert " 0 differ;" in lines_of(verified.stdout)[-1]
        assert ESCAPE not in verified.stdout


class TestUp:
    """`refinery up` that cannot."""

    def test_a_port_that_is_taken(self, tmp_path: Path) -> None:
        """It is named, before anything is started."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]

            done = refinery("up", "--data", tmp_path / "data", "--port", str(port))

        assert str(port) in error_of(done)

    def test_a_data_directory_that_is_a_file(self, tmp_path: Path) -> None:
        """It is named."""
        in_the_way = tmp_path / "data"
        in_the_way.write_text("in the way")

        done = refinery("up", "--data", in_the_way, "--port", "0")

        assert done.status in {1, 2}
        assert str(in_the_way) in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_setting_that_does_not_exist(self, tmp_path: Path) -> None:
        """A misspelt variable is named, so that nobody believes in it; nothing is left running."""
        done, family = run_watched(
            *("/usr/bin/env", "REFINERY_QUOTA_LIMITS=3", REFINERY, "up"),
            *("--data", str(tmp_path / "data"), "--port", "0", "--json"),
        )

        assert done.status == 1
        assert done.stdout == ""
        assert "REFINERY_QUOTA_LIMITS is not a setting" in done.stderr
        assert "Traceback" not in done.stderr
        assert not still_running(family)


class TestProcesses:
    """`refinery api` and the other single processes."""

    def test_settings_that_are_missing_are_listed(self) -> None:
        """One line for each, all at once."""
        with ThreadPoolExecutor(PARALLEL_MAX) as threads:
            failures = list(threads.map(refinery, PROCESSES))

        for done in failures:
            assert done.status == 1
            lines = lines_of(done.stderr)
            assert len(lines) > 1
            assert all(line.startswith("error: REFINERY_") for line in lines), done.stderr


def submit(
    stack: Service, picture: Path | str, prompt: str, *options: str | Path, user: str = ""
) -> Ended:
    """Submit in the name of somebody new."""
    whose = ("--user", user or f"submitter-{uuid4()}", "--data", stack.data)
    return refinery("submit", picture, prompt, *whose, *options)


def error_of(done: Ended) -> str:
    """The one line that says why a command has failed."""
    assert done.status == 1
    assert "Traceback" not in done.stderr
    assert ESCAPE not in done.stderr
    *_, last = lines_of(done.stderr)
    assert done.stderr.count("error: ") == 1
    assert last.startswith("error: ")
    return last.removeprefix("error: ")


def claims_of(shown: Ended, stack: Service) -> dict[str, Any]:
    """The claims of the token that a command has printed, and nothing else."""
    [token] = lines_of(shown.stdout)
    secret = load_or_create(stack.data).jwt_secret
    claims: dict[str, Any] = jwt.decode(token, secret, algorithms=["HS256"])
    return claims
