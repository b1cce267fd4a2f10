"""The catalogue of reasons a task can fail for: what the owner is told, and who pays."""

from enum import StrEnum
from typing import Final

import msgspec


class FailureCode(StrEnum):
    """Why a task will never complete, as clients see it in `error_code`."""

    IMAGE_FETCH_REFUSED = "image_fetch_refused"
    IMAGE_NOT_FOUND = "image_not_found"
    IMAGE_FETCH_FAILED = "image_fetch_failed"
    IMAGE_TOO_LARGE = "image_too_large"
    IMAGE_UNSUPPORTED = "image_unsupported"
    IMAGE_UNDECODABLE = "image_undecodable"
    IMAGE_ANIMATED = "image_animated"
    IMAGE_DIMENSIONS = "image_dimensions"
    PROMPT_NOT_UNDERSTOOD = "prompt_not_understood"
    ENGINE_NOT_OFFERED = "engine_not_offered"
    ENGINE_UNAVAILABLE = "engine_unavailable"
    ENGINE_THROTTLED = "engine_throttled"
    ENGINE_INPUT_REFUSED = "engine_input_refused"
    CONTENT_BLOCKED = "content_blocked"
    ENGINE_MISCONFIGURED = "engine_misconfigured"
    ENGINE_QUOTA_EXHAUSTED = "engine_quota_exhausted"
    ENGINE_OUTCOME_UNKNOWN = "engine_outcome_unknown"
    ENGINE_RESULT_UNUSABLE = "engine_result_unusable"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    INTERNAL_ERROR = "internal_error"


class FailureRule(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a failure code."""

    message: str
    quota_refunded: bool


FAILURE_RULES: Final[dict[FailureCode, FailureRule]] = {
    FailureCode.IMAGE_FETCH_REFUSED: FailureRule(
        message=(
            "The image URL cannot be used: its host is unknown, or not a public http(s) address."
        ),
        quota_refunded=False,
    ),
    FailureCode.IMAGE_NOT_FOUND: FailureRule(
        message="There is no image at the image URL.",
        quota_refunded=False,
    ),
    FailureCode.IMAGE_FETCH_FAILED: FailureRule(
        message="The image could not be downloaded from the image URL.",
        quota_refunded=False,
    ),
    FailureCode.IMAGE_TOO_LARGE: FailureRule(
        message="The image has too many bytes.",
        quota_refunded=False,
    ),
    FailureCode.IMAGE_UNSUPPORTED: FailureRule(
        message="The image is not a PNG, JPEG or WebP picture.",
        quota_refunded=False,
    ),
    FailureCode.IMAGE_UNDECODABLE: FailureRule(
        message="The image is damaged and cannot be read.",
        quota_refunded=False,
    ),
    FailureCode.IMAGE_ANIMATED: FailureRule(
        message="Animated images cannot be refined.",
        quota_refunded=False,
    ),
    FailureCode.IMAGE_DIMENSIONS: FailureRule(
        message=(
            "The image must have sides of 16 to 8192 pixels, at most 25 megapixels, and be "
            "no more than 20 times as long as it is wide."
        ),
        quota_refunded=False,
    ),
    FailureCode.PROMPT_NOT_UNDERSTOOD: FailureRule(
        message=(
            "Nothing in the prompt could be applied to this image. Ask for example for "
            "other, lighter, warmer, stronger or fewer colours, a look such as pastel or "
            "vintage, a simpler or flat design, no shadow, another or no background, "
            "thicker lines, rounder corners, an outline, a border, more room, or a turn."
        ),
        quota_refunded=True,
    ),
    FailureCode.ENGINE_NOT_OFFERED: FailureRule(
        message="The refinement engine that was asked for is not offered any more.",
        quota_refunded=True,
    ),
    FailureCode.ENGINE_UNAVAILABLE: FailureRule(
        message="The refinement engine is not available at the moment.",
        quota_refunded=True,
    ),
    FailureCode.ENGINE_THROTTLED: FailureRule(
        message="The refinement engine has too much to do at the moment.",
        quota_refunded=True,
    ),
    FailureCode.ENGINE_INPUT_REFUSED: FailureRule(
        message="The refinement engine's provider does not accept this image or this prompt.",
        quota_refunded=False,
    ),
    FailureCode.CONTENT_BLOCKED: FailureRule(
        message="The refinement engine's provider does not edit what the image or prompt shows.",
        quota_refunded=False,
    ),
    FailureCode.ENGINE_MISCONFIGURED: FailureRule(
        message="The refinement engine is not set up correctly on our side.",
        quota_refunded=True,
    ),
    FailureCode.ENGINE_QUOTA_EXHAUSTED: FailureRule(
        message="Our own quota at the refinement engine's provider is used up.",
        quota_refunded=True,
    ),
    FailureCode.ENGINE_OUTCOME_UNKNOWN: FailureRule(
        message="The refinement engine's provider was asked, and its answer never arrived.",
        quota_refunded=True,
    ),
    FailureCode.ENGINE_RESULT_UNUSABLE: FailureRule(
        message="The refinement engine's provider did not return a usable refined image.",
        quota_refunded=True,
    ),
    FailureCode.STORAGE_UNAVAILABLE: FailureRule(
        message="The image storage is not available at the moment.",
        quota_refunded=True,
    ),
    FailureCode.DEADLINE_EXCEEDED: FailureRule(
        message="The task was not done by its deadline.",
        quota_refunded=True,
    ),
    FailureCode.ATTEMPTS_EXHAUSTED: FailureRule(
        message="The task was tried as often as allowed and never finished.",
        quota_refunded=True,
    ),
    FailureCode.INTERNAL_ERROR: FailureRule(
        message="Something went wrong on our side.",
        quota_refunded=True,
    ),
}
