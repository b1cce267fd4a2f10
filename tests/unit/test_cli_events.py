"""`refinery events check`, and the files that exports are written to."""

import json
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from events.exports import LINE_BYTES_MAX, Selection
from services.cli.endings import ending_early
from services.cli.errors import CommandFailed
from services.cli.event_lines import log_line
from services.cli.events import events
from services.cli.export_files import PartFile, entries_of, part_of
from tests import controls
from tests.exporting import export_of, exported

LOG = list(
    controls.stored(
        controls.processing(1), controls.retrying(1), controls.processing(2), controls.completed(2)
    )
)
LINES = export_of(LOG)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where an export is to be."""
    return tmp_path / "log.ndjson"


class TestCheck:
    """Exit codes and words."""

    def test_nothing_is_wrong(self, target: Path) -> None:
        """What there is, and the hash to keep."""
        result = check(target, LINES)

        manifest = msgspec.json.decode(LINES[-1])["manifest"]
        assert result.exit_code == 0
        assert result.stdout == (
            "5 events of 1 task, positions 1 to 5: every line has its seal, every chain holds\n"
            f"SHA-256 {manifest['sha256']}\n"
        )

    def test_a_fault_has_its_line_and_its_position(self, target: Path) -> None:
        """And makes the exit code 1."""
        lines = [*LINES[:3], *LINES[4:]]

        result = check(target, lines)

        assert result.exit_code == 1
        assert "line 4, position 3: dropped: before it, 3 is missing" in result.stdout

    def test_json_is_for_programs(self, target: Path) -> None:
        """A line for each fault, and one for the verdict."""
        result = check(target, [*LINES[:2], b"\x1b[2J", *LINES[2:]], "--json")

        fault, verdict = map(json.loads, result.stdout.splitlines())
        assert fault["fault"]["line"] == 3
        assert fault["fault"]["kind"] == "added"
        assert verdict["verdict"]["events"] == 5
        assert verdict["verdict"]["faults_in_file"] == 1

    def test_standard_input_will_do(self) -> None:
        """An export needs not be a file."""
        text = b"".join(line + b"\n" for line in LINES)

        result = CliRunner().invoke(events, ["check", "-"], input=text)

        assert result.exit_code == 0

    @pytest.mark.parametrize("text", [None, b'{"format":"concept-refinery.events.v9","seal":"'])
    def test_what_cannot_be_checked(self, target: Path, text: bytes | None) -> None:
        """No file, or a later format: exit code 2, and no verdict."""
        if text is not None:
            target.write_bytes(text + b"0" * 64 + b'"}\n')

        result = CliRunner().invoke(events, ["check", str(target)])

        assert result.exit_code == 2
        assert result.stdout == ""
        assert "error" in result.stderr.lower()

    @pytest.mark.parametrize("text", [b"", b"\n", b"\x00" * 50, b"x" * (LINE_BYTES_MAX + 5)])
    def test_anything_else_is_no_export(self, target: Path, text: bytes) -> None:
        """However long its lines are."""
        target.write_bytes(text)

        result = CliRunner().invoke(events, ["check", str(target)])

        assert result.exit_code == 1
        assert "line 1: " in result.stdout

    def test_a_part_says_how_far_it_can_be_checked(self, target: Path) -> None:
        """Tasks that begin before it, and events that are left out."""
        late = check(target, export_of(LOG, Selection(first=3, last=5)))
        typed = check(target, export_of(LOG, Selection(first=1, last=5, events=("processing",))))

        assert late.exit_code == typed.exit_code == 0
        assert "1 task of these began before it" in late.stdout
        assert "Events are left out between" in typed.stdout
        assert "only followed where none is missing" in typed.stdout

    def test_keeps_a_terminal_safe(self, target: Path) -> None:
        """What a file says does not steer it."""
        stray = msgspec.structs.replace(LOG[1], subject="tasks.\x1b[2J")

        result = check(target, export_of([LOG[0], stray, *LOG[2:]]))

        assert "\x1b" not in result.stdout
        assert "unreadable-event" in result.stdout


class TestPartFile:
    """An export has its name only when it is whole."""

    def test_it_gets_its_name_when_it_is_whole(self, target: Path) -> None:
        """Readable for its owner only."""
        file = PartFile.create(target)
        file.write(b"x")
        assert not target.exists()

        file.complete()
        file.close()

        assert target.read_bytes() == b"x"
        assert target.stat().st_mode & 0o777 == 0o600
        assert not part_of(target).exists()

    @pytest.mark.parametrize("suffix", ["", ".part"])
    def test_it_replaces_nothing(self, target: Path, suffix: str) -> None:
        """Neither an export nor one that was cut off."""
        target.with_name(target.name + suffix).write_bytes(b"kept")

        with pytest.raises(CommandFailed, match="is there"):
            _ = PartFile.create(target)

    @pytest.mark.parametrize("whole_lines", range(1, len(LINES)))
    @pytest.mark.parametrize("torn", [b"", b'{"position":', LINES[2]])
    def test_one_that_was_cut_off_goes_on(
        self, target: Path, whole_lines: int, torn: bytes
    ) -> None:
        """Behind its last whole line, to the same file as if nothing had happened."""
        write(part_of(target), LINES[:whole_lines], torn)

        file, resumption = PartFile.resume(target)
        for stored in LOG[resumption.writer.count :]:
            file.write(resumption.writer.add(exported(stored)))
        file.write(resumption.writer.end())
        file.complete()
        file.close()

        assert target.read_bytes() == b"".join(line + b"\n" for line in LINES)
        assert not resumption.is_whole
        expected = LOG[whole_lines - 2] if whole_lines > 1 else None
        assert resumption.last == expected

    def test_one_that_only_lacks_its_name(self, target: Path) -> None:
        """It was killed between the last line and the renaming."""
        write(part_of(target), LINES)

        file, resumption = PartFile.resume(target)
        file.close()

        assert resumption.is_whole

    @pytest.mark.parametrize(
        "lines",
        [
            [],
            LINES[1:3],
            [LINES[0], LINES[2], LINES[3]],
            [LINES[0], LINES[1].replace(b"controls/1.0", b"controls/1.1"), LINES[2]],
            [*LINES[:3], b"garbage"],
            [b"garbage", *LINES[:3]],
            [*LINES, LINES[3]],
        ],
    )
    def test_one_that_was_changed_does_not(self, target: Path, lines: list[bytes]) -> None:
        """It would become an export with a fault in it."""
        write(part_of(target), lines)

        with pytest.raises(CommandFailed, match=r"log\.ndjson\.part"):
            _ = PartFile.resume(target)

    def test_there_must_be_one(self, target: Path) -> None:
        """And none that is whole."""
        with pytest.raises(CommandFailed, match="cannot be continued"):
            _ = PartFile.resume(target)
        write(target, LINES)
        with pytest.raises(CommandFailed, match="it is whole"):
            _ = PartFile.resume(target)


def test_the_events_of_a_file_are_those_of_the_log(target: Path) -> None:
    """Without head and manifest."""
    write(target, LINES)

    with target.open("rb") as stream:
        stored = [entry.stored for entry in entries_of(stream)]

    assert stored == LOG


def test_a_line_for_people() -> None:
    """Position, time, event, task, producer, and what there is to say."""
    lines = [log_line(exported(stored)) for stored in LOG]
    poison = log_line(exported(msgspec.structs.replace(LOG[0], body=b"nul")))

    task = controls.task_id()
    assert lines[2] == (
        f"     3  2026-03-14 09:26:56.589  retrying    {task}  controls/1.0      "
        "attempt 1: engine_unavailable"
    )
    assert lines[4].endswith("fetch 12 ms, refine 250 ms, store 4 ms; 640x480, 12 kB")
    assert poison.startswith("     1  2026-03-14 09:26:53.589  unreadable  tasks.")


def test_who_interrupts_is_told_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    """With the shell's exit code, and no traceback."""
    with pytest.raises(click.exceptions.Exit) as ended, ending_early(lambda: "go on with this"):
        raise KeyboardInterrupt

    assert ended.value.exit_code == 130
    assert capsys.readouterr().err == "go on with this\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--resume", "file", "--from", "2"),
        ("--resume", "file", "-o", "other"),
        ("--type", "mistake"),
        ("--since", "yesterday"),
        ("--task", "mistake"),
        ("--user-key", "mistake"),
        ("--from", "0"),
    ],
)
def test_mistakes_are_told(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is connected to."""
    for name, value in {"URL": "nats://127.0.0.1:1", "USER": "u", "PASSWORD": "p"}.items():
        monkeypatch.setenv(f"REFINERY_NATS_{name}", value)

    result = CliRunner().invoke(events, ["export", *arguments])

    assert result.exit_code == 2
    assert "Error: " in result.stderr


def check(target: Path, lines: list[bytes], *options: str) -> Result:
    """Check a file with these lines."""
    write(target, lines)
    return CliRunner().invoke(events, ["check", str(target), *options])


def write(path: Path, lines: list[bytes], torn: bytes = b"") -> None:
    """Write whole lines, and perhaps the beginning of one more."""
    path.write_bytes(b"".join(line + b"\n" for line in lines) + torn)
