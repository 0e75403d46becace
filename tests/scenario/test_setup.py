"""A scenario and its options, checked against each other."""

from pathlib import Path

import pytest

from emulator.errors import InputError
from emulator.faults import AtTime, Kill, Slow
from emulator.protocol.files import ClientInput
from emulator.scenario.network import Network
from emulator.scenario.options import Options
from emulator.scenario.scenario import Scenario
from emulator.scenario.setup import Setup


def swarm(num_clients: int) -> Scenario:
    return Scenario(Path("swarm"), (ClientInput(),) * num_clients)


def test_a_pace_limits_what_clients_send() -> None:
    slow = Network.uniform(3, up=10.0, segment_bytes=5)
    networks = {
        Options(): Network.uniform(3),
        Options(pace=4.0): Network.uniform(3, up=4.0 * 2**18),
        Options(pace=4.0, network=slow): slow,
        Options(pace=1.0, network=slow): Network.uniform(3, up=5.0, segment_bytes=5),
    }
    for options, network in networks.items():
        assert Setup.of(swarm(2), options).network == network


def test_options_of_another_swarm_are_refused() -> None:
    options = Options(network=Network.uniform(4), arrivals_s=(0.0, 1.0))
    with pytest.raises(InputError) as caught:
        Setup.of(swarm(2), options)
    assert caught.value.problems == (
        "network: of 3 clients, but the swarm has 2; make them agree",
        "arrivals_s: of 1 clients, but the swarm has 2; make them agree",
    )


def test_a_swarm_has_a_client() -> None:
    with pytest.raises(InputError, match=r"^swarm: a swarm has at least one client$"):
        Setup.of(swarm(0), Options())


def test_faults_are_parsed_for_a_swarm_of_this_size() -> None:
    options = Options(faults=("slow client 3 by 4", "kill client 3 at 2s"), pace=20.0)
    assert Setup.of(swarm(3), options).faults == (
        Slow(ranks=(3,), factor=4.0),
        Kill(ranks=(3,), when=AtTime(2.0)),
    )
    with pytest.raises(InputError, match="--fault 1: '3': there is no client 3; there are 1 to 2"):
        Setup.of(swarm(2), options)


def test_faults_that_the_engine_cannot_inject_are_refused() -> None:
    options = Options(faults=("slow client 3 by 4",))
    with pytest.raises(InputError, match="--fault 1: 'slow client 3 by 4': the engine 'processes' slows by rates"):
        Setup.of(swarm(3), options)


def test_a_strategy_of_the_user_s_own_is_loaded_from_wherever_its_options_were_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text("class Mine:\n    def run_round(self, round):\n        pass\n")
    monkeypatch.chdir(tmp_path)
    options = Options(strategy="mine.py:Mine")
    monkeypatch.chdir("/")
    assert Setup.of(swarm(1), options).options.strategy == f"{tmp_path}/mine.py:Mine"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"mine\.py: there is no class 'Yours'; its classes are: Mine"):
        Setup.of(swarm(1), Options(strategy="mine.py:Yours"))
