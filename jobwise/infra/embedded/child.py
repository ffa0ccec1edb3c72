"""Run one server so that it never outlives us: `child.py PARENT MODE FOLDER PROGRAM ARGUMENT...`

Stands between us and a server because the order matters: give up root, ask the kernel for a signal when the parent
dies (giving up root afterwards would cancel that), enter the folder, become the server under the same process id.
MODE is `plain`, `namespace` (root, but an ordinary user inside a user namespace: PostgreSQL refuses to run as root, and
this way its files may stay in a folder that only root can enter) or `account:UID:GID`.
Runs with `python -I -S`: the standard library only.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_INSIDE_ID = 1000


def main(parent: str, mode: str, folder: str, program: str, *arguments: str) -> None:
    """Become the program. Raises OSError when the kernel forbids a step."""
    if mode == "namespace":
        _enter_user_namespace()
    elif mode.startswith("account:"):
        _become_account(*map(int, mode.split(":")[1:]))
    if sys.platform == "linux":
        _end_with_parent(int(parent))
    os.chdir(folder)
    os.execv(program, [program, *arguments])


def _enter_user_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
    # The kernel takes a group map from a process only after it has given up setgroups.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{_INSIDE_ID} {group} 1")
    Path("/proc/self/uid_map").write_text(f"{_INSIDE_ID} {user} 1")


def _become_account(user: int, group: int) -> None:
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def _end_with_parent(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent died before the server started")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"cannot start {sys.argv[4]}: {error}")
