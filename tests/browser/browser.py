"""Chromium without a window and without a network, which draws in software; and pages in it that are watched."""

import contextlib
import io
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

_INSTALL = Path(__file__).parent / "install_chromium.sh"
_ARGUMENTS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    # Whatever a page asks for by name is not there.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
READY = (
    "document.documentElement.dataset.state === 'ready' && Boolean(window.viewer)"
    " && !viewer.scene.moving && !viewer.scene.pending"
)


def unable() -> str | None:
    """Say why there is no browser; None if there is one, which is installed if it can be."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed: pip install --group test"
    done = subprocess.run(["bash", _INSTALL], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip() or "chromium could not be installed"


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(_ARGUMENTS))
        yield browser
        browser.close()


class Watched:
    """A page, with all that it said and asked for."""

    def __init__(self, browser: Any, path: Path, *, theme: str, width: int, height: int, before: str = "") -> None:
        self.context = browser.new_context(
            color_scheme=theme, viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        if before:
            self.page.add_init_script(before)
        self.page.goto(path.as_uri())

    def settle(self) -> None:
        """Wait until the picture rests."""
        # Not wait_for_function: it evaluates text in the page, which the page forbids.
        until = time.monotonic() + 120
        while not self.page.evaluate(READY):
            assert time.monotonic() < until, self.page.evaluate("document.getElementById('message').textContent")
            time.sleep(0.03)

    def run(self, script: str) -> Any:
        """Run a script and wait until the picture rests."""
        result = self.page.evaluate(script)
        self.settle()
        return result

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def pixels(self, selector: str = "#view") -> np.ndarray:
        """Give what is seen of an element: array, shape (height, width, 3), int."""
        self.settle()
        shot = self.page.locator(selector).screenshot()
        # The edge shows where the focus is, which is another matter.
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)[6:-6, 6:-6]

    def slide(self, selector: str, value: float) -> None:
        """Put a slider somewhere."""
        self.page.eval_on_selector(
            selector,
            "(each, to) => { each.value = to; each.dispatchEvent(new Event('input', {bubbles: true})); }",
            value,
        )
        self.settle()

    def text(self, selector: str) -> str:
        """Give the text of an element."""
        found: str = self.page.locator(selector).inner_text()
        return found

    def place_of(self, node: int) -> tuple[float, float]:
        """Give where a node is in the window."""
        x, y, left, top = self.page.evaluate(
            "i => { const box = document.getElementById('view').getBoundingClientRect();"
            "return [...viewer.scene.project(viewer.place(i)).slice(0, 2), box.left, box.top]; }",
            node,
        )
        return x + left, y + top
