"""What a notebook shows of a network, in the dark and where there is little room."""

from pathlib import Path
from typing import Any

import pytest
import scipy.sparse as sp

from tvbo import Network

pytestmark = pytest.mark.browser

_PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 8px; background: {paper}; color: {ink}; font: 13px sans-serif; }}
</style>{body}"""
_CONTRAST = """elements => elements.map(element => {
  const paint = document.createElement("canvas").getContext("2d");
  const over = (...colors) => { for (const color of colors) { paint.fillStyle = color; paint.fillRect(0, 0, 1, 1); }
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = color => color.map(part => part / 255)
    .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const paper = getComputedStyle(document.body).backgroundColor, style = getComputedStyle(element);
  const back = [paper, style.backgroundColor];
  const [dark, bright] = [light(over(...back)), light(over(...back, style.color))].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
})"""


@pytest.mark.parametrize(("paper", "ink"), [("#ffffff", "rgba(0,0,0,.87)"), ("#111111", "rgba(255,255,255,.87)")])
def test_it_can_be_read_in_the_light_and_in_the_dark_however_narrow(
    browser: Any, tmp_path: Path, paper: str, ink: str
) -> None:
    Network.load("example_surface").save(tmp_path / "surface.yaml")
    network = Network.from_file(tmp_path / "surface.yaml")
    size = network.number_of_nodes
    network.set_matrix("with_a_name_that_is_longer_than_others", sp.eye_array(size, format="csr"), unit="mm")
    path = tmp_path / "notebook.html"
    body = network._repr_html_().replace("<details>", "<details open>")
    path.write_text(_PAGE.format(paper=paper, ink=ink, body=body), encoding="utf-8")
    page = browser.new_page(viewport={"width": 320, "height": 600})
    page.goto(path.as_uri())
    contrasts = page.eval_on_selector_all(".tvbo-repr i, .tvbo-repr code, .tvbo-repr td", _CONTRAST)
    assert len(contrasts) > 20
    # What WCAG asks of small text.
    assert min(contrasts) >= 4.5
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()
