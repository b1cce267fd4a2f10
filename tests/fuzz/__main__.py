"""Fuzzes the served API by its own description: `python -m tests.fuzz --max-examples 300`.

Whatever else is given goes to `schemathesis run` as it is. Ends as it ends: 0 if nothing was found.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import jwt

from tests.unit.api_world import SIGNING_KEY, START

USERS: Final = ("ada", "grace")
CONFIG: Final = Path(__file__).with_name("schemathesis.toml")
START_WAIT_S: Final = 20.0
STOP_WAIT_S: Final = 10.0
POLL_S: Final = 0.05
ASSET: Final = re.compile(r'href="/schema/assets/([^"]+)"')
# The clock of the world moves by a second with every event.
TOKEN_LIVES: Final = timedelta(days=365)


def main() -> int:
    """Serve, fuzz, stop."""
    with tempfile.TemporaryDirectory() as folder, served() as port:
        auth = Path(folder) / "auth.json"
        _ = auth.write_text(json.dumps(tokens()), encoding="utf-8")
        return fuzz(port, auth=auth, arguments=sys.argv[1:])


def tokens() -> dict[str, object]:
    """A token for each user, as a document of the Web Fuzzing Commons."""
    ends_at = (START + TOKEN_LIVES).timestamp()
    return {
        "auth": [
            {
                "name": user,
                "fixedHeaders": [
                    {
                        "name": "Authorization",
                        "value": "Bearer "
                        + jwt.encode({"sub": user, "exp": ends_at}, SIGNING_KEY, "HS256"),
                    }
                ],
            }
            for user in USERS
        ]
    }


def fuzz(port: int, *, auth: Path, arguments: Sequence[str]) -> int:
    """Run schemathesis against the description that is served on a port."""
    # Not `python -m schemathesis`: there is no such module to run.
    command = Path(sys.executable).with_name("schemathesis")
    api = f"http://127.0.0.1:{port}"
    run = ("run", f"{api}/schema/openapi.json", "--checks", "all")
    return subprocess.run(  # noqa: S603 - the program that the wheel installed
        (command, "--config-file", CONFIG, *run, *arguments),
        env={
            **os.environ,
            "FUZZ_API": api,
            "FUZZ_AUTH": str(auth),
            "FUZZ_ASSET": _asset(port),
        },
        check=False,
    ).returncode


@contextmanager
def served() -> Iterator[int]:
    """Serve the API in a process of its own until the block ends."""
    port = _free_port()
    with tempfile.TemporaryFile() as log:
        service = subprocess.Popen(  # noqa: S603 - a program of ours
            (sys.executable, "-m", "tests.fuzz.service", str(port)), stdout=log, stderr=log
        )
        try:
            if not _is_listening_in_time(service, port):
                _ = log.seek(0)
                raise RuntimeError(f"the service did not start: {log.read().decode()}")
            yield port
        finally:
            service.send_signal(signal.SIGTERM)
            try:
                _ = service.wait(STOP_WAIT_S)
            except subprocess.TimeoutExpired:
                service.kill()
                _ = service.wait()


def _asset(port: int) -> str:
    """The name of the file that the page refers to."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=START_WAIT_S)) as connection:
        connection.request("GET", "/schema")
        found = ASSET.search(connection.getresponse().read().decode())
    assert found is not None
    return found[1]


def _is_listening_in_time(service: subprocess.Popen[bytes], port: int) -> bool:
    ends_at = time.monotonic() + START_WAIT_S
    while time.monotonic() < ends_at and service.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(POLL_S)
    return False


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
