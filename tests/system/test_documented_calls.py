"""The pages about the API: every line of theirs is typed as it stands, and answered as they show.

A page is one user's visit: two tasks are there, one that failed and then the completed one that
TASK_ID names; IMAGE is in the bucket; what one block exports, the next ones have.
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from uuid import uuid4

import aiohttp
import msgspec
import pytest

from tests.system.customers import FORBIDDEN_URL, Customer
from tests.system.documented import Call, differences, frames_of, read_page, statuses_shown
from tests.system.running import COMMAND_BOUND_S, Ended, Service

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final = (DOCS / "api.md", *sorted((DOCS / "api").glob("*.md")))
SAMPLE: Final = Path(__file__).parents[2] / "services" / "cli" / "sample" / "coffee-logo.png"
# They show tasks that have not ended, which a quick worker would not leave them.
WITHOUT_WORKER: Final = frozenset({"refine.md", "cancel.md"})
TOOLS: Final = ("bash", "curl", "jq", "node")
# Where readers have the service; here its port is another one each time.
API_SHOWN: Final = "http://127.0.0.1:8000"
PROMPT_SHOWN: Final = "lighter shades of brown"
# Tells of each call which status it got, aside from what it prints.
CURL_SETTINGS: Final = 'silent\nmax-time = 35\nwrite-out = "%{stderr}status=%{http_code}\\n"\n'
STATUS: Final = re.compile(r"^status=(\d+)$", re.MULTILINE)
SCRIPT: Final = (
    "set -aeuo pipefail\nif [ -f page.env ]; then . ./page.env; fi\n{}\nexport -p >page.env"
)

pytestmark = pytest.mark.system


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
async def test_a_page_shows_what_comes(
    path: Path, studio: Service, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Statuses, names of headers and fields, events and lines; values are free."""
    page = read_page(path)
    typed = "\n".join(["bash", *(call.script for call in page.calls)])
    needed = [tool for tool in TOOLS if re.search(rf"\b{tool}\b", typed)]
    missing = [tool for tool in needed if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"typing in this page takes {', '.join(missing)}, not installed here")
    environment = await prepare(studio, session, tmp_path)
    for name, text in page.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    with ExitStack() as stack:
        if path.name in WITHOUT_WORKER:
            stack.enter_context(studio.frozen("worker"))
        found = [wrong for call in page.calls for wrong in play(call, tmp_path, environment)]

    assert page.calls
    assert found == []


def test_what_is_not_so_is_found(tmp_path: Path) -> None:
    """A page that says too much, too little, or another status does not pass."""
    path = tmp_path / "page.md"
    path.write_text(
        "```sh\ncurl\n```\n"
        "```http\nHTTP/1.1 200 OK\nallow: GET\n```\n"
        '```json\n{"a": 1, "b": [1]}\n```\n'
    )
    [call] = read_page(path).calls
    true = 'HTTP/1.1 200 OK\r\nAllow: GET\r\nDate: now\r\n\r\n{"a": 2, "b": [3]}'

    assert differences(call.shown, true) == []
    for part, other in (
        ("200 OK", "202 Accepted"),
        ("Allow: GET", "Allow: PUT"),
        ("Allow", "Accept"),
        ("Date", "ETag"),
        ('"a"', '"c"'),
        ("2, ", '2, "d": 1, '),
        ("2", '"2"'),
        ("[3]", "[3, 4]"),
    ):
        assert differences(call.shown, true.replace(part, other)), other


def test_streams_are_compared_by_their_history() -> None:
    """Progress and comments come as they like."""
    told = "retry: 1\n\nid: 4\nevent: requested\ndata: {}\n\n"
    noise = ": still here\n\nevent: progress\ndata: {}\n\n"

    assert frames_of(told + noise) == frames_of(told)


async def prepare(
    studio: Service, session: aiohttp.ClientSession, directory: Path
) -> dict[str, str]:
    """Put a new user's things into a directory; the variables that the pages speak of."""
    user = f"reader-{uuid4()}"
    customer = Customer(session, studio, user)
    image_url = studio.upload(SAMPLE)
    await customer.ended(await customer.accepted(FORBIDDEN_URL))
    task_id = (await customer.refine(image_url, prompt=PROMPT_SHOWN)).json["task_id"]
    assert (await customer.ended(task_id))["status"] == "completed"
    (directory / "refinery-data").symlink_to(studio.data)
    (directory / "demo-output").mkdir()
    shutil.copy(SAMPLE, directory / "demo-output" / "coffee-logo-before.png")
    (directory / ".curlrc").write_text(CURL_SETTINGS)
    return {
        "API": studio.ready.api,
        "TOKEN": studio.token_of(user),
        "TASK_ID": task_id,
        "IMAGE": image_url,
        "CURL_HOME": str(directory),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


def play(call: Call, directory: Path, environment: dict[str, str]) -> list[str]:
    """Type a block of a page; what is not as the page says, and where."""
    script = call.script.replace(API_SHOWN, environment["API"])
    ended = type_in(SCRIPT.format(script), directory, environment)
    came = [int(status) for status in STATUS.findall(ended.stderr)]
    where = f"line {call.line}:"
    if ended.status != 0:
        return [f"{where} exit status {ended.status}, statuses {came}, {ended.stderr}"]
    if "curl" in call.script and not came:
        return [f"{where} nothing was called"]
    shown = statuses_shown(call)
    if shown and came[-len(shown) :] != shown:
        return [f"{where} the statuses are {came}, shown are {shown}: {ended.stdout}"]
    if not shown and not all(200 <= status < 300 for status in came):
        return [f"{where} the statuses are {came}: {ended.stdout}"]
    try:
        return [f"{where} {wrong}" for wrong in differences(call.shown, ended.stdout)]
    except msgspec.DecodeError as error:
        return [f"{where} {error}: {ended.stdout}"]


def type_in(script: str, directory: Path, environment: dict[str, str]) -> Ended:
    """Run a script in bash, in a directory, with variables that only it has."""
    done = subprocess.run(  # noqa: S603 - what runs is our own documentation
        ("/usr/bin/env", "bash", "-c", script),
        capture_output=True,
        text=True,
        cwd=directory,
        env=os.environ | environment,
        timeout=COMMAND_BOUND_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ended(status=done.returncode, stdout=done.stdout, stderr=done.stderr)
