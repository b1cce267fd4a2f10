"""Logs: JSON lines on standard error, without secrets and without room for forged lines."""

import logging
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from services.runtime.settings import LogSettings, Secret

TEXT_LENGTH_MAX: Final = 2000
# More than is shown, so that a secret that is cut off by the first bound is past the second.
READ_LENGTH_MAX: Final = 4 * TEXT_LENGTH_MAX
DEPTH_MAX: Final = 4
NAMES_MAX: Final = 1024

_SECRET_NAME: Final = re.compile(
    r"authorization|cookie|token|secret|password|passwd|api_?key|access_?key|signature|credential",
    re.IGNORECASE,
)
_REDACTIONS: Final = (
    # A JWT, wherever it stands.
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"\b(Bearer|Basic)\s+\S+", re.IGNORECASE), r"\1 [secret]"),
    # Credentials in a URL of any scheme: mongodb://, nats:// and the rest.
    # With a colon up to the last `@`, because passwords hold what their owners forgot to escape.
    (
        re.compile(r"\b([a-z][a-z0-9+.-]{0,20}://)(?:[^\s/@:]*:\S*@|[^\s/@]+@)", re.IGNORECASE),
        r"\1[secret]@",
    ),
    # A presigned URL is a bearer secret, and its secret is in the query.
    (re.compile(r"\b(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+", re.IGNORECASE), r"\1?[query]"),
)
# What every redaction begins with: most texts have none of it, and cost one search.
_SUSPICIOUS: Final = re.compile(r"eyJ|://|\b(?:bearer|basic)\s", re.IGNORECASE)
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def configure_logs(settings: LogSettings, *, service: str) -> None:
    """Set up logging for this process; called once, by a composition root."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]

    def name_service(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
        entry["service"] = service
        return entry

    render: list[Processor] = (
        [_render_json] if settings.format == "json" else [structlog.dev.ConsoleRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            name_service,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            # Last before the renderer, so that nothing is added behind its back.
            redact,
            *render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Forward()], force=True)


def redact(_: WrappedLogger, __: str, entry: EventDict) -> EventDict:
    """Take secrets out of an entry, by the name of a field and by the look of a value."""
    return {name: _clean(name, value, depth=0) for name, value in entry.items()}


def _clean(name: str, value: object, *, depth: int) -> object:
    if isinstance(value, Secret) or (_is_secret_name(name) and value is not None):
        return "[secret]"
    if isinstance(value, str):
        return _clean_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < DEPTH_MAX:
        if isinstance(value, Mapping):
            return {
                _clean_text(str(key)): _clean(str(key), item, depth=depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [_clean(name, item, depth=depth + 1) for item in value]
        return _clean_text(str(value))
    return "[too deep]"


@lru_cache(maxsize=NAMES_MAX)
def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _clean_text(text: str) -> str:
    text = text[:READ_LENGTH_MAX]
    if _SUSPICIOUS.search(text):
        for pattern, replacement in _REDACTIONS:
            text = pattern.sub(replacement, text)
    if len(text) > TEXT_LENGTH_MAX:
        text = text[:TEXT_LENGTH_MAX] + "…"
    if _UNPRINTABLE.search(text):
        text = _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return text


def _render_json(_: WrappedLogger, __: str, entry: EventDict) -> str:
    ordered = {"timestamp": entry.pop("timestamp", ""), "event": entry.pop("event", "")}
    encoded = msgspec.json.encode({**ordered, **entry}, enc_hook=str)
    return encoded.decode("utf-8", "replace")


class _Forward(logging.Handler):
    """Hands the warnings of libraries that use the standard library's logging to our log."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # its arguments do not fit its format
            message = str(record.msg)
        structlog.get_logger().warning(
            "library.warning", library=record.name, message=message, exc_info=record.exc_info
        )
