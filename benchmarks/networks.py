"""The page's journeys: regions and surfaces in from TVB, saved, opened, read, given back to TVB, compared."""

import contextlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import data
import numpy as np
import objects
import peer
import plain
from findings import Findings
from timing import Clocked, Prepared, Times, ratio, shown, take_turns

from tvbo import Network

Calls = dict[str, Callable[[], Any] | Clocked]
REGIONS = (76, 1000, 5000)
SURFACES = (16384, 163842, 327684)
# Above these the other tvbo takes minutes.
PEER_REGIONS, PEER_VERTICES = 1000, 16384
TRAITS = ("weights", "tract_lengths", "region_labels", "centres", "areas", "orientations", "hemispheres", "cortical")


class Sized:
    """A network of some size, with all that is measured on it."""

    def __init__(self, folder: Path, n: int, on_surface: bool, worker: peer.Worker | None) -> None:
        self.n, self.folder, self.on_surface = n, folder, on_surface
        self.objects = objects.surface(n) if on_surface else (objects.connectivity(n),)
        self.network = self.made()
        self.path = folder / "network.yaml"
        self.network.save(self.path)
        self.arrays = {
            name: values
            for name, values in data.arrays_of(Network.from_file(self.path)).items()
            if values.dtype.kind not in "OUS"
        }
        self.nbytes = sum(values.nbytes for values in self.arrays.values())
        self.options = plain.better(self.arrays)
        few = n <= (PEER_VERTICES if on_surface else PEER_REGIONS)
        self.worker = worker if few else None
        self.size = sum(each.stat().st_size for each in folder.glob("network.*"))
        if self.worker is not None:
            self._prepare_peer(self.worker)
        self.zip = self._zipped()

    @property
    def h5(self) -> Path:
        """The file of plain h5py with gzip."""
        return self.folder / "plain.h5"

    @property
    def raw(self) -> Path:
        """The file of plain h5py without compression."""
        return self.folder / "raw.h5"

    @property
    def npy(self) -> Path:
        """The files of numpy."""
        return self.folder / "each.npy"

    def made(self) -> Any:
        """Take the network from TVB."""
        return Network.from_tvb_surface(*self.objects)[1] if self.on_surface else Network.from_tvb(*self.objects)

    @property
    def peer_size(self) -> int:
        """Bytes of the files of the other tvbo."""
        return sum(each.stat().st_size for each in self.folder.glob("other.*"))

    def _prepare_peer(self, worker: peer.Worker) -> None:
        connectivity = self.objects[0]
        given = {name: getattr(connectivity, name) for name in TRAITS}
        if self.on_surface:
            _, cortex, mapping = self.objects
            names = ("vertices", "triangles", "vertex_normals", "triangle_normals")
            given |= {f"surface_{name}": getattr(cortex, name) for name in names} | {"mapping": mapping.array_data}
        np.savez(self.folder / "given.npz", **given)
        worker.ask("prepare", "other", str(self.folder / "given.npz"), str(self.folder))

    def _zipped(self) -> Path | None:
        """Give the zip of text files that TVB reads; None where that takes minutes."""
        path = self.folder / "tvb.zip"
        if self.n == 16384 or self.n > 1000:
            return None
        connectivity = self.objects[0]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name in ("weights", "tract_lengths"):
                with file.open(f"{name}.txt", "w") as text:
                    np.savetxt(text, getattr(connectivity, name))
            lines = zip(connectivity.region_labels, connectivity.centres.tolist(), strict=True)
            file.writestr("centres.txt", "".join(f"{label} {x!r} {y!r} {z!r}\n" for label, (x, y, z) in lines))
        return path

    def other(self, what: str) -> Calls:
        """Give the same journey of the other tvbo."""
        return {} if self.worker is None else {"peer": peer.Journey(self.worker, "other", what)}

    def read_by_tvb(self) -> Calls:
        """Give TVB's own reader."""
        if self.on_surface and self.n == 16384:
            return {"tvb": objects.CorticalSurface.from_file}
        if self.zip is None:
            return {}
        return {"tvb": lambda: objects.Connectivity.from_file(str(self.zip))}

    def journeys(self) -> dict[str, Calls]:
        """Give what takes turns in each journey; what is saved in one is read in later ones."""
        twin = Network.from_file(self.path)
        data.arrays_of(twin)
        return {
            "from_tvb": {"tvbo": self.made, **self.other("from_tvb")},
            "save": {
                "tvbo": lambda: self.network.save(self.path),
                "h5py": lambda: plain.write(self.h5, self.arrays, self.options),
                "raw": lambda: plain.write(self.raw, self.arrays, plain.NO_FILTER),
                "np": lambda: plain.np_save(self.npy, self.arrays),
                **self.other("save"),
            },
            "open": {"tvbo": lambda: Network.from_file(self.path), **self.other("open")},
            "first touch": {"tvbo": Prepared(lambda: Network.from_file(self.path), self._touch)},
            "open and read all": {
                "tvbo": lambda: data.arrays_of(Network.from_file(self.path)),
                "h5py": lambda: plain.read(self.h5),
                "raw": lambda: plain.read(self.raw),
                "np": lambda: plain.np_load(self.npy, len(self.arrays)),
                "copy": plain.copier(self.arrays),
                **self.read_by_tvb(),
                **self.other("read"),
            },
            "execute": {"tvbo": lambda: self.network.execute(format="tvb"), **self.other("execute")},
            "diff": {"tvbo": lambda: self.network.diff(twin)},
            "digest": {"tvbo": Prepared(self.made, lambda made: made.digest())},
            "validate, all read": {"tvbo": Prepared(lambda: Network.from_file(self.path), self._check)},
        }

    def _touch(self, network: Any) -> None:
        _ = network.mesh.vertices if self.on_surface else network.weights_matrix

    @staticmethod
    def _check(network: Any) -> None:
        if not network.validate(deep=True):
            raise AssertionError("a network that was just saved is not valid")


