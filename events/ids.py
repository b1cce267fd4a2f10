"""Identifiers: made from a given time and given random bytes, so that they can be made again."""

import base64
import hashlib
import hmac
import re
from typing import Final
from uuid import UUID, uuid5

TASK_ID_PREFIX: Final = "task-"
RANDOM_BYTES: Final = 10
USER_KEY_LENGTH: Final = 26
TASK_ID_PATTERN: Final = (
    r"task-[0-9a-f]{8}-[0-9a-f]{4}-[57][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)

_IDEMPOTENT_TASKS: Final = UUID("6f1c1b5e-6f0e-5c55-9d0b-0d6a5b5f2c11")
_TASK_ID: Final = re.compile(TASK_ID_PATTERN)
_USER_KEY: Final = re.compile(r"[a-z2-7]{26}")


def uuid7(*, unix_ms: int, random: bytes) -> UUID:
    """A UUID version 7 (RFC 9562) of a time in milliseconds and `RANDOM_BYTES` random bytes."""
    assert len(random) == RANDOM_BYTES
    value = (unix_ms & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def task_id_of(unique: UUID) -> str:
    """A task's id as everybody sees it: `task-` and a UUID."""
    return f"{TASK_ID_PREFIX}{unique}"


def idempotent_task_id(*, user_key: str, idempotency_key: str) -> str:
    """The task id that one user's idempotency key always names."""
    return task_id_of(uuid5(_IDEMPOTENT_TASKS, f"{user_key}\n{idempotency_key}"))


def is_task_id(text: str) -> bool:
    """Whether `text` has the form of a task id; only such a text may become part of a subject."""
    return _TASK_ID.fullmatch(text) is not None


def user_key_of(user_id: str, *, secret: bytes) -> str:
    """The token that stands for a user in subjects and object keys: 26 characters of a-z and 2-7.

    Keyed (HMAC-SHA256), because a bare hash of an e-mail address is undone with a list of them.
    The secret may never change: with another one, every user would get a new, empty desk.
    """
    digest = hmac.digest(secret, user_id.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.b32encode(digest)[:USER_KEY_LENGTH].decode("ascii").lower()


def is_user_key(text: str) -> bool:
    """Whether `text` has the form of a user key."""
    return _USER_KEY.fullmatch(text) is not None
