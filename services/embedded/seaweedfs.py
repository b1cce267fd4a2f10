"""SeaweedFS as an S3 server: one process, loopback only, one identity, one bucket."""

import asyncio
import contextlib
import datetime as dt
import hashlib
import hmac
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.embedded.credentials import Credentials
from services.embedded.leash import LeashedProcess
from services.embedded.ports import GRPC_OFFSET
from services.embedded.private_files import make_private_directory
from services.embedded.readiness import Launch, NotReady, start_server

NAME: Final = "weed"
BUCKET: Final = "refinery"
REGION: Final = "us-east-1"
PORTS: Final = (
    "s3",
    "s3_grpc",
    "s3_master",
    "s3_master_grpc",
    "s3_volume",
    "s3_volume_grpc",
    "s3_filer",
    "s3_filer_grpc",
    "s3_admin",
)
# The admin server's other port is not ours to choose.
PAIRED_PORTS: Final = ("s3_admin",)
# The server drops sockets here, named after its ports, whatever TMPDIR says, and leaves one behind
# when it stops and all of them when it is killed.
_SOCKETS: Final = Path("/tmp")  # noqa: S108 - the server's choice, see above
_ATTEMPT_S: Final = 5.0
_OK: Final = 200
_PROBE: Final = "ready.txt"


async def start_seaweedfs(launch: Launch, *, credentials: Credentials) -> LeashedProcess:
    """Start the server and wait until it keeps an object.

    Raises:
        ServerDidNotStart: it ended, or did not become ready in time.
        ProgramNotLaunched: it could not be executed.
        OSError: its directory could not be written.
    """
    store = launch.directory / "store"
    make_private_directory(store)
    remove_sockets(launch.ports)
    return await start_server(
        launch,
        arguments=_arguments(store, launch.ports),
        ready=lambda: _keep_an_object(port=launch.ports["s3"], credentials=credentials),
        # Without an identity the server lets anybody in.
        variables={
            "AWS_ACCESS_KEY_ID": credentials.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.s3_secret_key,
        },
    )


def remove_sockets(ports: Mapping[str, int]) -> None:
    """Remove the sockets that a server with these ports left behind."""
    numbers = [*ports.values(), ports["s3_admin"] + GRPC_OFFSET]
    for number in numbers:
        for path in _SOCKETS.glob(f"seaweedfs-*-{number}.sock"):
            with contextlib.suppress(OSError):
                found = path.lstat()
                if stat.S_ISSOCK(found.st_mode) and found.st_uid == os.getuid():
                    path.unlink()


def _arguments(store: Path, ports: Mapping[str, int]) -> tuple[str, ...]:
    return (
        "-logtostderr=true",  # the default leaves log files in TMPDIR at each start
        "mini",
        f"-dir={store}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",  # the default listens everywhere
        f"-bucket={BUCKET}",
        "-disableHttp",  # else the filer serves objects to anybody
        "-master.telemetry=false",  # the default reports to its maker
        "-admin.ui=false",
        "-webdav=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-volume.preStopSeconds=0",
        f"-s3.port={ports['s3']}",
        f"-s3.port.grpc={ports['s3_grpc']}",
        f"-master.port={ports['s3_master']}",
        f"-master.port.grpc={ports['s3_master_grpc']}",
        f"-volume.port={ports['s3_volume']}",
        f"-volume.port.grpc={ports['s3_volume_grpc']}",
        f"-filer.port={ports['s3_filer']}",
        f"-filer.port.grpc={ports['s3_filer_grpc']}",
        f"-admin.port={ports['s3_admin']}",
    )


async def _keep_an_object(*, port: int, credentials: Credentials) -> None:
    """Write a small object and read it back, with signed requests, as a client would.

    The bucket is there before the server has joined its parts: for some seconds it may know of no
    volume to write to or to read from.
    """
    for method, body in (("PUT", b"ready"), ("GET", b"")):
        request = signed_request(
            method, f"/{BUCKET}/{_PROBE}", port=port, credentials=credentials, body=body
        )
        status = await _ask(request, port=port)
        if status != str(_OK):
            raise NotReady(f"{method} of an object is answered with {status or 'nothing'}")


async def _ask(request: bytes, *, port: int) -> str:
    """Send a request and return the status of its answer."""
    try:
        async with asyncio.timeout(_ATTEMPT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request)
                await writer.drain()
                line = await reader.readline()
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError, ValueError) as error:
        raise NotReady("nobody answers yet") from error
    _, _, rest = line.decode(errors="replace").partition(" ")
    return rest[:3]


def signed_request(
    method: str, path: str, *, port: int, credentials: Credentials, body: bytes = b""
) -> bytes:
    """Return the bytes of one HTTP request, signed with AWS Signature Version 4.

    Args:
        method: such as `HEAD`.
        path: from the root, already percent-encoded, without a query.
        port: where the server listens on 127.0.0.1.
        credentials: whose S3 key signs.
        body: what to send.
    """
    now = dt.datetime.now(dt.UTC)
    moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    digest = hashlib.sha256(body).hexdigest()
    signed = {
        "host": f"127.0.0.1:{port}",
        "x-amz-content-sha256": digest,
        "x-amz-date": moment,
    }
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{digest}"
    scope = f"{day}/{REGION}/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}"
    key = f"AWS4{credentials.s3_secret_key}".encode()
    for part in (day, REGION, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    headers = signed | {
        "authorization": (
            f"AWS4-HMAC-SHA256 Credential={credentials.s3_access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        ),
        "content-length": str(len(body)),
        "connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body
