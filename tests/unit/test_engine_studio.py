"""Studios with real child processes: jobs, failures, deadlines, and how children end."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from services.refinement.engines import Instruction
from services.refinement.engines.local.engine import LocalEngine
from services.refinement.engines.null import NullEngine
from services.refinement.failures import EngineUnavailable, PictureRefused, PromptNotUnderstood
from services.refinement.jobs import (
    MOVES_MAX,
    Copy,
    Draw,
    Moved,
    decode_reply,
    encode_frame,
)
from services.refinement.pictures import PictureLimits, encode_png
from services.refinement.studio import Studio, StudioLimits, Studios, _Child, _ChildConfused

ROOT = Path(__file__).parents[2]
LOGO = encode_png(Image.new("RGBA", (64, 64), (120, 72, 40, 255)))
NOISE = encode_png(
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (900, 900, 4), dtype=np.uint8))
)
SIMPLER = Instruction(refinement_prompt="simpler, warmer, pastel")
COPY = Copy(original=LOGO, limits=PictureLimits())
LONG = Draw(original=NOISE, instruction=SIMPLER, limits=PictureLimits())
AMPLE_S = 30.0

PARENT = """
import asyncio
from services.refinement.studio import Studio

async def main():
    studio = Studio()
    await studio.start()
    print(studio.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    """A started studio."""
    place = Studio()
    await place.start()
    yield place
    await place.close()


@pytest.fixture
async def studios() -> AsyncIterator[Studios]:
    """A started pool of one."""
    async with Studios(slots=1) as pool:
        yield pool


def is_running(pid: int) -> bool:
    """Whether a process exists and is more than an entry waiting to be reaped."""
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def children_of(parent: int) -> set[int]:
    """The children of a process that still run."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent_of, *_ = place.read_text().rpartition(")")[2].split()
            if int(parent_of) == parent and state != "Z":
                found.add(int(place.parent.name))
    return found


async def wait_for_end(process_handle: int) -> None:
    """Wait until a process, of ours or not, has ended; `process_handle` is a pidfd."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process_handle, ended.set)
    try:
        async with asyncio.timeout(10):
            await ended.wait()
    finally:
        loop.remove_reader(process_handle)
        os.close(process_handle)


async def test_the_null_engine_gives_the_original_back(studios: Studios) -> None:
    """The bytes are the same, and their facts are known."""
    refinement = await NullEngine(studios=studios).refine(
        original=LOGO, instruction=SIMPLER, timeout_s=AMPLE_S
    )

    assert refinement.body == LOGO
    assert (refinement.picture.width, refinement.picture.bytes) == (64, len(LOGO))
    assert refinement.engine.name == "null"


async def test_the_local_engine_refines_in_the_child(studios: Studios) -> None:
    """What comes back is another picture and the plan that led to it."""
    refinement = await LocalEngine(studios=studios).refine(
        original=LOGO, instruction=Instruction(refinement_prompt="make it blue"), timeout_s=AMPLE_S
    )

    assert refinement.body != LOGO
    assert refinement.engine.name == "local"
    assert refinement.plan["applied"][0]["operation"] == "recolour"


async def test_failures_of_the_job_arrive_as_what_they_are(studios: Studios) -> None:
    """Type, code and message are those of the failure raised in the child."""
    engine = LocalEngine(studios=studios)

    with pytest.raises(PictureRefused) as refused:
        await engine.refine(original=b"GIF89a", instruction=SIMPLER, timeout_s=AMPLE_S)
    with pytest.raises(PromptNotUnderstood) as misunderstood:
        await engine.refine(
            original=LOGO, instruction=Instruction(refinement_prompt="sing"), timeout_s=AMPLE_S
        )

    assert refused.value.code == "image_unsupported"
    assert misunderstood.value.code == "prompt_not_understood"


async def test_a_late_child_is_killed_and_replaced(studio: Studio) -> None:
    """The deadline is ours to keep, and the next job finds a fresh child."""
    first = studio.pid
    assert first is not None

    with pytest.raises(EngineUnavailable) as caught:
        await studio.run(LONG, timeout_s=0.05)

    assert caught.value.is_transient
    assert not is_running(first)
    assert (await studio.run(COPY, timeout_s=AMPLE_S)).body == LOGO


async def test_a_child_that_dies_costs_one_job(studio: Studio) -> None:
    """A crash is a passing failure of this job and of no other."""
    assert studio.pid is not None
    job = asyncio.create_task(studio.run(LONG, timeout_s=AMPLE_S))
    await asyncio.sleep(0)

    os.kill(studio.pid, signal.SIGKILL)

    with pytest.raises(EngineUnavailable):
        await job
    assert (await studio.run(COPY, timeout_s=AMPLE_S)).body == LOGO


async def test_a_cancelled_job_ends_its_child(studio: Studio) -> None:
    """Nobody computes what nobody waits for, and a fresh child gets ready for the next job."""
    pid = studio.pid
    assert pid is not None

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await studio.run(LONG, timeout_s=AMPLE_S)

    assert not is_running(pid)
    assert studio.pid not in {None, pid}
    assert (await studio.run(COPY, timeout_s=AMPLE_S)).body == LOGO


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_jobs_cancelled_at_any_moment_cost_no_studio(studios: Studios) -> None:
    """While they wait, while a child is made for them, while it works, and while it is ended."""
    before = children_of(os.getpid()) - {studios._studios[0].pid}

    for delay_s in (0, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032):
        jobs = {asyncio.create_task(studios.run(LONG, timeout_s=AMPLE_S)) for _ in range(2)}
        for _ in range(2):
            await asyncio.wait(jobs, timeout=delay_s)
            for job in jobs:
                job.cancel()
        await asyncio.wait(jobs)
        assert all(job.cancelled() for job in jobs)

    assert (await studios.run(COPY, timeout_s=AMPLE_S)).body == LOGO
    assert len(children_of(os.getpid()) - before) == 1


async def test_a_drawing_child_says_how_far_it_is(studios: Studios) -> None:
    """Each phase of a plan that has steps brings it closer to the end."""
    shares: list[float] = []

    async def moved(share: float) -> None:
        shares.append(share)

    await LocalEngine(studios=studios).refine(
        original=LOGO,
        instruction=Instruction(refinement_prompt="flat design, blue, with a black border"),
        timeout_s=AMPLE_S,
        moved=moved,
    )

    assert len(shares) == 4
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[1] < shares[-1] < 1


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan"), float("inf"), "0.5", None])
def test_a_child_cannot_say_nonsense(share: object) -> None:
    """It has handled hostile bytes: what it says of its progress is held to what there can be."""
    with pytest.raises(msgspec.ValidationError):
        decode_reply(msgspec.msgpack.encode({"type": "moved", "share": share}))


async def test_a_child_cannot_say_how_far_it_is_for_ever() -> None:
    """One that says nothing else is out of turn."""
    frame = encode_frame(Moved(share=0.5))
    babble = f"import sys\nwhile True: sys.stdout.buffer.write({frame!r})"
    child = _Child(
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", babble), stdin=PIPE, stdout=PIPE
        )
    )
    heard: list[float] = []

    async def moved(share: float) -> None:
        heard.append(share)

    with pytest.raises(_ChildConfused):
        await child.ask(encode_frame(COPY), moved)

    child.process.kill()
    await child.process.communicate()
    assert heard == [0.5] * (MOVES_MAX + 1)


