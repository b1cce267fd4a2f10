"""`refinery refine` and `refinery engine explain`: prompts are tried without any server."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from rich.console import Console

from services.cli.engine import engine
from services.cli.errors import CommandFailed
from services.cli.plans import RecordedPlan, SkippedWish, lines_of, show
from services.cli.refine import refine

ROOT = Path(__file__).parents[2]
PROMPT = "lighter shades of brown, more dragonish"
COMMAND_BOUND_S = 50


@pytest.fixture
def logo(tmp_path: Path) -> Path:
    """A small brown logo."""
    path = tmp_path / "logo.png"
    image = Image.new("RGB", (96, 64), "#fdf8f0")
    image.paste("#5d3a1a", (24, 16, 72, 48))
    image.save(path)
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    directory = tmp_path / "here"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


class TestRefine:
    """`refinery refine`."""

    def test_a_picture_is_refined_and_the_plan_told(self, logo: Path, here: Path) -> None:
        """The picture is in the working directory under the original's name."""
        done = run_refine(logo, PROMPT)

        assert done.exit_code == 0, done.output
        assert done.stdout.splitlines() == [
            'applied: shades brown +1 - "lighter shades of brown"',
            'not understood: "more dragonish"',
            "logo-refined.png",
        ]
        with Image.open(here / "logo-refined.png") as refined, Image.open(logo) as original:
            assert refined.format == "PNG"
            assert refined.size == original.size
            assert refined.convert("RGB").getpixel((48, 32)) != original.getpixel((48, 32))

    def test_a_file_is_replaced_only_if_that_is_asked_for(self, logo: Path, tmp_path: Path) -> None:
        """What is there stays there."""
        output = tmp_path / "there.png"
        output.write_bytes(b"precious")

        refused = run_refine(logo, PROMPT, "-o", output)
        kept = output.read_bytes()
        forced = run_refine(logo, PROMPT, "-o", output, "--force")

        assert isinstance(refused.exception, CommandFailed)
        assert kept == b"precious"
        assert forced.exit_code == 0
        assert output.read_bytes().startswith(b"\x89PNG")

    def test_a_plan_writes_nothing(self, logo: Path, here: Path) -> None:
        """It says what would be applied to this picture."""
        done = run_refine(logo, PROMPT, "--plan")

        assert done.stdout.startswith("would apply: shades brown +1")
        assert list(here.iterdir()) == []

    def test_a_plan_has_no_output(self, logo: Path) -> None:
        """Both options together are a usage error."""
        picture = run_refine(logo, PROMPT, "--plan", "-o", "x.png")
        drawing = run_refine(logo, PROMPT, "--plan", "--svg", "x.svg")

        assert [picture.exit_code, drawing.exit_code] == [2, 2]

    def test_json_has_the_plan_and_the_picture(self, logo: Path, here: Path) -> None:
        """One line, for programs."""
        done = run_refine(logo, PROMPT, "--json")

        told = msgspec.json.decode(done.stdout, type=dict[str, Any])
        assert told["output"] == "logo-refined.png"
        assert told["bytes"] == (here / "logo-refined.png").stat().st_size
        assert told["plan"]["unmatched"] == ["more dragonish"]

    def test_what_is_to_be_kept_is_kept(self, logo: Path, here: Path) -> None:
        """Where nothing is left to do, it fails with the reasons and writes nothing."""
        done = run_refine(logo, "lighter shades of brown", "--keep", "colors")

        assert isinstance(done.exception, CommandFailed)
        assert str(done.exception).startswith("Nothing in the prompt could be applied")
        assert "skipped: the colours are to be kept" in done.stderr
        assert list(here.iterdir()) == []

    @pytest.mark.parametrize("spelling", ["colors", "colours", "color_scheme", "colour_scheme"])
    def test_aspects_may_be_spelt_either_way(self, logo: Path, here: Path, spelling: str) -> None:
        """American as in the API, British as in our own prose."""
        done = run_refine(logo, "lighter shades of brown", "--keep", spelling)

        assert "to be kept" in done.stderr
        assert list(here.iterdir()) == []

    def test_an_aspect_that_is_none_is_a_usage_error(self, logo: Path) -> None:
        """It says which there are, and those alone: one spelling is enough."""
        done = run_refine(logo, PROMPT, "--keep", "smell")

        assert done.exit_code == 2
        assert "'layout'" in done.stderr
        assert "colours" not in done.stderr

    def test_a_theme_says_what_the_brand_is(self, logo: Path) -> None:
        """Its colours stand for the words that name none."""
        done = run_refine(logo, "use the brand colors", "--theme", "deep blue sea", "--plan")

        assert "blue" in done.stdout, done.output

    def test_a_long_side_is_scaled_down_to_what_is_asked_for(
        self, tmp_path: Path, here: Path
    ) -> None:
        """What is no side at all is a usage error."""
        large = tmp_path / "large.png"
        Image.new("RGB", (600, 400), "#5d3a1a").save(large)

        done = run_refine(large, PROMPT, "--side", 300)
        refused = run_refine(large, PROMPT, "--side", 100)

        assert done.exit_code == 0, done.output
        assert refused.exit_code == 2
        with Image.open(here / "large-refined.png") as refined:
            assert refined.size == (300, 200)

    def test_pixels_that_are_lost_are_told_of(self, logo: Path, here: Path) -> None:
        """Who sends a large picture hears that the result is smaller, and what to do."""
        with Image.open(logo) as small:
            small.resize((480, 320)).save(here / "large.png")

        done = run_refine(here / "large.png", PROMPT, "--side", "256")

        assert done.exit_code == 0, done.output
        assert "scaled down: from 480 x 320 to sides of at most 256 pixels" in done.stdout

    @pytest.mark.parametrize(
        ("options", "prompt", "complaint"),
        [
            (("-o", "refined.jpg"), PROMPT, "refined.jpg would be misnamed"),
            (("-o", "one.png", "--svg", "one.png"), PROMPT, "need a file each"),
            ((), "  ", "PROMPT must have 5 to 500 characters"),
            ((), "lighter " * 100, "PROMPT must have 5 to 500 characters"),
            ((), "lighter caf\udce9", "PROMPT must be text in UTF-8"),
            (("--theme", "caf\udce9"), PROMPT, "--theme must be text in UTF-8"),
            (("--description", "caf\udce9"), PROMPT, "--description must be text in UTF-8"),
        ],
    )
    def test_what_makes_no_sense_is_refused_before_any_work(
        self, logo: Path, here: Path, options: tuple[str, ...], prompt: str, complaint: str
    ) -> None:
        """Wrong names, and prompts that the API would not take."""
        done = run_refine(logo, prompt, *options)

        assert done.exit_code == 2
        assert complaint in done.stderr
        assert not list(here.iterdir())

    def test_an_svg_is_written_where_it_is_asked_for(self, logo: Path, here: Path) -> None:
        """Beside the picture, and named in what is told."""
        done = run_refine(logo, "black and white", "--svg", "logo.svg", "--json")

        told = msgspec.json.decode(done.stdout, type=dict[str, Any])
        assert (told["output"], told["svg"]) == ("logo-refined.png", "logo.svg")
        assert (here / "logo.svg").read_text().startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        assert (here / "logo-refined.png").exists()

    def test_without_an_svg_to_be_had_nothing_is_written(self, logo: Path, here: Path) -> None:
        """It says what would give one."""
        done = run_refine(logo, "lighter shades of brown", "--svg", "logo.svg")

        assert isinstance(done.exception, CommandFailed)
        assert "ask for flat, simpler or fewer colours" in str(done.exception)
        assert list(here.iterdir()) == []

    def test_an_svg_that_is_there_stays_there(self, logo: Path, here: Path) -> None:
        """As for the picture, and before any work."""
        (here / "logo.svg").write_text("precious")

        done = run_refine(logo, "flat design", "--svg", "logo.svg")

        assert isinstance(done.exception, CommandFailed)
        assert [path.name for path in here.iterdir()] == ["logo.svg"]

    def test_what_is_no_picture_is_refused(self, tmp_path: Path, here: Path) -> None:
        """By the child process that would have decoded it."""
        hostile = tmp_path / "hostile.png"
        hostile.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\xff" * 100)

        done = run_refine(hostile, PROMPT)

        assert isinstance(done.exception, CommandFailed)
        assert list(here.iterdir()) == []

    def test_bytes_of_another_format_are_told_in_plain_words(
        self, tmp_path: Path, here: Path
    ) -> None:
        """Which formats are read, and that its name does not make it one."""
        document = tmp_path / "document.png"
        document.write_bytes(b"%PDF-1.7")

        done = run_refine(document, PROMPT)

        assert str(done.exception) == (
            "The image is not a PNG, JPEG or WebP picture"
            " (judged by its first bytes, not by its name)"
        )
        assert list(here.iterdir()) == []

    def test_a_name_that_no_file_can_have_is_refused(self, logo: Path, here: Path) -> None:
        """Like any other place that cannot be written to."""
        done = run_refine(logo, PROMPT, "-o", "x" * 300 + ".png")

        assert isinstance(done.exception, CommandFailed)
        assert "cannot be written" in str(done.exception)
        assert list(here.iterdir()) == []

    def test_failing_is_one_line_and_exit_code_one(self, tmp_path: Path) -> None:
        """No traceback, whatever the file."""
        ended = run_command("refine", tmp_path / "missing.png", PROMPT)

        assert ended.returncode == 1
        assert ended.stdout == ""
        assert ended.stderr.startswith("error: ")
        assert len(ended.stderr.splitlines()) == 1


