"""
What every format of objects must hold to: a class of tests, as `tvbo.testing.suite` has for files.

::

    class TestMyPackage(ObjectSuite):
        format = "my-package"
        package = "mypackage"

An object is made of a network by ``execute(format=...)``, and a network of it by `Network.from_object`.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from tvbo import registry
from tvbo.errors import LossyConversionError, MissingDependencyError
from tvbo.model.network import Network
from tvbo.testing.judge import Judge, losses_said
from tvbo.testing.networks import every_feature, example_networks, region_networks

__all__ = ["ObjectSuite", "every_feature", "example_networks", "region_networks"]


class ObjectSuite(Judge):
    """
    Tests of a format of objects; inherit from it, and give the attributes.

    Attributes
    ----------
    package : str or None
        The package whose objects they are, if it is an optional one.
    options : mapping of str to object
        What ``execute`` is given each time.
    """

    package: ClassVar[str | None] = None
    options: ClassVar[Mapping[str, Any]] = {}

    def give(self, network: Network, **options: Any) -> tuple[Any, list[str]]:
        """
        Make an object of a network.

        Parameters
        ----------
        network : Network
            The network.
        **options : object
            Passed on.

        Returns
        -------
        made : object
            The object.
        said : list of str
            What warnings said of losses.
        """
        with losses_said() as said:
            made = network.execute(format=self.format, **self.options, **options)
        return made, said

    def take(self, made: Any) -> Network:
        """
        Make a network of an object.

        Parameters
        ----------
        made : object
            The object.

        Returns
        -------
        Network
            The network.
        """
        return Network.from_object(made)

    def _go_round(self, network: Network) -> None:
        __tracebackhide__ = True
        before = network.digest()
        made, said = self.give(network)
        assert network.digest() == before, "making an object of it changed the network"
        self.check_losses(network, self.take(made), said)

    # ------------------------------------------------------------------ the tests

    def test_the_format_is_known(self) -> None:
        """The registry finds it by its name and by its objects, and it says what it is."""
        module = self.module
        assert (module.__doc__ or "").strip(), "the first line of its docstring is what `tvbo formats` shows"
        made, _ = self.give(next(iter(self.examples().values())))
        assert registry.for_object(made) is module

    def test_what_is_given_is_taken_back(self) -> None:
        """Everything but what the format drops comes back to the bit; warnings name what does not."""
        for network in self.examples().values():
            self._go_round(network)

    def test_drawn_networks_are_taken_back(self) -> None:
        """The same for whatever the strategy draws."""
        strategy = self.strategy()
        if strategy is None:
            pytest.skip("the format has no strategy")
        from hypothesis import HealthCheck, given, settings

        chosen = settings(max_examples=self.max_examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        chosen(given(strategy)(self._go_round))()

    def test_every_drop_is_needed(self) -> None:
        """What is declared as lost is lost in an example, so that no declaration outlives its reason."""
        examples = self.examples()
        self.check_drops({name: (network, self.take(self.give(network)[0])) for name, network in examples.items()})

    def test_strict_refuses_to_lose_anything(self) -> None:
        """With strict=True a loss is an error; without a loss nothing changes."""
        for network in self.examples().values():
            made, said = self.give(network)
            if said:
                with pytest.raises(LossyConversionError):
                    self.give(network, strict=True)
            else:
                assert self.take(self.give(network, strict=True)[0]).identical(self.take(made))

    def test_the_package_is_imported_only_where_it_is_used(self) -> None:
        """The module is there without its package."""
        if self.package is None:
            pytest.skip("it needs no other package")
        code = f"import json, sys; import {self.module.__name__}; print(json.dumps(sorted(sys.modules)))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert self.package not in json.loads(done.stdout.splitlines()[-1])

    def test_a_missing_package_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:  # numpydoc ignore=PR01
        """Without its package the error says how to install it."""
        if self.package is None:
            pytest.skip("it needs no other package")
        network = next(iter(self.examples().values()))
        importlib.import_module(self.package)
        for name in [name for name in sys.modules if name.partition(".")[0] == self.package]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, self.package, None)
        with pytest.raises(MissingDependencyError, match="pip install"):
            network.execute(format=self.format, **self.options)
