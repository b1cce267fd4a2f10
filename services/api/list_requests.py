"""From the query of a request to a valid request for a page, or to everything wrong with it."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from events.task import Status, Task
from services.api.cursors import read_cursor, write_cursor
from services.api.refinement_requests import FieldError, Invalid

LIMIT_MAX: Final = 50
LIMIT_DEFAULT: Final = 10
# What a user can see, and so ask for.
STATUSES: Final = tuple(status for status in Status if status is not Status.REMOVED)
STATUS: Final = "status"
LIMIT: Final = "limit"
CURSOR: Final = "cursor"

_UNKNOWN_SHOWN_MAX: Final = 10
_NAME_SHOWN_MAX: Final = 64
_LIMIT: Final = re.compile(r"[1-9][0-9]?")


class ListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a user's tasks: in which statuses, how many, and before which position."""

    statuses: frozenset[Status] = frozenset(STATUSES)
    limit: int = LIMIT_DEFAULT
    before: int | None = None

    def admits(self, task: Task) -> bool:
        """Whether a task belongs to this page or to one behind it."""
        is_in_range = self.before is None or task.requested_position < self.before
        return is_in_range and task.status in self.statuses

    def query_behind(self, last: Task) -> str:
        """The query of the page behind this one, whose last task is given."""
        cursor = write_cursor(position=last.requested_position, statuses=self.statuses)
        parameters = {LIMIT: str(self.limit), CURSOR: cursor}
        names = [status.value for status in STATUSES if status in self.statuses]
        if len(names) < len(STATUSES):
            parameters = {STATUS: ",".join(names), **parameters}
        return urlencode(parameters, safe=",")


def read_list_request(query: bytes) -> ListRequest | tuple[FieldError, ...]:
    """The page that the query of a URL asks for, or all that is wrong with it."""
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        given.setdefault(name, []).append(value)
    request = ListRequest()
    errors: list[FieldError] = []
    for name, read in _READERS.items():
        values = given.pop(name, None)
        if values is not None:
            try:
                request = read(request, values)
            except Invalid as error:
                errors.append(_error(name, str(error)))
                if name == STATUS:
                    # Which statuses the cursor should be for is not known.
                    _ = given.pop(CURSOR, None)
    errors.extend(
        _error(name[:_NAME_SHOWN_MAX], "is not a known parameter")
        for name in list(given)[:_UNKNOWN_SHOWN_MAX]
    )
    return tuple(errors) if errors else request


def _read_statuses(request: ListRequest, values: Sequence[str]) -> ListRequest:
    names = [name for value in values for name in value.split(",")]
    if not all(name in STATUSES for name in names):
        raise Invalid("must be one or more of: " + ", ".join(STATUSES))
    return msgspec.structs.replace(request, statuses=frozenset(Status(name) for name in names))


def _read_limit(request: ListRequest, values: Sequence[str]) -> ListRequest:
    value = _only(values)
    if _LIMIT.fullmatch(value) is None or int(value) > LIMIT_MAX:
        raise Invalid(f"must be a number from 1 to {LIMIT_MAX}")
    return msgspec.structs.replace(request, limit=int(value))


def _read_cursor(request: ListRequest, values: Sequence[str]) -> ListRequest:
    before = read_cursor(_only(values), statuses=request.statuses)
    return msgspec.structs.replace(request, before=before)


def _only(values: Sequence[str]) -> str:
    if len(values) > 1:
        raise Invalid("must be given once")
    return values[0]


# In this order: a cursor is held to the statuses.
_READERS: Final[Mapping[str, Callable[[ListRequest, Sequence[str]], ListRequest]]] = {
    STATUS: _read_statuses,
    LIMIT: _read_limit,
    CURSOR: _read_cursor,
}


def _error(name: str, detail: str) -> FieldError:
    return FieldError(field=name, detail=detail, parameter=name)
