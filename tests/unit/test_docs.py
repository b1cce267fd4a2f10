"""The documentation is true as far as a program can tell: what it names exists."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from services.api.problems import INTERNAL_ERROR, PROBLEMS
from services.cli.root import refinery
from services.runtime.environment import describe
from services.runtime.settings import PROCESSES

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ("events", "projections", "services", "tests", "deploy")
DECISIONS: Final = ROOT / "docs" / "decisions"
INDEX: Final = DECISIONS / "README.md"
API: Final = ROOT / "docs" / "api"
RECORDS: Final = sorted(DECISIONS.glob("[0-9]*.md"))
API_SECTIONS: Final = ["Rules", "Edge cases", "What it costs"]
SECTIONS: Final = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]
HEAD: Final = re.compile(r"# (\d{4}) (.+)\n\nStatus: Accepted\\\nDate: \d{4}-\d{2}-\d{2}\n\n## ")

FENCE: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SPAN: Final = re.compile(r"`[^`\n]+`")
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
TITLE: Final = re.compile(r"^# .+$", re.MULTILINE)
PATH: Final = re.compile(rf"`((?:docs|{'|'.join(SOURCES)})/[\w./-]*\w/?)`")
TARGET: Final = re.compile(r"^[`$ ]*make ([a-z]+(?:-[a-z]+)*)", re.MULTILINE)
COMMAND: Final = re.compile(r"\brefinery ([a-z]+(?:-[a-z]+)*)\b([^)`\n]*)")
OPTION: Final = re.compile(r"--[a-z][a-z-]*")
VARIABLE: Final = re.compile(r"\bREFINERY_[A-Z0-9_]+")
RECORD_NAMED: Final = re.compile(r"docs/decisions/[\w.-]+\.md")
TEST_NAMED: Final = re.compile(r"`(test_\w+)`")
LOG_EVENT: Final = re.compile(r"^\| ((?:`[a-z_.]+`(?:, )?)+) \|", re.MULTILINE)


def all_pages() -> Iterator[Path]:
    """Every Markdown page of the repository."""
    yield from sorted(ROOT.glob("*.md"))
    for folder in ("docs", *SOURCES):
        yield from sorted((ROOT / folder).rglob("*.md"))


PAGES: Final = tuple(all_pages())
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
records = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)


@pages
def test_links_lead_somewhere(page: Path) -> None:
    """A file, a folder, or a heading of a page."""
    targets = LINK.findall(prose_of(page))

    broken = [target for target in targets if not is_there(page, target)]

    assert broken == []


@pages
def test_pages_have_one_title(page: Path) -> None:
    """It is their first line."""
    text = prose_of(page)

    assert len(TITLE.findall(text)) == 1
    assert text.startswith("# ")


@pages
def test_files_that_are_named_exist(page: Path) -> None:
    """A path in backticks is a path from the root."""
    paths = PATH.findall(prose_of(page))

    assert [path for path in paths if not (ROOT / path).exists()] == []


@pages
def test_make_targets_exist(page: Path) -> None:
    """What a page tells to make can be made."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert {target for code in code_of(page) for target in TARGET.findall(code)} <= targets


@pages
def test_commands_and_their_options_exist(page: Path) -> None:
    """What a page tells to type is understood."""
    context = click.Context(refinery)
    known = {name: options_of(refinery.get_command(context, name)) for name in commands()}
    typed = [found for code in code_of(page) for found in COMMAND.findall(code)]

    assert {name for name, _ in typed} <= known.keys()
    for name, rest in typed:
        assert set(OPTION.findall(rest)) <= known[name]


@pages
def test_variables_are_settings(page: Path) -> None:
    """A variable that no process reads would be refused by all of them."""
    settings = {one.variable for kind in PROCESSES.values() for one in describe(kind)}
    named = {name.removesuffix("_FILE") for name in VARIABLE.findall(text_of(page))}

    assert named <= settings


@records
def test_decisions_have_all_sections(record: Path) -> None:
    """Number and title, status and date, then always the same five headings."""
    text = text_of(record)
    head = HEAD.match(text)

    assert head is not None
    assert record.name.startswith(f"{head[1]}-")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


@records
def test_decisions_name_tests_that_exist(record: Path) -> None:
    """In each line about what enforces a decision, the tests are in the files beside them."""
    enforced = text_of(record).partition("## Enforced by")[2]

    for item in enforced.split("\n- ")[1:]:
        files = [ROOT / path for path in PATH.findall(item) if path.endswith(".py")]
        source = "\n".join(path.read_text(encoding="utf-8") for path in files)
        assert [name for name in TEST_NAMED.findall(item) if f"def {name}(" not in source] == []


