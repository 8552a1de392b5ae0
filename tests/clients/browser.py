"""A person with a real Chromium, and the loopback listener that a native client waits on."""

import asyncio
import contextlib
import os
import re
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.asynccontextmanager
async def chromium():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


class Callback:
    """The redirect target of a native client: http://127.0.0.1:<any port>/callback."""

    def __init__(self, host: str = "127.0.0.1", path: str = "/callback"):
        self.host, self.path = host, path
        self._answered: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def __aenter__(self) -> "Callback":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.uri = f"http://{self.host}:{self.port}{self.path}"
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            target = urlsplit(head.split(" ", 2)[1])
            if target.path == self.path:
                given = parse_qs(target.query, keep_blank_values=True)
                assert all(len(values) == 1 for values in given.values()), "a parameter of the answer is repeated"
                self._answered.put_nowait({name: values[0] for name, values in given.items()})
            status = "200 OK" if target.path == self.path else "404 Not Found"
            body = b"<!doctype html><title>Done</title><link rel=icon href=data:,><p>You can close this page."
            writer.write(
                f"HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\n"
                "connection: close\r\n\r\n".encode() + body
            )
            await writer.drain()
        writer.close()

    async def answer(self) -> dict[str, str]:
        return await asyncio.wait_for(self._answered.get(), 30)


async def sign_in(page: Page, appliance):
    """Fills the sign-in pages, of which `page` shows the first: the address, then the password."""
    await page.get_by_label("Email").fill(appliance.email)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Password", exact=True).fill(appliance.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def approve(browser: Browser, appliance, url: str, *, signed_in=None):
    """What a person does with an authorization link: open it, sign in, read, press Allow. Every cookie the
    appliance set is remembered as a secret. `signed_in` is a browser context kept from before."""
    context = signed_in or await browser.new_context()
    page = await context.new_page()
    answer = await page.goto(url)
    said = await page.inner_text("body")
    assert answer is not None and answer.ok, f"the authorization endpoint answered {answer and answer.status}: {said}"
    if signed_in is None:
        await sign_in(page, appliance)
    allow = page.get_by_role("button", name=re.compile("^Allow"))
    await allow.wait_for()
    for box in await page.locator("input[type=checkbox][name=scope]").all():
        await box.check()  # Risky permissions are not ticked beforehand; this person gives all that is asked for.
    await allow.click()
    await page.wait_for_url(lambda url: not url.startswith(appliance.origin))
    for cookie in await context.cookies():
        appliance.remember(**{f"cookie {cookie['name']}": cookie["value"]})
    if signed_in is None:
        await context.close()
