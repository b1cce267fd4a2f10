"""The peer of the benchmark: the same endpoint as a plain service with one insert into MongoDB."""

import os
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import jwt
import msgspec
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from litestar import Litestar, Request, get, post
from msgspec import Meta
from pymongo import AsyncMongoClient, WriteConcern


class RefinementRequest(msgspec.Struct):
    """The seed's request."""

    original_image_url: Annotated[str, Meta(max_length=2048)]
    refinement_prompt: Annotated[str, Meta(min_length=5, max_length=500)]
    logo_description: str | None = None
    theme_description: str | None = None


def create_app(*, secret: str, client: AsyncMongoClient[dict[str, Any]]) -> Litestar:
    """One route that checks the token, inserts, and answers 202."""
    tasks = client["refinery"].get_collection(
        "peer_tasks", write_concern=WriteConcern(w="majority", j=True)
    )

    @post("/api/concepts/refine", status_code=202)
    async def refine(data: RefinementRequest, request: Request[Any, Any, Any]) -> dict[str, object]:
        bearer = request.headers["authorization"].removeprefix("Bearer ")
        claims = jwt.decode(bearer, secret, algorithms=["HS256"])
        task: dict[str, object] = {
            "_id": f"task-{uuid4()}",
            "user": claims["sub"],
            "status": "pending",
            "created_at": datetime.now(UTC),
            "metadata": msgspec.to_builtins(data),
        }
        await tasks.insert_one(task)
        return task

    @get("/live")
    async def live() -> str:
        return "ok"

    return Litestar([refine, live], openapi_config=None)


async def main() -> None:
    """Serve until killed."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(os.environ["PEER_MONGO_URL"])
    server = Server(
        create_app(secret=os.environ["PEER_JWT_SECRET"], client=client),
        port=int(os.environ["PEER_PORT"]),
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    await server.serve()


if __name__ == "__main__":
    uvloop.run(main())
