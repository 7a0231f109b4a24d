"""
Print what became of damaged pairs, as a Markdown table.

``python tests/hostile/figures.py [COUNT]``
"""

import collections
import sys
import tempfile
from pathlib import Path

import mutate
from worker import CARRIED, CRASH, EDITED, EXACT, FOREIGN, GREEDY, HANG, LEAK, LOADED, REFUSED, WRONG, Worker

_COLUMNS = {
    "refused": (REFUSED,),
    "exact": (EXACT, CARRIED),
    "edited, and said so": (EDITED,),
    "read (no checksums)": (LOADED,),
    "wrong": (WRONG,),
    "crash": (CRASH,),
    "hang": (HANG,),
    "memory": (GREEDY,),
    "other exception": (FOREIGN,),
    "leak": (LEAK,),
}


def main(count: int) -> int:
    """Damage pairs and count; the exit code is the number of columns that should be zero and are not."""
    rows: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as folder, Worker() as worker:
        bases = mutate.bases(Path(folder))
        by_path = {str(base.path): base for base in bases}
        for mutation in mutate.plan(bases, count):
            base = by_path[mutation["base"]]
            checked = mutate.is_checked(mutation, base)
            result = worker.ask({"mutation": mutation, "expected": base.digest if checked else None, "save": False})
            half = {"h5": "companion", "yaml": "sidecar"}[mutation["half"]]
            row = (
                f"{half}: {mutation['kind']}"
                if checked or mutation["kind"] == "sealed"
                else f"{half} of another program"
            )
            rows[row][result["outcome"]] += 1
    print(f"| damage | files | {' | '.join(_COLUMNS)} |")
    print(f"|---|{'--:|' * (len(_COLUMNS) + 1)}")
    rows["all"] = sum(rows.values(), collections.Counter())
    for name, found in rows.items():
        cells = [sum(found[outcome] for outcome in outcomes) for outcomes in _COLUMNS.values()]
        print(f"| {name} | {sum(found.values()):,} | {' | '.join(f'{cell:,}' for cell in cells)} |")
    bad = (WRONG, CRASH, HANG, GREEDY, FOREIGN, LEAK)
    return sum(bool(rows["all"][outcome]) for outcome in bad)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