class TestJson:
    """`refinery refine --json`: every outcome is one JSON object on standard output."""

    def test_a_plan_is_told_alone(self, logo: Path, here: Path) -> None:
        """There is no picture to tell the size of."""
        done = run_refine(logo, PROMPT, "--plan", "--json")

        told = told_by(done)
        assert list(told) == ["plan"]
        assert told["plan"]["unmatched"] == ["more dragonish"]
        assert list(here.iterdir()) == []

    def test_what_has_no_effect_has_a_code_and_the_plan(self, logo: Path, here: Path) -> None:
        """The reasons that people read on standard error."""
        done = run_refine(logo, "lighter shades of brown", "--keep", "colors", "--json")

        told = told_by(done)
        assert isinstance(done.exception, CommandFailed)
        assert told["error"] == {
            "code": "prompt_not_understood",
            "message": str(done.exception),
        }
        assert told["plan"]["skipped"][0]["reason"].startswith("the colours are to be kept")
        assert "skipped: the colours are to be kept" in done.stderr
        assert list(here.iterdir()) == []

    def test_a_plan_without_effect_is_refused_alike(self, logo: Path) -> None:
        """Whether or not anything was to be written."""
        done = run_refine(logo, "more dragonish", "--plan", "--json")

        told = told_by(done)
        assert told["error"]["code"] == "prompt_not_understood"
        assert told["plan"]["unmatched"] == ["more dragonish"]

    def test_without_an_svg_to_be_had_the_plan_is_told(self, logo: Path, here: Path) -> None:
        """It is known by then."""
        done = run_refine(logo, "lighter shades of brown", "--svg", "logo.svg", "--json")

        told = told_by(done)
        assert told["error"] == {"code": "svg_not_possible", "message": str(done.exception)}
        assert told["plan"]["applied"][0]["operation"] == "shades"
        assert list(here.iterdir()) == []

    @pytest.mark.parametrize(
        ("options", "prompt", "code"),
        [
            (("-o", "there.png"), PROMPT, "output_exists"),
            (("-o", "there.png/refined.png"), PROMPT, "output_not_writable"),
            (("-o", "refined.jpg"), PROMPT, "usage"),
            (("--plan", "-o", "refined.png"), PROMPT, "usage"),
            (("--keep", "smell"), PROMPT, "usage"),
            (("--side", "100"), PROMPT, "usage"),
            (("--unheard-of",), PROMPT, "usage"),
            (("one too many",), PROMPT, "usage"),
            ((), "  ", "usage"),
            ((), "lighter caf\udce9", "usage"),
        ],
    )
    def test_a_refusal_has_a_code_and_no_plan(
        self, logo: Path, here: Path, options: tuple[str, ...], prompt: str, code: str
    ) -> None:
        """Wherever it comes from; the exit code and standard error are as without --json."""
        (here / "there.png").write_bytes(b"precious")

        plain = run_refine(logo, prompt, *options)
        done = run_refine(logo, prompt, *options, "--json")

        told = told_by(done)
        assert list(told) == ["error"]
        assert told["error"]["code"] == code
        assert told["error"]["message"]
        assert (done.exit_code, done.stderr) == (plain.exit_code, plain.stderr)
        assert plain.stdout == ""

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (None, "image_not_readable"),
            (b"", "image_unsupported"),
            (b"GIF89a", "image_unsupported"),
            (b"\x89PNG\r\n\x1a\n" + b"\xff" * 100, "image_undecodable"),
            (b"\x89PNG\r\n\x1a\n" + bytes(21 * 1024 * 1024), "image_too_large"),
        ],
        ids=["missing", "empty", "gif", "damaged", "large"],
    )
    def test_what_is_no_picture_has_the_code_that_a_task_would_have(
        self, tmp_path: Path, here: Path, body: bytes | None, code: str
    ) -> None:
        """A file that cannot be read has one of its own."""
        picture = tmp_path / "picture.png"
        if body is not None:
            picture.write_bytes(body)

        done = run_refine(picture, PROMPT, "--json")

        assert told_by(done) == {"error": {"code": code, "message": str(done.exception)}}
        assert list(here.iterdir()) == []

    def test_a_name_that_is_no_text_is_told_nevertheless(self, here: Path) -> None:
        """File names are bytes; JSON is not."""
        done = run_refine("caf\udce9.png", PROMPT, "--json")

        assert told_by(done)["error"]["code"] == "image_not_readable"
        assert list(here.iterdir()) == []

    def test_as_a_process_it_says_it_on_both_sides(self, tmp_path: Path) -> None:
        """JSON for the program, a line for whoever reads its log, and the exit codes."""
        failed = run_command("refine", tmp_path / "missing.png", PROMPT, "--json")
        misused = run_command("refine", "--json")

        assert (failed.returncode, misused.returncode) == (1, 2)
        assert msgspec.json.decode(failed.stdout)["error"]["code"] == "image_not_readable"
        assert failed.stderr.startswith("error: ")
        assert msgspec.json.decode(misused.stdout)["error"]["code"] == "usage"
        assert "Missing argument 'IMAGE'" in misused.stderr


