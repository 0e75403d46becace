"""What is promised of runs that are ended at random moments, tried many times; `tests/ends/storms.py` has what is done.

python benchmarks/ends.py kills --runs 1000     SIGKILL of the parent, the tracker or a client
python benchmarks/ends.py signals --runs 500    INT, once or twice, TERM and HUP, on a terminal
python benchmarks/ends.py resume --runs 200     SIGKILL of everything, and the run goes on where it was
python benchmarks/ends.py notice --runs 50      how soon 22 clients know of a death
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from tests.ends.storms import main

    sys.exit(main())
