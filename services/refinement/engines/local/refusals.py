"""Says why an operation was not applied to a picture."""


class NotApplicable(Exception):
    """An operation has nothing to work on in this picture; `reason` says what is missing."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
