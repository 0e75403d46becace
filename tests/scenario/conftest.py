from pathlib import Path

import pytest

from emulator.scenario.plan import Plan, read_plan
from emulator.scenario.plan_network import NetworkFlags
from tests.scenario.plans import Read


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(text: str, num_clients: int | None = None, **flags: float) -> Plan:
        path = tmp_path / "plan.toml"
        path.write_text(text, encoding="utf-8")
        return read_plan(path, num_clients, NetworkFlags(**flags))  # type: ignore[arg-type]

    return read
