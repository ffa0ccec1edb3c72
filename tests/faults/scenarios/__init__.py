"""All scenarios, by what is hit. Importing this package fills `tests.faults.scene.SCENARIOS`."""

from tests.faults.scenarios import api, chaos, frozen, servers, stages, workers

__all__ = ["api", "chaos", "frozen", "servers", "stages", "workers"]
