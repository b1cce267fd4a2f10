"""Refines one picture: decode, plan, shapes, colours, encode. Runs in a studio's child process."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias, get_args

import cv2
import msgspec
import numpy as np
from PIL import Image

from services.refinement.engines import Instruction, Provenance, Refinement, Thumbnail
from services.refinement.engines.local import NAME, VERSION
from services.refinement.engines.local.canvas import change_canvas, upscaled
from services.refinement.engines.local.contours import even_contours
from services.refinement.engines.local.corners import round_corners
from services.refinement.engines.local.easel import Easel
from services.refinement.engines.local.edits import (
    BLACK_AND_WHITE,
    ColourOperation,
)
from services.refinement.engines.local.enlarging import enlargement
from services.refinement.engines.local.finishing import (
    FinishingOperation,
    change_sharpness,
    finish,
)
from services.refinement.engines.local.layers import make_transparent
from services.refinement.engines.local.operations import (
    Background,
    Border,
    Centre,
    Crop,
    Flatten,
    Flip,
    LimitColours,
    Operation,
    Padding,
    RemoveShadow,
    Rotate,
    Roundness,
    Sharpness,
    Simplify,
    Smoothness,
    Square,
    TransparentBackground,
    Upscale,
    Weight,
)
from services.refinement.engines.local.painting import paint
from services.refinement.engines.local.palette import Pixels
from services.refinement.engines.local.plan import Plan, Skipped, Step, describe, make_plan
from services.refinement.engines.local.reading import Reading
from services.refinement.engines.local.refusals import NotApplicable
from services.refinement.engines.local.regions import Flattening, flattened, posterised, render
from services.refinement.engines.local.shadows import without_shadows
from services.refinement.engines.local.specks import drop_specks
from services.refinement.engines.local.strokes import change_weight
from services.refinement.engines.local.vector import vector_of
from services.refinement.failures import PromptNotUnderstood
from services.refinement.pictures import (
    PictureLimits,
    decode,
    describe_png,
    encode_png,
    inspect,
    shrink,
)

ShapeOperation: TypeAlias = Simplify | Flatten | LimitColours | RemoveShadow

_SIMPLE_CLASSES: Final = 7
_SIMPLE_DISTANCE: Final = 0.1
_NO_BACKGROUND: Final = "the background is not of one colour"
_WARM_UP_SIDE: Final = 32
_KEPT_PARTS: Final = frozenset({"text", "background"})
# How much of the work is done when the picture is decoded, and when its plan is carried out.
_DECODED_SHARE: Final = 0.05
_CARRIED_OUT_SHARE: Final = 0.9
# As far as a stroke's soft edge and what thickening adds to it may reach.
_LETTER_REACH: Final = np.ones((9, 9), dtype=np.uint8)


def _alone(work: Callable[[Pixels, Any], Pixels]) -> Callable[[Easel, Any], Pixels]:
    return lambda easel, operation: work(easel.pixels, operation)


def _as_read(
    work: Callable[[Pixels, Any, Reading | None], Pixels],
) -> Callable[[Easel, Any], Pixels]:
    return lambda easel, operation: work(easel.pixels, operation, easel.reading())


def _enlarged(easel: Easel, operation: Upscale) -> Pixels:
    side = max(easel.pixels.shape[:2])
    easel.enlargement = enlargement(operation, side=side, scale=easel.scale)
    return upscaled(easel.pixels, easel.enlargement.factor)


# What works on pixels, and in which order; each may raise `NotApplicable`. What is laid under or
# around the logo comes after its own shape, and the canvas last: a frame around all the rest.
FINISHES: Final[dict[type[Operation], Callable[[Easel, Any], Pixels]]] = {
    TransparentBackground: _as_read(make_transparent),
    Weight: _as_read(change_weight),
    Roundness: _as_read(round_corners),
    Smoothness: _alone(even_contours),
    Sharpness: _alone(change_sharpness),
    **dict.fromkeys(get_args(FinishingOperation), _as_read(finish)),
    **dict.fromkeys((Crop, Centre, Padding, Square, Rotate, Flip), _alone(change_canvas)),
    Upscale: _enlarged,
    Border: _alone(change_canvas),
}
_RESHAPING: Final = (Weight, Roundness, Smoothness)


def _unmoved(share: float) -> None:
    """Tell nobody."""


def draw(
    original: bytes,
    instruction: Instruction,
    limits: PictureLimits,
    *,
    with_vector: bool = False,
    moved: Callable[[float], None] = _unmoved,
) -> Refinement:
    """Refine a picture; `with_vector` as SVG too, where it has become flat.

    `moved` is told how much of the work is done, from 0 to 1, whenever a part of it is.

    Raises:
        PictureRefused: the original is not a picture we refine.
        PromptNotUnderstood: nothing in the prompt applies to it.
    """
    facts = inspect(original, limits)
    plan = make_plan(instruction)
    if not plan.steps:
        raise PromptNotUnderstood(reason=_explain(plan))
    pixels = np.asarray(decode(original, limits))
    moved(_DECODED_SHARE)
    scale = max(pixels.shape) / max(facts.width, facts.height)
    after, plan = refine_pixels(pixels, plan, moved, scale=scale)
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


def refine_pixels(
    pixels: Pixels,
    plan: Plan,
    moved: Callable[[float], None] = _unmoved,
    *,
    scale: float = 1,
) -> tuple[Pixels, Plan]:
    """Carry out a plan; steps without effect come back as skipped.

    Args:
        pixels: RGBA.
        plan: what to do.
        moved: told the share of the work that is done.
        scale: how large the pixels are, 1 for as large as the original.
    """
    easel = Easel(pixels, scale=scale)
    reasons: dict[int, str | None] = {}
    for carry_out in (_structure, _colour, _finish):
        reasons |= carry_out(easel, plan)
        steps_done = len(reasons) / max(1, len(plan.steps))
        moved(_DECODED_SHARE + (_CARRIED_OUT_SHARE - _DECODED_SHARE) * steps_done)
    done: list[Step] = []
    skipped = list(plan.skipped)
    for place, step in enumerate(plan.steps):
        reason, enlarged = reasons[place], easel.enlargement
        if reason is None and enlarged is not None and isinstance(step.operation, Upscale):
            done.append(msgspec.structs.replace(step, operation=enlarged.reached))
            reason = enlarged.shortfall
        elif reason is None:
            done.append(step)
        if reason is not None:
            skipped.append(Skipped(phrase=step.phrase, reason=reason))
    return easel.pixels, msgspec.structs.replace(plan, steps=tuple(done), skipped=tuple(skipped))


def warm_up() -> None:
    """Do once what only the first job would pay for."""
    cv2.setNumThreads(1)
    pixels = np.full((_WARM_UP_SIDE, _WARM_UP_SIDE, 4), 255, dtype=np.uint8)
    pixels[8:24, 8:24] = (120, 70, 40, 255)
    body = encode_png(Image.fromarray(pixels))
    _ = draw(body, Instruction(refinement_prompt="simpler and lighter brown"), PictureLimits())


def _structure(easel: Easel, plan: Plan) -> dict[int, str | None]:
    """Change what areas there are: flatten, simplify, remove shadows."""
    reasons: dict[int, str | None] = {}
    chosen = [
        (place, step.operation)
        for place, step in enumerate(plan.steps)
        if isinstance(step.operation, ShapeOperation)
    ]
    # Shadows first: whatever else makes areas flat takes them away too, and leaves nothing to do.
    for place, operation in sorted(
        chosen, key=lambda entry: not isinstance(entry[1], RemoveShadow)
    ):
        reasons[place] = easel.replace(_restructured(easel, operation))
    return reasons


def _colour(easel: Easel, plan: Plan) -> dict[int, str | None]:
    """Change the colours of the areas, the background's last."""
    chosen = {
        place: step.operation
        for place, step in enumerate(plan.steps)
        if isinstance(step.operation, ColourOperation)
    }
    papers = {
        place: step.operation.colour
        for place, step in enumerate(plan.steps)
        if isinstance(step.operation, Background)
    }
    if not chosen and not papers:
        return {}
    if BLACK_AND_WHITE in chosen.values():
        # Between black and white there is nothing that a gradient or a shadow could become.
        easel.replace(_restructured(easel, Flatten()))
    reading = easel.reading()
    has_background = reading is not None and reading.scene.own is not None
    paper = list(papers.values())[-1] if papers and has_background else None
    kept = (*plan.kept, *(aspect for aspect in plan.aspects if aspect in _KEPT_PARTS))
    outcome = paint(easel.pixels, reading, tuple(chosen.values()), kept=kept, paper=paper)
    reasons = dict(zip(chosen, outcome.reasons, strict=True))
    reasons |= dict.fromkeys(papers, None if has_background else _NO_BACKGROUND)
    unseen = easel.replace(outcome.pixels)
    return {place: reason or unseen for place, reason in reasons.items()}


