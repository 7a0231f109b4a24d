"""
What every format must hold to: a class of tests, which the tests of a format inherit.

::

    class TestMyFormat(FormatSuite):
        format = "my-format"
        extension = ".mine"
        drops = {"parameters.*": "*", "nodes.area": "areas"}

`FormatSuite.drops` says what the format cannot carry, and nothing else may be lost: what is written is read back and
compared to the last bit. The suite needs pytest, and hypothesis if `FormatSuite.strategy` is given.
"""

import errno
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest

from tvbo import registry
from tvbo.errors import (
    LossyConversionError,
    LossyConversionWarning,
    NetworkNotFoundError,
    TvboError,
    TvboWarning,
    UnknownFormatError,
)
from tvbo.model.compare import Difference
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable

__all__ = ["FormatSuite", "example_networks"]

# What reaches the disk goes through these.
_WRITES = ("write", "fsync", "replace", "rename")


def example_networks() -> dict[str, Network]:
    """
    Make networks of regions that try a format: a full one, one of weights alone, and one of odd numbers.

    Returns
    -------
    dict of str to Network
        The networks by name.
    """
    n = 4
    ramp = np.arange(1.0, n * n + 1).reshape(n, n) / 3
    columns = {"area": ramp[0] * 10, "cortical": np.array([True, True, False, True]), "orientation": ramp[:, :3]}
    full = Network(NodeTable([f"region_{i}" for i in range(n)], ramp[:, 1:] * 7, columns), label="full")
    full.description, full.conduction_speed = "every part that regions have", 4.5
    full.set_matrix("weight", ramp)
    full.set_matrix("length", ramp * 11, unit="mm")
    odd = Network.from_matrix([[np.nan, -0.0], [5e-324, np.inf]], [[0.0, 1e300], [1 / 3, 0.0]], labels=["a", "b"])
    odd.nodes.positions = np.array([[-0.0, 1e-320, np.nan], [0.1, 0.2, 0.3]])
    return {"full": full, "weights": Network.from_matrix(ramp), "odd numbers": odd}


