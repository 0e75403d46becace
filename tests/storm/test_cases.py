"""A case can be written down as a scenario file, which gives the same run."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from emulator.scenario.generate import Shape
from emulator.scenario.network import SEGMENT_BYTES
from emulator.storm.cases import Case
from emulator.storm.draw import draw_case
from emulator.strategies import STRATEGIES
from tests.storm.drawn import cases, read_back, tell
from tests.storm.histories import history_of

ALL = tuple(STRATEGIES)


@given(st.integers(0, 2**40))
def test_the_scenario_file_of_a_case_is_the_same_run(rng_seed: int) -> None:
    case = draw_case(rng_seed, ALL)
    tell(case)
    with TemporaryDirectory() as folder:
        again = read_back(case, Path(folder))
    assert history_of(again) == history_of(case)


@given(cases())
def test_the_scenario_file_of_any_case_says_the_same(case: Case) -> None:
    tell(case)
    with TemporaryDirectory() as folder:
        again = read_back(case, Path(folder))
    assert again.scenario().clients == case.scenario().clients
    assert again.plan() == case.plan()
    assert (again.strategy, again.rng_seed) == (case.strategy, case.rng_seed)
    written, options = again.options(), case.options()
    assert (written.quota, written.numwant, written.stays_s) == (options.quota, options.numwant, options.stays_s)
    assert again.setup().network == case.setup().network


def test_the_scenario_file_is_plain() -> None:
    case = Case(
        shape=Shape(clients=3, files=1, segments=(2, 4), rng_seed=7),
        up=SEGMENT_BYTES * 500.0,
        stays_s=0.0,
        faults=("kill client 2 at 5ms", "drop 10% of messages"),
    )
    assert case.toml() == (
        'faults = [\n    "kill client 2 at 5ms",\n    "drop 10% of messages",\n]\n\n'
        "[swarm]\nclients = 3\nfiles = 1\nseeds = 1\nwants = 1.0\noverlap = 0.0\n"
        'segments = "2-4"\nrng_seed = 7\n\n'
        '[run]\nstrategy = "peers-first"\nquota = 10\nnumwant = 50\nrng_seed = 0\n\n'
        "[network]\nsegment_bytes = 262144\nup = 131072000.0\n\n"
        "[departures]\nstays_s = 0.0\n"
    )
