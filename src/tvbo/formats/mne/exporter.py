"""A projection network into a forward solution that MNE applies to sources."""

from typing import Any

import numpy as np

from tvbo._optional import require
from tvbo.errors import ShapeError
from tvbo.formats.mne.forward import FRAMES
from tvbo.formats.mne.sensors import to_info
from tvbo.model.network import Network

_PURPOSE = "give a forward solution of MNE"
# Numbers of the FIF standard (mne.io.constants.FIFF).
_FIXED, _FREE = 1, 2


def to_forward(network: Network) -> Any:
    """
    Give a gain as a forward solution.

    Parameters
    ----------
    network : Network
        The network, with the matrix ``gain``: sensors x regions or sources.

    Returns
    -------
    mne.Forward
        Its sources are a discrete space: one for each column, at its place in the head. A column of NaN, such as a
        region without sources, is one that the forward solution does not use. The numbers are those of the matrix, so
        that an average reference stays applied.

    Raises
    ------
    ShapeError
        If nothing says where the columns are.
    ValueError
        If a column is NaN for some sensors only.

    Notes
    -----
    MNE: ``mne.apply_forward(forward, stc, info)``, where ``stc`` is an ``mne.VolSourceEstimate`` whose vertices are
    ``[forward["src"][0]["vertno"]]``.
    """
    mne = require("mne", extra="mne", purpose=_PURPOSE)
    gain = np.asarray(network.matrix("gain"), dtype=np.float64)
    facts = network.extra.get("mne", {})
    free = facts.get("orientation") == "free" and facts.get("reduction") in (None, "none")
    step = 3 if free else 1
    places, normals = _columns(network, gain.shape[1], step)
    missing = np.isnan(gain).any(axis=0).reshape(-1, step).any(axis=1)
    partly = missing & ~np.isnan(gain).all(axis=0).reshape(-1, step).all(axis=1)
    if partly.any():
        raise ValueError(f"{partly.sum()} columns of the gain are NaN for some sensors only: MNE needs numbers or none")
    # Head coordinates need no transform of their own.
    identity = mne.transforms.Transform("mri", "head")
    space = mne.setup_volume_source_space(pos={"rr": places, "nn": normals}, verbose="ERROR")
    space[0]["coord_frame"] = FRAMES["head"]
    used = np.flatnonzero(~missing)
    space[0].update(inuse=(~missing).astype(int), vertno=used, nuse=len(used))
    info = to_info(network)
    names = network.nodes.labels.tolist()
    sol = np.ascontiguousarray(gain[:, np.repeat(~missing, step)])
    columns = network.matrices["gain"].column_labels
    named = [] if columns is None else [str(columns[place]) for place in np.flatnonzero(np.repeat(~missing, step))]
    with info._unlock():
        info.update(mri_head_t=identity, mri_file="", mri_id=None, meas_file="", meas_id=None, command_line="")
        info["working_dir"] = ""
    return mne.Forward(
        sol={"data": sol, "row_names": names, "col_names": named, "nrow": sol.shape[0], "ncol": sol.shape[1]},
        sol_grad=None,
        source_ori=_FREE if free else _FIXED,
        nsource=len(used),
        nchan=len(names),
        coord_frame=FRAMES["head"],
        info=info,
        src=space,
        mri_head_t=identity,
        source_rr=places[used],
        source_nn=np.tile(np.eye(3), (len(used), 1)) if free else normals[used],
        surf_ori=not free,
        _orig_source_ori=_FREE if free else _FIXED,
        _orig_sol=sol.copy(),
        _orig_sol_grad=None,
    )


def _columns(network: Network, n_columns: int, step: int) -> tuple[Any, Any]:
    """Give where the sources are [m], and the directions of their dipoles."""
    facts = network.extra.get("mne", {})
    places, frame = facts.get("columns", {}).get("positions"), str(facts.get("frame", "head"))
    if places is None and "gain" in network.links:
        target = network.target("gain")
        places = target.nodes.positions
    if places is None or len(places) != n_columns:
        raise ShapeError(
            "nothing says where the columns of the gain are: give the network that they are nodes of, with positions, "
            "as network.set_matrix('gain', gain, target_network=regions)"
        )
    metres = np.asarray(places, dtype=np.float64)[::step] / 1e3
    if frame == "mri":
        turn = np.asarray(facts["mri_head_t"])
        metres = metres @ turn[:3, :3].T + turn[:3, 3]
    # A region that has no source has no place, and no column that MNE would use.
    metres = np.nan_to_num(metres, nan=0.0)
    return metres, np.tile([0.0, 0.0, 1.0], (len(metres), 1))
