"""The child process of a studio: reads a job, does it, writes the answer, until the parent is gone.

It holds no secrets and few rights: an empty environment, no files to write, bounded memory.
"""

import ctypes
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from services.refinement import jobs
from services.refinement.engines import Refinement, null
from services.refinement.engines.local import drawing
from services.refinement.engines.remote.cleaning import clean
from services.refinement.failures import EngineUnavailable, RefinementFailure

_MEMORY_BYTES_MAX: Final = 2 * 1024**3
_OPEN_FILES_MAX: Final = 64
_PR_SET_PDEATHSIG: Final = 1
_STATM: Final = Path("/proc/self/statm")


def main() -> None:
    """Serve the parent whose process id is the only argument."""
    _end_with_parent(int(sys.argv[1]))
    source, sink = _private_pipes()
    drawing.warm_up()
    _limit_resources()
    _send(sink, jobs.Ready())
    while (head := source.read(jobs.LENGTH_BYTES)) != b"":
        job = jobs.decode_job(source.read(jobs.decode_length(head)))
        _send(sink, _answer(job, moved=lambda share: _send(sink, jobs.Moved(share=share))))


def _send(sink: BinaryIO, reply: jobs.Reply) -> None:
    sink.write(jobs.encode_frame(reply))
    sink.flush()


def _answer(job: jobs.Job, *, moved: Callable[[float], None]) -> jobs.Done | jobs.Failed:
    try:
        refinement = _perform(job, moved=moved)
    except RefinementFailure as failure:
        return jobs.report(failure, rss_bytes=_rss_bytes())
    except Exception as error:  # noqa: BLE001 - this loop classifies: the parent decides what next
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__} in {place.name}, line {place.lineno}"
        return jobs.report(EngineUnavailable(reason=reason), rss_bytes=_rss_bytes())
    return jobs.Done(refinement=refinement, rss_bytes=_rss_bytes())


def _perform(job: jobs.Job, *, moved: Callable[[float], None]) -> Refinement:
    match job:
        case jobs.Copy():
            return null.copy(job.original, job.limits)
        case jobs.Clean():
            return clean(job.original, job.limits)
        case jobs.Draw():
            return drawing.draw(
                job.original,
                job.instruction,
                job.limits,
                with_vector=job.with_vector,
                moved=moved,
            )


def _end_with_parent(parent: int) -> None:
    # Ctrl-C in a terminal is the parent's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # While idle the end of the pipe tells us; this also covers the middle of a job.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take both pipes away from what anything else could read or print."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    return source, sink


def _limit_resources() -> None:
    # Only after the imports: OpenBLAS reserves address space for threads it never starts.
    for kind, limit in (
        (resource.RLIMIT_AS, _MEMORY_BYTES_MAX),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES_MAX),
    ):
        resource.setrlimit(kind, (limit, limit))


def _rss_bytes() -> int:
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    # The peak, in bytes on macOS. Not on Linux: there it begins with the parent's size.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
