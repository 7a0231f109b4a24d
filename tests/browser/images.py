"""Make the pictures of the documentation: ``python tests/browser/images.py docs/images``."""

import io
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import networks
import screens
from browser import Watched, chromium, unable
from PIL import Image

# A picture of a page that needs more is made again with fewer colours.
MOST_BYTES = 300_000


class Shot(NamedTuple):
    """A picture: of what network, in what state."""

    name: str
    network: str
    script: str = ""
    theme: str = "light"
    width: int = 1180
    height: int = 740


SHOTS = (
    Shot("brain", "default_brain", "viewer.setCount(100)"),
    Shot("brain-dark", "default_brain", "viewer.setColor(1); viewer.setOpacity(100)", "dark"),
    Shot("isolated", "default_brain", "viewer.isolate(viewer.data.labels.indexOf('lPFCPOL'))"),
    Shot("gain", "electrodes", "viewer.setSensor(12)"),
    Shot("nodes", "nodes_only", "viewer.setCount(150)"),
    Shot("narrow", "default_brain", "viewer.setCount(100)", width=390, height=844),
)

COMMANDS = ("tvbo info brain.yaml", "tvbo convert brain.yaml brain.zip --dry-run", "tvbo verify brain.yaml brain.yaml")


def shrunk(png: bytes) -> bytes:
    """Give a picture of all its colours, or of as many as the size allows."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colors in (None, 255, 128, 64):
        out = io.BytesIO()
        (image.quantize(colors) if colors else image).save(out, "PNG", optimize=True)
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()


def main(folder: Path) -> None:
    """Make them all."""
    reason = unable()
    if reason:
        sys.exit(reason)
    with chromium() as browser, tempfile.TemporaryDirectory() as pages:
        for shot in SHOTS:
            page = Path(pages) / f"{shot.network}.html"
            if not page.exists():
                getattr(networks, shot.network)().view(page)
            watched = Watched(browser, page, theme=shot.theme, width=shot.width, height=shot.height)
            watched.settle()
            if shot.script:
                watched.run(f"() => {{ {shot.script} }}")
            _keep(folder / f"viewer-{shot.name}.png", watched.page.screenshot())
            watched.context.close()
        for name, page in (
            ("notebook", screens.notebook(Path(pages))),
            ("terminal", screens.terminal(Path(pages), *COMMANDS)),
        ):
            window = browser.new_page(viewport={"width": 920, "height": 400})
            window.goto(page.as_uri())
            _keep(folder / f"{name}.png", window.screenshot(full_page=True))
            window.close()


def _keep(path: Path, png: bytes) -> None:
    path.write_bytes(shrunk(png))
    print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
