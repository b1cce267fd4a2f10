"""Refines one picture: decode, plan, shapes, colours, encode. Runs in a studio's child process."""

from typing import Final, TypeAlias

import cv2
import msgspec
import numpy as np
from PIL import Image

from services.refinement.engines import Instruction, Provenance, Refinement, Thumbnail
from services.refinement.engines.local import NAME, VERSION
from services.refinement.engines.local.areas import Flattening
from services.refinement.engines.local.colour import named, to_displayable
from services.refinement.engines.local.edits import (
    CHANGES_NOTHING,
    ColourOperation,
    edit_colours,
)
from services.refinement.engines.local.operations import (
    Background,
    Flatten,
    LimitColours,
    Look,
    RemoveShadow,
    Simplify,
)
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.plan import Plan, Skipped, Step, describe, make_plan
from services.refinement.engines.local.regions import (
    find_regions,
    render,
    with_background,
    without_shadows,
)
from services.refinement.engines.local.specks import drop_specks
from services.refinement.engines.local.vector import vector_of
from services.refinement.failures import PromptNotUnderstood
from services.refinement.pictures import (
    PNG,
    PictureLimits,
    decode,
    describe_png,
    encode_png,
    inspect,
    shrink,
)

ShapeOperation: TypeAlias = Simplify | Flatten | LimitColours | RemoveShadow
Outcome: TypeAlias = list[tuple[Step, str | None]]

_SIMPLE_CLASSES: Final = 6
_SIMPLE_DISTANCE: Final = 0.1
_VISIBLE_LEVELS: Final = 3
_NO_BACKGROUND: Final = "the background is not of one colour"
_WARM_UP_SIDE: Final = 32


def draw(
    original: bytes, instruction: Instruction, limits: PictureLimits, *, with_vector: bool = False
) -> Refinement:
    """Refine a picture; `with_vector` as SVG too, where it has become flat.

    Raises:
        PictureRefused: the original is not a picture we refine.
        PromptNotUnderstood: nothing in the prompt applies to it.
    """
    facts = inspect(original, limits)
    plan = make_plan(instruction)
    if not plan.steps:
        raise PromptNotUnderstood(reason=_explain(plan))
    pixels = np.asarray(decode(original, limits))
    if facts.content_type != PNG and any(
        isinstance(step.operation, ShapeOperation | Background) for step in plan.steps
    ):
        pixels = _without_noise(pixels)
    after, plan = refine_pixels(pixels, plan)
    if not plan.steps:
        raise PromptNotUnderstood(reason=_explain(plan))
    image = Image.fromarray(after)
    body = encode_png(image)
    small = shrink(image)
    small_body = encode_png(small)
    return Refinement(
        body=body,
        picture=describe_png(body, image),
        original=facts,
        plan=describe(plan),
        engine=Provenance(name=NAME, version=VERSION),
        thumbnail=Thumbnail(body=small_body, picture=describe_png(small_body, small)),
        vector=vector_of(after, describe(plan)) if with_vector else None,
    )


def refine_pixels(pixels: Pixels, plan: Plan) -> tuple[Pixels, Plan]:
    """Carry out a plan; steps without effect come back as skipped. Pixels are RGBA."""
    done: list[Step] = []
    skipped = list(plan.skipped)
    for carry_out in (_shape, _colour, _paint):
        before = pixels
        pixels, outcome = carry_out(pixels, plan)
        is_visible = _is_visible(before, pixels)
        for step, reason in outcome:
            if reason is None and is_visible:
                done.append(step)
            else:
                skipped.append(Skipped(phrase=step.phrase, reason=reason or CHANGES_NOTHING))
    return pixels, msgspec.structs.replace(plan, steps=tuple(done), skipped=tuple(skipped))


def warm_up() -> None:
    """Do once what only the first job would pay for."""
    cv2.setNumThreads(1)
    pixels = np.full((_WARM_UP_SIDE, _WARM_UP_SIDE, 4), 255, dtype=np.uint8)
    pixels[8:24, 8:24] = (120, 70, 40, 255)
    body = encode_png(Image.fromarray(pixels))
    _ = draw(body, Instruction(refinement_prompt="simpler and lighter brown"), PictureLimits())


