"""Why a refinement did not happen: one typed failure per family, safe to show to the user."""

from typing import Final

from events.failures import FAILURE_RULES, FailureCode

PICTURE_CODES: Final = frozenset(
    {
        FailureCode.IMAGE_TOO_LARGE,
        FailureCode.IMAGE_UNSUPPORTED,
        FailureCode.IMAGE_UNDECODABLE,
        FailureCode.IMAGE_ANIMATED,
        FailureCode.IMAGE_DIMENSIONS,
    }
)


class RefinementFailure(Exception):
    """A refinement that did not happen, and whether trying again may help.

    `code` and `message` are for the user and never repeat input, DNS answers or exception texts;
    `reason` is for logs only. `retry_after_s` is how long whoever refused asks us to stay away.
    """

    code: FailureCode
    message: str
    is_transient: bool
    reason: str
    retry_after_s: float | None

    def __init__(
        self,
        *,
        code: FailureCode,
        is_transient: bool,
        reason: str,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.message = FAILURE_RULES[code].message
        self.is_transient = is_transient
        self.reason = reason
        self.retry_after_s = retry_after_s


class FetchRefused(RefinementFailure):
    """The URL, or where it leads, is not one we contact."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            code=FailureCode.IMAGE_FETCH_REFUSED,
            is_transient=False,
            reason=reason,
        )


class OriginalMissing(RefinementFailure):
    """The place the URL names holds no picture."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            code=FailureCode.IMAGE_NOT_FOUND,
            is_transient=False,
            reason=reason,
        )


class FetchFailed(RefinementFailure):
    """The picture's server was allowed, but did not deliver."""

    def __init__(self, *, reason: str, is_transient: bool) -> None:
        super().__init__(
            code=FailureCode.IMAGE_FETCH_FAILED,
            is_transient=is_transient,
            reason=reason,
        )


class PictureRefused(RefinementFailure):
    """The bytes are not a picture we refine; `code` says which rule they break."""

    def __init__(self, *, code: str, reason: str) -> None:
        super().__init__(code=FailureCode(code), is_transient=False, reason=reason)


class PromptNotUnderstood(RefinementFailure):
    """Nothing the prompt asks for can be applied to this picture."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            code=FailureCode.PROMPT_NOT_UNDERSTOOD,
            is_transient=False,
            reason=reason,
        )


class EngineUnavailable(RefinementFailure):
    """The engine did not answer in time, or died; another attempt may succeed."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            code=FailureCode.ENGINE_UNAVAILABLE,
            is_transient=True,
            reason=reason,
        )


class ProviderThrottled(RefinementFailure):
    """The provider asks for patience; nothing was done and nothing is paid for."""

    def __init__(self, *, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(
            code=FailureCode.ENGINE_THROTTLED,
            is_transient=True,
            reason=reason,
            retry_after_s=retry_after_s,
        )


class ProviderRefused(RefinementFailure):
    """The provider answered in a way that asking again would not mend; `code` says in which."""

    def __init__(self, *, code: FailureCode, reason: str) -> None:
        super().__init__(code=code, is_transient=False, reason=reason)


class ProviderUnclear(RefinementFailure):
    """The provider was asked, and it is not known whether it did the work: it may be paid for.

    Another attempt may succeed, and may be paid for again; how often that is risked is bounded.
    """

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            code=FailureCode.ENGINE_OUTCOME_UNKNOWN,
            is_transient=True,
            reason=reason,
        )
