"""The object store as this project uses it, and the layout of its keys."""

import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final, Protocol

import msgspec

from events.ids import is_task_id, is_user_key

RESULTS: Final = "concepts/"

_OWNED_AREA: Final = re.compile(r"concepts/([^/]+)/.+")
_RESULT: Final = re.compile(
    r"concepts/([^/]+)/([^/]+)/([1-9][0-9]{0,8})(?:(?:-thumbnail)?\.png|\.svg)"
)
# Everything else, SVG first of all, could be a document that runs scripts when it is opened on its
# own. Ours has none; that it is downloaded holds also if one ever had. Pages may still show it.
_PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp"})


class StorageError(Exception):
    """The object store could not do what it was asked to."""


class ObjectMissing(StorageError):
    """There is no object under this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no object under {key}")
        self.key = key


class ObjectTooLarge(StorageError):
    """The object has more bytes than were asked for."""

    def __init__(self, key: str, *, bytes_max: int) -> None:
        super().__init__(f"{key} has more than {bytes_max} bytes")
        self.key = key
        self.bytes_max = bytes_max


class StorageUnavailable(StorageError):
    """The object store did not answer in time; a write may or may not have been done."""

    def __init__(self, *, operation: str, reason: str) -> None:
        super().__init__(f"the object store is unavailable: {operation}: {reason}")
        self.operation = operation
        self.reason = reason


class ListedObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object as the listing has it; `modified_at` is when it was stored."""

    key: str
    bytes: int
    modified_at: datetime


class ResultPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Whose result a key of the layout is, and which attempt's."""

    user_key: str
    task_id: str
    attempt: int


class ObjectStore(Protocol):
    """One bucket of objects."""

    async def put(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object; returns only when it is stored.

        Raises:
            StorageUnavailable: not known to be done.
        """
        ...

    async def get(self, key: str, *, bytes_max: int) -> bytes:
        """The bytes of an object.

        Raises:
            ObjectMissing: there is none.
            ObjectTooLarge: it has more than `bytes_max` bytes; at most that many were read.
            StorageUnavailable: no answer within the bound.
        """
        ...

    async def exists(self, key: str) -> bool:
        """Whether there is an object under this key.

        Raises:
            StorageUnavailable: no answer within the bound.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove an object; removing none is no error.

        Raises:
            StorageUnavailable: not known to be done.
        """
        ...

    def keys(self, prefix: str) -> AsyncIterator[ListedObject]:
        """All objects whose keys begin with `prefix`, in the order of their keys.

        Read page by page: what is stored or removed meanwhile may or may not be among them.

        Raises:
            StorageUnavailable: no answer within the bound.
        """
        ...

    async def presign(self, key: str, *, expires_s: int) -> str:
        """A URL that reads the object for `expires_s` seconds. Asks nobody."""
        ...

    def key_of(self, url: str) -> str | None:
        """The key that a URL of this bucket names; None for any other URL."""
        ...

    async def check(self) -> None:
        """Answer if the bucket can be reached.

        Raises:
            StorageUnavailable: it cannot.
        """
        ...


def result_key(*, user_key: str, task_id: str, attempt: int) -> str:
    """Where the picture of one attempt is stored: no two attempts share a key."""
    return f"{RESULTS}{user_key}/{task_id}/{attempt}.png"


def thumbnail_key(*, user_key: str, task_id: str, attempt: int) -> str:
    """Where the thumbnail of one attempt is stored: beside its picture."""
    return f"{RESULTS}{user_key}/{task_id}/{attempt}-thumbnail.png"


def vector_key(*, user_key: str, task_id: str, attempt: int) -> str:
    """Where the SVG of one attempt is stored: beside its picture."""
    return f"{RESULTS}{user_key}/{task_id}/{attempt}.svg"


def disposition_of(content_type: str) -> str:
    """What a browser is told to do with an object that is opened on its own."""
    return "inline" if content_type in _PICTURES else "attachment"


def result_place(key: str) -> ResultPlace | None:
    """What the keys of an attempt were made from; None for a key that is none of them."""
    match = _RESULT.fullmatch(key)
    if match is None or not is_user_key(match[1]) or not is_task_id(match[2]):
        return None
    return ResultPlace(user_key=match[1], task_id=match[2], attempt=int(match[3]))


def upload_key(*, sha256: str, extension: str) -> str:
    """Where an uploaded original is stored: only who has its bytes knows the key."""
    return f"uploads/{sha256}.{extension}"


def may_read(key: str, *, user_key: str) -> bool:
    """Whether a user may name this key: their own results, or what is nobody's result."""
    match = _OWNED_AREA.fullmatch(key)
    if match is None or not is_user_key(match[1]):
        return True
    return match[1] == user_key