def test_decisions_are_numbered_and_indexed() -> None:
    """From 0001 without a gap, each with its title and in order."""
    rows = re.findall(r"^\| \[(\d{4})\]\((.+?)\) \| (.+) \|$", text_of(INDEX), re.MULTILINE)
    titles = [TITLE.findall(text_of(record))[0].removeprefix("# ") for record in RECORDS]
    numbers = [f"{number:04d}" for number in range(1, len(RECORDS) + 1)]

    assert rows == [
        (number, record.name, title.removeprefix(f"{number} "))
        for number, record, title in zip(numbers, RECORDS, titles, strict=True)
    ]


def test_decisions_that_code_cites_exist() -> None:
    """A comment that gives a decision as its reason can be followed."""
    files = [path for folder in SOURCES for path in (ROOT / folder).rglob("*.py")]
    cited = {name for path in files for name in RECORD_NAMED.findall(text_of(path))}

    assert cited
    assert {name for name in cited if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("page", sorted(API.glob("*.md")), ids=lambda page: page.stem)
def test_pages_about_the_api_are_alike(page: Path) -> None:
    """A sentence, a line to type and its answer come first; then always the same headings."""
    text = text_of(page)
    opening = text.partition("\n## ")[0]

    assert re.findall(r"^## (.+)$", prose_of(page), re.MULTILINE) == API_SECTIONS
    assert re.search(
        r"\A# .+\n\n(?:[^`\n].*\n)+\n```sh\n(?:.*\n)*?```\n\n```(?:http|json)\n", opening
    )
    assert "curl" in opening


def test_the_index_of_the_api_has_every_page() -> None:
    """With its title."""
    rows = re.findall(
        r"^\| \[(.+?)\]\(api/(.+?)\) \|", text_of(API.with_suffix(".md")), re.MULTILINE
    )

    assert sorted(rows, key=lambda row: row[1]) == [
        (TITLE.findall(prose_of(page))[0].removeprefix("# "), page.name)
        for page in sorted(API.glob("*.md"))
    ]


def test_every_problem_is_in_the_guide() -> None:
    """The table of errors has every kind with its status, and no other."""
    rows = re.findall(r"^\| (\d{3}) \| ((?:`[a-z-]+`(?:, )?)+) \|", error_guide(), re.MULTILINE)
    told = {(int(status), name) for status, names in rows for name in re.findall(r"[a-z-]+", names)}

    assert told == {(kind.status, kind.name) for kind in (*PROBLEMS.values(), INTERNAL_ERROR)}


def test_log_events_in_the_guide_are_logged() -> None:
    """What an operator is told to watch for is written somewhere."""
    guide = text_of(ROOT / "docs" / "guides" / "operate.md")
    watched = guide.partition("## What to watch")[2].partition("\n## ")[0]
    named = {name for cell in LOG_EVENT.findall(watched) for name in re.findall(r"[\w.]+", cell)}
    code = "\n".join(text_of(path) for path in (ROOT / "services").rglob("*.py"))

    assert {name for name in named - {"event"} if f'"{name}"' not in code} == set()
    assert len(named) > 1


def text_of(path: Path) -> str:
    """A file's text."""
    return path.read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", text_of(page))


def code_of(page: Path) -> list[str]:
    """The blocks and spans of code in a page, with continued lines joined."""
    found = FENCE.findall(text_of(page)) + SPAN.findall(prose_of(page))
    return [code.replace("\\\n", " ") for code in found]


def error_guide() -> str:
    """The page about errors of the API."""
    return text_of(API / "errors.md")


def is_there(page: Path, target: str) -> bool:
    """Whether a link's target exists; the outside world is not asked."""
    if target.startswith(("https://", "http://")):
        return True
    name, _, fragment = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    if not path.is_relative_to(ROOT) or not path.exists():
        return False
    return not fragment or fragment in map(anchor_of, HEADING.findall(prose_of(path)))


def anchor_of(heading: str) -> str:
    """The anchor that a heading gets where Markdown is shown."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def commands() -> list[str]:
    """The commands of `refinery`."""
    return refinery.list_commands(click.Context(refinery))


def options_of(command: click.Command | None) -> set[str]:
    """The long options that a command understands, and those of the commands in it."""
    assert command is not None
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    own = {option for parameter in command.params for option in parameter.opts}
    return own.union(*map(options_of, inner))
