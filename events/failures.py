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
    ENGINE_UNAVAILABLE = "engine_unavailable"
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
        message="The image's address may not be fetched", quota_refunded=False
    ),
    FailureCode.IMAGE_NOT_FOUND: FailureRule(
        message="There is no image at this address", quota_refunded=False
    ),
    FailureCode.IMAGE_FETCH_FAILED: FailureRule(
        message="The image could not be downloaded", quota_refunded=False
    ),
    FailureCode.IMAGE_TOO_LARGE: FailureRule(
        message="The image has too many bytes", quota_refunded=False
    ),
    FailureCode.IMAGE_UNSUPPORTED: FailureRule(
        message="Only PNG, JPEG and WebP images can be refined", quota_refunded=False
    ),
    FailureCode.IMAGE_UNDECODABLE: FailureRule(
        message="The image is damaged and cannot be read", quota_refunded=False
    ),
    FailureCode.IMAGE_ANIMATED: FailureRule(
        message="Animated images cannot be refined", quota_refunded=False
    ),
    FailureCode.IMAGE_DIMENSIONS: FailureRule(
        message="The image is too small, too large or too narrow", quota_refunded=False
    ),
    FailureCode.PROMPT_NOT_UNDERSTOOD: FailureRule(
        message="Nothing in the instruction could be applied to the image", quota_refunded=True
    ),
    FailureCode.ENGINE_UNAVAILABLE: FailureRule(
        message="The refinement engine is unavailable", quota_refunded=True
    ),
    FailureCode.STORAGE_UNAVAILABLE: FailureRule(
        message="The image storage is unavailable", quota_refunded=True
    ),
    FailureCode.DEADLINE_EXCEEDED: FailureRule(
        message="The task was not done by its deadline", quota_refunded=True
    ),
    FailureCode.ATTEMPTS_EXHAUSTED: FailureRule(
        message="The task was tried as often as allowed and never finished", quota_refunded=True
    ),
    FailureCode.INTERNAL_ERROR: FailureRule(
        message="Something went wrong on our side", quota_refunded=True
    ),
}
