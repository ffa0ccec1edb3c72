"""A service that several tests share."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import MODELS_DOWN, start_up


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of a service that runs. Its models do not."""
    folder = tmp_path_factory.mktemp("jobwise")
    process = start_up(folder, **MODELS_DOWN)
    yield folder
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
