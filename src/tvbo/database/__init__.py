"""
The networks that come with tvbo, and where they lie.

``database_path`` is the folder that holds ``networks/``. The environment variable ``TVBO_DATABASE`` names
another folder, for instance where the installed one cannot be written.
"""

import os
from pathlib import Path

database_path = Path(os.environ.get("TVBO_DATABASE") or Path(__file__).parent)
