"""The pages of docs/reference that are generated are current."""

import msgspec
import pytest

from events.codec import Fields
from events.failures import FailureCode
from events.task import EVENT_TYPES, TaskEvent
from services.api.problems import PROBLEMS
from services.runtime.environment import describe
from services.runtime.settings import PROCESSES
from tests.problem_advice import ADVICE
from tests.reference import REFERENCE, pages, schema_text

PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_committed_pages_are_current(name: str) -> None:
    """Nobody reads a reference that was true once: run `python -m tests.reference`."""
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name]


def test_no_schema_is_left_behind() -> None:
    """Every schema belongs to an event."""
    committed = {f"schemas/{path.name}" for path in (REFERENCE / "schemas").iterdir()}

    assert committed == {name for name in PAGES if name.startswith("schemas/")}


def test_everything_is_listed() -> None:
    """No event, setting, failure or problem is missing from its page."""
    variables = {setting.variable for kind in PROCESSES.values() for setting in describe(kind)}

    assert all(f"## {event_type}" in PAGES["events.md"] for event_type in EVENT_TYPES.values())
    assert all(f"| `{variable}` |" in PAGES["settings.md"] for variable in variables)
    assert all(f"| `{code}` |" in PAGES["failures.md"] for code in FailureCode)
    assert all(f"| `{kind.name}` |" in PAGES["problems.md"] for kind in PROBLEMS.values())


def test_advice_is_about_problems_that_exist() -> None:
    """What to do is told of every problem, and of nothing else."""
    assert set(ADVICE) == {*PROBLEMS, Exception}


@pytest.mark.parametrize("page", ["failures.md", "problems.md"])
def test_errors_say_when_and_what_to_do(page: str) -> None:
    """Each line of the pages about errors is complete: whole sentences, and who pays."""
    rows = [line.strip("|").split(" | ") for line in PAGES[page].splitlines() if "`" in line[:9]]

    assert rows
    for row in rows:
        sentences = [row[1], row[3]] if page == "failures.md" else row[2:4]
        assert all(text.strip().endswith(".") for text in sentences)
        assert page == "problems.md" or row[2] in {"yes", "no"}


@pytest.mark.parametrize("payload", EVENT_TYPES)
def test_schemas_know_their_event(payload: type[TaskEvent]) -> None:
    """A schema fixes the type, requires what readers require, and allows new fields."""
    schema = msgspec.json.decode(schema_text(payload), type=Fields)
    definitions = msgspec.convert(schema["$defs"], dict[str, Fields])
    envelope = definitions[str(schema["$ref"]).removeprefix("#/$defs/")]
    attributes = msgspec.convert(envelope["properties"], dict[str, Fields])

    assert attributes["type"]["const"] == EVENT_TYPES[payload]
    assert attributes["data"] == {"$ref": f"#/$defs/{payload.__name__}"}
    assert {"id", "source", "type", "data"} <= set(msgspec.convert(envelope["required"], list[str]))
    assert all("additionalProperties" not in part for part in definitions.values())
