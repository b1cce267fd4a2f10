"""`make sheets`: show what the local engine makes of prompts, as contact sheets to look at.

Nothing is asserted about what comes out; whether it is good is for eyes to say.
"""

import argparse
from pathlib import Path
from typing import Final, get_args

from msgspec import convert
from msgspec.structs import replace
from rich.console import Console

from services.cli.plans import RecordedPlan
from services.refinement.engines import Instruction
from services.refinement.engines.local.drawing import draw
from services.refinement.engines.local.operations import Operation
from services.refinement.engines.local.plan import describe, make_plan
from services.refinement.failures import RefinementFailure
from services.refinement.pictures import PictureLimits
from tests.sheets.page import Entry, lay_out
from tests.sheets.rows import SHEETS, Row

ROOT: Final = Path(__file__).parents[2]

console = Console(soft_wrap=True, highlight=False)


def entry_of(row: Row) -> Entry:
    """Try a row's prompt on its logo."""
    original = row.original()
    aspects = row.preserve_aspects
    instruction = Instruction(refinement_prompt=row.prompt, preserve_aspects=aspects)
    entry = Entry(prompt=row.prompt, preserve_aspects=aspects, before=original)
    try:
        refinement = draw(original, instruction, PictureLimits())
    except RefinementFailure as failure:
        # A failure carries no plan; this is the one that the prompt alone gives.
        tried = convert(describe(make_plan(instruction)), RecordedPlan)
        return replace(entry, refusal=f"{failure.code} ({failure.reason})", plan=tried)
    return replace(entry, after=refinement.body, plan=convert(refinement.plan, RecordedPlan))


def make(name: str, folder: Path) -> set[str]:
    """Write one sheet; return the operations that were applied on it."""
    entries = [entry_of(row) for row in SHEETS[name]]
    body = lay_out(entries)
    (folder / f"{name}.png").write_bytes(body)
    refused_count = sum(entry.after is None for entry in entries)
    console.print(
        f"{name:12} {len(entries)} prompts, {refused_count} refused, {len(body) / 1000:.0f} kB"
    )
    applied = [one for entry in entries if entry.after for one in entry.plan.applied]
    return {str(one["operation"]) for one in applied}


def main() -> None:
    """Parse the command line and write the sheets."""
    parser = argparse.ArgumentParser(description="Show what the local engine makes of prompts.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures" / "engine")
    parser.add_argument("--only", choices=SHEETS, help="one sheet instead of all")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    names = [options.only] if options.only else list(SHEETS)
    seen = {operation for name in names for operation in make(name, options.out)}
    if not options.only:
        every = {kind.__struct_config__.tag for kind in get_args(Operation)}
        console.print(f"on no sheet: {', '.join(sorted(every - seen)) or 'nothing'}")


if __name__ == "__main__":
    main()
