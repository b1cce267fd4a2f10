"""`make bench-engine`: how long the `local` engine draws, and how much memory that takes.

Each prompt is drawn at each size in a fresh process, so that the peak of its resident memory is
that job's and nobody else's. The logos are drawn in processes of their own for the same reason: the
peak of a parent is also the least that its children report.
"""

import argparse
import os
import platform
import resource
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from time import perf_counter, process_time
from typing import Final, ParamSpec, TypeVar

import msgspec
from rich.console import Console

from services.refinement.engines import Instruction
from services.refinement.engines.local.drawing import draw, warm_up
from services.refinement.failures import RefinementFailure
from services.refinement.pictures import PictureLimits
from tests.logos import NOISY_QUALITY, as_jpeg, as_png, neon

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

SIDES: Final = (512, 1024, 1536, 2048)

console = Console(soft_wrap=True, highlight=False)


def coffee(side: int) -> bytes:
    """A logo with soft gradients."""
    return as_png("coffee", side)


def badge(side: int) -> bytes:
    """The logo with the most letters and lines."""
    return as_png("badge", side)


def noisy_badge(side: int) -> bytes:
    """The same after a hard compression: of all, it takes longest to read."""
    return as_jpeg("badge", side, NOISY_QUALITY)


def neon_sign(side: int) -> bytes:
    """A logo that glows all over."""
    body = BytesIO()
    neon(side, "#0a0a12").save(body, "PNG")
    return body.getvalue()


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table: a prompt, and the picture that it is measured on."""

    name: str
    prompt: str
    picture: Callable[[int], bytes] = coffee


# What is asked for most, and then what takes the most time or memory, on the logo where it does.
JOBS: Final = (
    Job(name="pastel", prompt="make it pastel"),
    Job(name="recolour", prompt="recolour it in navy and gold"),
    Job(name="transparent background", prompt="transparent background"),
    Job(name="no gradients or shadows", prompt="no gradients or shadows"),
    Job(name="minimalist, lighter brown", prompt="more minimalist, lighter shades of brown"),
    Job(name="simplified, noisy JPEG", prompt="simplify it", picture=noisy_badge),
    Job(name="thinner lines, badge", prompt="thinner lines", picture=badge),
    Job(name="thicker lines, noisy JPEG", prompt="thicker lines", picture=noisy_badge),
    Job(name="rounder, noisy JPEG", prompt="rounder corners", picture=noisy_badge),
    Job(name="black and white, noisy JPEG", prompt="black and white", picture=noisy_badge),
    Job(name="glow cut out", prompt="transparent background", picture=neon_sign),
)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one job took; without times, the engine refused it."""

    median_ms: float | None
    processor_ms: float | None
    peak_mb: float


def measure(picture: bytes, prompt: str, side: int, times: int) -> Report:
    """Draw a picture several times, in this process."""
    limits = PictureLimits(working_side_max=side)
    instruction = Instruction(refinement_prompt=prompt)
    warm_up()
    spans: list[float] = []
    processor_spans: list[float] = []
    for _ in range(times):
        started, processor_started = perf_counter(), process_time()
        try:
            _ = draw(picture, instruction, limits)
        except RefinementFailure:
            break
        spans.append((perf_counter() - started) * 1000)
        processor_spans.append((process_time() - processor_started) * 1000)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Report(
        median_ms=statistics.median(spans) if spans else None,
        processor_ms=statistics.median(processor_spans) if processor_spans else None,
        peak_mb=peak_kib * 1024 / 1e6,
    )


def apart(
    job: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Run a function in a process that has done nothing before."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as processes:
        return processes.submit(job, *args, **kwargs).result()


def cell_of(report: Report) -> str:
    """One job's place in the table."""
    if report.median_ms is None:
        return "refused"
    return f"{report.median_ms:,.0f} ms ({report.processor_ms:,.0f}), {report.peak_mb:,.0f} MB"


def bench(*, sides: tuple[int, ...], times: int) -> None:
    """Measure everything, and print it as a table in Markdown."""
    console.print(
        f"Median of {times} times (of the processor's time) and peak of resident memory, "
        f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}:\n"
    )
    console.print(f"| | {' | '.join(map(str, sides))} |\n|---|{'---|' * len(sides)}")
    pictures = {
        (picture, side): apart(picture, side)
        for picture in {job.picture for job in JOBS}
        for side in sides
    }
    for job in JOBS:
        reports = [
            apart(measure, pictures[job.picture, side], job.prompt, side, times) for side in sides
        ]
        console.print(f"| {job.name} | {' | '.join(map(cell_of, reports))} |")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Measure the local engine on this machine.")
    parser.add_argument("--side", type=int, action="append", help="may be repeated; pixels")
    parser.add_argument("--times", type=int, default=5, help="how often each job is done")
    options = parser.parse_args()
    bench(sides=tuple(options.side or SIDES), times=options.times)


if __name__ == "__main__":
    main()
