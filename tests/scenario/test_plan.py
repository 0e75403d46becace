"""A scenario file is read as it is written, and every mistake in it is told with its line."""

import pickle
import random
from pathlib import Path

import pytest

from emulator.scenario.generate import Shape, generate
from emulator.scenario.network import Network
from emulator.scenario.plan import RunDefaults, read_plan
from emulator.scenario.scenario import write_inputs
from emulator.scenario.zones import Link, Zone
from tests.scenario.plans import WHOLE, Read

SAMPLES = Path(__file__).parent.parent.parent / "samples" / "scenarios"


def test_everything_that_a_file_can_say(read: Read) -> None:
    plan = read(WHOLE)
    shape = Shape(clients=6, files=2, segments=(3, 5), seeds=2, owners=3, wants=0.5, overlap=1, rng_seed=7)
    assert plan.scenario.clients == generate(shape)
    assert (plan.scenario.inputs, plan.scenario.is_on_disk) == (plan.path, False)
    up, slow, down = 12.5e6, 1000.0, 2e7
    assert plan.network == Network(
        (None, up, up, up, up, slow, slow),
        (None, *[down] * 6),
        segment_bytes=2**20,
        delay_s=0.02,
        zones=(Zone("a", (1, 2, 4)), Zone("b", (5, 6))),
        links=(Link(("b", "a"), 0.5, 1.0),),
    )
    assert plan.stays_s == 60
    assert plan.run == RunDefaults(strategy="peers-first", quota=5, numwant=9, rng_seed=-3)
    assert plan.faults == ("kill client 3 at 40%", "tracker down")
    assert [plan.where("faults", 1), plan.where("run", "quota")] == [f"{plan.path}:{line}" for line in (3, 46)]
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301


def test_a_swarm_alone_is_enough(read: Read) -> None:
    plan = read("[swarm]\n")
    assert plan.scenario.clients == generate(Shape())
    assert (plan.network, plan.arrivals_s, plan.stays_s, plan.faults) == (None, (), None, ())
    assert plan.run == RunDefaults()


def test_inputs_are_found_from_where_the_file_is(read: Read, tmp_path: Path) -> None:
    clients = generate(Shape(clients=3))
    write_inputs(tmp_path / "swarm", clients)
    plan = read('[swarm]\ninputs = "swarm"\n[[zones]]\nname = "z"\nclients = 3\n')
    assert plan.scenario.clients == clients
    assert (plan.scenario.inputs, plan.scenario.is_on_disk) == (tmp_path / "swarm", True)
    assert plan.network is not None
    assert plan.network.zones == (Zone("z", (3,)),)


def test_a_flash_crowd_comes_at_once_but_owners_are_there(read: Read) -> None:
    plan = read('[swarm]\nclients = 4\nowners = 1\n[arrivals]\nkind = "flash-crowd"\nat_s = 2\n')
    assert plan.arrivals_s == (0.0, 0.0, 2.0, 2.0, 2.0)
    plan = read('[swarm]\nclients = 4\nowners = 1\n[arrivals]\nkind = "flash-crowd"\nat_s = 2\nclients = "1-2,4"\n')
    assert plan.arrivals_s == (0.0, 0.0, 2.0, 0.0, 2.0)


def test_poisson_arrivals_are_drawn_in_the_order_of_ranks(read: Read) -> None:
    plan = read('[swarm]\nclients = 4\nowners = 1\n[arrivals]\nkind = "poisson"\nper_s = 8\nrng_seed = 3\n')
    rng = random.Random("arrivals/3")
    first = rng.expovariate(8.0)
    second = first + rng.expovariate(8.0)
    assert plan.arrivals_s == (0.0, 0.0, first, second, second + rng.expovariate(8.0))


def test_poisson_arrivals_come_at_their_rate(read: Read) -> None:
    plan = read('[swarm]\nclients = 5000\nowners = 1\nfiles = 1\n[arrivals]\nkind = "poisson"\nper_s = 50\n')
    assert plan.arrivals_s[-1] == pytest.approx(100, rel=0.05)


def test_flags_go_before_the_network_of_all_but_not_before_a_zones_own(read: Read) -> None:
    plan = read(WHOLE, up=5.0, segment_bytes=10)
    assert plan.network is not None
    assert plan.network.up == (None, 5.0, 5.0, 5.0, 5.0, 1000.0, 1000.0)
    assert (plan.network.down[1], plan.network.segment_bytes, plan.network.delay_s) == (2e7, 10, 0.02)
    assert read("[swarm]\nclients = 2\n", delay_s=0.0).network == Network.uniform(3, delay_s=0.0)


def test_another_number_of_clients_takes_the_first_of_each_zone_and_crowd(read: Read) -> None:
    plan = read(WHOLE, 4)
    assert plan.network is not None
    assert plan.network.zones == (Zone("a", (1, 2, 4)), Zone("b", ()))
    assert plan.arrivals_s == (0.0, 0.0, 0.0, 0.0, 1.5)
    larger = read(WHOLE, 8).network
    assert larger is not None
    assert larger.zones[1] == Zone("b", (5, 6, 7, 8))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_sample_scenarios_are_right_and_say_where_they_come_from(path: Path) -> None:
    plan = read_plan(path)
    assert plan.network is not None
    assert not plan.network.is_ideal
    assert "https://" in path.read_text(encoding="utf-8").split("[swarm]")[0]
