"""
Build an EEG forward solution with MNE and save it as a projection network: sensors x regions.

Writes sensors_eeg_standard1005_fsaverage_aparc_projection.yaml, .h5 and _plotmeta.npz into the networks folder of
tvbo's database, or into --out. Sources:

  fsaverage  the fsaverage cortex, its boundary element model and the aparc regions; downloads them once (MNE)
  tvb        TVB's default cortex and its 76 regions in a sphere model; needs no download
  auto       fsaverage, or tvb where it cannot be had

Reductions of a region's sources:

  sum        every vertex drives with full strength, as TVB's own projections; grows with the number of vertices
  mean       their mean, vertex by vertex
  area       their mean weighted by the area around each vertex: the same however densely the cortex is sampled
  norm       the mean length of the gains of free dipoles (--orientation free)
"""

import argparse
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tvbo import Network, Parameter, database_path
from tvbo.errors import TvboWarning
from tvbo.model.projection import vertex_areas

STEM = "sensors_eeg_standard1005_fsaverage_aparc_projection"
MONTAGES = ("colin27_1005", "standard_1005")


def main(arguments: list[str] | None = None) -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", choices=("auto", "fsaverage", "tvb"), default="auto")
    parser.add_argument("--montage", help="a montage that MNE ships; the 10-05 system unless given")
    parser.add_argument("--reduce", choices=("sum", "mean", "area", "norm"), help="mean, or norm of free dipoles")
    parser.add_argument("--reference", choices=("average", "none"), default="average")
    parser.add_argument("--orientation", choices=("fixed", "free"), help="fixed, or free for the norm")
    parser.add_argument("--out", type=Path, default=database_path / "networks")
    parser.add_argument("--subjects-dir", type=Path, help="where fsaverage lies, or is to be downloaded to")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(arguments)
    options.reduce = options.reduce or ("norm" if options.orientation == "free" else "mean")
    options.orientation = options.orientation or ("free" if options.reduce == "norm" else "fixed")
    if (options.reduce == "norm") != (options.orientation == "free"):
        parser.error("--reduce norm goes with --orientation free, and the other reductions with fixed")

    import mne

    mne.set_log_level("ERROR")
    # TVB tells of a file that its default data lack, and of an optional package that nothing here needs.
    logging.disable(logging.WARNING)
    warnings.filterwarnings("ignore", "Geodesic distance")
    info = electrodes(options.montage)
    network, source = None, options.source
    if source in ("auto", "fsaverage"):
        try:
            network = fsaverage(info, options)
            source = "fsaverage"
        except OSError as error:
            if source == "fsaverage":
                sys.stderr.write(f"fsaverage cannot be had: {error}\n")
                return 2
            sys.stderr.write("fsaverage cannot be downloaded: using TVB's cortex in a sphere model instead\n")
            source = "tvb"
    if network is None:
        network = tvb_cortex(info, options)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{STEM}.yaml"
    network.save(path)
    labels = network.matrices["gain"].column_labels
    columns = network.extra["mne"]["columns"]
    centres = columns["positions"]
    np.savez(path.with_name(f"{STEM}_plotmeta.npz"), region_labels=labels, region_centers_mm=centres)
    gain, coverage = network.matrix("gain"), columns["coverage"]
    print(f"source: {source}: {network.description}")
    low, high = np.nanmin(gain), np.nanmax(gain)
    print(
        f"gain: {gain.shape[0]} sensors x {gain.shape[1]} regions by {options.reduce}, {low:.3g} to {high:.3g} V/(A*m)"
    )
    print(f"coverage: {coverage.min():.0%} to {coverage.max():.0%} of each region's sources")
    print(f"wrote {path}")
    return 0


def electrodes(name: str | None) -> Any:
    """Give measurement info with the electrodes of a montage; MNE 1.13 renamed standard_1005 to colin27_1005."""
    import mne

    known = mne.channels.get_builtin_montages()
    chosen = name or next(each for each in MONTAGES if each in known)
    montage = mne.channels.make_standard_montage(chosen)
    return mne.create_info(montage.ch_names, 1000.0, "eeg").set_montage(montage)


