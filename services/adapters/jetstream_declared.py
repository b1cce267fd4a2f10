"""The stream and the consumer that `deploy/jetstream/` declares: applied, and verified at start."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

import msgspec

from events.log import LogMismatch, LogUnavailable
from events.subjects import STREAM
from services.adapters.jetstream import CONSUMER, JetStreamConnection
from services.adapters.jetstream_answers import Answer

# A server that does not know a feature leaves its flag out, and one that has it off may do so too.
_DEFAULTS: Final[Mapping[str, object]] = {
    "allow_rollup_hdrs": False,
    "allow_msg_ttl": False,
    "allow_msg_schedules": False,
    "allow_atomic": False,
}
# What would let somebody rewrite, forge or lose history if it were set.
_FORBIDDEN: Final = (
    "mirror",
    "sources",
    "republish",
    "subject_transform",
    "sealed",
    "subject_delete_marker_ttl",
    "persist_mode",
)
_NAME_IN_USE: Final = 10058


class _ConfigAnswer(Answer):
    config: dict[str, object] = msgspec.field(default_factory=dict)


_CONFIG: Final = msgspec.json.Decoder(_ConfigAnswer)


async def apply(connection: JetStreamConnection, *, replicas: int) -> None:
    """Create the stream and the consumer, or bring the consumer up to date; idempotent.

    A stream that exists with other settings is left as it is: `verify` says how it differs.

    Raises:
        LogUnavailable: the server did not do it.
    """
    stream = _declared("stream") | {"num_replicas": replicas}
    answer = _CONFIG.decode(await connection.ask(f"STREAM.CREATE.{STREAM}", stream))
    if answer.error is not None and answer.error.err_code != _NAME_IN_USE:
        raise LogUnavailable(operation="create the stream", reason=answer.reason())
    consumer = _declared("consumer")
    subject = f"CONSUMER.CREATE.{STREAM}.{CONSUMER}.{consumer['filter_subject']}"
    request = {"stream_name": STREAM, "config": consumer}
    answer = _CONFIG.decode(await connection.ask(subject, request))
    if answer.error is not None:
        raise LogUnavailable(operation="create the consumer", reason=answer.reason())


async def verify_stream(connection: JetStreamConnection) -> None:
    """Compare the stream with its declaration.

    Raises:
        LogMismatch: it is missing or differs; the process must not serve.
        LogUnavailable: no answer.
    """
    found = await _config_of(connection, f"STREAM.INFO.{STREAM}", kind="stream")
    set_though_forbidden = [
        f"stream.{name} is set" for name in _FORBIDDEN if found.get(name) not in _UNSET
    ]
    _require_none(_differences("stream", found) + set_though_forbidden)


async def verify_consumer(connection: JetStreamConnection) -> None:
    """Compare the worker's consumer with its declaration.

    Raises:
        LogMismatch: it is missing or differs; the process must not serve.
        LogUnavailable: no answer.
    """
    found = await _config_of(connection, f"CONSUMER.INFO.{STREAM}.{CONSUMER}", kind="consumer")
    _require_none(_differences("consumer", found))


_UNSET: Final[tuple[object, ...]] = (None, False, 0, "", [], {}, "default")


async def _config_of(
    connection: JetStreamConnection, operation: str, *, kind: str
) -> Mapping[str, object]:
    answer = _CONFIG.decode(await connection.ask(operation))
    if answer.error is not None:
        raise LogMismatch(differences=[f"the {kind}: {answer.reason()}"])
    return answer.config


def _declared(kind: str) -> dict[str, object]:
    text = (files("deploy") / "jetstream" / f"{kind}.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, object])


def _differences(kind: str, found: Mapping[str, object]) -> list[str]:
    return [
        f"{kind}.{name} is {found.get(name)!r} instead of {value!r}"
        for name, value in _declared(kind).items()
        if name != "description" and found.get(name, _DEFAULTS.get(name)) != value
    ]


def _require_none(differences: list[str]) -> None:
    if differences:
        raise LogMismatch(differences=differences)
