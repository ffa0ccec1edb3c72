"""Files: kept under the hash of their content, handed out by signed links that expire.

The same bytes have the same key, so writing twice is harmless, and a file is written before the row that names it.
What never got a row is collected later: a file that was written (again) within the last day is never touched.
"""

import asyncio
import base64
import errno
import hashlib
import hmac
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
import structlog

from jobwise.errors import ErrorCode, JobWiseError

_LINK_SECONDS = 3600
#: Longer than any work goes on between writing a file and writing the row that names it.
_YOUNG_SECONDS = 86_400.0
_BATCH = 500
# What some file systems on other machines say of them.
_NOT_FOR_FOLDERS = (errno.EINVAL, errno.EBADF)
_UNFINISHED, _LEAVING = ".new", ".leaving"

log = structlog.get_logger(__name__)


class LinkInvalid(JobWiseError):
    """This download link is not valid: ask for the document again to get a new one."""

    code = ErrorCode.FORBIDDEN


class LinkExpired(JobWiseError):
    """This download link has expired: ask for the document again to get a new one."""

    code = ErrorCode.FORBIDDEN


class FileMissing(JobWiseError):
    """This file is no longer stored: export the document again."""

    code = ErrorCode.NOT_FOUND


class StorageFailed(JobWiseError):
    """Files cannot be stored or read just now, perhaps because the disk is full. Please try again later."""

    code = ErrorCode.UNAVAILABLE


@dataclass(frozen=True)
class SignedFile:
    """What a link stands for."""

    key: str
    filename: str
    media_type: str


class Storage:
    """A folder of content-addressed files, shared by all processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, data: bytes) -> str:
        """Store bytes; returns their key, which nobody collects for a day. Raises StorageFailed."""
        key = hashlib.sha256(data).hexdigest()
        try:
            await asyncio.to_thread(self._write, self._path(key), data)
        except OSError as error:
            log.error("file_not_stored", error=str(error))
            raise StorageFailed from error
        return key

    async def get(self, key: str) -> bytes:
        """The bytes of a key. Raises FileMissing, StorageFailed."""
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError:
            raise FileMissing from None
        except OSError as error:
            log.error("file_not_read", error=str(error))
            raise StorageFailed from error

    async def collect(self, named: Callable[[list[str]], Awaitable[set[str]]]) -> int:
        """Remove old files that no row names, and what interrupted writers left; returns how many.

        `named` tells which of some keys have a row, or may get one. One process at a time should do this.
        Raises StorageFailed.
        """
        removed = 0
        try:
            for folder in await asyncio.to_thread(self._folders):
                old = await asyncio.to_thread(_tidy, folder)
                for start in range(0, len(old), _BATCH):
                    keys = old[start : start + _BATCH]
                    unnamed = set(keys) - await named(keys)
                    removed += await asyncio.to_thread(_remove, folder, unnamed)
        except OSError as error:
            raise StorageFailed from error
        return removed

    def _path(self, key: str) -> Path:
        if len(key) != 64 or not key.isalnum():
            raise FileMissing
        return self._folder / key[:2] / key

    def _folders(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(folder for folder in self._folder.iterdir() if len(folder.name) == 2 and folder.is_dir())

    def _write(self, path: Path, data: bytes) -> None:
        try:
            # Young again: the collector, should it be about to remove the file, looks at its age last.
            os.utime(path)
        except FileNotFoundError:
            self._create(path, data)
        # The names as well, before a row has them: else a power failure takes the file back. Whoever finds a file does
        # not know whether its writer has come so far.
        _sync(path.parent)
        _sync(self._folder)

    def _create(self, path: Path, data: bytes) -> None:
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            _sync(self._folder.parent)
        path.parent.mkdir(exist_ok=True)
        # Renamed into place only when it is whole and on disk: a reader or a crash never sees half a file.
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=_UNFINISHED, delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise


def _sync(folder: Path) -> None:
    """Bring the names in a folder to the disk, where its file system knows how."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS:
            raise
    finally:
        os.close(descriptor)


def _tidy(folder: Path) -> list[str]:
    """The keys of the old files of a folder. Finishes what interrupted writers and collectors began there."""
    old = []
    for path in folder.iterdir():
        if path.suffix == _LEAVING:
            # Perhaps somebody wrote it again just before its collector died, so that it gets another day.
            with suppress(FileNotFoundError):
                os.utime(path)
                path.replace(path.with_suffix(""))
        elif not _is_young(path):
            if path.suffix == _UNFINISHED:
                path.unlink(missing_ok=True)
            else:
                old.append(path.name)
    return old


def _remove(folder: Path, keys: set[str]) -> int:
    """Remove files that have no row and are still old; returns how many.

    Who writes the same bytes meanwhile either makes the file young before it is renamed, which is seen afterwards, or
    finds no file and writes a new one.
    """
    removed = 0
    for path in map(folder.joinpath, keys):
        leaving = path.with_suffix(_LEAVING)
        with suppress(FileNotFoundError):
            path.rename(leaving)
            if _is_young(leaving):
                leaving.replace(path)
            else:
                leaving.unlink()
                removed += 1
    return removed


def _is_young(path: Path) -> bool:
    """Also what is gone: somebody else has dealt with it."""
    try:
        return time.time() - path.stat().st_mtime < _YOUNG_SECONDS
    except FileNotFoundError:
        return True


def sign(file: SignedFile, secret: str, *, now: float | None = None) -> str:
    """A token for a download link that works for an hour."""
    expires = int((time.time() if now is None else now) + _LINK_SECONDS)
    payload = orjson.dumps([file.key, file.filename, file.media_type, expires])
    return f"{_encode(payload)}.{_encode(_mac(payload, secret))}"


def open_signed(token: str, secret: str, *, now: float | None = None) -> SignedFile:
    """What a token stands for. Raises LinkInvalid or LinkExpired."""
    try:
        payload, mac = (_decode(part) for part in token.split("."))
        if not hmac.compare_digest(mac, _mac(payload, secret)):
            raise LinkInvalid
        key, filename, media_type, expires = orjson.loads(payload)
    except ValueError:
        raise LinkInvalid from None
    if expires < (time.time() if now is None else now):
        raise LinkExpired
    return SignedFile(key, filename, media_type)


def _mac(payload: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"file-link:" + payload, "sha256")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
