"""Hostile pictures in a real child process: each gets its code, and nothing grows, hangs or dies.

All go through one pool, one after another, as in a worker; the tests look at what was seen.
"""

import asyncio
import contextlib
import io
import re
import struct
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pytest
from PIL import Image

from services.refinement.engines import Instruction, Refinement
from services.refinement.failures import RefinementFailure
from services.refinement.jobs import Copy, Draw, Job
from services.refinement.pictures import PictureLimits
from services.refinement.studio import Studios
from tests.integration.hostile.pictures import (
    PICTURES,
    STOWAWAYS,
    OddPicture,
    encoded,
    logo,
)

LIMITS: Final = PictureLimits()
LIGHTER: Final = Instruction(refinement_prompt="make it lighter")
LOGO: Final = encoded(logo())
JOB_S: Final = 20.0
# The first test waits for all pictures.
pytestmark = pytest.mark.timeout(180)
MEMORY_BYTES_MAX: Final = 1024**3
LOOK_EVERY_S: Final = 0.01
_KIB: Final = 1024
# What an image needs to be one, and nothing that carries words.
PLAIN_CHUNKS: Final = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
REFUSED: Final = [case for case in PICTURES if case.code is not None]
GOOD: Final = [case for case in PICTURES if case.code is None]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a picture; `inspected` is the outcome of a job that reads the header only."""

    drawn: Refinement | RefinementFailure
    inspected: Refinement | RefinementFailure
    elapsed_s: float
    memory_bytes: int
    is_next_served: bool


async def attempt(studios: Studios, job: Job) -> Refinement | RefinementFailure:
    """Do a job, and return what came of it."""
    try:
        return await studios.run(job, timeout_s=JOB_S)
    except RefinementFailure as failure:
        return failure


def memory_of(pid: int) -> int:
    """The most bytes a process ever had in memory, 0 once it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return 0 if peak is None else int(peak[1]) * _KIB


@contextlib.asynccontextmanager
async def watched(pid: int) -> AsyncIterator[list[int]]:
    """Look at a process's memory, in bytes, again and again."""
    sizes = [0]

    async def look() -> None:
        while size := memory_of(pid):
            sizes.append(size)
            await asyncio.sleep(LOOK_EVERY_S)

    looking = asyncio.create_task(look())
    yield sizes
    _ = looking.cancel()
    _ = await asyncio.gather(looking, return_exceptions=True)


async def show(studios: Studios, case: OddPicture) -> Seen:
    """Let the pool have a picture, and a good one after it."""
    (studio,) = studios._studios
    pid = studio.pid
    assert pid is not None
    clock = asyncio.get_running_loop()
    body = case.make()
    async with watched(pid) as sizes:
        started = clock.time()
        drawn = await attempt(studios, Draw(original=body, instruction=LIGHTER, limits=LIMITS))
        inspected = await attempt(studios, Copy(original=body, limits=LIMITS))
        elapsed_s = clock.time() - started
    served = await attempt(studios, Copy(original=LOGO, limits=LIMITS))
    return Seen(
        drawn=drawn,
        inspected=inspected,
        elapsed_s=elapsed_s,
        memory_bytes=max(sizes),
        is_next_served=isinstance(served, Refinement) and served.body == LOGO,
    )


async def show_all() -> dict[str, Seen]:
    """Let one pool have every picture."""
    async with Studios(slots=1) as studios:
        return {case.name: await show(studios, case) for case in PICTURES}


@pytest.fixture(scope="module")
def seen() -> dict[str, Seen]:
    """What became of every picture."""
    if sys.platform != "linux":
        pytest.skip("reads a process's memory from /proc")
    return asyncio.run(show_all())


def code_of(outcome: Refinement | RefinementFailure) -> str | None:
    """The code of a failure."""
    return outcome.code if isinstance(outcome, RefinementFailure) else None


def picture_of(outcome: Refinement | RefinementFailure) -> bytes:
    """The bytes of a success."""
    assert isinstance(outcome, Refinement)
    return outcome.body


def chunks_of(body: bytes) -> set[bytes]:
    """The kinds of chunks of a PNG file, up to its last byte."""
    kinds, place = set(), 8
    while place < len(body):
        length, kind = struct.unpack(">I4s", body[place : place + 8])
        kinds.add(kind)
        place += 12 + length
    return kinds


def test_the_set_is_large_and_has_no_doubles() -> None:
    """It does not shrink unnoticed."""
    names = [case.name for case in PICTURES]

    assert len(REFUSED) >= 40
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_a_hostile_picture_gets_its_code(case: OddPicture, seen: dict[str, Seen]) -> None:
    """A failure for good, which tells the user the rule and nothing of the bytes."""
    failure = seen[case.name].drawn

    assert code_of(failure) == case.code
    assert isinstance(failure, RefinementFailure)
    assert not failure.is_transient


@pytest.mark.parametrize("case", PICTURES, ids=lambda case: case.name)
def test_a_look_at_the_header_already_tells_what_it_can(
    case: OddPicture, seen: dict[str, Seen]
) -> None:
    """Everything but rotten pixels is found without decoding them."""
    assert code_of(seen[case.name].inspected) == case.inspected


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
def test_an_odd_picture_is_refined_and_comes_out_plain(
    case: OddPicture, seen: dict[str, Seen]
) -> None:
    """A PNG of pixels only: no metadata, and nothing that travelled behind the picture."""
    body = picture_of(seen[case.name].drawn)

    assert chunks_of(body) <= PLAIN_CHUNKS
    assert not any(stowaway in body for stowaway in STOWAWAYS)


@pytest.mark.parametrize(
    "name",
    [case.name for case in GOOD if "orientation" in case.name],
)
def test_a_picture_on_its_side_comes_out_upright(name: str, seen: dict[str, Seen]) -> None:
    """Whatever its eight ways of lying are called, the red quarter ends top left."""
    with Image.open(io.BytesIO(picture_of(seen[name].drawn))) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)

    redness = pixels[..., 0] - pixels[..., 2]
    quarters = [half.mean() for side in np.split(redness, 2) for half in np.split(side, 2, axis=1)]

    assert pixels.shape == (64, 96, 3)
    assert int(np.argmax(quarters)) == 0
    assert quarters[0] > 0 > max(quarters[1:])


def test_no_picture_takes_long(seen: dict[str, Seen]) -> None:
    """Far less than a job may take."""
    slow = {name: one.elapsed_s for name, one in seen.items() if one.elapsed_s > JOB_S}

    assert slow == {}


def test_no_picture_takes_much_memory(seen: dict[str, Seen]) -> None:
    """The child stays below the size at which it would be replaced."""
    large = {
        name: one.memory_bytes
        for name, one in seen.items()
        if not 0 < one.memory_bytes < MEMORY_BYTES_MAX
    }

    assert large == {}


def test_the_next_picture_is_served_as_if_nothing_had_been(seen: dict[str, Seen]) -> None:
    """After each of them a good picture goes through."""
    assert [name for name, one in seen.items() if not one.is_next_served] == []
