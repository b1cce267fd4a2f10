"""Users of the running service: each with a token, HTTP, and nothing else."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import msgspec

from tests.system.running import Service
from tests.system.waiting import POLL_S, eventually

# As long as `refinery submit` waits for an answer.
ANSWER_BOUND_S: Final = 20.0
END_BOUND_S: Final = 40.0
PROMPT: Final = "Make the logo more minimalist and use lighter shades of brown"
# Never fetched: such a task fails at once and for ever, so it costs no engine. It is no address
# that the API would refuse, and no name that is looked up.
FORBIDDEN_URL: Final = "http://no_host_name.example/logo.png"
# Refused before it is a task.
PRIVATE_URL: Final = "http://10.0.0.1/logo.png"
ENDED: Final = frozenset({"completed", "failed", "cancelled"})

_NEXT: Final = re.compile(r'</api/tasks(\?[!-=?-~]+)>; rel="next"')


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the API, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body, which is a JSON object in every answer of ours."""
        return msgspec.json.decode(self.body, type=dict[str, Any])


class Customer:
    """One signed-in user."""

    def __init__(self, session: aiohttp.ClientSession, service: Service, user: str) -> None:
        self.user = user
        self._session = session
        self._api = service.ready.api
        self._headers = {"Authorization": f"Bearer {service.token_of(user)}"}

    async def refine(
        self, image_url: str, *, prompt: str = PROMPT, key: str = "", engine: str = ""
    ) -> Answer:
        """Ask for a refinement, with an idempotency key and an engine if they are given."""
        request = {"original_image_url": image_url, "refinement_prompt": prompt}
        if engine:
            request["engine"] = engine
        idempotency = {"Idempotency-Key": key} if key else {}
        return await self.call("POST", "/api/concepts/refine", json=request, headers=idempotency)

    async def accepted(self, image_url: str) -> str:
        """Ask for a refinement that must be accepted; the task's id."""
        answer = await self.refine(image_url)
        assert answer.status == 202, answer
        task_id = answer.json["task_id"]
        assert isinstance(task_id, str)
        return task_id

    async def task(self, task_id: str, *, route: str = "/api/tasks") -> Answer:
        """Look at a task."""
        return await self.call("GET", f"{route}/{task_id}")

    async def waited(self, task_id: str, *, wait_s: int, tag: str = "") -> Answer:
        """Look at a task once it has moved, or after `wait_s`; `tag` names what is known of it."""
        headers = {"Prefer": f"wait={wait_s}"}
        if tag:
            headers["If-None-Match"] = tag
        return await self.call("GET", f"/api/tasks/{task_id}", headers=headers)

    @asynccontextmanager
    async def streaming(
        self, path: str, *, headers: Mapping[str, str], silence_s: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that may last, as long as it is never silent for longer."""
        bound = aiohttp.ClientTimeout(total=None, sock_read=silence_s)
        async with self._session.get(
            self._api + path, headers=self._headers | dict(headers), timeout=bound
        ) as answer:
            yield answer

    async def page(self, query: str = "") -> tuple[list[dict[str, Any]], str]:
        """A page of the tasks, and the query of the next one; empty after the last."""
        answer = await self.call("GET", f"/api/tasks{query}")
        assert answer.status == 200, answer
        tasks = msgspec.json.decode(answer.body, type=list[dict[str, Any]])
        link = _NEXT.fullmatch(answer.headers.get("Link", ""))
        return tasks, "" if link is None else link[1]

    async def quota(self) -> Answer:
        """Ask how the quota stands."""
        return await self.call("GET", "/api/health/rate-limits")

    async def cancel(self, task_id: str) -> Answer:
        """Stop a task."""
        return await self.call("POST", f"/api/tasks/{task_id}/cancel")

    async def ended(self, task_id: str) -> dict[str, Any]:
        """The task once it has ended."""
        last: dict[str, Any] = {}

        async def has_ended() -> bool:
            nonlocal last
            answer = await self.task(task_id)
            assert answer.status == 200, answer
            last = answer.json
            return last["status"] in ENDED

        await eventually(has_ended, bound_s=END_BOUND_S, what=f"{task_id} has ended")
        return last

    async def download(self, image_url: str) -> bytes:
        """The PNG behind a task's `image_url`, which needs no token."""
        async with self._session.get(image_url) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.content_type == "image/png"
            return await answer.read()

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request to any route, and its answer."""
        async with self._session.request(
            method, self._api + path, json=json, headers=self._headers | dict(headers or {})
        ) as answer:
            return Answer(
                status=answer.status, headers=answer.headers.copy(), body=await answer.read()
            )


class Crowd:
    """Customers one after the other at a few counters, until they are told to stop.

    Each asks for one refinement, again and again with one idempotency key until it is accepted,
    and then watches it to its end. All that was answered is kept.
    """

    VISIT_BOUND_S: Final = 75.0

    def __init__(
        self, session: aiohttp.ClientSession, service: Service, *, name: str, image_url: str
    ) -> None:
        self.answers: list[Answer] = []
        self.accepted: dict[str, str] = {}
        self.finished: dict[str, str] = {}
        self.connections_lost = 0
        self._session = session
        self._service = service
        self._name = name
        self._image_url = image_url
        self._visits = 0
        self._is_closed = False

    async def visit(self) -> None:
        """One counter: serve customers until it closes."""
        while not self._is_closed:
            self._visits += 1
            customer = Customer(self._session, self._service, f"{self._name}-{self._visits}")
            async with asyncio.timeout(self.VISIT_BOUND_S):
                await self._serve(customer)

    def close(self) -> None:
        """Let nobody new in; those who are in get what they came for."""
        self._is_closed = True

    async def more_finished(self, count: int) -> None:
        """Return when this many more customers have seen the end of their task."""
        goal = len(self.finished) + count
        await eventually(
            lambda: len(self.finished) >= goal,
            bound_s=self.VISIT_BOUND_S,
            what=f"{count} more tasks have ended",
        )

    async def _serve(self, customer: Customer) -> None:
        while True:
            answer = await self._ask(customer, "")
            if answer is not None and answer.status == 202:
                break
            await asyncio.sleep(POLL_S)
        task_id = answer.json["task_id"]
        self.accepted[customer.user] = task_id
        while True:
            answer = await self._ask(customer, task_id)
            if answer is not None and answer.status == 200 and answer.json["status"] in ENDED:
                break
            await asyncio.sleep(POLL_S)
        self.finished[customer.user] = answer.json["status"]

    async def _ask(self, customer: Customer, task_id: str) -> Answer | None:
        """Look at the task or, without one, ask for it; None if the connection was lost."""
        try:
            if task_id:
                answer = await customer.task(task_id)
            else:
                answer = await customer.refine(self._image_url, key=customer.user)
        except aiohttp.ClientConnectionError:
            self.connections_lost += 1
            return None
        self.answers.append(answer)
        return answer
