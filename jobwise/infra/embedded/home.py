"""The data folder: who owns it just now, and where its servers listen."""

import fcntl
import hashlib
import json
import os
import re
import socket
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from jobwise.infra.embedded.errors import AlreadyRunning, EmbeddedError

# Linux takes 107 bytes for a socket's path, macOS 103; PostgreSQL's own name and its lock file take 22.
_LONGEST_FOLDER = 103 - len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class Addresses:
    """Where the servers listen: `postgresql://jobwise@/jobwise?host=/folder` and `unix:///folder/redis.sock`.

    asyncpg, Tortoise's client, `jobwise.infra.db`, redis-py and arq all take these as they are. Empty: not there.
    """

    database_url: str
    redis_url: str


class HomeLock:
    """Ownership of a data folder, held through the kernel: it ends with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._record = folder / "run" / "servers.json"
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the folder; harmless when we have it. Raises AlreadyRunning when another living process has it."""
        if self._file is not None:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(self._record.parent)
        file = os.open(self._record.with_name("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise AlreadyRunning(self._folder, *self._read()) from None
        self._file = file
        self._write(None)

    def publish(self, addresses: Addresses) -> None:
        """Tell later comers where the servers are."""
        self._write(addresses)

    def release(self) -> None:
        """Give the folder back; harmless when it is not held."""
        if self._file is not None:
            self._record.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def _write(self, addresses: Addresses | None) -> None:
        text = json.dumps({"pid": os.getpid(), "addresses": asdict(addresses) if addresses else None})
        fresh = self._record.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(text)
        fresh.replace(self._record)

    def _read(self) -> tuple[int | None, Addresses | None]:
        try:
            record = json.loads(self._record.read_text())
        except FileNotFoundError:
            return None, None
        return record["pid"], Addresses(**record["addresses"]) if record["addresses"] else None


def make_private(folder: Path, owner: tuple[int, int] | None = None) -> None:
    """Make a folder that only its owner (default: we) can enter. Raises EmbeddedError when it is a stranger's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in {os.geteuid(), owner[0] if owner else os.geteuid()}:
        raise EmbeddedError(f"{folder} belongs to somebody else")
    if owner and found.st_uid != owner[0]:
        os.chown(folder, *owner)
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def socket_folder(wanted: Path, owner: tuple[int, int] | None = None) -> Path:
    """A private folder for sockets: the wanted one, or a short one elsewhere where its path is too long or unusual."""
    # What $XDG_RUNTIME_DIR and $TMPDIR name may be closed to another account.
    places = ["/tmp"] if owner else [os.environ.get("XDG_RUNTIME_DIR", "/tmp"), tempfile.gettempdir(), "/tmp"]
    for folder in (wanted, *(Path(place, f"jobwise-{short_name(wanted)}") for place in places)):
        fits = len(os.fsencode(folder)) <= _LONGEST_FOLDER and re.fullmatch(r"[\w./+-]+", str(folder), re.ASCII)
        if fits and _takes_sockets(folder, owner):
            return folder
    raise EmbeddedError(f"no folder for sockets: {wanted} is too long a path, and /tmp cannot be used")


def short_name(folder: Path) -> str:
    """A short name that stands for a folder and the user, the same each time."""
    return hashlib.sha256(f"{os.geteuid()}:{folder}".encode()).hexdigest()[:12]


def _takes_sockets(folder: Path, owner: tuple[int, int] | None) -> bool:
    """Some shared and network file systems refuse sockets, so try one."""
    probe = folder / "probe"
    try:
        make_private(folder, owner)
        probe.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as trial:
            trial.bind(str(probe))
        probe.unlink()
    except (OSError, EmbeddedError):
        return False
    return True
