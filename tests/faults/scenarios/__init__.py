"""All scenarios, by what is hit. Importing this package fills `tests.faults.scene.SCENARIOS`."""

from tests.faults.scenarios import workers

__all__ = ["workers"]
