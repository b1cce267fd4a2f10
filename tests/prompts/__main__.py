"""`python -m tests.prompts`: how well the local engine understands the sets of prompts."""

import argparse
from pathlib import Path

from rich.console import Console

from services.refinement.engines.local.plan import make_plan
from tests.prompts.scoring import Report, described, markdown_of, score_set, table_of

console = Console(soft_wrap=True, highlight=False, markup=False)


def main() -> None:
    """Score the sets that were named, or all there are."""
    parser = argparse.ArgumentParser(prog="python -m tests.prompts", description=__doc__)
    parser.add_argument("--misses", action="store_true", help="list the plans that are not exact")
    parser.add_argument("--markdown", action="store_true", help="print rows for the documentation")
    parser.add_argument("sets", nargs="*", type=Path, help="files of JSON lines; all without one")
    arguments = parser.parse_args()
    sets = arguments.sets or sorted(Path(__file__).parent.glob("*.jsonl"))

    reports = [score_set(path, make_plan) for path in sets]

    console.print(markdown_of(reports) if arguments.markdown else table_of(reports))
    if arguments.misses:
        for report in reports:
            list_misses(report)


def list_misses(report: Report) -> None:
    """Print each prompt of a set whose plan is not exact, with what was expected and what came."""
    for score in report.misses:
        expected = "; ".join(described(one) for one in score.expected) or "nothing"
        got = "; ".join(described(step) for step in score.steps) or "nothing"
        console.print(f"\n[{report.name}, {score.prompt.style}] {score.prompt.prompt}")
        console.print(f"  expected {expected}{' and a skip' if score.prompt.skips else ''}")
        console.print(f"  got      {got}")


if __name__ == "__main__":
    main()