def _shape(pixels: Pixels, plan: Plan) -> tuple[Pixels, Outcome]:
    outcome: Outcome = []
    for step in plan.steps:
        if isinstance(step.operation, ShapeOperation):
            drawn = _draw_shapes(pixels, step.operation)
            is_visible = _is_visible(pixels, drawn)
            outcome.append((step, None if is_visible else CHANGES_NOTHING))
            pixels = drawn if is_visible else pixels
    return pixels, outcome


def _colour(pixels: Pixels, plan: Plan) -> tuple[Pixels, Outcome]:
    chosen = [
        (step, step.operation) for step in plan.steps if isinstance(step.operation, ColourOperation)
    ]
    paper = _paper(plan)
    if not chosen and paper is None:
        return pixels, []
    operations = tuple(operation for _, operation in chosen)
    if Look(look="black_and_white") in operations:
        # Between black and white there is nothing that a gradient or a shadow could become.
        pixels = render(find_regions(pixels, Flattening()))
    edited = edit_colours(pixels, operations, kept=plan.kept, paper=paper)
    steps = [step for step, _ in chosen]
    return edited.pixels, list(zip(steps, edited.reasons, strict=True))


def _paint(pixels: Pixels, plan: Plan) -> tuple[Pixels, Outcome]:
    outcome: Outcome = []
    for step in plan.steps:
        if isinstance(step.operation, Background):
            painted = with_background(pixels, to_displayable(named(step.operation.colour)[None])[0])
            outcome.append(
                (step, "the background is not of one colour" if painted is None else None)
            )
            pixels = pixels if painted is None else painted
    return pixels, outcome


def _paper(plan: Plan) -> str | None:
    colours = [
        step.operation.colour for step in plan.steps if isinstance(step.operation, Background)
    ]
    return colours[-1] if colours else None


def _without_noise(pixels: Pixels) -> Pixels:
    """Remove the ripples that lossy compression leaves along edges; they would become shapes."""
    colours = np.ascontiguousarray(pixels[..., :3])
    for _ in range(2):
        colours = np.asarray(
            cv2.bilateralFilter(colours, 5, sigmaColor=28, sigmaSpace=2), dtype=np.uint8
        )
    return np.concatenate([colours, pixels[..., 3:]], axis=-1)


def _draw_shapes(pixels: Pixels, operation: ShapeOperation) -> Pixels:
    match operation:
        case RemoveShadow():
            return without_shadows(pixels)
        case Flatten():
            return render(find_regions(pixels, Flattening()))
        case LimitColours(count=count):
            return render(find_regions(pixels, Flattening(classes_max=count)))
        case Simplify(amount=amount, may_merge_colours=may_merge, may_drop_shapes=may_drop):
            flattening = Flattening()
            if may_merge:
                flattening = Flattening(
                    classes_max=max(3, round(_SIMPLE_CLASSES / amount**0.5)),
                    distance_min=_SIMPLE_DISTANCE * amount**0.5,
                )
            regions = find_regions(pixels, flattening)
            return render(drop_specks(regions, amount) if may_drop else regions)


def _is_visible(before: Pixels, after: Pixels) -> bool:
    """Say whether anyone could tell two pictures apart; colour under no alpha does not count."""
    change = cv2.absdiff(_composed(before), _composed(after))
    return bool((change > _VISIBLE_LEVELS).any())


def _composed(pixels: Pixels) -> Pixels:
    alpha = pixels[..., 3:].astype(np.uint16)
    composed = (pixels[..., :3] * alpha // 255).astype(np.uint8)
    return np.concatenate([composed, pixels[..., 3:]], axis=-1)


def _explain(plan: Plan) -> str:
    skipped = len(plan.skipped)
    return f"nothing applies: {skipped} wishes skipped, {len(plan.unmatched)} phrases unmatched"
