"""From the bytes of a request to a valid refinement request, or to everything wrong with it."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Final
from urllib.parse import quote, urlsplit

import msgspec

from events.admission import RefinementRequest
from events.failures import FAILURE_RULES, FailureCode

TEXT_LENGTH_MIN: Final = 5
TEXT_LENGTH_MAX: Final = 500
URL_LENGTH_MAX: Final = 2048
ASPECTS: Final = (
    "colors",
    "layout",
    "style",
    "shapes",
    "symbols",
    "proportions",
    "color_scheme",
)
REQUIRED: Final = ("original_image_url", "refinement_prompt")
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
# Quoted (the draft standard's form) and bare mean the same key.
IDEMPOTENCY_PATTERN: Final = r'"([!-~]{1,255})"|([!#-~][!-~]{0,254})'

_WRONG_NAMES_SHOWN_MAX: Final = 10
_FIELD_NAME_SHOWN_MAX: Final = 64
_BODY: Final = "body"
_JSON: Final = re.compile(
    r"application/json[ \t]*(?:;[ \t]*charset=\"?utf-8\"?[ \t]*)?;?", re.IGNORECASE
)
_IDEMPOTENCY_KEY: Final = re.compile(IDEMPOTENCY_PATTERN)
# Everything that is not text: C0 and C1 controls except newline and tab, and lone surrogates.
_CONTROLS: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_CONTROL: Final = re.compile(rf"[{_CONTROLS}\ud800-\udfff]")
# As clients can check it: enough text between the first and the last of what is not blank.
TEXT_PATTERN: Final = (
    rf"^[^{_CONTROLS}]*[^\s{_CONTROLS}][^{_CONTROLS}]{{{TEXT_LENGTH_MIN - 2},}}"
    rf"[^\s{_CONTROLS}][^{_CONTROLS}]*$"
)
# Parsers disagree on blanks, controls and backslashes; what one checks another would fetch.
_AMBIGUOUS: Final = r"\s\\\x00-\x1f\x7f-\x9f"
_HOST: Final = rf"(?:\[[^/?#@\[\]{_AMBIGUOUS}]+\]|[^:/?#@\[\]{_AMBIGUOUS}]+)"
_PORT: Final = (
    "(?::(?:0*(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}"
    "|655[0-2][0-9]|6553[0-5]))?)?"
)
# Necessary, not sufficient: what is an address of IPv6 no short pattern says.
URL_PATTERN: Final = rf"^[Hh][Tt][Tt][Pp][Ss]?://{_HOST}{_PORT}(?:[/?#][^{_AMBIGUOUS}]*)?$"
_URL: Final = re.compile(URL_PATTERN)
_FIELDS: Final = msgspec.json.Decoder(dict[str, object])
# Only names are looked at, so numbers stay as they are written, however long.
_PAIRS: Final = json.JSONDecoder(object_pairs_hook=tuple, parse_int=str, parse_float=str)


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong: in the body (at a JSON `pointer`), a `header` or a `parameter`.

    `code` is there if a task would fail with it; `reason` is for logs only.
    """

    field: str
    detail: str
    pointer: str | None = None
    header: str | None = None
    parameter: str | None = None
    code: FailureCode | None = None
    reason: str | None = None


class UnsupportedMediaType(Exception):
    """The request's body is not declared to be JSON."""

    def __init__(self) -> None:
        super().__init__("the request body is not application/json")


class Invalid(ValueError):
    """A value that is not allowed; the message says what would be, and never repeats the value.

    `code` is there if a task would fail with it; `reason` is for logs only.
    """

    code: ClassVar[FailureCode | None] = None
    reason: ClassVar[str | None] = None


class NeverFetched(Invalid):
    """A URL whose address is none that we contact; it is told as the worker would tell it."""

    code: ClassVar[FailureCode | None] = FailureCode.IMAGE_FETCH_REFUSED
    reason: ClassVar[str | None] = "address not permitted"

    def __init__(self) -> None:
        super().__init__(FAILURE_RULES[FailureCode.IMAGE_FETCH_REFUSED].message)


def require_json(content_types: Sequence[str]) -> None:
    """Refuse a body that is not declared to be JSON in UTF-8.

    A browser sends such a content type across origins only after asking, unlike a form's.

    Raises:
        UnsupportedMediaType: it is not.
    """
    if len(content_types) != 1 or _JSON.fullmatch(content_types[0]) is None:
        raise UnsupportedMediaType


