"""Cursors: where in a user's tasks a page ends, as text that clients send back as it is.

A cursor is a position and nothing of a user: in other hands it is a place in other tasks. So it is
not signed, only checked: for its form, its version, and the status filter that it was made for.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Collection
from typing import Final

from events.task import Status
from services.api.refinement_requests import Invalid

VERSION: Final = 1
POSITION_MAX: Final = 2**63 - 1

_FILTER_BYTES: Final = 8
_PACKED: Final = struct.Struct(f">BQ{_FILTER_BYTES}s")
# Base64 of these bytes, without the padding that a URL would have to escape.
CURSOR_PATTERN: Final = "[A-Za-z0-9_-]{23}"
_TEXT: Final = re.compile(CURSOR_PATTERN)
_PADDING: Final = "="


def write_cursor(*, position: int, statuses: Collection[Status]) -> str:
    """The cursor of what lies behind the task requested at `position`, in these statuses."""
    packed = _PACKED.pack(VERSION, position, _fingerprint(statuses))
    return base64.urlsafe_b64encode(packed).decode("ascii").rstrip(_PADDING)


def read_cursor(text: str, *, statuses: Collection[Status]) -> int:
    """The position in a cursor.

    Raises:
        Invalid: it is no cursor of this version, or was made for other statuses.
    """
    if _TEXT.fullmatch(text) is None:
        raise _not_ours()
    version, position, fingerprint = _PACKED.unpack(base64.urlsafe_b64decode(text + _PADDING))
    if version != VERSION or not 0 < position <= POSITION_MAX:
        raise _not_ours()
    if fingerprint != _fingerprint(statuses):
        raise Invalid("belongs to a list with another status filter")
    return int(position)


def _not_ours() -> Invalid:
    return Invalid("must be the cursor of a link to the next page")


def _fingerprint(statuses: Collection[Status]) -> bytes:
    """The same for the same statuses, in whatever order they were asked for."""
    names = ",".join(sorted(status.value for status in statuses))
    return hashlib.sha256(names.encode("ascii")).digest()[:_FILTER_BYTES]