class TestExplain:
    """`refinery engine explain`."""

    def test_each_operation_is_told_with_its_words(self) -> None:
        """Amount, scope, words, and what was not understood."""
        done = run_explain("much lighter background, slightly warmer, quux")

        assert done.exit_code == 0
        assert 'operation: lightness +1.7 of background - "much lighter background"' in done.stdout
        assert 'operation: warmth +0.5 - "slightly warmer"' in done.stdout
        assert 'not understood: "quux"' in done.stdout

    def test_what_is_not_done_has_a_reason(self) -> None:
        """And what stays as it is is told."""
        done = run_explain("add gradients, keep the blue")

        assert "skipped: gradients cannot be added by this engine" in done.stdout
        assert "kept: blue" in done.stdout

    def test_json_is_the_same_for_programs(self) -> None:
        """One line."""
        done = run_explain("slightly warmer, quux", "--json")

        told = msgspec.json.decode(done.stdout, type=dict[str, Any])
        [operation] = told["operations"]
        assert (operation["operation"], operation["amount"]) == ("warmth", 0.5)
        assert operation["phrase"] == "slightly warmer"
        assert told["unmatched"] == ["quux"]

    def test_a_prompt_without_a_wish_says_so(self) -> None:
        """Rather than nothing at all."""
        done = run_explain("please")

        assert done.exit_code == 0
        assert done.stdout.strip()


