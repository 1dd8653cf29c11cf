"""
A real browser, driven from here, at an emulator that is served in the same process.

Both need what is not part of the project: Playwright for Python, and a Chromium.
"""

import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from connector_async.emulator import serve
from tests.browser.scene import Scene

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    # Nothing but the loopback is found.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium():
    """
    Where Chromium is; None when it is not here.
    """
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUMS)), None)


@pytest.fixture(scope="session")
def screenshots():
    """
    Where pictures go: the folder that `SCREENSHOTS` names, else nowhere.
    """
    named = os.environ.get("SCREENSHOTS")
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser():
    playwright = pytest.importorskip(
        "playwright.async_api", reason="needs Playwright: pip install playwright"
    )
    path = chromium()
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium, or CHROMIUM=/path/to/it")
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def open_console(browser):
    """
    Opens the console of an emulator in a window of its own.

    What the page complains of fails the test, unless it is *forgiving*.
    """

    @asynccontextmanager
    async def open_console(emulator, *, width=1280, height=800, scheme="light", forgiving=False):
        async with serve(emulator) as server:
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                locale="en-GB",
                timezone_id="UTC",
                reduced_motion="reduce",
                permissions=["clipboard-read", "clipboard-write"],
            )
            context.set_default_timeout(8_000)
            page = await context.new_page()
            faults = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on(
                "console",
                lambda said: (
                    faults.append(said.text) if said.type in ("error", "warning") else None
                ),
            )
            await page.goto(f"{server.url}/emulator/console/")
            await page.wait_for_selector("html[data-ready]")
            yield page
            await context.close()
        assert forgiving or [] == faults

    return open_console


@pytest_asyncio.fixture(loop_scope="session")
async def scene():
    """
    The morning, played.
    """
    scene = Scene()
    async with scene.client:
        await scene.play()
        yield scene
