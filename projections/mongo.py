"""The view store in MongoDB: the only file that knows the driver.

Every document is replaced whole, by one guarded upsert: the server compares positions and keeps the
newer document. A filtered upsert would answer a replay with a duplicate key error instead, which
ends an ordered batch.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import IndexModel, UpdateOne
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from events.task import Status, Task
from projections.indexes import Index, ViewsMismatch, declared_indexes
from projections.store import Checkpoint, ViewsUnavailable
from projections.task_views import document_of, task_of

TASK_VIEWS: Final = "task_views"
PROJECTIONS: Final = "projections"
OPERATION_TIMEOUT_S: Final = 5.0
SELECTION_TIMEOUT_MS: Final = 2_000

# What a server answers while it stops, starts, elects or is overloaded: it passes by itself.
# Refused by the server until somebody mends its users or its disk: 13 unauthorized, 18 a wrong
# password, 14031 no space left. Nothing of ours is wrong, and the log still answers.
_OPERATORS_CODES: Final = frozenset({13, 18, 14031})
_PASSING_CODES: Final = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        50,  # MaxTimeMSExpired
        64,  # WriteConcernTimeout
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        112,  # WriteConflict
        133,  # FailedToSatisfyReadPreference
        134,  # ReadConcernMajorityNotAvailableYet
        189,  # PrimarySteppedDown
        262,  # ExceededTimeLimit
        9001,  # SocketException
        10058,  # NotPrimary, as old servers say it
        10107,  # NotWritablePrimary
        11000,  # DuplicateKey: another process inserted the same view at the same moment
        11600,  # InterruptedAtShutdown
        11601,  # Interrupted
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
        14031,  # OutOfDiskSpace
    }
)
# An index of this name, or of these keys, exists with other options.
_INDEX_CONFLICTS: Final = frozenset({85, 86})

Document = dict[str, Any]


class MongoViewStore:
    """The view store of one database. Made by `open_views`, inside the loop that uses it."""

    def __init__(
        self, client: AsyncIOMotorClient[Document], *, name: str, timeout_s: float
    ) -> None:
        database: AsyncIOMotorDatabase[Document] = client[name]
        self._client = client
        self._database = database
        self._views = database[TASK_VIEWS]
        self._projections = database[PROJECTIONS]
        self._timeout_s = timeout_s

    async def close(self) -> None:
        """Close the connections. Says good-bye to the server, so not inside the loop."""
        await asyncio.to_thread(self._client.close)

    async def waiting(self, *, limit: int) -> Sequence[tuple[str, int]]:
        """The tasks that no worker has begun, from an index alone."""
        async with self._bounded("list the waiting"):
            cursor = self._views.find(
                {"status": Status.PENDING.value},
                {"_id": 1, "requested_position": 1},
                sort=[("requested_position", 1)],
                limit=limit,
                batch_size=limit + 1,
            )
            documents = await cursor.to_list(length=limit)
        return [(one["_id"], one["requested_position"]) for one in documents]

    async def find(self, *, user_key: str, task_id: str) -> Task | None:
        """The view of one task of one user; None if there is none, or it is another user's."""
        async with self._bounded("find a view"):
            found = await self._views.find_one({"_id": task_id, "user_key": user_key})
        return None if found is None else task_of(found)

    async def list_tasks(
        self, *, user_key: str, statuses: Collection[Status], before: int | None, limit: int
    ) -> Sequence[Task]:
        """A page of one user's views, in the order of an index: nothing is sorted in memory."""
        assert Status.REMOVED not in statuses
        query: Document = {
            "user_key": user_key,
            "status": {"$in": sorted(status.value for status in statuses)},
        }
        if before is not None:
            query["requested_position"] = {"$lt": before}
        async with self._bounded("list views"):
            # One more than there can be, so that one answer holds them all.
            cursor = self._views.find(
                query, sort=[("requested_position", -1)], limit=limit, batch_size=limit + 1
            )
            documents = await cursor.to_list(length=limit)
        return [task_of(document) for document in documents]

    async def check(self) -> None:
        """Answer if the views can be read."""
        async with self._bounded("check"):
            _ = await self._views.find_one({}, {"_id": 1})

    async def load(self, task_ids: Collection[str]) -> Mapping[str, Task]:
        """The views there are of these tasks, by task id."""
        if not task_ids:
            return {}
        async with self._bounded("load views"):
            # One more than there can be, so that one answer holds them all.
            cursor = self._views.find(
                {"_id": {"$in": list(task_ids)}}, batch_size=len(task_ids) + 1
            )
            documents = await cursor.to_list(length=len(task_ids))
        return {document["_id"]: task_of(document) for document in documents}

    async def write(self, tasks: Sequence[Task]) -> None:
        """Write views, each only if it is newer than what is there."""
        if not tasks:
            return
        upserts = [_guarded_upsert(document_of(task), position=task.position) for task in tasks]
        async with self._bounded("write views"):
            _ = await self._views.bulk_write(upserts, ordered=False)

    async def read_checkpoint(self) -> Checkpoint | None:
        """The checkpoint, or None before the first."""
        async with self._bounded("read the checkpoint"):
            found = await self._projections.find_one({"_id": TASK_VIEWS})
        return None if found is None else msgspec.convert(found, Checkpoint)

    async def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Save the checkpoint, unless there is one as far or further."""
        document = {"_id": TASK_VIEWS, **msgspec.structs.asdict(checkpoint)}
        upsert = _guarded_upsert(document, position=checkpoint.position)
        async with self._bounded("save the checkpoint"):
            _ = await self._projections.bulk_write([upsert], ordered=False)

    async def verify_indexes(self) -> Sequence[str]:
        """What is declared and not there: a line for each index.

        Raises:
            ViewsUnavailable: no answer within the bound.
        """
        missing: list[str] = []
        for collection, indexes in declared_indexes().items():
            async with self._bounded("verify indexes"):
                present = await self._database[collection].index_information()
            for index in indexes:
                keys = present.get(index.name, {}).get("key")
                if keys != list(index.keys.items()):
                    missing.append(f"index {index.name} of {collection} is missing or another")
        return missing

    async def create_indexes(self) -> None:
        """Create the declared indexes; those that are there stay as they are.

        Raises:
            ViewsMismatch: an index of that name is there, and is another.
            ViewsUnavailable: not known to be done; create them again.
        """
        for collection, indexes in declared_indexes().items():
            try:
                async with self._bounded("create indexes"):
                    _ = await self._database[collection].create_indexes(_models(indexes))
            except OperationFailure as error:
                if error.code not in _INDEX_CONFLICTS:
                    raise
                raise ViewsMismatch(differences=[f"indexes of {collection}"]) from error

    @asynccontextmanager
    async def _bounded(self, operation: str) -> AsyncIterator[None]:
        """Hold an operation to the time limit, and say in our words that it did not succeed.

        The driver has a limit of its own, but it begins to count only when one of Motor's few
        threads is free; while the server is away these are what everybody waits for.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except TimeoutError as error:
            reason = f"no answer within {self._timeout_s:g} s"
            raise ViewsUnavailable(operation=operation, reason=reason) from error
        except PyMongoError as error:
            if not _is_passing(error):
                raise
            raise ViewsUnavailable(operation=operation, reason=_reason(error)) from error


