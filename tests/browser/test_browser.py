"""The page of a network in a real browser: quiet, right side up, and every control does what it says."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser import Watched
from networks import folded_brain

from tvbo import Network

pytestmark = pytest.mark.browser

Open = Callable[..., Watched]
PAPER = [255, 255, 255]


def ink(image: np.ndarray) -> float:
    """Give the share of pixels that are not the background."""
    background = image[image.shape[0] // 2, 4]
    return float((np.abs(image - background).max(axis=2) > 12).mean())


def changed(before: np.ndarray, after: np.ndarray) -> float:
    """Give the share of pixels that differ."""
    return float((np.abs(before - after).max(axis=2) > 12).mean())


@pytest.mark.parametrize("name", ["default_brain", "folded_brain", "electrodes", "nodes_only"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_opens_quietly_and_shows_something(opened: Open, name: str, theme: str) -> None:
    watched = opened(name, theme=theme)
    image = watched.pixels()
    assert ink(image) > 0.05
    assert (image[4, image.shape[1] // 2].mean() < 60) == (theme == "dark")
    assert not watched.page.locator("#message").is_visible()


def test_a_sheet_without_nodes_and_nodes_without_a_place(opened: Open, tmp_path: Path) -> None:
    brain = folded_brain()
    for name, network in (("sheet", Network(mesh=brain.mesh)), ("circle", Network.from_matrix(np.ones((5, 5))))):
        watched = opened(network.view(tmp_path / f"{name}.html").save(tmp_path / f"{name}.html"))
        assert ink(watched.pixels()) > 0.02
        assert watched.page.locator("#search-row").is_visible() == (name == "circle")
        assert watched.page.locator("#compass").is_visible() == (name == "sheet")


ODD = {
    "nothing joined": Network.from_matrix(np.zeros((3, 3)), positions=np.eye(3)),
    "one node": Network.from_matrix(np.ones((1, 1)), positions=np.zeros((1, 3))),
    "all in one place": Network.from_matrix(np.ones((3, 3)), positions=np.ones((3, 3))),
    "nowhere": Network.from_matrix(np.ones((3, 3)), positions=np.full((3, 3), np.nan)),
    "no numbers": Network.from_matrix(np.full((3, 3), np.nan), positions=np.eye(3)),
    "the largest": Network.from_matrix(np.full((3, 3), 1.7e308), positions=np.eye(3)),
    "both infinities": Network.from_matrix(np.array([[0, np.inf], [-np.inf, 1]]), positions=np.eye(3)[:2]),
    "far away": Network.from_matrix(np.ones((2, 2)), positions=np.array([[1e300, 0, 0], [0, 0, 1]])),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_networks_open_quietly(opened: Open, tmp_path: Path, name: str) -> None:
    network = ODD[name]
    network.nodes.columns["odd"] = np.full(len(network.nodes), np.nan)
    network.view(tmp_path / "odd.html")
    watched = opened(tmp_path / "odd.html")
    for _ in range(4):
        watched.press("c", "n")
    watched.page.check("#log")
    watched.press("Escape")
    assert watched.text("#status").startswith(f"{len(network.nodes)} nodes, ")


def test_nothing_can_be_fetched_and_no_script_be_added(opened: Open) -> None:
    watched = opened("nodes_only")
    blocked = watched.page.evaluate(
        """async () => {
          const found = [];
          document.addEventListener("securitypolicyviolation", (event) => found.push(event.effectiveDirective));
          await fetch("https://example.org/").catch(() => found.push("fetch failed"));
          new Image().src = "https://example.org/a.png";
          const script = document.createElement("script");
          script.textContent = "window.hit = 1";
          document.body.append(script);
          await new Promise((done) => setTimeout(done, 300));
          const refused = ["connect-src", "img-src", "script-src-elem"].every((each) => found.includes(each));
          return [refused, window.hit];
        }"""
    )
    assert blocked == [True, None]
    assert len(watched.said) >= 3
    # That was us.
    watched.said.clear()
    assert watched.asked[1:] == [] or all("example.org" in url for url in watched.asked[1:])
    del watched.asked[1:]


def test_a_hostile_network_does_nothing(opened: Open, tmp_path: Path) -> None:
    bad = ["</script><script>window.hit = 1</script>", '"><img src=x onerror="window.hit = 1">', "مرحبا", "🧠'`${1}"]
    network = Network.from_matrix(np.arange(16.0).reshape(4, 4), labels=bad, positions=np.eye(4)[:, :3] * 50)
    network.label = "<img src=x onerror='window.hit = 1'>" + bad[0]
    network.nodes.columns[bad[1]] = np.array(bad)
    network.view(tmp_path / "bad.html")
    watched = opened(tmp_path / "bad.html")
    watched.page.fill("#search", "script")
    watched.press("Enter")
    watched.press("c", "c")
    watched.page.mouse.move(*watched.place_of(1))
    assert watched.text("#tip").startswith(bad[1])
    assert watched.text("h1") == network.label
    assert watched.page.evaluate("[window.hit, document.images.length, document.scripts.length]") == [None, 0, 1]


def test_the_number_of_connections_with_its_ties(opened: Open) -> None:
    watched = opened("default_brain")
    assert watched.text("#shown") == "250 asked, 763 shown: ties; of 881"
    many = watched.pixels()
    watched.page.fill("#count", "100")
    assert watched.text("#shown") == "100 asked, 202 shown: ties; of 881"
    few = watched.pixels()
    assert changed(many, few) > 0.02
    watched.page.fill("#count", "0")
    assert watched.text("#shown") == "0 asked, 0 shown; of 881"
    assert watched.page.evaluate("viewer.scene.lines.length") == 0
    watched.slide("#count-slider", 1000)
    assert watched.text("#shown") == "881 asked, 881 shown; of 881"
    watched.page.locator("#view").focus()
    watched.press("[")
    assert watched.text("#shown").startswith("705 asked")
    watched.page.uncheck("#show-edges")
    watched.settle()
    assert watched.page.evaluate("viewer.scene.lines.length") == 0


def test_opacity(opened: Open) -> None:
    watched = opened("default_brain")
    pale = watched.pixels()
    watched.slide("#opacity", 100)
    solid = watched.pixels()
    assert changed(pale, solid) > 0.1
    watched.slide("#opacity", 0)
    assert ink(watched.pixels()) < ink(solid)
    watched.page.locator("#view").focus()
    watched.press("O")
    assert watched.text("#opacity-told") == "10 %"


def test_colour_by_everything_there_is(opened: Open) -> None:
    watched = opened("default_brain")
    watched.slide("#opacity", 100)
    names = watched.page.locator("#color-by option").all_inner_texts()
    assert names[:2] == ["region", "strength"]
    assert {"area", "cortical", "hemisphere"} <= set(names)
    seen = []
    for name in names:
        watched.page.select_option("#color-by", label=name)
        seen.append(watched.pixels())
        legend = watched.text("#legend")
        assert name in legend or name in ("region", "nothing")
    assert all(changed(a, b) > 0.01 for i, a in enumerate(seen) for b in seen[:i])
    watched.page.select_option("#color-by", label="strength")
    before = watched.pixels()
    watched.page.select_option("#map", label="inferno")
    assert changed(before, watched.pixels()) > 0.05


def test_six_views_with_left_and_right_where_they_belong(opened: Open, tmp_path: Path) -> None:
    brain = folded_brain()
    assert brain.mesh is not None
    # 0 on the left, 1 on the right; in axes that are not those of the screen.
    brain.nodes.columns["side"] = (brain.mesh.vertices[:, 0] > 0).astype(float)
    brain.view(tmp_path / "sides.html", count=0)
    watched = opened(tmp_path / "sides.html")
    watched.slide("#opacity", 100)
    watched.page.uncheck("#show-nodes")
    watched.page.select_option("#color-by", label="side (vertices)")
    shares = {}
    for key, name in zip("123456", ("left", "right", "top", "bottom", "front", "back"), strict=True):
        watched.page.locator("#views button", has_text=name).click()
        by_button = watched.pixels()
        watched.page.locator("#view").focus()
        watched.press("r", key)
        assert changed(by_button, watched.pixels()) < 0.01
        # viridis: 0 is violet, 1 is yellow.
        yellow = (by_button[..., 1] > by_button[..., 2] + 50) & (by_button[..., 0] > 90)
        violet = (by_button[..., 2] > by_button[..., 1] + 20) & (by_button[..., 0] > 20)
        half = by_button.shape[1] // 2
        shares[name] = [int(part.sum()) for colour in (violet, yellow) for part in (colour[:, :half], colour[:, half:])]
    assert shares["left"][2] + shares["left"][3] < 0.05 * sum(shares["left"])
    assert shares["right"][0] + shares["right"][1] < 0.05 * sum(shares["right"])
    for name, turned in (("top", False), ("back", False), ("bottom", True), ("front", True)):
        violet_left, violet_right, yellow_left, yellow_right = shares[name]
        assert (violet_left > 3 * violet_right) != turned, name
        assert (yellow_right > 3 * yellow_left) != turned, name
    watched.page.locator("#views button", has_text="top").click()
    watched.settle()
    marks = {mark: watched.page.locator("#marks span", has_text=mark).bounding_box() for mark in "LRAP"}
    assert marks["L"]["x"] < marks["R"]["x"]
    assert marks["A"]["y"] < marks["P"]["y"]


def test_search_finds_and_isolates(opened: Open) -> None:
    watched = opened("default_brain")
    before = watched.pixels()
    watched.page.locator("#view").focus()
    watched.press("/")
    watched.page.keyboard.type("a1")
    assert watched.page.locator("#found li").all_inner_texts() == ["rA1", "lA1"]
    assert watched.page.get_attribute("#search", "aria-expanded") == "true"
    watched.press("ArrowDown", "Enter")
    assert watched.page.input_value("#search") == "lA1"
    assert watched.text("#status").startswith("lA1; ")
    assert watched.page.evaluate("nodeLabel(viewer.data, viewer.isolated)") == "lA1"
    assert changed(before, watched.pixels()) > 0.05
    # Its own connections, all of them, and no others.
    ends = watched.page.evaluate("viewer.connectionsOf(viewer.isolated).map((k) => viewer.ends(k))")
    isolated = watched.page.evaluate("viewer.isolated")
    assert watched.page.evaluate("viewer.scene.lines.length") == len(ends) > 0
    assert all(isolated in pair for pair in ends)
    watched.press("Escape")
    assert watched.page.evaluate("viewer.isolated") == -1
    assert changed(before, watched.pixels()) < 0.01


def test_hover_tells_and_a_click_isolates(opened: Open) -> None:
    watched = opened("nodes_only")
    place = watched.place_of(3)
    watched.page.mouse.move(*place)
    lines = watched.text("#tip").splitlines()
    assert lines[0] == "L_3_ROI"
    assert lines[1].startswith("right, front, up: -")
    assert lines[1].endswith(" mm")
    assert lines[2].startswith("strength ")
    watched.page.mouse.click(*place)
    watched.settle()
    assert watched.page.evaluate("viewer.isolated") == 3
    assert watched.page.locator("#release").is_visible()
    watched.page.click("#release")
    watched.settle()
    assert watched.page.evaluate("viewer.isolated") == -1
    assert not watched.page.locator("#release").is_visible()


def test_a_region_of_the_surface_is_told_and_isolated(opened: Open) -> None:
    watched = opened("default_brain")
    watched.slide("#opacity", 100)
    watched.page.locator("#views button", has_text="left").click()
    watched.settle()
    box = watched.page.locator("#view").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    watched.page.mouse.move(*middle)
    name = watched.text("#tip").splitlines()[0]
    assert name.startswith("l")
    watched.page.mouse.click(*middle)
    watched.settle()
    assert watched.page.evaluate("nodeLabel(viewer.data, viewer.isolated)") == name


def test_a_cell_lights_its_connection_and_a_connection_its_cell(opened: Open) -> None:
    watched = opened("nodes_only")
    watched.page.fill("#count", "10")
    before = watched.pixels()
    i, j = watched.page.evaluate("viewer.ends(0)")
    box = watched.page.locator("#heatmap").bounding_box()
    cell = box["width"] / 40, box["height"] / 40
    watched.page.mouse.move(box["x"] + (j + 0.5) * cell[0], box["y"] + (i + 0.5) * cell[1])
    watched.settle()
    assert watched.page.evaluate("viewer.markedEdges()") == [0]
    told = watched.text("#cell").splitlines()
    names = watched.page.evaluate("viewer.data.labels")
    assert told[:2] == [f"to {names[i]}", f"from {names[j]}"]
    assert changed(before, watched.pixels()) > 0.0005
    a, b = watched.place_of(i), watched.place_of(j)
    watched.run("document.getElementById('show-nodes').click()")
    watched.page.mouse.move((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    watched.settle()
    edge = watched.page.evaluate("viewer.edge")
    assert edge >= 0
    ends = watched.page.evaluate("viewer.ends(viewer.edge)")
    marked = watched.page.evaluate("viewer.heatmap.marked")
    assert {(mark["row"], mark["column"]) for mark in marked} == {tuple(ends), tuple(ends[::-1])}
    assert watched.text("#tip").startswith(f"{names[ends[0]]} – {names[ends[1]]}\ncorrelation: ")


def test_the_heatmap_follows_the_keyboard_and_can_be_another(opened: Open) -> None:
    watched = opened("default_brain")
    watched.page.locator("#heatmap").focus()
    watched.press("ArrowDown", "ArrowDown", "ArrowRight")
    assert watched.page.evaluate("viewer.heatmap.cell") == {"row": 1, "column": 1}
    watched.press("Enter")
    assert watched.page.evaluate("viewer.isolated") == 1
    watched.page.select_option("#which", label="tract lengths")
    assert watched.text("#heatmap-legend").startswith("tract lengths [mm]")
    plain = watched.pixels("#heatmap")
    watched.page.check("#log")
    assert changed(plain, watched.pixels("#heatmap")) > 0.05


def test_the_theme_follows_the_system_until_it_is_chosen(opened: Open) -> None:
    watched = opened("nodes_only")
    light = watched.pixels()
    watched.page.emulate_media(color_scheme="dark")
    dark = watched.pixels()
    assert light[4, 4].tolist() == PAPER
    assert dark[4, 4].max() < 60
    watched.page.locator("#view").focus()
    watched.press("t")
    assert changed(light, watched.pixels()) < 0.01
    watched.page.emulate_media(color_scheme="light")
    watched.page.click("#theme")
    assert changed(dark, watched.pixels()) < 0.01


def test_all_can_be_done_with_keys(opened: Open) -> None:
    watched = opened("nodes_only")
    first = watched.pixels()
    watched.page.locator("#view").focus()
    watched.press("ArrowLeft", "ArrowUp")
    turned = watched.pixels()
    assert changed(first, turned) > 0.01
    watched.press("+", "+")
    assert ink(watched.pixels()) > ink(turned)
    watched.press("Shift+ArrowRight", "r")
    assert changed(first, watched.pixels()) < 0.01
    watched.press("n", "n")
    assert watched.page.evaluate("viewer.isolated") == 1
    watched.press("p")
    assert watched.text("#status").startswith("L_0_ROI; ")
    watched.press("Escape", "m")
    assert not watched.page.locator("#matrix").is_visible()
    watched.press("m", "?")
    assert watched.page.locator("#help").is_visible()
    for key in "16rnp/[]oOcmt":
        assert watched.page.locator("#help kbd", has_text=key).count(), key
    watched.press("Escape")
    assert not watched.page.locator("#help").is_visible()
    assert watched.page.evaluate("viewer.isolated") == -1


def test_everything_has_a_name_and_the_focus_is_seen(opened: Open) -> None:
    watched = opened("default_brain")
    unnamed = watched.page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, [tabindex], [role=img]")]
          .filter((each) => !each.getAttribute("aria-label") && !each.labels?.length && !each.textContent.trim())
          .map((each) => each.id)"""
    )
    assert unnamed == []
    seen = set()
    for _ in range(24):
        watched.page.keyboard.press("Tab")
        if watched.page.evaluate("document.activeElement === document.body"):
            break
        found = watched.page.evaluate(
            "[document.activeElement.id || document.activeElement.textContent,"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        seen.add(found[0])
        assert found[1] != "none", found
    assert {"theme", "search", "left", "color-by", "count", "opacity", "view", "heatmap"} <= seen


def test_the_gain_of_a_sensor_colours_the_sources(opened: Open) -> None:
    watched = opened("electrodes")
    total = watched.pixels()
    assert watched.text("#legend").startswith("sum of |gain| [V/(A*m)]")
    watched.page.mouse.click(*watched.place_of(12))
    assert watched.text("#status") == "Gain of E13"
    one = watched.pixels()
    assert changed(total, one) > 0.1
    assert watched.text("#legend").startswith("gain of E13")
    watched.page.select_option("#sensor", label="E2")
    assert changed(one, watched.pixels()) > 0.05
    watched.page.select_option("#sensor", label="E6")
    assert "no values" in watched.text("#legend")
    watched.page.locator("#view").focus()
    watched.press("Escape")
    assert changed(total, watched.pixels()) < 0.01
    row = watched.page.evaluate("viewer.data.matrices[0].shape")
    assert row == [32, 5124]


def test_a_window_as_narrow_as_a_telephone(opened: Open) -> None:
    watched = opened("default_brain", width=390, height=844)
    assert ink(watched.pixels()) > 0.05
    width, boxes = watched.page.evaluate(
        """() => [document.documentElement.scrollWidth, ["stage", "controls", "matrix"].map((id) => {
          const box = document.getElementById(id).getBoundingClientRect();
          return [box.top, box.bottom];
        })]"""
    )
    assert width <= 390
    assert boxes[0][1] <= boxes[1][0] + 1 <= boxes[1][1] + 1 <= boxes[2][0] + 2


def test_panels_give_their_room_to_the_brain(opened: Open) -> None:
    watched = opened("default_brain")
    before = watched.page.locator("#view").bounding_box()["width"]
    watched.page.click("#toggle-controls")
    watched.page.click("#toggle-matrix")
    watched.settle()
    assert watched.page.locator("#view").bounding_box()["width"] > before + 400
    assert watched.page.get_attribute("#toggle-matrix", "aria-expanded") == "false"
    assert ink(watched.pixels()) > 0.05


def test_it_works_in_a_notebook(opened: Open, tmp_path: Path) -> None:
    notebook = tmp_path / "notebook.html"
    notebook.write_text(
        f"<!doctype html><meta charset=utf-8><body>{folded_brain().view()._repr_html_()}", encoding="utf-8"
    )
    watched = opened(notebook, ready=False)
    frame = watched.page.frame_locator("iframe")
    frame.locator("html[data-state=ready]").wait_for(state="attached", timeout=60_000)
    from PIL import Image

    shot = frame.locator("#view").screenshot()
    assert ink(np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)) > 0.05
    watched.asked[:] = [url for url in watched.asked if url != "about:srcdoc"]


def test_a_browser_without_webgl_is_told_so(opened: Open) -> None:
    without = "HTMLCanvasElement.prototype.getContext = () => null;"
    watched = opened("nodes_only", before=without, ready=False)
    watched.page.wait_for_selector("html[data-state=failed]", state="attached")
    assert watched.text("#message") == "This browser gives no WebGL 2, which the picture needs."


def test_a_surface_of_327684_vertices_can_be_turned(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    folded_brain(7, 180).view(path)
    assert path.stat().st_size < 6e6
    watched = opened(path)
    assert ink(watched.pixels()) > 0.1
    frames = watched.page.evaluate(
        """async () => {
          const { scene } = viewer, began = performance.now();
          let frames = 0;
          for (; performance.now() - began < 3000; frames++) {
            scene.turn(0.02, 0);
            scene.draw();
            scene.gl.finish();
            await new Promise((done) => setTimeout(done));
          }
          return frames / 3;
        }"""
    )
    # In software, on whatever machine: it moves.
    assert frames > 0.5
