"""As whom PostgreSQL runs and where its data is, given that it refuses root.

An ordinary user: as themselves, in the data folder. Root: inside a user namespace, in the data folder; where the kernel
or the container forbids namespaces, as an unprivileged account, in the data folder if that account can reach it and
otherwise under /var/lib with a link in the data folder. Data that exists keeps its owner. No folder that is not
ours has its permissions changed.
"""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from jobwise.infra.embedded import process
from jobwise.infra.embedded.errors import EmbeddedError
from jobwise.infra.embedded.home import make_private, short_name

_ACCOUNTS = ("postgres", "nobody")
_ELSEWHERE = Path("/var/lib")


@dataclass(frozen=True)
class Place:
    """Where PostgreSQL lives and as whom: the installation, the folder above its data, the mode for child.py."""

    installation: Path
    base: Path
    mode: str = "plain"
    owner: tuple[int, int] | None = None


async def choose_place(installation: Path, base: Path, log: Path) -> Place:
    """Decide once per start. Raises EmbeddedError when nothing is allowed."""
    if os.geteuid() != 0:
        return Place(installation, base)
    data = base / "postgres"
    if data.is_symlink() and not data.exists():
        raise EmbeddedError(f"the database was in {data.resolve()}, which is gone; bring it back, or remove {data}")
    if data.exists() and (found := data.resolve().stat()).st_uid != 0:
        owner = (found.st_uid, found.st_gid)
        return await _as_account(installation, data.resolve().parent, owner, log)
    if await _works(inside := Place(installation, base, "namespace"), log):
        return inside
    return await _as_account(installation, base, _account(), log)


async def _as_account(installation: Path, base: Path, owner: tuple[int, int], log: Path) -> Place:
    mode = f"account:{owner[0]}:{owner[1]}"
    if await _works(here := Place(installation, base, mode, owner), log):
        return here
    copy = _copied(installation)
    if await _works(here := Place(copy, base, mode, owner), log):
        return here
    elsewhere = Place(copy, _ELSEWHERE / f"jobwise-{short_name(base)}", mode, owner)
    make_private(elsewhere.base, owner)
    if not await _works(elsewhere, log):
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and here neither a user namespace nor user id {owner[0]} can run it; "
            "run JobWise as an ordinary user, or set DATABASE_URL"
        )
    (base / "postgres").symlink_to(elsewhere.base / "postgres")
    return elsewhere


async def _works(place: Place, log: Path) -> bool:
    """Whether PostgreSQL's program runs there in that mode, which takes reaching both folders."""
    program = str(place.installation / "bin" / "postgres")
    command = process.Command([program, "--version"], place.base, log, place.mode)
    return await (await process.spawn(command)).wait() == 0


def _account() -> tuple[int, int]:
    for name in _ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and there is no account {' or '.join(_ACCOUNTS)} to run it as"
    )


def _copied(installation: Path) -> Path:
    """A copy of the programs that every account can reach. Only root may have made it."""
    built = (installation / "bin" / "postgres").stat()
    copy = _ELSEWHERE / f"jobwise-postgres-{short_name(installation)}-{built.st_size}-{int(built.st_mtime)}"
    package = installation.parent
    if not copy.exists():
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        fresh.mkdir(mode=0o755)
        shutil.copytree(installation, fresh / package.name / installation.name, symlinks=True)
        # The programs look for their libraries beside the package, as wheels lay them out.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        fresh.rename(copy)
    if copy.is_symlink() or copy.lstat().st_uid != 0:
        raise EmbeddedError(f"{copy} belongs to somebody else")
    return copy / package.name / installation.name