class TestTable:
    """How plans look on a terminal."""

    def test_what_looks_like_markup_is_text(self) -> None:
        """Reasons and words are shown as they are."""
        console = Console(force_terminal=True, record=True, width=100)
        plan = RecordedPlan(
            applied=({"operation": "replace", "source": "red", "target": "#00ff00"},),
            skipped=(SkippedWish(phrase="[bold]x", reason="none [of] that"),),
        )

        show(console, lines_of(plan))

        text = console.export_text()
        assert "replace red with #00ff00" in text
        assert "[bold]x" in text
        assert "none [of] that" in text


def run_refine(*arguments: object) -> Result:
    """Run `refinery refine` in this process."""
    return CliRunner().invoke(refine, [str(one) for one in arguments])


def run_command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `refinery` as a process."""
    return subprocess.run(  # noqa: S603 - the command is our own
        [sys.executable, "-m", "services.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=COMMAND_BOUND_S,
        check=False,
    )


def told_by(done: Result) -> dict[str, Any]:
    """The one JSON object on standard output."""
    [line] = done.stdout.splitlines()
    return msgspec.json.decode(line, type=dict[str, Any])


def run_explain(*arguments: str) -> Result:
    """Run `refinery engine explain` in this process."""
    return CliRunner().invoke(engine, ["explain", *arguments])
