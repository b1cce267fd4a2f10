"""Read out of a server's log, in one line, why it ended."""

import re
from typing import Final

import msgspec

LINE_CHARACTERS_MAX: Final = 300
_DISK_TROUBLES: Final = (
    "No space left on device",
    "Disk quota exceeded",
    "Read-only file system",
    "Permission denied",
    "Input/output error",
)
_SEVERE: Final = re.compile(r"\b(error|fatal|panic|cannot|failed)\b|\[(ERR|FTL)\]", re.IGNORECASE)


class _MongodLine(msgspec.Struct, frozen=True):
    """What we read of one line of mongod's log, which is JSON."""

    s: str
    msg: str
    attr: dict[str, object] = {}


_MONGOD: Final = msgspec.json.Decoder(_MongodLine)


def disk_trouble(text: str) -> str | None:
    """Return what a log says about a full or forbidden disk, if it does."""
    lowered = text.lower()
    return next((trouble for trouble in _DISK_TROUBLES if trouble.lower() in lowered), None)


def reason_of(text: str) -> str | None:
    """Return the line of a log that best says why its server ended."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    severe = [line for line in lines if _is_severe(line)]
    best = next(iter(severe or lines[-1:]), None)
    return None if best is None else _readable(best)[:LINE_CHARACTERS_MAX]


def _is_severe(line: str) -> bool:
    parsed = _parse(line)
    if parsed is not None:
        return parsed.s in {"F", "E"}
    return _SEVERE.search(line) is not None


def _readable(line: str) -> str:
    parsed = _parse(line)
    if parsed is None:
        return line
    detail = parsed.attr.get("error")
    return parsed.msg if detail is None else f"{parsed.msg}: {detail}"


def _parse(line: str) -> _MongodLine | None:
    try:
        return _MONGOD.decode(line)
    except msgspec.DecodeError:
        return None