class FormatSuite:
    """
    Tests of a format of files; inherit from it, and give the attributes.

    Attributes
    ----------
    format : str
        Its name.
    extension : str
        Of the files that are written, such as ``".zip"``.
    drops : mapping of str to str
        What it cannot carry: paths of `Network.diff`, in which ``*`` stands for anything, and what a
        `LossyConversionWarning` calls each; ``*`` there is what stood for it.
    adds : sequence of str
        Paths that are only in what is read, and are no loss: what the format says of itself.
    silent : sequence of str
        Paths of `drops` that no warning need name.
    named : bool
        Whether ``format=`` must be given where a file is written: others have that extension first.
    reads_only : bool
        Whether the format writes nothing: `save` is overridden with what makes its files, and the tests of writing are
        skipped.
    foreign : sequence of str
        Packages that reading must not import.
    max_examples : int
        How many networks of `strategy` are tried.
    """

    format: ClassVar[str]
    extension: ClassVar[str]
    drops: ClassVar[Mapping[str, str]] = {}
    adds: ClassVar[Sequence[str]] = ()
    silent: ClassVar[Sequence[str]] = ()
    named: ClassVar[bool] = False
    reads_only: ClassVar[bool] = False
    foreign: ClassVar[Sequence[str]] = ("tvb", "tvb_data", "mne", "networkx", "nibabel", "matplotlib")
    max_examples: ClassVar[int] = 30

    def examples(self) -> Mapping[str, Network]:
        """
        Give networks to try.

        Returns
        -------
        mapping of str to Network
            The networks by name; those of `example_networks` unless a format has its own.
        """
        return example_networks()

    def strategy(self) -> Any:
        """
        Give a strategy of networks to try as well.

        Returns
        -------
        SearchStrategy of Network or None
            None unless a format has one.
        """
        return None

    # ------------------------------------------------------------------ what the tests are made of

    @property
    def module(self) -> ModuleType:
        """The format."""
        return registry.get(self.format)

    def path(self, folder: Path, name: str = "network") -> Path:
        """
        Name a file of the format.

        Parameters
        ----------
        folder : Path
            Where.
        name : str
            What it is called.

        Returns
        -------
        Path
            The file.
        """
        return folder / f"{name}{self.extension}"

    def save(self, network: Network, path: Path, **options: Any) -> list[str]:
        """
        Write a network.

        Parameters
        ----------
        network : Network
            The network.
        path : Path
            The file.
        **options : object
            Passed on.

        Returns
        -------
        list of str
            What warnings said of losses; other warnings are given.
        """
        with warnings.catch_warnings(record=True) as given:
            warnings.simplefilter("always")
            network.save(path, **({"format": self.format} if self.named else {}), **options)
        lossy = [each for each in given if issubclass(each.category, LossyConversionWarning)]
        for each in given:
            if each not in lossy:
                warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
        return [str(each.message) for each in lossy]

    def read(self, path: Path) -> Network:
        """
        Read a file, by what is in it.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        Network
            The network.
        """
        return Network.from_file(path)

    def lost(self, network: Network, back: Network) -> dict[str, str]:
        """
        Tell what was lost, and hold it against what may be.

        Parameters
        ----------
        network : Network
            The network that was written.
        back : Network
            The one that was read.

        Returns
        -------
        dict of str to str
            The paths that are lost, and what a warning must call each.

        Raises
        ------
        AssertionError
            If anything differs that is neither among `drops` nor `adds`.
        """
        __tracebackhide__ = True
        found = {}
        unexpected: list[Difference] = []
        for difference in network.diff(back):
            if _fills(network, back, difference) or self._is_added(difference):
                continue
            called = self._called(difference.path)
            if called is None:
                unexpected.append(difference)
            else:
                found[difference.path] = called
        if unexpected:
            listed = "\n".join(f"  {each}" for each in unexpected)
            raise AssertionError(f"{self.format} loses or changes what its drops do not name:\n{listed}")
        return found

    def _is_added(self, difference: Difference) -> bool:
        matches = any(_matched(pattern, difference.path) is not None for pattern in self.adds)
        return difference.kind == "only in the second" and matches

    def _called(self, path: str) -> str | None:
        for pattern, said in self.drops.items():
            star = _matched(pattern, path)
            if star is not None:
                return said.replace("*", star)
        return None

    def _told(self, network: Network, back: Network) -> set[str]:
        """Give what a warning must name."""
        lost = self.lost(network, back)
        return {said for path, said in lost.items() if all(_matched(pattern, path) is None for pattern in self.silent)}

    def _go_round(self, network: Network, folder: Path) -> None:
        __tracebackhide__ = True
        before, path = network.digest(), self.path(folder)
        said = " ".join(self.save(network, path))
        assert network.digest() == before, "saving changed the network"
        told = self._told(network, self.read(path))
        unnamed = sorted(word for word in told if word not in said)
        assert not unnamed, f"no LossyConversionWarning names {', '.join(unnamed)}; said: {said or 'nothing'}"
        assert bool(told) == bool(said), f"a warning says what is not lost: {said}"

    def _need_writing(self) -> None:
        if self.reads_only:
            pytest.skip("the format writes nothing")

    # ------------------------------------------------------------------ the tests

    def test_the_format_is_known_by_name_and_extension(self) -> None:
        """The registry finds it, and it says what it is."""
        module = self.module
        assert (module.__doc__ or "").strip(), "the first line of its docstring is what `tvbo formats` shows"
        assert self.extension in registry.extensions(module, "read")
        assert hasattr(module, "write") is not self.reads_only
        if not self.reads_only:
            assert self.extension in registry.extensions(module, "write")
        if not (self.named or self.reads_only):
            assert registry.for_path(Path(f"x{self.extension}"), "write") is module

    def test_what_is_written_is_read_back(self, tmp_path: Path) -> None:  # numpydoc ignore=PR01
        """Everything but what the format drops comes back to the bit; warnings name what does not."""
        for number, network in enumerate(self.examples().values()):
            folder = tmp_path / str(number)
            folder.mkdir()
            self._go_round(network, folder)
            assert registry.for_path(self.path(folder), "read") is self.module, "its content is not told"

    def test_drawn_networks_are_read_back(self) -> None:
        """The same for whatever the strategy draws."""
        strategy = self.strategy()
        if strategy is None:
            pytest.skip("the format has no strategy")
        from hypothesis import HealthCheck, given, settings

        def check(network: Network) -> None:  # numpydoc ignore=GL08
            with tempfile.TemporaryDirectory() as folder:
                self._go_round(network, Path(folder))

        chosen = settings(max_examples=self.max_examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        chosen(given(strategy)(check))()

    def test_every_drop_is_needed(self, tmp_path: Path) -> None:  # numpydoc ignore=PR01
        """What is declared as lost is lost in an example, so that no declaration outlives its reason."""
        lost: set[str] = set()
        for name, network in self.examples().items():
            path = self.path(tmp_path, name.replace(" ", "_"))
            self.save(network, path)
            lost |= set(self.lost(network, self.read(path)))
        idle = [pattern for pattern in self.drops if all(_matched(pattern, path) is None for path in lost)]
        assert not idle, f"no example loses {', '.join(idle)}: leave it out of drops, or give an example"

    def test_strict_refuses_to_lose_anything(self, tmp_path: Path) -> None:  # numpydoc ignore=PR01
        """With strict=True a loss is an error and nothing is written; without a loss nothing changes."""
        self._need_writing()
        assert "strict" in inspect.signature(self.module.write).parameters
        for number, network in enumerate(self.examples().values()):
            trial, folder = tmp_path / f"trial{number}", tmp_path / f"strict{number}"
            trial.mkdir()
            folder.mkdir()
            self.save(network, self.path(trial))
            if self._told(network, self.read(self.path(trial))):
                with pytest.raises(LossyConversionError):
                    self.save(network, self.path(folder), strict=True)
                assert not list(folder.iterdir()), "something was written"
                held = _contents(trial)
                with pytest.raises(LossyConversionError):
                    self.save(network, self.path(trial), strict=True)
                assert _contents(trial) == held, "the file that was there was changed"
            else:
                assert self.save(network, self.path(folder), strict=True) == []
                assert self.read(self.path(folder)).identical(self.read(self.path(trial)))

    def test_reading_runs_no_other_package(self, tmp_path: Path) -> None:  # numpydoc ignore=PR01
        """A file is read without the package that it is for."""
        path = self.path(tmp_path)
        self.save(next(iter(self.examples().values())), path)
        code = (
            "import json, sys; from tvbo import Network; Network.from_file(sys.argv[1]).digest(); "
            "print(json.dumps(sorted(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
        loaded = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
        assert loaded.isdisjoint(self.foreign)

    def test_files_are_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # numpydoc ignore=PR01
        """Whichever step of a save fails, the old network is there or the new one, and no other file."""
        self._need_writing()
        first, second, *_ = self.examples().values()
        for step in range(1, 200):
            folder = tmp_path / str(step)
            folder.mkdir()
            path = self.path(folder)
            self.save(first, path)
            old, names = self.read(path).digest(), sorted(_contents(folder))
            failed, happened = False, [0]
            with monkeypatch.context() as patch, _failing(patch, step, happened):
                try:
                    self.save(second, path)
                except OSError:
                    failed = True
            with warnings.catch_warnings():
                # That a save was interrupted may be said.
                warnings.simplefilter("ignore", TvboWarning)
                found, met = self.read(path).digest(), happened[0] >= step
            self.save(second, self.path(folder, "whole"))
            new = self.read(self.path(folder, "whole")).digest()
            assert found in ((old, new) if failed else (new,)), f"step {step} left neither the old nor the new network"
            assert sorted(set(_contents(folder)) - {each.name for each in folder.glob("whole*")}) == names
            if not met:
                # Every step has failed once.
                assert step > 1, "os.replace puts nothing into its place: write beside, then replace"
                return
        raise AssertionError("a save takes 200 steps and more")

    def test_damaged_files_are_refused_with_an_error_of_ours(self, tmp_path: Path) -> None:  # numpydoc ignore=PR01
        """A file that was cut off, or is empty, is refused in words, or read as far as it is sound."""
        path = self.path(tmp_path)
        self.save(next(iter(self.examples().values())), path)
        data = path.read_bytes()
        refused = 0
        for part in range(8):
            path.write_bytes(data[: len(data) * part // 8])
            try:
                self.read(path).digest()
            except TvboError:
                refused += 1
        assert refused, "no damage is noticed"

    def test_what_is_not_there_is_missed(self, tmp_path: Path) -> None:  # numpydoc ignore=PR01
        """A file that is not there is an error that says so."""
        with pytest.raises(NetworkNotFoundError):
            self.read(self.path(tmp_path, "missing"))
        assert not list(tmp_path.iterdir())

    def test_an_unknown_extension_is_an_error(self, tmp_path: Path) -> None:  # numpydoc ignore=PR01
        """An extension that no format has is refused, and nothing is written."""
        network = next(iter(self.examples().values()))
        path = tmp_path / "network.no-such-extension"
        with pytest.raises(UnknownFormatError, match="no-such-extension"):
            network.save(path)
        with pytest.raises(UnknownFormatError, match="no-such-extension"):
            Network.from_file(path)
        assert not list(tmp_path.iterdir())


def _fills(network: Network, back: Network, difference: Difference) -> bool:
    """Tell whether a difference is none of content: a text where there was none, or another width of labels."""
    if difference.path in ("label", "descriptor", "description"):
        return getattr(network, difference.path) is None
    same_text = difference.path == "nodes.labels" and difference.kind == "dtype"
    return same_text and network.nodes.labels.tolist() == back.nodes.labels.tolist()


def _matched(pattern: str, path: str) -> str | None:
    """Give what the first star of a pattern stands for in a path; None if it does not match."""
    found = re.fullmatch("(.*)".join(map(re.escape, pattern.split("*"))), path)
    return None if found is None else (found.group(1) if found.groups() else "")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@contextmanager
def _failing(patch: pytest.MonkeyPatch, step: int, happened: list[int]) -> Iterator[None]:
    """Let a step fail among the calls that write; counts them."""

    def wrapped(call: Any) -> Any:  # numpydoc ignore=GL08
        def counted(*arguments: Any, **options: Any) -> Any:  # numpydoc ignore=GL08
            happened[0] += 1
            if happened[0] == step:
                raise OSError(errno.EIO, "made to fail")
            return call(*arguments, **options)

        return counted

    for name in _WRITES:
        patch.setattr(os, name, wrapped(getattr(os, name)))
    yield
