"""Where pictures come from: drawn here, and served by a web server that waits to be told."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from PIL import Image


def draw(path: Path) -> Path:
    """Draw a small logo into a PNG file, in colours that no other has."""
    ground, shape = secrets.token_hex(3), secrets.token_hex(3)
    image = Image.new("RGB", (96, 64), f"#{ground}")
    image.paste(f"#{shape}", (24, 16, 72, 48))
    image.save(path)
    return path


class Origin:
    """Serves one picture; while it is held, requests are taken and not answered."""

    def __init__(self, picture: bytes) -> None:
        self.url = ""
        self.requests_count = 0
        self._picture = picture
        self._open = asyncio.Event()

    def release(self) -> None:
        """Answer, now and from now on."""
        self._open.set()

    async def answer(self, _: web.Request) -> web.Response:
        """The picture."""
        self.requests_count += 1
        await self._open.wait()
        return web.Response(body=self._picture, content_type="image/png")


@asynccontextmanager
async def held_origin(picture: bytes) -> AsyncIterator[Origin]:
    """An origin that holds its answers until `release`."""
    origin = Origin(picture)
    application = web.Application()
    application.router.add_get("/logo.png", origin.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        _, port = runner.addresses[0][:2]
        origin.url = f"http://127.0.0.1:{port}/logo.png"
        yield origin
    finally:
        origin.release()
        await runner.cleanup()
