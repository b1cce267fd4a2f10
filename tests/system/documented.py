"""Pages of documentation as something to run: their calls, and whether the answers are as shown.

Values are free, names and statuses are not. What a page leaves out it marks with `…`: a line of its
own in the head of an answer, `"…": "…"` in an object, `"…"` at the end of an array.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

OMITTED: Final = "…"

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANSWERS: Final = frozenset({"http", "json", "sse", "text"})
_FILE: Final = re.compile(r"// (\w+\.mjs)\n")
# They belong to the connection, or (`Vary`) to a service that pages may call: pages say so once.
_TACIT: Final = frozenset({"content-length", "date", "server", "transfer-encoding", "vary"})
# Their values differ from one answer to the next; all others are as shown.
_FREE: Final = re.compile(
    r"etag|link|location|ratelimit|ratelimit-policy|retry-after|x-ratelimit-.*|x-request-id"
)
# Members whose values are words of the API rather than of one answer.
_WORDS: Final = frozenset(
    {"code", "detail", "error_code", "message", "stage", "status", "title", "type"}
)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A block that shows what comes back, in the language of its fence."""

    language: str
    text: str


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A block of shell, the line where it stands, and what its page shows of the answer."""

    line: int
    script: str
    shown: tuple[Shown, ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to run on a page: its calls in their order, and the files they need."""

    calls: tuple[Call, ...]
    files: dict[str, str]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The status line of an answer, and its headers by their names in small letters."""

    status_line: str
    headers: dict[str, str]


def read_page(path: Path) -> Page:
    """The page at this path. Every answer it shows has a call that it is the answer to."""
    text = path.read_text(encoding="utf-8")
    calls: list[Call] = []
    files: dict[str, str] = {}
    for block in _FENCE.finditer(text):
        language, content = block[1], block[2]
        line = text.count("\n", 0, block.start()) + 1
        if language == "sh":
            calls.append(Call(line=line, script=content, shown=()))
        elif language == "js":
            named = _FILE.match(content)
            assert named is not None, f"{path.name}:{line} does not begin with the file's name"
            files[named[1]] = content
        else:
            assert language in _ANSWERS, f"{path.name}:{line} is in no language that can be checked"
            assert calls, f"{path.name}:{line} answers no call"
            shown = (*calls[-1].shown, Shown(language=language, text=content))
            calls[-1] = msgspec.structs.replace(calls[-1], shown=shown)
    return Page(calls=tuple(calls), files=files)


def statuses_shown(call: Call) -> list[int]:
    """The statuses that a page shows for a call."""
    heads = [read_head(shown.text) for shown in call.shown if shown.language == "http"]
    return [int(head.status_line.split()[1]) for head in heads]


def differences(shown: Sequence[Shown], output: str) -> list[str]:
    """In what the output of a call differs from what its page shows, a line each."""
    found: list[str] = []
    if any(one.language == "http" for one in shown):
        head, _, output = output.replace("\r\n", "\n").partition("\n\n")
    else:
        head = ""
    for one in shown:
        match one.language:
            case "http":
                found += _in_heads(read_head(one.text), read_head(head))
            case "json":
                found += _in_json(msgspec.json.decode(one.text), msgspec.json.decode(output), "#")
            case "sse":
                found += _in_frames(frames_of(one.text), frames_of(output))
            case _:
                found += _in_lines(one.text.splitlines(), output.splitlines())
    return found


def read_head(text: str) -> Head:
    """The head of an answer, as `curl -i` prints it or a page shows it."""
    status_line, *lines = text.strip().splitlines()
    pairs = [line.partition(":") for line in lines]
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Head(status_line=status_line.strip(), headers=headers)


def frames_of(text: str) -> list[dict[str, str]]:
    """The fields of each frame of a stream, but for comments and progress: neither is history."""
    frames: list[dict[str, str]] = []
    for frame in text.strip().split("\n\n"):
        pairs = [line.partition(":") for line in frame.splitlines() if not line.startswith(":")]
        fields = {name: value.strip() for name, _, value in pairs}
        if fields and fields.get("event") != "progress":
            frames.append(fields)
    return frames


def _in_heads(shown: Head, came: Head) -> Iterator[str]:
    if shown.status_line != came.status_line:
        yield f"the status is {came.status_line!r}, shown is {shown.status_line!r}"
    names = came.headers.keys() - (_TACIT - shown.headers.keys())
    yield from _in_names(shown.headers.keys(), names, "the head")
    for name in shown.headers.keys() & names:
        if not _FREE.fullmatch(name) and shown.headers[name] != came.headers[name]:
            yield f"{name} is {came.headers[name]!r}, shown is {shown.headers[name]!r}"


def _in_names(shown: Any, came: Any, where: str) -> Iterator[str]:
    for name in sorted(shown - came - {OMITTED}):
        yield f"{name} is shown in {where} and did not come"
    if OMITTED not in shown:
        for name in sorted(came - shown):
            yield f"{name} came in {where} and is not shown"


def _in_json(shown: Any, came: Any, where: str) -> Iterator[str]:
    match shown, came:
        case dict(), dict():
            yield from _in_names(shown.keys(), came.keys(), where)
            for name in shown.keys() & came.keys():
                if name in _WORDS and shown[name] != came[name]:
                    yield f"{where}/{name} is {came[name]!r}, shown is {shown[name]!r}"
                yield from _in_json(shown[name], came[name], f"{where}/{name}")
        case list(), list():
            is_shortened = bool(shown) and shown[-1] == OMITTED
            items = shown[:-1] if is_shortened else shown
            if len(came) < len(items) or (len(came) > len(items) and not is_shortened):
                yield f"{where} has {len(came)} items, shown are {len(items)}"
            for number, (one, other) in enumerate(zip(items, came, strict=False)):
                yield from _in_json(one, other, f"{where}/{number}")
        case _:
            if _kind_of(shown) != _kind_of(came):
                yield f"{where} is {came!r}, shown is {shown!r}"


def _kind_of(value: object) -> str:
    # JSON has one kind of number.
    return "number" if type(value) in {int, float} else type(value).__name__


def _in_frames(shown: list[dict[str, str]], came: list[dict[str, str]]) -> Iterator[str]:
    names = [[frame.get("event") for frame in frames] for frames in (shown, came)]
    if names[0] != names[1]:
        yield f"the events are {names[1]}, shown are {names[0]}"
        return
    for one, other in zip(shown, came, strict=True):
        where = f"the frame of {one.get('event', 'the start')}"
        yield from _in_names(one.keys(), other.keys(), where)
        if one.get("retry") != other.get("retry"):
            yield f"retry is {other.get('retry')}, shown is {one.get('retry')}"
        if "data" in one and "data" in other:
            told, heard = (msgspec.json.decode(frame["data"]) for frame in (one, other))
            yield from _in_json(told, heard, where)


def _in_lines(shown: list[str], came: list[str]) -> Iterator[str]:
    patterns = [re.escape(line).replace(re.escape(OMITTED), ".*") for line in shown]
    if re.fullmatch("\n".join(patterns), "\n".join(came)) is None:
        yield f"the lines are {came}, shown are {shown}"
