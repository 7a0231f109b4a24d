"""
Draw TVB's default brain with surfplot and bsplot, for docs/gallery.md.

Neither is installed with the documentation: surfplot brings VTK, more than a gigabyte. In a virtual environment of its
own (surfplot must find BrainSpace, and VTK a way to render without a display, such as libOSMesa or libEGL):

    pip install surfplot==0.2.0 bsplot==0.0.12 tvb-library tvb-data
    pip install .[plot]
    python scripts/make_gallery_pictures.py docs/images
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    """Write gallery-surfplot.png and gallery-bsplot.png."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures are written")
    parser.add_argument("--only", choices=["surfplot", "bsplot"], help="draw with one of them")
    arguments = parser.parse_args()
    regions, cortex = _brain()
    for name, draw in (("surfplot", _surfplot), ("bsplot", _bsplot)):
        if arguments.only in (None, name):
            path = arguments.folder / f"gallery-{name}.png"
            draw(regions, cortex, path)
            _shrink(path)
            print(path)


def _brain() -> Any:
    from tvb.datatypes.connectivity import Connectivity
    from tvb.datatypes.region_mapping import RegionMapping
    from tvb.datatypes.surfaces import CorticalSurface

    from tvbo import Network

    connectivity, surface, mapping = Connectivity.from_file(), CorticalSurface.from_file(), RegionMapping.from_file()
    connectivity.configure()
    return Network.from_tvb_surface(connectivity, surface, mapping)


def _surfplot(regions: Any, cortex: Any, path: Path) -> None:
    from brainspace.mesh.mesh_creation import build_polydata
    from surfplot import Plot

    vertices, elements = cortex.display_mesh()
    mapping, strength = cortex.node_mapping_data, regions.weights_matrix.sum(axis=1)
    # In TVB's default data regions say their side by name: r..., l...
    right = np.char.startswith(regions.nodes.labels.astype(str), "r")[mapping]
    sides: dict[str, Any] = {}
    for side, which in (("left", ~right), ("right", right)):
        place = np.full(len(vertices), -1)
        place[which] = np.arange(which.sum())
        triangles = place[elements]
        sides[side] = build_polydata(vertices[which], cells=triangles[(triangles >= 0).all(axis=1)])
    values = {"left": strength[mapping][~right], "right": strength[mapping][right]}
    parcels = {"left": mapping[~right] + 1, "right": mapping[right] + 1}
    plot = Plot(sides["left"], sides["right"], size=(900, 620), zoom=1.7)
    plot.add_layer(values, cmap="viridis", cbar_label="in-strength")
    plot.add_layer(parcels, cmap="gray", as_outline=True, cbar=False)
    plot.build().savefig(path, dpi=100, bbox_inches="tight")


def _bsplot(regions: Any, cortex: Any, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from bsplot.surface import plot_surf

    vertices, elements = cortex.display_mesh()
    overlay = regions.weights_matrix.sum(axis=1)[cortex.node_mapping_data]
    figure, axes = plt.subplots(1, 2, figsize=(9, 4))
    for ax, view in zip(axes, ("lateral", "dorsal"), strict=True):
        plot_surf(vertices=vertices, faces=elements, overlay=overlay, view=view, cmap="viridis", ax=ax)
        ax.set_title(view)
    figure.savefig(path, dpi=100, bbox_inches="tight")


def _shrink(path: Path) -> None:
    from PIL import Image

    Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)


if __name__ == "__main__":
    main()
