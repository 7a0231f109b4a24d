"""The verbs of a network that prove something: that it is as another one, that it is sound, that it is plausible."""

from typing import TYPE_CHECKING, cast

from tvbo.model import checks, compare, validity
from tvbo.model.progress import Progress

if TYPE_CHECKING:
    from tvbo.model.network import Network


class Proofs:
    """What can be proved of a `Network`."""

    def diff(self, other: "Network", *, progress: Progress | None = None) -> compare.NetworkDiff:
        """
        List every difference to another network.

        Parameters
        ----------
        other : Network
            The other.
        progress : callable, optional
            Is told how many bytes of how many are compared.

        Returns
        -------
        NetworkDiff
            Empty, and so false, when the two are identical to the last bit.
        """
        return compare.diff(cast("Network", self), other, progress)

    def identical(self, other: "Network") -> bool:
        """
        Tell whether two networks are the same to the last bit.

        Parameters
        ----------
        other : Network
            The other.

        Returns
        -------
        bool
            True if `diff` is empty.
        """
        return not self.diff(other)

    def validate(self, *, deep: bool = False, progress: Progress | None = None) -> validity.Report:
        """
        Check that the parts fit one another and, on request, that every array can be read.

        Parameters
        ----------
        deep : bool
            Whether to read every array that still lies on disk and compare it with its checksum; none is kept.
        progress : callable, optional
            Is told how many bytes of how many are read.

        Returns
        -------
        Report
            True if nothing is wrong; its `problems` name the array.
        """
        return validity.validate_network(cast("Network", self), deep, progress)

    def check(self) -> checks.Findings:
        """
        Look for what is legal and yet seldom meant: asymmetric lengths, regions without connections, swapped sides.

        Returns
        -------
        Findings
            True if nothing is conspicuous; its `problems` give the evidence. Nothing is changed.
        """
        return checks.check_network(cast("Network", self))

    def digest(self) -> str:
        """
        Give a digest of the content.

        Returns
        -------
        str
            The same for identical networks, whatever their files are called and however compressed.
        """
        return compare.digest(cast("Network", self))