def read_request(
    body: bytes, *, engines: Sequence[str], may_fetch: Callable[[str], bool]
) -> RefinementRequest | tuple[FieldError, ...]:
    """The request in a JSON body, or all that is wrong with it.

    `engines` may be asked for; `may_fetch` says of a valid URL whether its address is permitted.
    """
    try:
        fields = _FIELDS.decode(body)
        repeated = _repeated_names(body)
    except msgspec.ValidationError:
        return (_body_error("must be a JSON object"),)
    # Deep nesting ends in a RecursionError; bad UTF-8 in a UnicodeDecodeError, a ValueError.
    except (ValueError, RecursionError):
        return (_body_error("is not valid JSON"),)
    values: dict[str, object] = {}
    errors = [_field_error(name, Invalid("must be there only once")) for name in repeated]
    readers: dict[str, Callable[[object], object]]
    readers = {
        "original_image_url": partial(_read_url, may_fetch=may_fetch),
        **_READERS,
        "engine": partial(_read_engine, offered=engines),
    }
    for name, read in readers.items():
        value = fields.pop(name, None)
        if value is not None:
            try:
                values[name] = read(value)
            except Invalid as error:
                errors.append(_field_error(name, error))
        elif name in REQUIRED:
            errors.append(_field_error(name, Invalid("is required")))
    errors.extend(
        _field_error(name, Invalid("is not a known field"))
        for name in list(fields)[:_WRONG_NAMES_SHOWN_MAX]
    )
    return tuple(errors) if errors else msgspec.convert(values, RefinementRequest)


def read_idempotency_key(values: Sequence[str]) -> str | None:
    """The key in the `Idempotency-Key` headers of a request; None if there is no such header.

    Raises:
        Invalid: there are several, or it is not 1 to 255 visible ASCII characters.
    """
    if not values:
        return None
    match = _IDEMPOTENCY_KEY.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise Invalid("must be one value of 1 to 255 visible ASCII characters")
    return match[1] or match[2]


def idempotency_error(error: Invalid) -> FieldError:
    """What is wrong with the `Idempotency-Key` header."""
    return FieldError(field=IDEMPOTENCY_HEADER, detail=str(error), header=IDEMPOTENCY_HEADER)


def _read_url(value: object, *, may_fetch: Callable[[str], bool]) -> str:
    if not isinstance(value, str):
        raise Invalid("must be a string")
    if len(value) > URL_LENGTH_MAX:
        raise Invalid(f"must have at most {URL_LENGTH_MAX} characters")
    if not value.isprintable() or " " in value or "\\" in value:
        raise Invalid("must not contain whitespace, control characters or backslashes")
    try:
        parts = urlsplit(value)
        is_complete = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_complete = is_complete and parts.port != 0 and _URL.fullmatch(value) is not None
    except ValueError as error:
        raise Invalid("must be a valid URL") from error
    if "@" in parts.netloc:
        raise Invalid("must not contain a user name or password")
    if not is_complete:
        raise Invalid("must be an http or https URL")
    if not may_fetch(value):
        raise NeverFetched
    return value


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        raise Invalid("must be a string")
    text = value.strip()
    if len(text) < TEXT_LENGTH_MIN or len(value) > TEXT_LENGTH_MAX:
        raise Invalid(f"must have {TEXT_LENGTH_MIN} to {TEXT_LENGTH_MAX} characters")
    if _CONTROL.search(value):
        raise Invalid("must not contain control characters")
    return text


def _read_aspects(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(one in ASPECTS for one in value):
        raise Invalid("must be a list of: " + ", ".join(ASPECTS))
    if len(set(value)) != len(value):
        raise Invalid("must not name an aspect twice")
    return tuple(value)


def _read_engine(value: object, *, offered: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in offered:
        raise Invalid("must be one of: " + ", ".join(offered) if offered else "cannot be chosen")
    return value


_READERS: Final[Mapping[str, Callable[[object], object]]] = {
    "refinement_prompt": _read_text,
    "logo_description": _read_text,
    "theme_description": _read_text,
    "preserve_aspects": _read_aspects,
}


def _repeated_names(body: bytes) -> list[str]:
    """The first fields that a JSON object has twice: parsers disagree on which one counts."""
    pairs: tuple[tuple[str, object], ...] = _PAIRS.decode(body.decode())
    counts = Counter(name for name, _ in pairs)
    return [name for name, count in counts.items() if count > 1][:_WRONG_NAMES_SHOWN_MAX]


def _body_error(detail: str) -> FieldError:
    return FieldError(field=_BODY, detail=detail, pointer="#")


def _field_error(name: str, error: Invalid) -> FieldError:
    name = name[:_FIELD_NAME_SHOWN_MAX]
    token = name.replace("~", "~0").replace("/", "~1")
    return FieldError(
        field=name,
        detail=str(error),
        pointer=f"#/{quote(token, safe='~')}",
        code=error.code,
        reason=error.reason,
    )
