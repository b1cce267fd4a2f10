"""The command group; each command's module is imported only when it is called."""

import importlib
from typing import Any, Final

import click

from services.cli.errors import EXIT_INTERRUPTED, run_reporting_errors
from services.runtime.logs import configure_logs
from services.runtime.settings import LogSettings

_COMMANDS: Final = {
    "demo": "services.cli.demo",
    "up": "services.cli.up",
    "submit": "services.cli.submit",
    "tasks": "services.cli.tasks",
    "watch": "services.cli.tasks",
    "cancel": "services.cli.tasks",
    "refine": "services.cli.refine",
    "engine": "services.cli.engine",
    "token": "services.cli.token",
    "api": "services.cli.processes",
    "worker": "services.cli.processes",
    "projector": "services.cli.processes",
    "provision": "services.cli.processes",
    "storage": "services.cli.storage",
    "events": "services.cli.events",
    "nats-accounts": "services.cli.nats_accounts",
}


class _LazyGroup(click.Group):
    """Imports a command when it is asked for: `refinery token` needs no picture libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name])
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whoever interrupts it knows that, and is told nothing more."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(EXIT_INTERRUPTED)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="concept-refinery", prog_name="refinery")
def refinery() -> None:
    """Refine images: run the service, try it, and operate it.

    Start with `refinery demo`, or `refinery up` to keep the stack running.
    """
    # Standard output belongs to what a command prints; the processes configure their own logs.
    configure_logs(LogSettings(level="warning", format="console"), service="refinery")


def main() -> None:
    """Run the command line; errors that a user can act on become one line and exit code 1."""
    run_reporting_errors(refinery)
