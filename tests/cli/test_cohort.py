"""The commands for many networks."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tvbo import Network


def tvbo(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "from tvbo.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "cohort", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "100"} | environment,
        check=False,
    )


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        weights = np.full((3, 3), float(number))
        network = Network.from_matrix(weights, np.ones((3, 3)), labels=list("abc"), positions=np.eye(3))
        network.save(folder / f"sub-{number}.zip")
    return folder


def test_help_tells_the_commands_and_what_is_read() -> None:
    said = tvbo("--help").stdout
    for word in ("convert", "validate", "digest", "average", "BIDS", "130 interrupted"):
        assert word in said
    said = tvbo("convert", "--help").stdout
    for word in ("SRC", "DST", "--workers", "--scheduler", "--report", "--strict", "cohort.jsonl"):
        assert word in said


def test_convert_goes_on_and_tells_who_failed(base: Path, tmp_path: Path) -> None:
    good = (base / "sub-1.zip").read_bytes()
    (base / "sub-1.zip").write_bytes(b"nonsense")
    out = tmp_path / "out"
    done = tvbo("convert", base, out, "-j", 0)
    assert (done.returncode, done.stdout) == (2, "")
    assert "2 done, 1 failed; in " in done.stderr
    assert "failed sub-1: DamagedFileError: " in done.stderr
    (base / "sub-1.zip").write_bytes(good)
    done = tvbo("convert", base, out, "-j", 0, "--quiet")
    assert done.returncode == 0
    assert done.stderr == f"1 done, 2 done before; in {out}; report: {out}/cohort.jsonl\n"
    assert Network.from_file(out / "sub-1.yaml").weights_matrix[0, 0] == 1
    done = tvbo("convert", out, tmp_path / "zips", "--to", "tvb-zip", "--strict", "-j", 1, "-q")
    assert done.returncode == 0
    assert len(list((tmp_path / "zips").glob("*.zip"))) == 3


def test_convert_says_what_it_loses(tmp_path: Path) -> None:
    network = Network.from_matrix(np.eye(3), np.eye(3), positions=np.eye(3))
    network.description = "a zip has no place for it"
    network.save(tmp_path / "net.yaml")
    assert tvbo("convert", tmp_path / "net.yaml", tmp_path / "out", "--to", "tvb-zip", "-j", 0).returncode == 0
    (line,) = map(json.loads, (tmp_path / "out" / "cohort.jsonl").read_text().splitlines())
    assert "LossyConversionWarning" in line["warnings"][0]
    done = tvbo("convert", tmp_path / "net.yaml", tmp_path / "strict", "--to", "tvb-zip", "-j", 0, "--strict")
    assert done.returncode == 2
    assert "LossyConversionError" in done.stderr


def test_validate_names_the_invalid(base: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tvbo("convert", base, out, "-j", 0)
    assert tvbo("validate", out, "--deep", "-j", 0, "-q").returncode == 0
    (out / "sub-2.h5").unlink()
    done = tvbo("validate", out, "-j", 0, "-q", "--report", tmp_path / "r.jsonl")
    assert done.returncode == 1
    assert done.stdout == "sub-2: sub-2.h5: the companion is missing: put it beside its sidecar\n"
    done = tvbo("validate", out, "-j", 0, "-q", "--report", tmp_path / "r.jsonl", "--json")
    assert done.returncode == 1
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["done", "done", "invalid"]
    assert done.stderr.startswith("3 done before")


def test_digests_are_those_of_the_networks(base: Path, tmp_path: Path) -> None:
    wanted = {f"sub-{number}": Network.from_file(base / f"sub-{number}.zip").digest() for number in range(3)}
    done = tvbo("digest", base, "-j", 0, "-q")
    assert done.stdout == "item\tdigest\n" + "".join(f"{name}\t{digest}\n" for name, digest in wanted.items())
    assert tvbo("digest", base, "-j", 0, "-q", "-o", tmp_path / "d.jsonl").returncode == 0
    lines = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text().splitlines()]
    assert {line["item"]: line["digest"] for line in lines} == wanted
    done = tvbo("digest", base, "-j", 0, "-o", tmp_path / "d.txt")
    assert (done.returncode, done.stderr) == (2, f"tvbo: {tmp_path}/d.txt should end in .tsv or .jsonl\n")


def test_average_makes_a_network(base: Path, tmp_path: Path) -> None:
    done = tvbo("average", f"{base}/sub-*.zip", tmp_path / "mean.yaml", "-j", 0, "-q", "--report", tmp_path / "r.jsonl")
    assert (done.returncode, done.stderr) == (0, f"3 done; wrote {tmp_path}/mean.yaml\n")
    network = Network.from_file(tmp_path / "mean.yaml")
    assert (network.weights_matrix == 1).all()
    assert (network.matrix("weight_std") == 1).all()
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 3
    for _ in range(2):
        # The result of an earlier run is no member.
        assert tvbo("average", base, base / "mean.yaml", "-j", 0, "-q").stderr.startswith("3 done; ")
    (base / "mean.yaml").unlink()
    (base / "mean.h5").unlink()
    done = tvbo("average", base, tmp_path / "some.yaml", "-m", "weight", "--omit-zeros", "weight", "-j", 0, "-q")
    assert done.returncode == 0
    assert (Network.from_file(tmp_path / "some.yaml").weights_matrix == 1.5).all()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals of Unix")
def test_ctrl_c_ends_with_130_and_says_how_to_go_on(base: Path, tmp_path: Path) -> None:
    for number in range(3, 400):
        (base / f"sub-{number}.zip").write_bytes((base / "sub-1.zip").read_bytes())
    out = tmp_path / "out"
    code = "from tvbo.cli import main; main()"
    words = [sys.executable, "-c", code, "cohort", "convert", str(base), str(out), "-j", "1"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        until = time.monotonic() + 60
        while not (out / "cohort.jsonl").exists() or not (out / "cohort.jsonl").stat().st_size:
            assert time.monotonic() < until
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted: the same command goes on from its report, if it has one"
    assert "Traceback" not in said
    written = [json.loads(line)["item"] for line in (out / "cohort.jsonl").read_text().splitlines()]
    assert {path.stem for path in out.glob("*.yaml")} == set(written)


@pytest.mark.slow
def test_a_scheduler_of_dask_has_it_done(base: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(1, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        done = tvbo("convert", base, tmp_path / "out", "--scheduler", cluster.scheduler_address, "-q")
    assert done.returncode == 0
    assert done.stderr.startswith("3 done; in ")
    assert Network.from_file(tmp_path / "out" / "sub-2.yaml").weights_matrix[0, 0] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("convert", "missing", "out"), "there is no file or folder missing"),
        (("average", "missing/*.yaml", "out.yaml"), "no file is named like missing/*.yaml"),
        (("convert", "missing"), "Missing argument"),
    ],
)
def test_what_cannot_be_done_ends_with_2(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = tvbo(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_an_average_that_cannot_be_written_is_refused_before_the_work(base: Path, tmp_path: Path) -> None:
    done = tvbo("average", base, tmp_path / "mean.nonsense", "-j", 0)
    assert done.returncode == 2
    assert "mean.nonsense" in done.stderr
    assert "of 3" not in done.stderr


@pytest.mark.parametrize("workers", [0, 1])
def test_what_networks_warn_of_is_said_once(base: Path, tmp_path: Path, workers: int) -> None:
    folder = tmp_path / "copied"
    folder.mkdir()
    Network.from_file(base / "sub-0.zip").save(folder / "a.yaml")
    for name in ("b", "c"):
        for ending in ("yaml", "h5"):
            shutil.copy(folder / f"a.{ending}", folder / f"{name}.{ending}")
    (folder / "a.h5").unlink()
    (folder / "a.yaml").unlink()
    report = tmp_path / "report.jsonl"
    done = tvbo("average", folder, tmp_path / "mean.yaml", "-j", workers, "-q", "--report", report)
    assert done.returncode == 0, done.stderr
    assert "2 with warnings, such as b: TvboWarning: " in done.stderr
    assert "warnings.warn" not in done.stderr
    assert done.stderr.count("c.h5") == 0
    assert ["c.h5" in json.loads(line)["warnings"][0] for line in report.read_text().splitlines()] == [False, True]
