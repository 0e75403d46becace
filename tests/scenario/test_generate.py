"""Generated swarms: repeatable, of the shape that was asked for, and always accepted as inputs."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import InputError
from emulator.scenario.generate import Shape, generate
from emulator.scenario.scenario import read_scenario, write_inputs


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Any shape that can be, within what is quick to write."""
    clients = draw(st.integers(1, 8))
    fewest = draw(st.integers(0, 5))
    share = st.floats(0, 1)
    return Shape(
        clients=clients,
        files=draw(st.integers(0, 6)),
        segments=(fewest, fewest + draw(st.integers(0, 5))),
        seeds=draw(st.integers(1, clients)),
        wants=draw(share),
        overlap=draw(share),
        rng_seed=draw(st.integers()),
    )


@given(shapes())
def test_a_generated_swarm_is_always_accepted_as_inputs(shape: Shape) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = write_inputs(Path(folder), generate(shape))
        assert read_scenario(Path(folder)) == written


@given(shapes())
def test_a_swarm_has_the_shape_that_was_asked_for(shape: Shape) -> None:
    clients = generate(shape)
    assert len(clients) == shape.clients
    owners = Counter(file.name for client in clients for file in client.owned)
    assert owners == {f"file{number}": shape.seeds for number in range(1, shape.files + 1)}
    assert {file.num_segments for client in clients for file in client.owned} <= set(
        range(shape.segments[0], shape.segments[1] + 1)
    )
    for client in clients:
        others = set(owners) - {file.name for file in client.owned}
        assert set(client.wanted) <= others, "a generated client never wants what it owns"
        assert len(client.wanted) == round(shape.wants * len(others))


@given(shapes())
def test_the_same_shape_is_the_same_swarm(shape: Shape) -> None:
    assert generate(shape) == generate(shape)


@given(shapes())
def test_files_are_spread_over_the_clients_evenly(shape: Shape) -> None:
    sizes = [len(client.owned) for client in generate(shape)]
    assert max(sizes) - min(sizes) <= 1


def test_another_number_is_another_swarm() -> None:
    assert len({generate(Shape(rng_seed=number)) for number in range(20)}) == 20


def test_no_two_segments_are_alike() -> None:
    files = {file for client in generate(Shape(clients=4, files=8, seeds=2)) for file in client.owned}
    hashes = [file.segment(index) for file in files for index in range(file.num_segments)]
    assert len(hashes) == len(set(hashes))


def wanted_sets(overlap: float) -> list[frozenset[str]]:
    """What the clients that own nothing want, of a swarm in which most own nothing."""
    shape = Shape(clients=60, files=12, segments=(1, 1), wants=0.25, overlap=overlap)
    return [frozenset(client.wanted) for client in generate(shape) if not client.owned]


def test_overlap_makes_wants_alike() -> None:
    assert len(set(wanted_sets(1.0))) == 1, "at 1 all choose the same files"
    assert len(set(wanted_sets(0.0))) > 20, "at 0 each chooses for itself"
    counts = [len(set(wanted_sets(overlap))) for overlap in (0.0, 0.9, 1.0)]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        (Shape(clients=0, seeds=1), "--clients 0: give at least 1"),
        (Shape(files=-1), "--files -1: give 0 or more"),
        (Shape(segments=(5, 4)), "--segments 5-4: give a number or MIN-MAX"),
        (Shape(segments=(-1, 4)), "--segments -1-4: give a number or MIN-MAX"),
        (Shape(clients=3, seeds=4), "--seeds 4: give 1 to 3, the number of clients"),
        (Shape(seeds=0), "--seeds 0: give 1 to 5, the number of clients"),
        (Shape(wants=1.01), "--wants 1.01: give a share from 0 to 1"),
        (Shape(wants=float("nan")), "--wants nan: give a share from 0 to 1"),
        (Shape(overlap=-0.5), "--overlap -0.5: give a number from 0 to 1"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(shape: Shape, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        generate(shape)
    assert problem in caught.value.problems


def test_all_that_is_wrong_with_a_shape_is_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        generate(Shape(files=-2, segments=(9, 1), wants=7.0))
    assert caught.value.problems == (
        "--files -2: give 0 or more",
        "--segments 9-1: give a number or MIN-MAX",
        "--wants 7.0: give a share from 0 to 1",
    )


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        (Shape(clients=100_001, files=1), "--clients: 100,001 is too many; take at most 100,000"),
        (Shape(clients=1, files=100_001, segments=(0, 0)), "--files: 100,001 is too many; take at most 100,000"),
        (Shape(clients=10_000, files=1_001), "--clients × --files: 10,010,000 is too many; take at most 10,000,000"),
        (
            Shape(files=4, segments=(1, 10**9), seeds=2),
            "--files × --segments × --seeds: 8,000,000,000 is too many; take at most 4,000,000",
        ),
    ],
)
def test_a_swarm_that_would_fill_the_memory_is_refused_before_it_is_made(shape: Shape, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        generate(shape)
    assert caught.value.problems == (problem,)


def test_a_swarm_at_a_limit_is_made() -> None:
    assert len(generate(Shape(clients=100_000, files=1, segments=(40, 40), wants=0))) == 100_000


def test_only_the_owners_own_files() -> None:
    clients = generate(Shape(clients=6, files=5, seeds=2, owners=2))
    assert [len(client.owned) for client in clients] == [5, 5, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        (Shape(clients=3, owners=4), "--owners 4: give 1 to 3, the number of clients"),
        (Shape(clients=3, owners=2, seeds=3), "--seeds 3: give 1 to 2, the number of owners"),
    ],
)
def test_owners_are_clients_and_enough_for_all_seeds(shape: Shape, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        generate(shape)
    assert str(caught.value) == problem
