"""mongod as a replica set of one: start, users, and a writable primary."""

import asyncio
import time
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from services.embedded.credentials import Credentials, MongoPasswords
from services.embedded.leash import LeashedProcess
from services.embedded.private_files import make_private_directory, write_private
from services.embedded.readiness import Launch, NeverReady, NotReady, start_server

NAME: Final = "mongod"
PORTS: Final = ("mongo",)
DATABASE: Final = "refinery"
REPLICA_SET: Final = "rs0"
CACHE_GB: Final = 0.25
ROLES: Final = {"api": "read", "projector": "readWrite"}
_ADMINISTRATOR: Final = "admin"
_ATTEMPT_MS: Final = 5_000
_PRIMARY_S: Final = 20.0
_PRIMARY_POLL_S: Final = 0.02
_UNAUTHORIZED: Final = 13
_AUTHENTICATION_FAILED: Final = 18
_ALREADY_INITIALIZED: Final = 23

Client = AsyncMongoClient[dict[str, Any]]


def mongo_url(*, port: int, user: str, password: str) -> str:
    """Return the address with which one user reaches the database."""
    return (
        f"mongodb://{user}:{password}@127.0.0.1:{port}/{DATABASE}"
        "?authSource=admin&directConnection=true"
    )


async def start_mongod(launch: Launch, *, credentials: Credentials) -> LeashedProcess:
    """Start the server, make it a writable primary at its present port, and make its users.

    Raises:
        ServerDidNotStart: it ended, or did not become ready in time.
        ProgramNotLaunched: it could not be executed.
        OSError: its directory could not be written.
    """
    port = launch.ports["mongo"]
    store = launch.directory / "store"
    make_private_directory(store)
    keyfile = launch.directory / "keyfile"
    write_private(keyfile, credentials.mongo_keyfile.encode())
    arguments = (
        *("--dbpath", str(store), "--port", str(port), "--bind_ip", "127.0.0.1"),
        "--nounixsocket",
        *("--replSet", REPLICA_SET, "--auth", "--keyFile", str(keyfile)),
        *("--wiredTigerCacheSizeGB", str(CACHE_GB)),
        # Diagnostics for the vendor's support: a write each second, and 200 MB in the end.
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    )
    return await start_server(
        launch,
        arguments=arguments,
        ready=lambda: _prepare(port=port, passwords=credentials.mongo),
    )


async def _prepare(*, port: int, passwords: MongoPasswords) -> None:
    """Bring the server to where everybody can use it; every step may have been done before."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        raise NotReady("nobody listens yet") from error
    writer.close()
    await writer.wait_closed()
    try:
        try:
            await _configure(port=port, passwords=passwords)
        except OperationFailure as error:
            if error.code != _AUTHENTICATION_FAILED:
                raise
            await _create_administrator(port=port, password=passwords.admin)
            await _configure(port=port, passwords=passwords)
    except OperationFailure as error:
        if error.code == _UNAUTHORIZED:
            reason = "the stored data has other passwords than credentials.json"
            raise NeverReady(reason) from error
        raise NotReady(_in_one_line(error)) from error
    except PyMongoError as error:
        raise NotReady(_in_one_line(error)) from error


async def _create_administrator(*, port: int, password: str) -> None:
    """Make the first user: while there is none, MongoDB lets a loopback connection do that."""
    async with _connect(f"mongodb://127.0.0.1:{port}/?directConnection=true") as client:
        await _become_primary(client, port=port)
        await client.admin.command(
            "createUser", _ADMINISTRATOR, pwd=password, roles=["root"], writeConcern={"w": 1}
        )


async def _configure(*, port: int, passwords: MongoPasswords) -> None:
    """As the administrator: bring the replica set to this port, and make the other users."""
    url = mongo_url(port=port, user=_ADMINISTRATOR, password=passwords.admin)
    async with _connect(url) as client:
        await _become_primary(client, port=port)
        known = await client.admin.command("usersInfo")
        names = {user["user"] for user in known["users"]}
        for name, role in ROLES.items():
            if name not in names:
                await client.admin.command(
                    "createUser",
                    name,
                    pwd=getattr(passwords, name),
                    roles=[{"role": role, "db": DATABASE}],
                )


def _connect(url: str) -> Client:
    return AsyncMongoClient(
        url, serverSelectionTimeoutMS=_ATTEMPT_MS, socketTimeoutMS=_ATTEMPT_MS, appname="refinery"
    )


async def _become_primary(client: Client, *, port: int) -> None:
    """Make the set if there is none, give it the present port if that changed, await the vote."""
    member = {"_id": 0, "host": f"127.0.0.1:{port}"}
    hello = await client.admin.command("hello")
    if hello.get("isWritablePrimary"):
        return
    if hello.get("setName") is None:
        await _initiate_or_move(client, member=member)
    deadline = time.monotonic() + _PRIMARY_S
    while not (await client.admin.command("hello")).get("isWritablePrimary"):
        if time.monotonic() >= deadline:
            raise NotReady(f"no primary within {_PRIMARY_S:g} s")
        await asyncio.sleep(_PRIMARY_POLL_S)


async def _initiate_or_move(client: Client, *, member: dict[str, Any]) -> None:
    """A member that finds itself in no set has none yet, or has one with its former port."""
    try:
        await client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
    except OperationFailure as error:
        if error.code != _ALREADY_INITIALIZED:
            raise
        found = (await client.admin.command("replSetGetConfig"))["config"]
        if found["members"][0]["host"] == member["host"]:
            return  # it is just reading its configuration
        moved = found | {"version": found["version"] + 1}
        moved["members"] = [found["members"][0] | member]
        await client.admin.command("replSetReconfig", moved, force=True)


def _in_one_line(error: PyMongoError) -> str:
    return " ".join(str(error).split())[:300]
