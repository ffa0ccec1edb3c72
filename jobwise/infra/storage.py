"""Files: kept under the hash of their content, handed out by signed links that expire.

The same bytes have the same key, so writing twice is harmless, and a file is written before the row that names it.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import orjson

from jobwise.errors import ErrorCode, JobWiseError

_LINK_SECONDS = 3600


class LinkInvalid(JobWiseError):
    """This download link is not valid: ask for the document again to get a new one."""

    code = ErrorCode.FORBIDDEN


class LinkExpired(JobWiseError):
    """This download link has expired: ask for the document again to get a new one."""

    code = ErrorCode.FORBIDDEN


class FileMissing(JobWiseError):
    """This file is no longer stored: export the document again."""

    code = ErrorCode.NOT_FOUND


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
        """Store bytes; returns their key."""
        key = hashlib.sha256(data).hexdigest()
        await asyncio.to_thread(self._write, key, data)
        return key

    async def get(self, key: str) -> bytes:
        """The bytes of a key. Raises FileMissing."""
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError:
            raise FileMissing from None

    def _path(self, key: str) -> Path:
        if len(key) != 64 or not key.isalnum():
            raise FileMissing
        return self._folder / key[:2] / key

    def _write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place only when it is whole and on disk: a reader or a crash never sees half a file.
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)


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
