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
from multiprocessing import get_context
from time import perf_counter
from typing import Final, ParamSpec, TypeVar

import msgspec
from rich.console import Console

from services.refinement.engines import Instruction
from services.refinement.engines.local.drawing import draw, warm_up
from services.refinement.failures import RefinementFailure
from services.refinement.pictures import PictureLimits
from tests.logos import NOISY_QUALITY, as_jpeg, as_png

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

SIDES: Final = (512, 1024, 1536, 2048)
NOISY: Final = "simplify it"
PROMPTS: Final = {
    "pastel": "make it pastel",
    "recolour": "recolour it in navy and gold",
    "transparent background": "transparent background",
    "no gradients or shadows": "no gradients or shadows",
    "minimalist, lighter brown": "more minimalist, lighter shades of brown",
    "noisy JPEG, simplified": NOISY,
}

console = Console(soft_wrap=True, highlight=False)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one job took; without a time, the engine refused it."""

    median_ms: float | None
    peak_mb: float


def measure(picture: bytes, prompt: str, side: int, times: int) -> Report:
    """Draw a picture several times, in this process."""
    limits = PictureLimits(working_side_max=side)
    instruction = Instruction(refinement_prompt=prompt)
    warm_up()
    spans: list[float] = []
    for _ in range(times):
        started = perf_counter()
        try:
            _ = draw(picture, instruction, limits)
        except RefinementFailure:
            break
        spans.append((perf_counter() - started) * 1000)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Report(
        median_ms=statistics.median(spans) if spans else None, peak_mb=peak_kib * 1024 / 1e6
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
    return f"{report.median_ms:,.0f} ms, {report.peak_mb:,.0f} MB"


def bench(*, sides: tuple[int, ...], times: int) -> None:
    """Measure everything, and print it as a table in Markdown."""
    clean = {side: apart(as_png, "coffee", side) for side in sides}
    noisy = {side: apart(as_jpeg, "badge", side, NOISY_QUALITY) for side in sides}
    console.print(
        f"Median of {times} times and peak of resident memory, {os.cpu_count()} cores "
        f"({platform.machine()}), Python {platform.python_version()}:\n"
    )
    console.print(f"| | {' | '.join(map(str, sides))} |\n|---|{'---|' * len(sides)}")
    for name, prompt in PROMPTS.items():
        pictures = noisy if prompt == NOISY else clean
        reports = [apart(measure, pictures[side], prompt, side, times) for side in sides]
        console.print(f"| {name} | {' | '.join(map(cell_of, reports))} |")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Measure the local engine on this machine.")
    parser.add_argument("--side", type=int, action="append", help="may be repeated; pixels")
    parser.add_argument("--times", type=int, default=5, help="how often each job is done")
    options = parser.parse_args()
    bench(sides=tuple(options.side or SIDES), times=options.times)


if __name__ == "__main__":
    main()
