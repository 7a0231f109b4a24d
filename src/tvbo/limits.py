"""
How much a file may ask for, and what is done to trust it.

The defaults are far above every network that we know, and far below what harms a machine. Whoever knows a file
raises them: ``Network.from_file(path, limits=Limits(inflated_bytes=8 << 30))``.
"""

from dataclasses import dataclass

from tvbo.errors import LimitError

# Compressed numbers of real networks are seldom smaller than a hundredth; those of bombs are a thousandth.
_RATIO = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    What reading a file may take, and where it may lead.

    Attributes
    ----------
    sidecar_bytes : int
        Size of a sidecar, and of any other file of text that is read whole.
    sidecar_values : int
        Keys and values in a sidecar, and values of variable length that other programs put into a companion; a table
        of text, which is read faster, may have four times as many fields.
    depth : int
        How deep the mappings and lists of a sidecar, and the groups of a companion, may nest.
    sidecar_aliases : int
        How many YAML aliases (``*name``) a sidecar may use; what they stand for counts as values each time.
    nodes : int
        Number of nodes that a sidecar may claim where no stored array has a row for each, and rows or columns of a
        sparse matrix of which less is stored.
    objects : int
        Groups, arrays and links in a companion, and members of an archive.
    chunks : int
        Chunks in which the arrays of a companion are stored, whether they were written or not.
    chunk_bytes : int
        Size of one chunk of a stored array in memory.
    inflated_bytes : int
        What all arrays of a file may come to in memory; or 100 times the size of the file, if that is more.
    outside : bool
        Whether a sidecar may name files that lie in another folder than its own.
    """

    sidecar_bytes: int = 64 << 20
    sidecar_values: int = 1_000_000
    depth: int = 64
    sidecar_aliases: int = 100
    nodes: int = 1_000_000
    objects: int = 1 << 16
    chunks: int = 250_000
    chunk_bytes: int = 256 << 20
    inflated_bytes: int = 1 << 30
    outside: bool = False

    def inflated(self, size: int) -> int:
        """
        Tell what a file may come to in memory.

        Parameters
        ----------
        size : int
            Size of the file on disk.

        Returns
        -------
        int
            Number of bytes.
        """
        return max(self.inflated_bytes, _RATIO * size)

    def check(self, name: str, found: int, where: object, allowed: int | None = None) -> None:
        """
        Refuse what exceeds a limit.

        Parameters
        ----------
        name : str
            The limit.
        found : int
            What is asked for.
        where : object
            The file, and the place in it.
        allowed : int, optional
            The limit, where it depends on the file.

        Raises
        ------
        LimitError
            If it is too much.
        """
        most = getattr(self, name) if allowed is None else allowed
        if found > most:
            raise LimitError(
                f"{where}: {name.replace('_', ' ')} would be {found:,}, the limit is {most:,}: "
                f"if you trust the file, open it with limits=Limits({name}={found})"
            )
