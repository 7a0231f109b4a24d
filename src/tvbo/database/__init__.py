"""
The networks that come with tvbo and those of the user, and where they lie.

``database_path`` is the folder that holds ``networks/``. The environment variable ``TVBO_DATABASE`` names
another folder, for instance where the installed one cannot be written. The user's own networks lie in a folder that
``TVBO_NETWORKS`` names, or else in the usual place of the system; they are found first.
"""

import os
import sys
from pathlib import Path

database_path = Path(os.environ.get("TVBO_DATABASE") or Path(__file__).parent)


def user_networks_path() -> Path:
    """
    Give the folder of the user's own networks, which need not be there.

    Returns
    -------
    Path
        What ``TVBO_NETWORKS`` says; else ``tvbo/networks`` where the system keeps data of programs:
        ``~/.local/share`` or ``XDG_DATA_HOME``, ``~/Library/Application Support``, or ``LOCALAPPDATA``.

    Raises
    ------
    RuntimeError
        If nothing says where the home of the user is.
    """
    named = os.environ.get("TVBO_NETWORKS")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        given, usual = os.environ.get("LOCALAPPDATA", ""), "~/AppData/Local"
    elif sys.platform == "darwin":
        given, usual = "", "~/Library/Application Support"
    else:
        given, usual = os.environ.get("XDG_DATA_HOME", ""), "~/.local/share"
    # A relative one means nothing: it would be another folder in each working directory.
    base = Path(given) if Path(given).is_absolute() else Path(usual).expanduser()
    return base / "tvbo" / "networks"


def network_folders() -> tuple[Path, ...]:
    """
    List the folders in which networks are looked for by name.

    Returns
    -------
    tuple of Path
        The user's, then the one that comes with tvbo.
    """
    own = database_path / "networks"
    try:
        return (user_networks_path(), own)
    except RuntimeError:
        # A user without a home, as in some containers, has no networks there.
        return (own,)