def _finish(easel: Easel, plan: Plan) -> dict[int, str | None]:
    """Do what works on pixels alone: shapes, finishes and the canvas."""
    reasons: dict[int, str | None] = {}
    order = {kind: rank for rank, kind in enumerate(FINISHES)}
    chosen = [place for place, step in enumerate(plan.steps) if type(step.operation) in FINISHES]
    for place in sorted(chosen, key=lambda place: order[type(plan.steps[place].operation)]):
        operation = plan.steps[place].operation
        try:
            after = FINISHES[type(operation)](easel, operation)
        except NotApplicable as refusal:
            reasons[place] = refusal.reason
            continue
        if "text" in plan.aspects and isinstance(operation, _RESHAPING):
            after = _with_letters_of(easel, after)
        reasons[place] = easel.replace(after)
    return reasons


def _with_letters_of(easel: Easel, after: Pixels) -> Pixels:
    """Put the lettering back as it was."""
    reading = easel.reading()
    if reading is None:
        return after
    letters = cv2.dilate(reading.text.view(np.uint8), _LETTER_REACH) > 0
    return np.where(letters[..., None], easel.pixels, after)


def _restructured(easel: Easel, operation: ShapeOperation) -> Pixels:
    reading = easel.reading()
    if isinstance(operation, RemoveShadow):
        return easel.pixels if reading is None else without_shadows(reading)
    flattening = _flattening(operation)
    if reading is None:
        return posterised(easel.pixels, flattening)
    regions = flattened(reading, flattening)
    if isinstance(operation, Simplify) and operation.may_drop_shapes:
        regions = drop_specks(regions, reading.lettering, operation.amount)
    return render(regions)


def _flattening(operation: Simplify | Flatten | LimitColours) -> Flattening:
    match operation:
        case LimitColours(count=count):
            return Flattening(classes_max=count)
        case Simplify(amount=amount, may_merge_colours=True):
            return Flattening(
                classes_max=max(3, round(_SIMPLE_CLASSES / amount**0.5)),
                distance_min=_SIMPLE_DISTANCE * amount**0.5,
            )
        case _:
            return Flattening()


def _explain(plan: Plan) -> str:
    skipped = len(plan.skipped)
    return f"nothing applies: {skipped} wishes skipped, {len(plan.unmatched)} phrases unmatched"
