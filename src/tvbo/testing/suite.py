"""
What every format must hold to: a class of tests, which the tests of a format inherit.

::

    class TestMyFormat(FormatSuite):
        format = "my-format"
        extension = ".mine"

The ``DROPS`` of the format say what it cannot carry, and nothing else may be lost: what is written is read back and
compared to the last bit. Formats of objects have `tvbo.testing.object_suite.ObjectSuite`. The suite needs pytest, and
hypothesis if `FormatSuite.strategy` is given.
"""

import errno
import inspect
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tvbo import registry
from tvbo.errors import (
    LossyConversionError,
    NetworkNotFoundError,
    TvboError,
    TvboWarning,
    UnknownFormatError,
)
from tvbo.model.network import Network
from tvbo.testing.judge import Judge, losses_said
from tvbo.testing.networks import every_feature, example_networks, region_networks

__all__ = ["FormatSuite", "every_feature", "example_networks", "region_networks"]

# What reaches the disk goes through these.
_WRITES = ("write", "fsync", "replace", "rename")


class FormatSuite(Judge):
    """
    Tests of a format of files; inherit from it, and give the attributes.

    Attributes
    ----------
    extension : str
        Of the files that are written, such as ``".zip"``; ``"/"`` if it writes a folder.
    options : mapping of str to object
        What every save is given, such as ``{"allow_lossy": True}``.
    named : bool
        Whether ``format=`` must be given where a file is written: others have that extension first.
    reads_only : bool
        Whether the format writes nothing: `save` is overridden with what makes its files, and the tests of writing are
        skipped.
    foreign : sequence of str
        Packages that reading must not import.
    """

    extension: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    named: ClassVar[bool] = False
    reads_only: ClassVar[bool] = False
    foreign: ClassVar[Sequence[str]] = ("tvb", "tvb_data", "mne", "networkx", "nibabel", "matplotlib")

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
        return folder / f"{name}{self.extension.rstrip('/')}"

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
        with losses_said() as said:
            network.save(path, **({"format": self.format} if self.named else {}), **self.options, **options)
        return said

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

    def _go_round(self, network: Network, folder: Path) -> None:
        __tracebackhide__ = True
        before, path = network.digest(), self.path(folder)
        said = self.save(network, path)
        assert network.digest() == before, "saving changed the network"
        self.check_losses(network, self.read(path), said)

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
        ways = {}
        for name, network in self.examples().items():
            path = self.path(tmp_path, name.replace(" ", "_"))
            self.save(network, path)
            ways[name] = network, self.read(path)
        self.check_drops(ways)

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
            whole = self.path(folder, "whole")
            shutil.rmtree(whole, ignore_errors=True)
            assert sorted(each for each in _contents(folder) if not each.startswith("whole")) == names
            if not met:
                # Every step has failed once.
                assert step > 1, "os.replace puts nothing into its place: write beside, then replace"
                return
        raise AssertionError("a save takes 200 steps and more")

    def test_damaged_files_are_refused_with_an_error_of_ours(self, tmp_path: Path) -> None:  # numpydoc ignore=PR01
        """A file that was cut off, or is empty, is refused in words, or read as far as it is sound."""
        path = self.path(tmp_path)
        self.save(next(iter(self.examples().values())), path)
        refused = 0
        for damaged, data in _files(tmp_path).items():
            for part in range(8):
                damaged.write_bytes(data[: len(data) * part // 8])
                try:
                    self.read(path).digest()
                except TvboError:
                    refused += 1
            damaged.write_bytes(data)
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


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): data for path, data in _files(folder).items()}


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
