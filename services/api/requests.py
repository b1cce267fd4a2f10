"""What routes read from a request beside its body."""

from litestar import Request
from litestar.datastructures import State
from litestar.types import Scope

from services.api.auth import Owner

AuthenticatedRequest = Request[Owner, None, State]


def header_values(scope: Scope, name: bytes) -> list[str]:
    """All values of a header, given in lower case: repeated ones are seen, not merged."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
