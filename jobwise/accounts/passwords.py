"""Passwords: what makes one good enough, and argon2id off the event loop."""

import asyncio
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 8
LONGEST = 200

# OWASP's first recommendation (46 MiB, one pass, one lane): about 40 ms of one core.
_HASHER = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
# A flood of sign-ins must neither take all memory nor starve the event loop's default threads.
_THREADS = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="argon2")
_NOBODYS_HASH = _HASHER.hash("the password of nobody")


def weaknesses(password: str) -> str:
    """What is wrong with a new password, as a sentence; empty if it will do."""
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    missing = [
        words
        for words, ok in (
            (f"at least {SHORTEST} characters", len(password) >= SHORTEST),
            ("an upper-case letter", any(map(str.isupper, password))),
            ("a lower-case letter", any(map(str.islower, password))),
            ("a digit", any(map(str.isdigit, password))),
        )
        if not ok
    ]
    return f"A password needs {', '.join(missing)}." if missing else ""


async def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, _bytes(password))


async def verify(password: str, stored: str | None) -> bool:
    """Whether the password belongs to the hash. With no hash (no such user) it takes as long, and is False."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _verify, password, stored)


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _verify(password: str, stored: str | None) -> bool:
    try:
        known = _HASHER.verify(_NOBODYS_HASH if stored is None else stored, _bytes(password[: LONGEST + 1]))
        return known and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    # The same letters typed on another system may be composed differently.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
