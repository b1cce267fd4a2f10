"""Why a refinement did not happen: one typed failure per family, safe to show to the user."""

from typing import Final

_PICTURE_MESSAGES: Final = {
    "image_too_large": "The image is larger than 20 MiB.",
    "image_unsupported": "The image is not a PNG, JPEG or WebP picture.",
    "image_undecodable": "The image is damaged and cannot be read.",
    "image_animated": "Animated images cannot be refined.",
    "image_dimensions": (
        "The image must have sides of 16 to 8192 pixels, at most 25 megapixels, "
        "and be no more than 20 times as long as it is wide."
    ),
}
PICTURE_CODES: Final = frozenset(_PICTURE_MESSAGES)


class RefinementFailure(Exception):
    """A refinement that did not happen, and whether trying again may help.

    `code` and `message` are for the user and never repeat input, DNS answers or exception texts;
    `reason` is for logs only.
    """

    code: str
    message: str
    is_transient: bool
    reason: str

    def __init__(self, *, code: str, message: str, is_transient: bool, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.message = message
        self.is_transient = is_transient
        self.reason = reason


class FetchRefused(RefinementFailure):
    """The URL, or where it leads, is not one we contact."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            code="image_fetch_refused",
            message="The image URL cannot be used: it must lead to a public http(s) address.",
            is_transient=False,
            reason=reason,
        )


class OriginalMissing(RefinementFailure):
    """The place the URL names holds no picture."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            code="image_not_found",
            message="There is no image at the image URL.",
            is_transient=False,
            reason=reason,
        )


class FetchFailed(RefinementFailure):
    """The picture's server was allowed, but did not deliver."""

    def __init__(self, *, reason: str, is_transient: bool) -> None:
        super().__init__(
            code="image_fetch_failed",
            message="The image could not be downloaded from the image URL.",
            is_transient=is_transient,
            reason=reason,
        )


class PictureRefused(RefinementFailure):
    """The bytes are not a picture we refine; `code` says which rule they break."""

    def __init__(self, *, code: str, reason: str) -> None:
        super().__init__(
            code=code, message=_PICTURE_MESSAGES[code], is_transient=False, reason=reason
        )


class PromptNotUnderstood(RefinementFailure):
    """Nothing the prompt asks for can be applied to this picture."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            code="prompt_not_understood",
            message=(
                "Nothing in the prompt could be applied to this image. Ask for example for lighter "
                "or darker, warmer or cooler, more or less saturated colours, more contrast, "
                "named colours, grayscale, pastel or sepia, fewer colours, a simpler or flat "
                "design, or no shadow."
            ),
            is_transient=False,
            reason=reason,
        )


class EngineUnavailable(RefinementFailure):
    """The engine did not answer in time, or died; another attempt may succeed."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            code="engine_unavailable",
            message="The refinement engine is not available at the moment.",
            is_transient=True,
            reason=reason,
        )
