"""Creating what the processes expect to find, with administrators' credentials."""

from projections.mongo import apply_indexes
from services.adapters.jetstream import JetStreamConnection
from services.adapters.jetstream_declared import apply, verify_consumer, verify_stream
from services.runtime.settings import MongoSettings, NatsSettings


async def provision_servers(nats: NatsSettings, mongo: MongoSettings, *, replicas: int) -> None:
    """Apply what `deploy/` declares, and verify that it is so.

    Raises:
        LogMismatch: the stream exists with other settings.
        LogUnavailable: the log did not answer.
        ViewsUnavailable: MongoDB did not answer.
    """
    connection = await JetStreamConnection.open(nats, name="provision")
    try:
        await apply(connection, replicas=replicas)
        await verify_stream(connection)
        await verify_consumer(connection)
    finally:
        await connection.close()
    await apply_indexes(url=mongo.url.reveal(), database=mongo.database)
