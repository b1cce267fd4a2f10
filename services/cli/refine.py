"""`refinery refine`: the local engine on a file, without any server: how one tries prompts."""

from pathlib import Path
from typing import Final, TypedDict, Unpack

import click
import msgspec
import uvloop
from rich.console import Console

from services.api.refinement_requests import ASPECTS, TEXT_LENGTH_MAX, TEXT_LENGTH_MIN
from services.cli.errors import CommandFailed
from services.cli.plans import RecordedPlan, lines_of, show
from services.cli.uploads import read_picture, require_writable, write_picture
from services.refinement.engines import Instruction, Refinement
from services.refinement.engines.local.engine import LocalEngine
from services.refinement.engines.local.plan import describe, make_plan
from services.refinement.failures import PromptNotUnderstood, RefinementFailure
from services.refinement.pictures import PictureFacts, PictureLimits
from services.refinement.studio import Studios
from services.runtime.settings import WORKING_SIDE_MAX, WORKING_SIDE_MIN

TIMEOUT_S: Final = 60.0
_OTHER_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".webp", ".gif", ".svg", ".bmp", ".tiff"})
NOT_FLAT: Final = (
    "there is no SVG of this: the prompt does not make the picture flat, or it has too many shapes;"
    " ask for flat, simpler or fewer colours, or leave out --svg"
)


class Refined(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints; `output` and `svg` are null where none was written."""

    output: str | None
    svg: str | None
    width: int
    height: int
    bytes: int
    sha256: str
    engine: str
    version: str
    plan: RecordedPlan


class Options(TypedDict):
    """What `refinery refine` can be told besides the picture and the prompt."""

    output: Path | None
    svg: Path | None
    only_plan: bool
    keep: tuple[str, ...]
    side: int
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
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the result as SVG too, here; only where the prompt makes the picture flat.",
)
@click.option("--plan", "only_plan", is_flag=True, help="Say what would be done; write nothing.")
@click.option(
    "--keep", multiple=True, type=click.Choice(ASPECTS), help="What is not to change; repeatable."
)
@click.option(
    "--side",
    type=click.IntRange(WORKING_SIDE_MIN, WORKING_SIDE_MAX),
    default=PictureLimits().working_side_max,
    show_default=True,
    help="Longest side to refine at, pixels; a longer one is scaled down.",
)
@click.option("--theme", help="A description of the theme: says which colours are the brand's.")
@click.option("--description", help="A description of the logo: says what is its subject.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def refine(picture: Path, prompt: str, **options: Unpack[Options]) -> None:
    """Refine the picture IMAGE as PROMPT says, here and without any server.

    Prints what was applied, what was skipped and why, and what was not understood. Fails if nothing
    of the prompt applies to the picture.
    """
    only_plan, svg, force = options["only_plan"], options["svg"], options["force"]
    if only_plan and (options["output"] or svg):
        raise click.UsageError("--plan writes nothing: leave out -o and --svg")
    target = None if only_plan else options["output"] or Path(f"{picture.stem}-refined.png")
    _require_sense(prompt, target, svg)
    for path in filter(None, (target, svg)):
        _require_room(path, may_replace=force)
    instruction = Instruction(
        refinement_prompt=prompt,
        logo_description=options["description"],
        theme_description=options["theme"],
        preserve_aspects=options["keep"],
    )
    limits = PictureLimits(working_side_max=options["side"])
    refinement = _refine(read_picture(picture), instruction, limits, with_vector=svg is not None)
    if svg is not None and refinement.vector is None:
        raise CommandFailed(NOT_FLAT)
    plan = msgspec.convert(refinement.plan, RecordedPlan)
    if target is not None:
        write_picture(target, refinement.body, may_replace=force)
    if svg is not None and refinement.vector is not None:
        write_picture(svg, refinement.vector.body, may_replace=force)
    if options["as_json"]:
        click.echo(msgspec.json.encode(_refined(refinement, plan, target, svg)))
        return
    lines = lines_of(plan, done="would apply" if only_plan else "applied")
    show(Console(), [*_scaling(refinement.original, limits), *lines])
    for path in filter(None, (target, svg)):
        click.echo(str(path))


def _require_sense(prompt: str, target: Path | None, svg: Path | None) -> None:
    if not TEXT_LENGTH_MIN <= len(prompt.strip()) <= TEXT_LENGTH_MAX:
        raise click.UsageError(
            f"PROMPT must have {TEXT_LENGTH_MIN} to {TEXT_LENGTH_MAX} characters, as for the API"
        )
    if target is not None and target.suffix.lower() in _OTHER_SUFFIXES:
        raise click.UsageError(f"the result is a PNG: {target} would be misnamed")
    if target is not None and svg is not None and target.resolve() == svg.resolve():
        raise click.UsageError("-o and --svg need a file each")


def _scaling(original: PictureFacts, limits: PictureLimits) -> list[tuple[str, str, str]]:
    """Tell of the pixels that are lost before anything else is done."""
    side = limits.working_side_max
    if max(original.width, original.height) <= side:
        return []
    size = f"{original.width} x {original.height}"
    return [("scaled down", f"from {size} to sides of at most {side} pixels", "see --side")]


def _require_room(target: Path, *, may_replace: bool) -> None:
    if target.exists() and not may_replace:
        raise CommandFailed(f"{target} is there: give another name, or --force")
    require_writable(target)


def _refine(
    original: bytes, instruction: Instruction, limits: PictureLimits, *, with_vector: bool
) -> Refinement:
    try:
        return uvloop.run(_run(original, instruction, limits, with_vector=with_vector))
    except PromptNotUnderstood as failure:
        # The child tells only that nothing applies; what it was asked for is known here as well.
        plan = msgspec.convert(describe(make_plan(instruction)), RecordedPlan)
        show(Console(stderr=True), lines_of(plan, done="without effect"))
        raise CommandFailed(failure.message) from failure
    except RefinementFailure as failure:
        raise CommandFailed(f"{failure.message} ({failure.reason})") from failure


async def _run(
    original: bytes, instruction: Instruction, limits: PictureLimits, *, with_vector: bool
) -> Refinement:
    async with Studios(slots=1) as studios:
        engine = LocalEngine(studios=studios, limits=limits, with_vector=with_vector)
        return await engine.refine(original=original, instruction=instruction, timeout_s=TIMEOUT_S)


def _refined(
    refinement: Refinement, plan: RecordedPlan, target: Path | None, svg: Path | None
) -> Refined:
    picture, engine = refinement.picture, refinement.engine
    return Refined(
        output=None if target is None else str(target),
        svg=None if svg is None else str(svg),
        width=picture.width,
        height=picture.height,
        bytes=picture.bytes,
        sha256=picture.sha256,
        engine=engine.name,
        version=engine.version,
        plan=plan,
    )
