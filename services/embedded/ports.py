"""Loopback ports for the servers, remembered for each data directory so that addresses last."""

import random
import socket
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from services.embedded.errors import NoFreePort, PortTaken
from services.embedded.private_files import write_private

# Below the range from which Linux (32768) and macOS (49152) take ports for outgoing connections;
# and so that a port and the one GRPC_OFFSET above it never meet another port of ours.
PORT_MIN: Final = 12_000
PORT_MAX: Final = 21_999
# SeaweedFS's worker dials its admin server this far above the admin port, whatever it is told.
GRPC_OFFSET: Final = 10_000
TRIES_MAX: Final = 1_000
_FILE: Final = "ports.json"
_DECODER: Final = msgspec.json.Decoder(dict[str, int])


def choose_ports(
    data: Path,
    names: Sequence[str],
    *,
    asked: Mapping[str, int] | None = None,
    paired: Sequence[str] = (),
) -> dict[str, int]:
    """Choose one free port for each name, the same as last time where that one is still free.

    Args:
        data: the data directory, whose `ports.json` remembers the choice.
        names: what the ports are for.
        asked: ports that are wanted and no others, by name.
        paired: names whose port needs the one `GRPC_OFFSET` above it to be free as well.

    Raises:
        PortTaken: a port in `asked` is not free.
        NoFreePort: nearly everything is taken.
        OSError: `ports.json` could not be written.
    """
    remembered = _remembered(data)
    chosen: dict[str, int] = {}
    for name in names:
        wanted = (asked or {}).get(name)
        if wanted is not None:
            if wanted in chosen.values() or not is_free(wanted):
                raise PortTaken(wanted)
            chosen[name] = wanted
            continue
        chosen[name] = _pick(
            first=remembered.get(name), avoid=chosen.values(), paired=name in paired
        )
    if remembered | chosen != remembered:
        write_private(data / _FILE, msgspec.json.format(msgspec.json.encode(remembered | chosen)))
    return chosen


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As servers do: connections that linger after a restart do not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _remembered(data: Path) -> dict[str, int]:
    """Read the last choice; a damaged file only costs the old addresses."""
    try:
        found = _DECODER.decode((data / _FILE).read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
    return {name: port for name, port in found.items() if 0 < port < 1 << 16}


def _pick(*, first: int | None, avoid: Collection[int], paired: bool) -> int:
    candidates = (random.randint(PORT_MIN, PORT_MAX) for _ in range(TRIES_MAX))  # noqa: S311 - no secret
    for port in (first, *candidates):
        if port is None or port in avoid or not is_free(port):
            continue
        if not paired or (port + GRPC_OFFSET < 1 << 16 and is_free(port + GRPC_OFFSET)):
            return port
    raise NoFreePort(tried=TRIES_MAX)
