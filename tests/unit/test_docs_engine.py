"""The page about the local engine names every operation there is, and every contact sheet."""

import re
from pathlib import Path
from typing import Final, get_args

import pytest

from services.refinement.engines import Instruction
from services.refinement.engines.local.operations import LookName, Operation
from services.refinement.engines.local.plan import make_plan
from tests.prompts.scoring import markdown_of, score_set
from tests.sheets.rows import SHEETS

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r'^\| `(\w+)` \| ([^|]+) \| "([^|"]+)" \|$', re.MULTILINE)
SHEET: Final = re.compile(r"\]\(pictures/engine/(\w+)\.png\)")


def test_every_operation_has_a_row() -> None:
    """In the order of the code, with what it does and a wording."""
    tags = [kind.__struct_config__.tag for kind in get_args(Operation)]

    assert [name for name, _, _ in ROW.findall(PAGE)] == tags


@pytest.mark.parametrize(("name", "wording"), [(name, said) for name, _, said in ROW.findall(PAGE)])
def test_every_wording_is_understood(name: str, wording: str) -> None:
    """It becomes the operation beside it, and nothing else."""
    plan = make_plan(Instruction(refinement_prompt=wording))

    assert [step.operation.__struct_config__.tag for step in plan.steps] == [name]


def test_every_look_is_named() -> None:
    """They are one operation, so they share its row."""
    described = {name: text for name, text, _ in ROW.findall(PAGE)}["look"]

    assert described.partition(": ")[2].split(", ") == [
        look.replace("_", " ") for look in get_args(LookName)
    ]


def test_every_sheet_is_shown() -> None:
    """A sheet that nobody sees need not be drawn."""
    assert SHEET.findall(PAGE) == list(SHEETS)


def test_the_scores_are_those_of_the_parser() -> None:
    """How well it understands prompts is measured, set by set, and not remembered."""
    sets = sorted((ROOT / "tests" / "prompts").glob("*.jsonl"))

    rows = markdown_of([score_set(path, make_plan) for path in sets])

    assert rows in PAGE, f"python -m tests.prompts --markdown prints:\n{rows}"
