"""Cases that Hypothesis draws from their parts, so that it can make those smaller that fail."""

from pathlib import Path

from hypothesis import note
from hypothesis import strategies as st

from emulator.faults import (
    AfterSegments,
    AnyTrigger,
    AtMessage,
    AtShare,
    AtTime,
    Corrupt,
    CutOff,
    Delay,
    Drop,
    Duplicate,
    Fault,
    FlashCrowd,
    FreeRider,
    Kill,
    Liar,
    Pause,
    Reorder,
    Slow,
)
from emulator.running.prepare import Source, prepare
from emulator.scenario.generate import Shape
from emulator.scenario.network import DELAY_S, SEGMENT_BYTES
from emulator.storm.cases import Case, Given
from emulator.strategies import STRATEGIES

times_s = st.integers(0, 60).map(lambda time_ms: time_ms / 1000)
lengths_s = st.integers(1, 60).map(lambda time_ms: time_ms / 1000)
percents = st.integers(1, 40).map(float)


def triggers(*, is_client: bool) -> st.SearchStrategy[AnyTrigger]:
    kinds: list[st.SearchStrategy[AnyTrigger]] = [
        times_s.map(AtTime),
        st.integers(1, 100).map(lambda percent: AtShare(float(percent))),
        st.integers(1, 60).map(AtMessage),
    ]
    return st.one_of(*kinds, st.integers(1, 12).map(AfterSegments)) if is_client else st.one_of(*kinds)


def ranks(num_clients: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.sets(st.integers(1, num_clients), min_size=1, max_size=2).map(lambda ranks: tuple(sorted(ranks)))


def faults(num_clients: int) -> st.SearchStrategy[Fault]:
    """One of any kind."""
    some = ranks(num_clients)
    senders = st.one_of(st.just(()), some)
    whens = st.one_of(times_s.map(AtTime), st.integers(1, 100).map(lambda percent: AtShare(float(percent))))
    for_s = st.one_of(st.none(), lengths_s)
    span = {"ranks": senders, "when": whens, "for_s": for_s, "percent": percents}
    own = triggers(is_client=True)
    return st.one_of(
        st.builds(Kill, ranks=some, when=own),
        st.builds(Kill, ranks=some, when=own, restart_s=lengths_s, is_state_kept=st.booleans()),
        st.builds(Kill, ranks=st.just((0,)), when=triggers(is_client=False)),
        st.builds(Pause, ranks=st.one_of(some, st.just((0,))), when=triggers(is_client=False), for_s=lengths_s),
        st.builds(Slow, ranks=some, when=whens, for_s=for_s, factor=st.sampled_from([2.0, 10.0])),
        st.builds(CutOff, ranks=ranks(num_clients - 1), when=whens, for_s=lengths_s),
        st.builds(Drop, **span),
        st.builds(Duplicate, **span),
        st.builds(Delay, **span, by_s=lengths_s),
        st.builds(Reorder, **span, within_s=lengths_s),
        st.builds(Corrupt, **span),
        st.builds(FreeRider, ranks=some),
        st.builds(Liar, ranks=some),
        st.builds(FlashCrowd, ranks=some, when=lengths_s.map(AtTime)),
    )


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    clients = draw(st.integers(2, 5))
    fewest, more = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    return Shape(
        clients=clients,
        files=draw(st.integers(1, 3)),
        segments=(fewest, fewest + more),
        seeds=draw(st.integers(1, clients)),
        wants=draw(st.sampled_from([1.0, 0.5])),
        overlap=draw(st.sampled_from([0.0, 1.0])),
        rng_seed=draw(st.integers(0, 1000)),
    )


@st.composite
def cases(draw: st.DrawFn, *, most_faults: int = 3) -> Case:
    """A run of any kind, with up to so many faults."""
    shape = draw(shapes())
    plan = draw(st.lists(faults(shape.clients), max_size=most_faults))
    return Case(
        shape=shape,
        strategy=draw(st.sampled_from(list(STRATEGIES))),
        quota=draw(st.sampled_from([10, 3, 1])),
        numwant=draw(st.sampled_from([50, 2, 1])),
        rng_seed=draw(st.integers(0, 1000)),
        delay_s=draw(st.sampled_from([DELAY_S, 0.0, 0.005])),
        up=draw(st.sampled_from([None, SEGMENT_BYTES * 500.0])),
        stays_s=draw(st.sampled_from([None, 0.0, 0.01])),
        faults=tuple(map(str, plan)),
    )


def tell(case: Case) -> None:
    """What reproduces this case, for whoever sees it fail."""
    note(f"{case.toml()}\nin storm.toml, and then: emulator {' '.join(case.arguments(Path('storm.toml')))} --check")


def read_back(case: Case, folder: Path) -> Case:
    """The same, as whoever runs its scenario file gets it."""
    path = folder / "storm.toml"
    path.write_text(case.toml())
    given = Given(prepare(Source(plan=path), {"engine": "virtual"}), ())
    return given.case(given.setup.options.rng_seed)