def fsaverage(info: Any, options: argparse.Namespace) -> Network:
    """Take the real thing: fsaverage, its three-layer BEM, and the aparc regions."""
    import mne

    try:
        folder = Path(mne.datasets.fetch_fsaverage(subjects_dir=options.subjects_dir, verbose="ERROR"))
    except (OSError, RuntimeError, ValueError) as error:
        # MNE raises each of these for a failed download, by what it was about to do.
        raise OSError(str(error).splitlines()[0]) from error
    forward = mne.make_forward_solution(
        info,
        "fsaverage",
        str(folder / "bem" / "fsaverage-ico-5-src.fif"),
        str(folder / "bem" / "fsaverage-5120-5120-5120-bem-sol.fif"),
        meg=False,
        n_jobs=options.jobs,
    )
    found = mne.read_labels_from_annot("fsaverage", "aparc", subjects_dir=folder.parent)
    network = Network.from_mne_forward(
        forward, labels=[label for label in found if not label.name.startswith("unknown")], **choices(options)
    )
    network.label = "EEG 10-05 on fsaverage, aparc regions"
    network.description = "MNE forward solution: fsaverage, three-layer boundary element model, aparc regions"
    return network


def tvb_cortex(info: Any, options: argparse.Namespace) -> Network:
    """Take TVB's cortex in a sphere, all in MNE's head frame."""
    import mne
    from tvb.datatypes.connectivity import Connectivity
    from tvb.datatypes.region_mapping import RegionMapping
    from tvb.datatypes.surfaces import CorticalSurface

    objects = Connectivity.from_file(), CorticalSurface.from_file(), RegionMapping.from_file()
    regions, surface = Network.from_tvb_surface(*objects)
    vertices, elements = surface.display_mesh()
    head = Path(mne.__file__).parent / "data" / "fsaverage"
    inner = mne.read_bem_surfaces(head / "fsaverage-inner_skull-bem.fif")[0]["rr"]
    # Into fsaverage's skull, middle on middle; both are symmetric in x already.
    shift = (inner.min(0) + inner.max(0)) / 2 - (vertices.min(0) + vertices.max(0)) / 2e3
    shift[0] = 0
    trans = mne.read_trans(head / "fsaverage-trans.fif")
    to_head = trans if trans.to_str == "head" else mne.transforms.invert_transform(trans)
    points = mne.transforms.apply_trans(to_head, vertices / 1e3 + shift)
    normals = outward_normals(points, elements)
    # MNE 1.13 checks a sphere's inside in the wrong frame unless head and MRI frames are one.
    centre = sphere_centre(mne.transforms.apply_trans(to_head, inner))
    radius = 1.005 * float(np.linalg.norm(points - centre, axis=1).max()) / 0.90
    forward = mne.make_forward_solution(
        info,
        mne.transforms.Transform("head", "mri"),
        mne.setup_volume_source_space("tvb", pos={"rr": points, "nn": normals}),
        mne.make_sphere_model(centre, radius),
        meg=False,
        mindist=0.0,
        n_jobs=options.jobs,
    )
    mapping = surface.node_mapping_data
    with warnings.catch_warnings():
        warnings.simplefilter("default", TvboWarning)
        network = Network.from_mne_forward(
            forward,
            regions=mapping,
            region_labels=regions.nodes.labels.tolist(),
            # A discrete source space has forgotten the triangles.
            areas=vertex_areas(vertices, elements) if options.reduce == "area" else None,
            **choices(options),
        )
    network.label = "EEG 10-05 on TVB's default cortex"
    network.description = (
        "MNE forward solution: TVB's default cortex (16,384 vertices, 76 regions) fitted into fsaverage's skull, "
        "four-shell sphere in the head frame. Neither fsaverage's cortex nor its aparc regions, whatever the file name."
    )
    network.parameters["head_model"] = Parameter("sphere")
    return network


def choices(options: argparse.Namespace) -> dict[str, str]:
    """Give the options that decide what a gain means."""
    return {"reduce": options.reduce, "reference": options.reference, "orientation": options.orientation}


def outward_normals(points: Any, elements: Any) -> Any:
    """Compute unit normals of the vertices; triangles face outwards."""
    corners = points[elements]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, elements[:, corner], faces)
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def sphere_centre(points: Any) -> Any:
    """Fit a sphere to points by least squares, and give its centre."""
    design = np.c_[2 * points, np.ones(len(points))]
    return np.linalg.lstsq(design, (points**2).sum(axis=1), rcond=None)[0][:3]


if __name__ == "__main__":
    sys.exit(main())
