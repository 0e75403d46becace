"""What every engine has to show: the protocol's promises, judged from the outputs and the records of real runs.

`engines.py` has the table of engines, `swarms.py` the swarms that they run, `rules.py` the promises. The rules know the
protocol alone, and share nothing with the emulator's own checker, but for the one that asks for its verdict.
"""

import pytest

pytest.register_assert_rewrite("tests.conformance.rules")