def run(
    findings: Findings, folder: Path, regions: tuple[int, ...], surfaces: tuple[int, ...], seconds: float, theirs: bool
) -> None:
    """Measure networks of some sizes, with the other tvbo beside where it can be waited for."""
    findings.section(
        "Journeys",
        "ms, median (quartiles). Plain h5py, numpy and the copy in memory handle the same arrays without names, units, "
        "digests or flushing; gzip is level 4, with shuffle for those arrays that it makes smaller. TVB's own reader "
        "takes a zip of text files.",
    )
    with peer.Worker() if theirs else contextlib.nullcontext() as worker:
        for n, on_surface in [(n, False) for n in regions] + [(n, True) for n in surfaces]:
            here = folder / f"{n}"
            here.mkdir()
            _measured(findings, Sized(here, n, on_surface, worker), seconds)


def _measured(findings: Findings, sized: Sized, seconds: float) -> None:
    n, rows = sized.n, []
    columns = {
        "tvbo": "tvbo",
        "peer": f"tvbo {peer.VERSION}",
        "h5py": "h5py gzip",
        "raw": "h5py, none",
        "np": "numpy",
        "tvb": "TVB",
        "copy": "copy",
    }
    times = {}
    for what, calls in sized.journeys().items():
        times[what] = found = take_turns(calls, rounds=9, seconds=seconds, memory=2 * sized.nbytes)
        mine = found["tvbo"]
        faster = [ratio(mine.times_faster_than(found[key])) if key in found else "" for key in ("peer", "h5py")]
        rows.append([what, *(shown(found.get(key)) for key in columns), *faster])
    kept = [index for index in range(len(rows[0])) if index < 2 or any(row[index] for row in rows)]
    header = ["journey", *columns.values(), f"against {peer.VERSION}", "against h5py"]
    kind = "vertices" if sized.on_surface else "regions"
    h5 = sized.h5.stat().st_size
    findings.say(f"### {n:,} {kind}\n")
    findings.table([header[index] for index in kept], [[row[index] for index in kept] for row in rows])
    theirs = f", tvbo {peer.VERSION} {sized.peer_size:,}" if sized.worker else ""
    findings.say(f"Bytes: arrays {sized.nbytes:,}; files: tvbo {sized.size:,}, h5py gzip {h5:,}{theirs}.")
    _hold(findings, sized, times, h5)


def _hold(findings: Findings, sized: Sized, times: dict[str, dict[str, Times]], h5: int) -> None:
    """Hold what was measured against the targets."""
    n = sized.n
    short = {"from_tvb": "from_tvb", "save": "save", "open": "open", "open and read all": "read", "execute": "execute"}
    if n in (76, 16384):
        for what, key in short.items():
            if "peer" in times[what] and not (n == 16384 and key in ("from_tvb", "execute")):
                findings.measure(f"{n}/{key}/peer", times[what]["tvbo"].times_faster_than(times[what]["peer"]))
    if n == 76 and sized.worker:
        findings.measure("76/size", sized.size / sized.peer_size)
    if n == 16384:
        for what, key in (("save", "save"), ("open and read all", "read")):
            findings.measure(f"16384/{key}/h5py", times[what]["tvbo"].times_faster_than(times[what]["h5py"]))
        findings.measure("16384/size", sized.size / h5)
    if n == 163842:
        for what, key in (("save", "save"), ("open and read all", "read")):
            mine = times[what]["tvbo"]
            findings.measure(f"163842/{key}", mine.median * 1e3, f"{mine.cpu * 1e3:.0f} ms of processor time")
