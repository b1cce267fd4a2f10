"""The process between us and a server: it ends the server when we are gone.

Run as a script, `python -I -S keeper.py GRACE_S PROGRAM ARGUMENT...`, never imported by the
service. Standard input is the leash: its end means that our process has stopped or died. Standard
output tells our process what happened, one line each: `pid N`, then `exit STATUS`; or `failed WHY`.
Standard error is the log, which the program inherits.

Who ends what:
- our process dies, whatever the signal: the leash ends, the keeper stops the program;
- the program dies: the keeper kills what is left of its process group and (Linux) its orphans;
- the keeper dies: the kernel sends the program SIGTERM (Linux), our process then kills its group;
- a signal to our process group or terminal: keeper and program have sessions of their own.
"""

import os
import select
import signal
import sys
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_KILL_ROUNDS_MAX = 50
_KILL_PAUSE_S = 0.02


def main() -> None:
    """Run the program until it ends or the leash does."""
    grace_s = float(sys.argv[1])
    command = sys.argv[2:]
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    wakeup = _wakeup_pipe()
    pid = _launch(command)
    _tell(f"pid {pid}")
    status = _watch(pid, wakeup=wakeup, grace_s=grace_s)
    _kill_orphans()
    _tell(f"exit {status}")


def _prctl(option: int, argument: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # noqa: PLC0415 - a third of the start-up time, and of use on Linux only

    ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def _wakeup_pipe() -> int:
    """Make signals readable; a keeper that is told to end ends the program first."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    return reader


def _launch(command: list[str]) -> int:
    """Fork and execute; return the program's pid once it really runs, or exit."""
    failure_reader, failure_writer = os.pipe()
    keeper = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(command, keeper=keeper, failure=failure_writer)
    os.close(failure_writer)
    failure = os.read(failure_reader, 1024)
    os.close(failure_reader)
    if failure:
        os.waitpid(pid, 0)
        _tell(f"failed {failure.decode(errors='replace')}")
        sys.exit(1)
    return pid


def _become(command: list[str], *, keeper: int, failure: int) -> None:
    """Turn this fork into the program: a session of its own, bound to the keeper's life."""
    try:
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != keeper:
            os._exit(1)  # the keeper died before the kernel knew to tell us
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        os.execvp(command[0], command)  # noqa: S606 - starting a program without a shell is its job
    except OSError as error:
        os.write(failure, (error.strerror or str(error)).encode())
    finally:
        os._exit(127)


def _watch(pid: int, *, wakeup: int, grace_s: float) -> int:
    """Wait for the program or the end of the leash; return the exit status as subprocess does."""
    leash = 0
    watched = [leash, wakeup]
    deadline: float | None = None
    while not _has_ended(pid):
        wait_s = None if deadline is None else max(0.0, deadline - time.monotonic())
        readable, _, _ = select.select(watched, [], [], wait_s)
        if deadline is not None and time.monotonic() >= deadline:
            _signal_group(pid, signal.SIGKILL)
            deadline = time.monotonic() + 1.0
        told = wakeup in readable and os.read(wakeup, 4096).strip(bytes([signal.SIGCHLD])) != b""
        ended = leash in readable and os.read(leash, 4096) == b""
        if ended:
            watched = [wakeup]
        if (told or ended) and deadline is None:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + grace_s
    # The group is killed before its leader is reaped: until then nobody else can get its number.
    _signal_group(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return  # macOS says EPERM of a group in which all have ended


def _kill_orphans() -> None:
    """Kill what left the program's group: on Linux such orphans have become our children."""
    for _ in range(_KILL_ROUNDS_MAX):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for child in _children():
            os.kill(child, signal.SIGKILL)
        time.sleep(_KILL_PAUSE_S)


def _children() -> list[int]:
    me = os.getpid()
    with os.scandir("/proc") as entries:
        others = [int(entry.name) for entry in entries if entry.name.isdigit()]
    return [pid for pid in others if _parent_of(pid) == me]


def _parent_of(pid: int) -> int | None:
    try:
        stat = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return None
    try:
        # The parent is the second field after the name, which is in brackets and may hold any.
        return int(os.read(stat, 4096).rpartition(b")")[2].split()[1])
    except OSError:
        return None
    finally:
        os.close(stat)


def _tell(line: str) -> None:
    try:
        os.write(1, f"{line}\n".encode())
    except BrokenPipeError:
        return  # nobody is left to be told; that is why we are stopping


if __name__ == "__main__":
    main()
