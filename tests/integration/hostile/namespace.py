"""A network of this process's own: private addresses that reach nobody, and a resolver to match."""

import ctypes
import os
import socket
import struct
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Final

_NEW_USER: Final = 0x10000000
_NEW_NETWORK: Final = 0x40000000
_NEW_MOUNTS: Final = 0x00020000
_MOUNT_PRIVATE: Final = (1 << 14) | (1 << 18)
_MOUNT_BIND: Final = 1 << 12

_NEW_LINK: Final = 16
_NEW_ADDRESS: Final = 20
_REQUEST_AND_ACKNOWLEDGE: Final = 1 | 4
_CREATE_EXCLUSIVELY: Final = 0x400 | 0x200
_ADDRESS: Final = 1
_LOCAL: Final = 2
_UP: Final = 1
_NO_DUPLICATE_DETECTION: Final = 2
_FILE_EXISTS: Final = 17

_SYSTEM: Final = ctypes.CDLL(None, use_errno=True)


def enter(addresses: Iterable[str], scratch: Path) -> None:
    """Leave the machine's network for an empty one in which `addresses` are ours.

    Names are asked of 127.0.0.1, and `localhost` is all that the hosts file knows. To be called
    before the process has a second thread; there is no way back.

    Raises:
        OSError: the machine does not let us.
    """
    user, group = os.getuid(), os.getgid()
    try:
        _call("unshare", _NEW_USER | _NEW_NETWORK | _NEW_MOUNTS)
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    except OSError:
        # Some containers refuse user namespaces, and need none because we are root there.
        _call("unshare", _NEW_NETWORK | _NEW_MOUNTS)
    _call("mount", b"none", b"/", None, _MOUNT_PRIVATE, None)
    for target, text in (
        ("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:3 attempts:1\n"),
        ("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
        ("/etc/nsswitch.conf", "hosts: files dns\n"),
    ):
        _replace(Path(target), text, scratch)
    _bring_up(addresses)


def _replace(target: Path, text: str, scratch: Path) -> None:
    if target.exists():
        source = scratch / target.name
        source.write_text(text, encoding="ascii")
        _call("mount", os.fsencode(source), os.fsencode(target), None, _MOUNT_BIND, None)


def _call(name: str, *arguments: object) -> None:
    if getattr(_SYSTEM, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _bring_up(addresses: Iterable[str]) -> None:
    loopback = socket.if_nametoindex("lo")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.bind((0, 0))
        up = struct.pack("=BxHiII", 0, 0, loopback, _UP, _UP)
        _ask(kernel, _NEW_LINK, _REQUEST_AND_ACKNOWLEDGE, up)
        for address in ("127.0.0.1", "::1", *addresses):
            packed = ip_address(address).packed
            is_short = len(packed) == len(b"IPv4")
            family = socket.AF_INET if is_short else socket.AF_INET6
            prefix = 8 if address == "127.0.0.1" else 8 * len(packed)
            flags = 0 if is_short else _NO_DUPLICATE_DETECTION
            head = struct.pack("=BBBBI", family, prefix, flags, 0, loopback)
            body = head + _attribute(_ADDRESS, packed) + _attribute(_LOCAL, packed)
            _ask(kernel, _NEW_ADDRESS, _REQUEST_AND_ACKNOWLEDGE | _CREATE_EXCLUSIVELY, body)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value


def _ask(kernel: socket.socket, kind: int, flags: int, body: bytes) -> None:
    kernel.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)
    (outcome,) = struct.unpack("=i", kernel.recv(65536)[16:20])
    if -outcome not in {0, _FILE_EXISTS}:
        raise OSError(-outcome, f"netlink {kind}: {os.strerror(-outcome)}")
