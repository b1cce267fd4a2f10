"""`refinery engine`: what the local engine reads in a prompt."""

import click
import msgspec
from rich.console import Console

from services.cli.plans import RecordedPlan, lines_of, show
from services.refinement.engines import Instruction
from services.refinement.engines.local.plan import Plan, describe, make_plan


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints; `kept` and `aspects` are what stays as it is."""

    operations: tuple[dict[str, object], ...]
    skipped: tuple[dict[str, str], ...]
    unmatched: tuple[str, ...]
    kept: tuple[str, ...]
    aspects: tuple[str, ...]


@click.group()
def engine() -> None:
    """Look into the local engine."""


@engine.command()
@click.argument("prompt")
@click.option("--theme", help="A description of the theme: says which colours are the brand's.")
@click.option("--description", help="A description of the logo: says what is its subject.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def explain(prompt: str, *, theme: str | None, description: str | None, as_json: bool) -> None:
    """Show how the local engine reads PROMPT, whatever the picture.

    Each operation with its amount (1 is an ordinary wish, negative is the other way), its scope and
    the words it came from; what is asked for and not done, and why; what was not understood.
    """
    instruction = Instruction(
        refinement_prompt=prompt, theme_description=theme, logo_description=description
    )
    plan = make_plan(instruction)
    if as_json:
        click.echo(msgspec.json.encode(_explained(plan)))
        return
    lines = [*lines_of(msgspec.convert(describe(plan), RecordedPlan), done="operation")]
    lines += [("kept", what, "") for what in (*plan.kept, *plan.aspects)]
    show(Console(), lines or [("nothing", "the prompt has no wish in it", "")])


def _explained(plan: Plan) -> Explained:
    described = describe(plan)
    return Explained(
        operations=tuple(described["applied"]),
        skipped=tuple(described["skipped"]),
        unmatched=plan.unmatched,
        kept=plan.kept,
        aspects=plan.aspects,
    )
