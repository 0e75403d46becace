"""Damaged inputs of every kind, each accepted, or refused in one clear line, in little time and memory.

`tests/fuzzing/` has what is damaged, how, and what it is fed to.

python benchmarks/fuzz.py --runs 1000000            a million, on all cores
python benchmarks/fuzz.py --rng-seed 3 --only 417   one of them again, with its traceback if it has one
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from tests.fuzzing.fuzz import main

    sys.exit(main())
