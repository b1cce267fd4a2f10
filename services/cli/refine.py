"""`refinery refine`: the local engine on a file, without any server: how one tries prompts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypedDict, Unpack

import click
import msgspec
import uvloop
from rich.console import Console
from typing_extensions import override

from services.api.refinement_requests import ASPECTS, TEXT_LENGTH_MAX, TEXT_LENGTH_MIN
from services.cli.errors import CommandFailed
from services.cli.outcomes import JSON_OPTION, JsonCommand, NotRefined, as_text
from services.cli.plans import RecordedPlan, lines_of, show
from services.cli.uploads import read_picture, require_room, write_picture
from services.refinement.engines import Instruction, Refinement
from services.refinement.engines.local.engine import LocalEngine
from services.refinement.engines.local.plan import describe, make_plan
from services.refinement.failures import PromptNotUnderstood, RefinementFailure
from services.refinement.pictures import PictureFacts, PictureLimits
from services.refinement.studio import Studios
from services.runtime.settings import WORKING_SIDE_MAX, WORKING_SIDE_MIN

TIMEOUT_S: Final = 60.0
_BRITISH: Final[Mapping[object, str]] = {
    aspect.replace("color", "colour"): aspect for aspect in ASPECTS
}
_OTHER_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".webp", ".gif", ".svg", ".bmp", ".tiff"})
NOT_FLAT: Final = (
    "there is no SVG of this: the prompt does not make the picture flat, or it has too many shapes;"
    " ask for flat, simpler or fewer colours, or leave out --svg"
)


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What `--plan --json` prints."""

    plan: RecordedPlan


class Refined(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints; `svg` is null where none was written."""

    output: str
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


class _Aspect(click.Choice[str]):
    """An aspect as the API names it, or in British spelling."""

    @override
    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        return super().convert(_BRITISH.get(value, value), param, ctx)


@click.command(cls=JsonCommand)
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
    "--keep",
    multiple=True,
    type=_Aspect(ASPECTS),
    help="What is not to change; repeatable. British spelling will do too.",
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
@click.option(
    JSON_OPTION, "as_json", is_flag=True, help="Print one line of JSON, whatever the outcome."
)
def refine(picture: Path, prompt: str, **options: Unpack[Options]) -> None:
    """Refine the picture IMAGE as PROMPT says, here and without any server.

    Prints what was applied, what was skipped and why, and what was not understood. Fails if nothing
    of the prompt applies to the picture.
    """
    only_plan, svg, force = options["only_plan"], options["svg"], options["force"]
    if only_plan and (options["output"] or svg):
        raise click.UsageError("--plan writes nothing: leave out -o and --svg")
    target = None if only_plan else options["output"] or Path(f"{picture.stem}-refined.png")
    _require_text(PROMPT=prompt, theme=options["theme"], description=options["description"])
    _require_sense(prompt, target, svg)
    for path in filter(None, (target, svg)):
        require_room(path, may_replace=force)
    instruction = Instruction(
        refinement_prompt=prompt,
        logo_description=options["description"],
        theme_description=options["theme"],
        preserve_aspects=tuple(dict.fromkeys(options["keep"])),
    )
    limits = PictureLimits(working_side_max=options["side"])
    refinement = _refine(read_picture(picture), instruction, limits, with_vector=svg is not None)
    plan = msgspec.convert(refinement.plan, RecordedPlan)
    if svg is not None and refinement.vector is None:
        raise NotRefined(NOT_FLAT, code="svg_not_possible", plan=plan)
    if target is not None:
        write_picture(target, refinement.body, may_replace=force)
    if svg is not None and refinement.vector is not None:
        write_picture(svg, refinement.vector.body, may_replace=force)
    if options["as_json"]:
        done = Planned(plan=plan) if target is None else _refined(refinement, plan, target, svg)
        click.echo(msgspec.json.encode(done))
        return
    lines = lines_of(plan, done="would apply" if only_plan else "applied")
    show(Console(), [*_scaling(refinement.original, limits), *lines])
    for path in filter(None, (target, svg)):
        click.echo(str(path))


def _require_text(**arguments: str | None) -> None:
    """Refuse what a shell may pass on and no request could hold: bytes that are not UTF-8."""
    for name, text in arguments.items():
        if text is not None and text != as_text(text):
            option = name if name.isupper() else f"--{name}"
            raise click.UsageError(f"{option} must be text in UTF-8")


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


def _refine(
    original: bytes, instruction: Instruction, limits: PictureLimits, *, with_vector: bool
) -> Refinement:
    try:
        return uvloop.run(_run(original, instruction, limits, with_vector=with_vector))
    except PromptNotUnderstood as failure:
        # The child tells only that nothing applies; what it was asked for is known here as well.
        plan = msgspec.convert(describe(make_plan(instruction)), RecordedPlan)
        show(Console(stderr=True), lines_of(plan, done="without effect"))
        raise NotRefined(failure.message, code=failure.code, plan=plan) from failure
    except RefinementFailure as failure:
        message = f"{failure.message.removesuffix('.')} ({failure.reason})"
        raise CommandFailed(message, code=failure.code) from failure


async def _run(
    original: bytes, instruction: Instruction, limits: PictureLimits, *, with_vector: bool
) -> Refinement:
    async with Studios(slots=1) as studios:
        engine = LocalEngine(studios=studios, limits=limits, with_vector=with_vector)
        return await engine.refine(original=original, instruction=instruction, timeout_s=TIMEOUT_S)


def _refined(refinement: Refinement, plan: RecordedPlan, target: Path, svg: Path | None) -> Refined:
    picture, engine = refinement.picture, refinement.engine
    return Refined(
        output=as_text(str(target)),
        svg=None if svg is None else as_text(str(svg)),
        width=picture.width,
        height=picture.height,
        bytes=picture.bytes,
        sha256=picture.sha256,
        engine=engine.name,
        version=engine.version,
        plan=plan,
    )
