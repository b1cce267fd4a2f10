"""nats-server with JetStream: configuration, start, and waiting until JetStream answers."""

import asyncio
import importlib.resources
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from services.embedded.credentials import Credentials, NatsPasswords
from services.embedded.leash import LeashedProcess
from services.embedded.private_files import make_private_directory, write_private
from services.embedded.readiness import Launch, NotReady, start_server

NAME: Final = "nats-server"
PORTS: Final = ("nats",)
ACCOUNT: Final = "APP"
PAYLOAD_BYTES_MAX: Final = 1024 * 1024
_ATTEMPT_S: Final = 2.0
_LINE_BYTES_MAX: Final = 64 * 1024


class SubjectPermissions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Subjects a user may use, and exceptions from them, in the server's own words."""

    allow: tuple[str, ...]
    deny: tuple[str, ...] = ()


class UserPermissions(msgspec.Struct, frozen=True, kw_only=True):
    """What one user may publish and subscribe to."""

    publish: SubjectPermissions
    subscribe: SubjectPermissions


class NatsUser(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the permission table; `delivered` is what push consumers may send the user.

    What it `announces` reaches, past the stream's account, those whose row says that it `hears` it.
    """

    user: str
    account: str
    purpose: str
    permissions: UserPermissions
    delivered: tuple[str, ...] = ()
    announces: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()


class PermissionTable(msgspec.Struct, frozen=True, kw_only=True):
    """Who may say and hear what; the same table for embedded and for operated servers."""

    about: str
    users: tuple[NatsUser, ...]


class _Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """What one account lets pass to others."""

    exporter: str
    kind: Literal["service", "stream"]
    subject: str


_TABLE: Final = msgspec.json.Decoder(PermissionTable)


def permission_table() -> PermissionTable:
    """Read the permission table that is shipped as `deploy/nats/permissions.json`."""
    file = importlib.resources.files("deploy") / "nats" / "permissions.json"
    return _TABLE.decode(file.read_bytes())


def render_configuration(*, port: int, store: Path, passwords: NatsPasswords) -> bytes:
    """Return the server's configuration; JSON is a subset of its format, so quoting is JSON's."""
    configuration = {
        "server_name": "refinery",
        "host": "127.0.0.1",
        "port": port,
        "max_payload": PAYLOAD_BYTES_MAX,
        # Every acknowledged append is on disk; the default leaves two minutes to a power cut.
        "jetstream": {"store_dir": str(store), "sync_interval": "always"},
        "accounts": _accounts(passwords),
    }
    return json.dumps(configuration, indent=2).encode()


def render_accounts() -> str:
    """The accounts for the configuration of operated servers, passwords from their environment.

    Each is the variable `NATS_<USER>_PASSWORD` of the server, which reads `$NAME` outside quotes.
    """
    names = {name: f"${name}$" for name in NatsPasswords.__struct_fields__}
    text = json.dumps(_accounts(NatsPasswords(**names)), indent=2)
    for name, placeholder in names.items():
        text = text.replace(f'"{placeholder}"', f"$NATS_{name.upper()}_PASSWORD")
    return f"accounts: {text}\n"


def _accounts(passwords: NatsPasswords) -> Mapping[str, object]:
    """The stream's account, and one for each other user that imports just what its row allows.

    A request that is imported gets a reply subject of the server's making, so nobody outside the
    stream's account can have an answer sent to a subject in it
    (docs/decisions/0016-an-account-for-each-user.md).
    """
    rows = permission_table().users
    crossings = {row.account: _crossings(row, rows) for row in rows}
    importers: dict[_Crossing, list[str]] = {}
    for account, imported in crossings.items():
        for crossing in imported:
            importers.setdefault(crossing, []).append(account)
    accounts: dict[str, dict[str, object]] = {}
    for row in rows:
        accounts[row.account] = {
            "users": [
                {
                    "user": row.user,
                    "password": getattr(passwords, row.user),
                    "permissions": msgspec.to_builtins(_permissions(row)),
                }
            ],
            "imports": [
                {one.kind: {"account": one.exporter, "subject": one.subject}}
                for one in crossings[row.account]
            ],
            "exports": [
                {one.kind: one.subject, "accounts": to}
                for one, to in importers.items()
                if one.exporter == row.account
            ],
        }
    accounts[ACCOUNT]["jetstream"] = "enabled"
    return accounts


def _crossings(row: NatsUser, rows: Sequence[NatsUser]) -> Sequence[_Crossing]:
    """What a user's account imports."""
    if row.account == ACCOUNT:
        return ()
    asked = (
        _Crossing(exporter=ACCOUNT, kind="service", subject=one)
        for one in row.permissions.publish.allow
    )
    delivered = (_Crossing(exporter=ACCOUNT, kind="stream", subject=one) for one in row.delivered)
    heard = (
        _Crossing(exporter=other.account, kind="stream", subject=one)
        for other in rows
        for one in other.announces
        if one in row.hears
    )
    return (*asked, *delivered, *heard)


def _permissions(row: NatsUser) -> UserPermissions:
    """What a user may say and hear within its account."""
    publish, subscribe = row.permissions.publish, row.permissions.subscribe
    return UserPermissions(
        publish=msgspec.structs.replace(publish, allow=(*publish.allow, *row.announces)),
        subscribe=msgspec.structs.replace(subscribe, allow=(*subscribe.allow, *row.hears)),
    )


async def start_nats(launch: Launch, *, credentials: Credentials) -> LeashedProcess:
    """Start the server and wait until JetStream answers the administrator.

    Raises:
        ServerDidNotStart: it ended, or did not become ready in time.
        ProgramNotLaunched: it could not be executed.
        OSError: its directory could not be written.
    """
    port, passwords = launch.ports["nats"], credentials.nats
    make_private_directory(launch.directory)
    configuration = launch.directory / "nats.conf"
    write_private(
        configuration,
        render_configuration(port=port, store=launch.directory / "store", passwords=passwords),
    )
    return await start_server(
        launch,
        arguments=("--config", str(configuration)),
        ready=lambda: _ask_jetstream(port=port, password=passwords.admin),
    )


async def _ask_jetstream(*, port: int, password: str) -> None:
    """Sign in as the administrator and ask JetStream about the account."""
    try:
        async with asyncio.timeout(_ATTEMPT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LINE_BYTES_MAX)
            try:
                await _exchange(reader, writer, password=password)
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError, ValueError) as error:
        raise NotReady("JetStream does not answer") from error


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, password: str
) -> None:
    options = {"user": "admin", "pass": password, "verbose": False, "pedantic": False}
    _ = await reader.readline()  # the server's INFO
    writer.write(
        f"CONNECT {json.dumps(options)}\r\n"
        "SUB _INBOX_admin.ready 1\r\n"
        "PUB $JS.API.INFO _INBOX_admin.ready 0\r\n\r\n".encode()
    )
    await writer.drain()
    while line := await reader.readline():
        if line.startswith(b"MSG "):
            answer = json.loads(await reader.readline())
            if "error" in answer:
                raise NotReady(f"JetStream answers {answer['error'].get('description')}")
            return
        if line.startswith(b"-ERR"):
            raise NotReady(line.decode(errors="replace").strip())
    raise NotReady("the connection was closed")
