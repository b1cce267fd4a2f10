"""`refinery nats-accounts`: the users of the log, for the configuration of operated servers."""

import click

from services.embedded.nats_server import render_accounts


@click.command("nats-accounts")
def nats_accounts() -> None:
    """Print the accounts of the NATS servers, to include in their configuration.

    Made from deploy/nats/permissions.json: what each user may say to the log and hear of it, and
    what the worker tells the API beside the log. It may change with each version. Passwords are
    read by the server from its environment: NATS_ADMIN_PASSWORD, NATS_API_PASSWORD and so on.
    """
    click.echo(render_accounts(), nl=False)
