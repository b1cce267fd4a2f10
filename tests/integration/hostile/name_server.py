"""A name server over UDP that answers as a table says, lies and silence included."""

import asyncio
import struct
from collections import Counter
from ipaddress import ip_address
from typing import Final, TypeAlias, cast

import msgspec
from typing_extensions import override

_ADDRESS_KINDS: Final = {1: 4, 28: 16}
_ALIAS: Final = 5
_INTERNET: Final = 1
_TTL_S: Final = 0
_ANSWERED: Final = 0x8580
_NO_SUCH_NAME: Final = 0x8583
_HEAD_BYTES: Final = 12

Peer: TypeAlias = tuple[str, int]


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """What a name leads to: its `turns` one after another, the last one again and again.

    `aliases` is a chain of CNAME records in front of the addresses. No turn at all is silence.
    """

    turns: tuple[tuple[str, ...], ...]
    aliases: tuple[str, ...] = ()


class NameServer(asyncio.DatagramProtocol):
    """Answers questions about the names of a table; others do not exist."""

    def __init__(self, names: dict[str, Name]) -> None:
        self._names = names
        self._asked: Counter[tuple[str, int]] = Counter()
        self._transport: asyncio.DatagramTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Asyncio's own is no subclass of what it promises to be.
        self._transport = cast(asyncio.DatagramTransport, transport)

    @override
    def datagram_received(self, data: bytes, addr: Peer) -> None:
        assert self._transport is not None
        name, kind, question = _read_question(data)
        self._asked[name, kind] += 1
        known = self._names.get(name)
        if known is None:
            self._transport.sendto(_message(data, _NO_SUCH_NAME, question, []), addr)
        elif known.turns:
            turn = known.turns[min(self._asked[name, kind], len(known.turns)) - 1]
            records = _records(name, kind, known.aliases, turn)
            self._transport.sendto(_message(data, _ANSWERED, question, records), addr)


def _read_question(message: bytes) -> tuple[str, int, bytes]:
    labels = []
    place = _HEAD_BYTES
    while length := message[place]:
        labels.append(message[place + 1 : place + 1 + length].decode("ascii").lower())
        place += 1 + length
    (kind,) = struct.unpack(">H", message[place + 1 : place + 3])
    return ".".join(labels), kind, message[_HEAD_BYTES : place + 5]


def _records(
    name: str, kind: int, aliases: tuple[str, ...], addresses: tuple[str, ...]
) -> list[bytes]:
    records = []
    for alias in aliases:
        records.append(_record(name, _ALIAS, _encode_name(alias)))
        name = alias
    packed = [ip_address(address).packed for address in addresses]
    wanted = _ADDRESS_KINDS.get(kind)
    return records + [_record(name, kind, value) for value in packed if len(value) == wanted]


def _record(name: str, kind: int, value: bytes) -> bytes:
    head = struct.pack(">HHIH", kind, _INTERNET, _TTL_S, len(value))
    return _encode_name(name) + head + value


def _encode_name(name: str) -> bytes:
    labels = [bytes([len(label)]) + label.encode("ascii") for label in name.split(".")]
    return b"".join(labels) + b"\0"


def _message(query: bytes, flags: int, question: bytes, records: list[bytes]) -> bytes:
    head = query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
    return head + question + b"".join(records)
