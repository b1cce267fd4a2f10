"""`refinery demo`: the whole service once, for somebody who has just met it."""

from pathlib import Path

import pytest
from PIL import Image

from tests.system.processes import still_running
from tests.system.running import REFINERY, run_watched

pytestmark = pytest.mark.system


def test_the_demo_refines_a_picture_and_leaves_only_that(tmp_path: Path) -> None:
    """Two pictures that differ, plain lines about the task's life, and no process left running."""
    output, temporary = tmp_path / "pictures", tmp_path / "temporary"
    temporary.mkdir()

    done, family = run_watched(
        *("/usr/bin/env", f"TMPDIR={temporary}", REFINERY, "demo", "--output", str(output))
    )

    assert done.status == 0, done.stderr
    assert done.stderr == ""
    assert not still_running(family)
    assert len(family) > 6, "it did start servers and processes"
    assert list(temporary.iterdir()) == []
    before, after = output / "coffee-logo-before.png", output / "coffee-logo-after.png"
    assert sorted(output.iterdir()) == [after, before]
    with Image.open(before) as original, Image.open(after) as refined:
        assert original.size == refined.size
        assert original.convert("RGB").tobytes() != refined.convert("RGB").tobytes()
    assert not {"\x1b", "\r"} & set(done.stdout), "not even a colour off a terminal"
    for told in ("is completed", str(before), str(after), "stopped everything"):
        assert told in done.stdout
    for event in ("requested", "processing", "completed"):
        assert f"concepts.task.{event}.v1" in done.stdout
