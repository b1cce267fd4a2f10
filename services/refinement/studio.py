"""Child processes that hold pictures for us: killable, bounded, and warm when a job comes.

Decoding hostile bytes and computing on pixels stays away from the event loop and from our memory.
The standard library's process pool cannot end one stuck job, so each child has its own two pipes.
"""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from services.refinement import jobs
from services.refinement.engines import Refinement
from services.refinement.failures import EngineUnavailable, PictureRefused
from services.refinement.progress import Moved, unmoved

_ROOT: Final = Path(__file__).parents[2]
_PROGRAM: Final = "services.refinement.easel"
# All a child gets to see; the child is one of several on this machine's cores.
_ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_READ_BUFFER_BYTES: Final = 1024 * 1024


class _ChildConfused(Exception):
    """The child said something out of turn."""


_BROKEN: Final = (
    asyncio.IncompleteReadError,
    jobs.FrameTooLong,
    msgspec.MsgspecError,
    _ChildConfused,
)


class StudioLimits(msgspec.Struct, frozen=True, kw_only=True):
    """When a child is replaced by a fresh one, and how long that one may take to be ready."""

    jobs_max: int = 100
    rss_bytes_max: int = 1024**3
    start_s: float = 30.0


class Studio:
    """One child process, one job at a time; the caller does not run two at once."""

    def __init__(self, *, limits: StudioLimits | None = None) -> None:
        self._limits = limits or StudioLimits()
        self._child: _Child | None = None
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return None if self._child is None else self._child.process.pid

    async def start(self) -> None:
        """Start the child and wait until it is warm.

        Raises:
            EngineUnavailable: it died, or was not ready in time.
        """
        try:
            async with asyncio.timeout(self._limits.start_s):
                _ = await self._ready_child()
        except (TimeoutError, OSError, *_BROKEN) as error:
            await self._end_child()
            raise EngineUnavailable(reason=f"start: {type(error).__name__}") from error

    async def run(self, job: jobs.Job, *, timeout_s: float, moved: Moved = unmoved) -> Refinement:
        """Do one job; a child that is late, dead or no longer wanted is killed and replaced.

        Raises:
            RefinementFailure: what the job raised in the child, of the same type;
                EngineUnavailable when the child died or was late.
        """
        frame = _encode(job)
        try:
            async with asyncio.timeout(timeout_s):
                child = await self._ready_child()
                reply = await child.ask(frame, moved)
        except (TimeoutError, OSError, *_BROKEN) as error:
            await self._replace_child()
            raise EngineUnavailable(reason=f"studio: {type(error).__name__}") from error
        except BaseException:
            # Cancelled: the child is still at a job nobody waits for.
            await self._replace_child()
            raise
        if child.jobs_done >= self._limits.jobs_max or reply.rss_bytes > self._limits.rss_bytes_max:
            await self._replace_child()
        if isinstance(reply, jobs.Failed):
            raise jobs.restore(reply)
        return reply.refinement

    async def close(self) -> None:
        """Kill the child; a job under way fails with EngineUnavailable."""
        self._is_closed = True
        await self._end_child()

    async def _ready_child(self) -> "_Child":
        if self._is_closed:
            raise EngineUnavailable(reason="studio closed")
        if self._child is None:
            self._child = await _Child.spawn()
        child = self._child
        await child.wait_ready()
        return child

    async def _replace_child(self) -> None:
        """Start a fresh child now, so that it warms up before the next job."""
        await self._end_child()
        if not self._is_closed:
            # When even that fails, the next job tries again and tells.
            with contextlib.suppress(OSError):
                self._child = await _Child.spawn()

    async def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.end()


class Studios:
    """A pool of studios; as many jobs run at once as there are studios, others wait their turn."""

    def __init__(self, *, slots: int = 2, limits: StudioLimits | None = None) -> None:
        self._studios = [Studio(limits=limits) for _ in range(slots)]
        # The studio used last is the warmest, and cold ones may never be needed.
        self._free: asyncio.LifoQueue[Studio] = asyncio.LifoQueue()
        for studio in self._studios:
            self._free.put_nowait(studio)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Start every child; on failure none is left behind.

        Raises:
            EngineUnavailable: one died, or was not ready in time.
        """
        try:
            _ = await asyncio.gather(*(studio.start() for studio in self._studios))
        except BaseException as failure:
            await self.close()
            if isinstance(failure, ExceptionGroup):
                # The others were cancelled for the first to fail.
                raise failure.exceptions[0] from failure
            raise

    async def run(self, job: jobs.Job, *, timeout_s: float, moved: Moved = unmoved) -> Refinement:
        """Do a job in a free studio; `timeout_s` covers waiting for one.

        Raises:
            RefinementFailure: as `Studio.run`, and EngineUnavailable when none came free in time.
        """
        clock = asyncio.get_running_loop()
        deadline = clock.time() + timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                studio = await self._free.get()
        except TimeoutError as error:
            raise EngineUnavailable(reason="no studio came free in time") from error
        try:
            return await studio.run(job, timeout_s=deadline - clock.time(), moved=moved)
        finally:
            self._free.put_nowait(studio)

    async def close(self) -> None:
        """Kill every child; jobs under way fail with EngineUnavailable."""
        _ = await asyncio.gather(*(studio.close() for studio in self._studios))


class _Child:
    """One process and the conversation with it."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.jobs_done = 0
        self._writer = process.stdin
        self._reader = process.stdout
        self._is_ready = False

    @classmethod
    async def spawn(cls) -> Self:
        """Start a process; it takes a while until it is ready."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _PROGRAM, str(os.getpid())),
            stdin=PIPE,
            stdout=PIPE,
            env=_ENVIRONMENT,
            cwd=_ROOT,
            start_new_session=True,
            limit=_READ_BUFFER_BYTES,
        )
        return cls(process)

    async def wait_ready(self) -> None:
        """Return once the child has said that it is warm."""
        if self._is_ready:
            return
        if not isinstance(await self._receive(), jobs.Ready):
            raise _ChildConfused
        self._is_ready = True

    async def ask(self, frame: bytes, moved: Moved) -> jobs.Done | jobs.Failed:
        """Send a job and return its outcome."""
        self._writer.write(frame)
        await self._writer.drain()
        for _ in range(jobs.MOVES_MAX + 1):
            match await self._receive():
                case jobs.Moved(share=share):
                    await moved(share)
                case jobs.Done() | jobs.Failed() as outcome:
                    self.jobs_done += 1
                    return outcome
                case jobs.Ready():
                    break
        raise _ChildConfused

    async def end(self) -> None:
        """Kill the process and reap it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self._writer.close()
        # What was on its way is read, or asyncio would not notice that the pipe has ended.
        with contextlib.suppress(OSError):
            while await self._reader.read(_READ_BUFFER_BYTES):
                pass
        _ = await self.process.wait()

    async def _receive(self) -> jobs.Reply:
        head = await self._reader.readexactly(jobs.LENGTH_BYTES)
        return jobs.decode_reply(await self._reader.readexactly(jobs.decode_length(head)))


def _encode(job: jobs.Job) -> bytes:
    try:
        return jobs.encode_frame(job)
    except jobs.FrameTooLong as error:
        raise PictureRefused(code="image_too_large", reason="job too long") from error
