"""The files of this folder are also scripts, which find one another by name; so do the tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
