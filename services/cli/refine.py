"""`refinery refine`: the local engine on a file, without any server: how one tries prompts."""

from pathlib import Path
from typing import Any, Final

import click
import msgspec
import uvloop
from rich.console import Console

from services.api.refinement_requests import ASPECTS
from services.cli.errors import CommandFailed
from services.cli.plans import RecordedPlan, lines_of, show
from services.cli.uploads import read_picture, require_writable, write_picture
from services.refinement.engines import Instruction, Refinement
from services.refinement.engines.local.engine import LocalEngine
from services.refinement.engines.local.plan import describe, make_plan
from services.refinement.failures import PromptNotUnderstood, RefinementFailure
from services.refinement.studio import Studios

TIMEOUT_S: Final = 60.0


class Refined(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints; `output` is null where no picture was written."""

    output: str | None
    width: int
    height: int
    bytes: int
    sha256: str
    engine: str
    version: str
    plan: RecordedPlan


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was given besides the picture and the prompt."""

    output: Path | None
    only_plan: bool
    keep: tuple[str, ...]
    theme: str | None
    description: str | None
    force: bool
    as_json: bool


@click.command()
@click.argument("picture", metavar="IMAGE", type=click.Path(path_type=Path))
@click.argument("prompt")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the picture goes.  [IMAGE's name with -refined.png, here]",
)
@click.option("--plan", "only_plan", is_flag=True, help="Say what would be done; write nothing.")
@click.option(
    "--keep", multiple=True, type=click.Choice(ASPECTS), help="What is not to change; repeatable."
)
@click.option("--theme", help="A description of the theme: says which colours are the brand's.")
@click.option("--description", help="A description of the logo: says what is its subject.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def refine(picture: Path, prompt: str, **given: Any) -> None:
    """Refine the picture IMAGE as PROMPT says, here and without any server.

    Prints what was applied, what was skipped and why, and what was not understood. Fails if nothing
    of the prompt applies to the picture.
    """
    options = Options(**given)
    if options.only_plan and options.output is not None:
        raise click.UsageError("--plan writes nothing: leave out -o")
    target = None if options.only_plan else options.output or Path(f"{picture.stem}-refined.png")
    if target is not None and target.exists() and not options.force:
        raise CommandFailed(f"{target} is there: give another name with -o, or --force")
    if target is not None:
        require_writable(target)
    instruction = Instruction(
        refinement_prompt=prompt,
        logo_description=options.description,
        theme_description=options.theme,
        preserve_aspects=options.keep,
    )
    refinement = _refine(read_picture(picture), instruction)
    plan = msgspec.convert(refinement.plan, RecordedPlan)
    if target is not None:
        write_picture(target, refinement.body, may_replace=options.force)
    if options.as_json:
        click.echo(msgspec.json.encode(_refined(refinement, plan, target)))
        return
    show(Console(), lines_of(plan, done="would apply" if options.only_plan else "applied"))
    if target is not None:
        click.echo(str(target))


def _refine(original: bytes, instruction: Instruction) -> Refinement:
    try:
        return uvloop.run(_run(original, instruction))
    except PromptNotUnderstood as failure:
        # The child tells only that nothing applies; what it was asked for is known here as well.
        plan = msgspec.convert(describe(make_plan(instruction)), RecordedPlan)
        show(Console(stderr=True), lines_of(plan, done="without effect"))
        raise CommandFailed(failure.message) from failure
    except RefinementFailure as failure:
        raise CommandFailed(f"{failure.message} ({failure.reason})") from failure


async def _run(original: bytes, instruction: Instruction) -> Refinement:
    async with Studios(slots=1) as studios:
        engine = LocalEngine(studios=studios)
        return await engine.refine(original=original, instruction=instruction, timeout_s=TIMEOUT_S)


def _refined(refinement: Refinement, plan: RecordedPlan, target: Path | None) -> Refined:
    picture, engine = refinement.picture, refinement.engine
    return Refined(
        output=None if target is None else str(target),
        width=picture.width,
        height=picture.height,
        bytes=picture.bytes,
        sha256=picture.sha256,
        engine=engine.name,
        version=engine.version,
        plan=plan,
    )
