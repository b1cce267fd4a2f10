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
        ],
    )
    def test_what_makes_no_sense_is_refused_before_any_work(
        self, logo: Path, here: Path, options: tuple[str, ...], prompt: str, complaint: str
    ) -> None:
        """Wrong names and prompts that the API would not take."""
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

    def test_failing_is_one_line_and_exit_code_one(self, tmp_path: Path) -> None:
        """No traceback, whatever the file."""
        ended = subprocess.run(  # noqa: S603 - the command is our own
            [sys.executable, "-m", "services.cli", "refine", tmp_path / "missing.png", PROMPT],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=COMMAND_BOUND_S,
            check=False,
        )

        assert ended.returncode == 1
        assert ended.stdout == ""
        assert ended.stderr.startswith("error: ")
        assert len(ended.stderr.splitlines()) == 1


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


def run_explain(*arguments: str) -> Result:
    """Run `refinery engine explain` in this process."""
    return CliRunner().invoke(engine, ["explain", *arguments])
