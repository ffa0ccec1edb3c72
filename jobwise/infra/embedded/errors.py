"""What can go wrong with the embedded servers, in words for the person at the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobwise.infra.embedded.home import Addresses


class EmbeddedError(Exception):
    """An embedded server cannot be used; the message says why and what to do."""


class AlreadyRunning(EmbeddedError):
    """Another living process owns this data folder. `addresses` is None while that process is still starting."""

    def __init__(self, folder: Path, pid: int | None, addresses: Addresses | None) -> None:
        owner = f"process {pid}" if pid else "another process"
        super().__init__(f"JobWise is already running on {folder} ({owner}); use it, or stop it first")
        self.pid = pid
        self.addresses = addresses