async def open_views(
    *, url: str, database: str, timeout_s: float = OPERATION_TIMEOUT_S
) -> MongoViewStore:
    """The view store at a connection string. Connects with the first call, and again when needed.

    Args:
        url: the connection string, with credentials.
        database: the database of the views.
        timeout_s: the bound of every call.
    """
    timeout_ms = int(timeout_s * 1000)
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        url,
        appname="concept-refinery",
        timeoutMS=timeout_ms,
        serverSelectionTimeoutMS=min(timeout_ms, SELECTION_TIMEOUT_MS),
        # `timeoutMS` does not reach the good-bye of a client that closes, nor the heartbeats.
        socketTimeoutMS=timeout_ms,
        connectTimeoutMS=timeout_ms,
        w="majority",
        journal=True,
        # What a failover can undo must not be read: a view that is loaded, found up to date and
        # therefore not written again has to be there for good when the checkpoint passes it.
        readConcernLevel="majority",
    )
    return MongoViewStore(client, name=database, timeout_s=timeout_s)


async def apply_indexes(*, url: str, database: str) -> None:
    """Create the declared indexes with an administrator's connection string; repeatable.

    Raises:
        ViewsMismatch: an index of that name is there, and is another.
        ViewsUnavailable: not known to be done; apply them again.
    """
    store = await open_views(url=url, database=database)
    try:
        await store.create_indexes()
    finally:
        await store.close()


def _guarded_upsert(document: Mapping[str, object], *, position: int) -> UpdateOne:
    """Replace a document whole if `position` is higher than its own, or it is not there.

    `$literal` keeps what users wrote from being read as an expression: "$x" would be a field.
    """
    is_newer = {"$lt": [{"$ifNull": ["$position", -1]}, position]}
    replacement = {"$cond": [is_newer, {"$literal": document}, "$$ROOT"]}
    return UpdateOne({"_id": document["_id"]}, [{"$replaceWith": replacement}], upsert=True)


def _models(indexes: Sequence[Index]) -> list[IndexModel]:
    return [IndexModel(list(index.keys.items()), name=index.name) for index in indexes]


def _reason(error: PyMongoError) -> str:
    """What went wrong, without the documents that a bulk error quotes: they are users' words."""
    if isinstance(error, BulkWriteError):
        return f"some writes failed, with codes {sorted(_codes(error))}"
    return str(error)


def _codes(error: BulkWriteError) -> set[int]:
    return {failed["code"] for failed in (error.details or {}).get("writeErrors", ())}


def _is_passing(error: PyMongoError) -> bool:
    """Whether the same call may succeed later; if not, it is our error or our configuration's."""
    match error:
        case ConnectionFailure() | ExecutionTimeout() | WTimeoutError():
            return True
        case BulkWriteError():
            # Without any such code it is the confirmation that failed, which passes.
            return _codes(error) <= _PASSING_CODES
        case OperationFailure(code=code):
            return code in _PASSING_CODES or code in _OPERATORS_CODES or _is_full(error)
        case _:
            return False


def _is_full(error: OperationFailure) -> bool:
    """A disk that is full while an index is made has no code of its own."""
    return "No space left" in str(error)