@pytest.mark.parametrize("limits", [StudioLimits(jobs_max=2), StudioLimits(rss_bytes_max=1)])
async def test_a_child_is_replaced_when_it_has_done_or_grown_enough(limits: StudioLimits) -> None:
    """Whatever leaks in a child does not leak for long."""
    studio = Studio(limits=limits)
    await studio.start()
    first = studio.pid

    for _ in range(2):
        await studio.run(COPY, timeout_s=AMPLE_S)
    second = studio.pid
    await studio.close()

    assert first is not None
    assert second not in {None, first}
    assert not is_running(first)


async def test_waiting_for_a_free_studio_has_a_bound(studios: Studios) -> None:
    """Where all studios are busy, a job gives up at its own deadline, and the busy one goes on."""
    busy = asyncio.create_task(studios.run(LONG, timeout_s=AMPLE_S))
    await asyncio.sleep(0)

    with pytest.raises(EngineUnavailable) as caught:
        await studios.run(COPY, timeout_s=0.05)

    assert caught.value.reason == "no studio came free in time"
    assert (await busy).plan["applied"]


async def test_the_loop_goes_on_while_a_child_works(studio: Studio) -> None:
    """A job keeps the event loop free for everything else."""
    job = asyncio.create_task(studio.run(LONG, timeout_s=AMPLE_S))
    clock = asyncio.get_running_loop()
    longest = 0.0

    while not job.done():
        before = clock.time()
        await asyncio.sleep(0.005)
        longest = max(longest, clock.time() - before)

    assert (await job).plan["applied"]
    assert longest < 0.25


async def test_a_closed_studio_refuses_jobs(studio: Studio) -> None:
    """After closing there is no child, and none is started."""
    pid = studio.pid
    await studio.close()

    with pytest.raises(EngineUnavailable):
        await studio.run(COPY, timeout_s=AMPLE_S)

    assert pid is not None
    assert not is_running(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_child_sees_no_secrets_and_has_few_rights(studio: Studio) -> None:
    """Its environment is empty but for thread counts, and it can write no file."""
    place = Path(f"/proc/{studio.pid}")

    environment = place.joinpath("environ").read_bytes().split(b"\0")
    limits = place.joinpath("limits").read_text()

    assert {entry.split(b"=")[0] for entry in environment if entry} <= {
        b"OPENBLAS_NUM_THREADS",
        b"OMP_NUM_THREADS",
        b"LC_CTYPE",
    }
    for line in ("Max file size             0 ", "Max core file size        0 "):
        assert line in limits
    assert f"Max address space         {2 * 1024**3} " in limits


@pytest.mark.skipif(sys.platform != "linux", reason="the pipe alone ends only idle children")
async def test_a_child_does_not_outlive_a_killed_parent() -> None:
    """SIGKILL leaves no time to clean up, and still no child stays behind."""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT), stdout=PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    async with asyncio.timeout(AMPLE_S):
        child = int(await parent.stdout.readline())
    handle = os.pidfd_open(child)

    parent.kill()

    await parent.wait()
    await wait_for_end(handle)
    assert not is_running(child)
