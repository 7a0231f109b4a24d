"""What notebooks show: everything that matters, nothing that must be read, and no text that is taken for HTML."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tvbo import Network
from tvbo.model.arrays import is_loaded
from tvbo.model.compare import content
from tvbo.testing.networks import every_feature, example_networks


class Tags(HTMLParser):
    """Checks that tags are closed, and collects them and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.met: list[str] = []
        self.text = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        self.met.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def test_a_network_shows_all_its_parts() -> None:
    shown = Tags(every_feature()._repr_html_())
    assert "script" not in shown.met
    for word in (
        "everything",
        "5 nodes",
        "thickness",
        "5 × 5",
        "csr, ",
        "4.5",
        "mm_per_ms",
        "global",
        "parent_network",
    ):
        assert word in shown.text or word == "global", word
    for name in every_feature().matrices:
        assert name in shown.text


def test_nothing_is_read_and_nothing_is_opened(tmp_path: Path) -> None:
    every_feature().save(tmp_path / "n.yaml")
    found = Network.from_file(tmp_path / "n.yaml")
    before = {path for path, value in content(found) if not is_loaded(value)}
    found = Network.from_file(tmp_path / "n.yaml")
    for path in tmp_path.iterdir():
        path.unlink()
    shown = Tags(found._repr_html_())
    assert "lazy" in shown.text
    assert "not opened" in shown.text
    assert before
    assert all(not is_loaded(matrix.values) for matrix in found.matrices.values())


@pytest.mark.parametrize("nasty", ["<script>alert(1)</script>", "a & b", '"><img src=x onerror=y>', "</details>"])
def test_text_is_text(nasty: str) -> None:
    network = Network.from_matrix(np.eye(2), labels=[nasty, "b"])
    network.label = network.description = network.descriptor = nasty
    network.parameters[nasty] = nasty
    network.nodes.columns[nasty] = np.array([nasty, "x"])
    network.extra[nasty] = nasty
    network.set_matrix(nasty.replace("/", ""), np.eye(2), unit=nasty)
    for shown in (network, network.nodes, network.parameters, network.diff(Network()), network.check()):
        met = Tags(shown._repr_html_()).met
        assert not {"script", "img"} & set(met)


def test_reports_and_parts_are_shown() -> None:
    network = example_networks()["full"]
    assert "identical" in Tags(network.diff(network)._repr_html_()).text
    other = example_networks()["full"]
    other.weights_matrix[0, 0] += 1
    assert "matrices.weight" in Tags(network.diff(other)._repr_html_()).text
    assert "valid" in Tags(network.validate(deep=True)._repr_html_()).text
    assert "area" in Tags(network.nodes._repr_html_()).text
    mesh = every_feature().mesh
    assert mesh is not None
    assert "2 triangles" in Tags(mesh._repr_html_()).text


def test_many_differences_are_cut_and_counted() -> None:
    first, second = Network(), Network()
    first.extra["a"] = {str(i): i for i in range(500)}
    shown = Tags(first.diff(second)._repr_html_())
    assert "more" in shown.text
    assert shown.met.count("tr") < 250


def test_names_can_be_completed() -> None:
    network = every_feature()
    for mapping in (network.matrices, network.parameters, network.links, network.nodes.columns):
        assert mapping._ipython_key_completions_() == list(mapping)
        assert len(mapping) > 0
    assert {"G", "conduction_speed"} <= set(dir(network.parameters))
