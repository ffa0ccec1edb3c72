#!/usr/bin/env python3
"""Provide the libraries that no wheel brings: Pango and HarfBuzz, which set the documents' type; Redis where need be.

Installs them where that needs no password (root, or sudo without one), else says exactly what to install. Exits with 1
when documents could not be made at all. The standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

# Names as WeasyPrint asks for them, first the one of Linux, then of macOS.
_NEEDED = {
    "Pango": ("libpango-1.0.so.0", "libpango-1.0.dylib"),
    "Pango's FreeType support": ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib"),
    "HarfBuzz": ("libharfbuzz.so.0", "libharfbuzz.dylib"),
}
_FASTER = {"HarfBuzz's subsetter": ("libharfbuzz-subset.so.0", "libharfbuzz-subset.dylib")}
_BREW_FOLDERS = ("/opt/homebrew/lib", "/usr/local/lib")

# Program, commands to run before, command to install, packages for type setting, package for Redis.
_MANAGERS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "apt-get",
        "apt-get update -q",
        "apt-get install -qy --no-install-recommends",
        "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        "redis-server",
    ),
    ("dnf", "", "dnf install -qy", "pango harfbuzz", "valkey"),
    ("apk", "", "apk add --no-cache", "pango harfbuzz-subset", "valkey"),
    ("pacman", "", "pacman -S --noconfirm --needed", "pango harfbuzz", "valkey"),
    ("zypper", "", "zypper -n install", "libpango-1_0-0 libharfbuzz-subset0", "valkey"),
    ("brew", "", "brew install -q", "pango", "redis"),
)


def main() -> int:
    """Check, install what is missing if allowed, check again. Returns the exit status."""
    if not _something_missing():
        return 0
    _install()
    needed, faster, redis = _absent(_NEEDED), _absent(_FASTER), _redis_absent()
    for name in faster:
        _say(f"{name} is missing: documents work, but take about 13 times as long.")
    if redis:
        _say("There is no Redis for this machine; set REDIS_URL or install it.")
    for name in needed:
        _say(f"{name} is missing: documents cannot be made.")
    if needed or faster or redis:
        _say(f"Install by hand: {_advice(bool(needed or faster), redis)}")
    return 1 if needed else 0


def _something_missing() -> bool:
    return bool(_absent(_NEEDED) or _absent(_FASTER) or _redis_absent())


def _absent(libraries: dict[str, tuple[str, str]]) -> list[str]:
    return [name for name, (linux, mac) in libraries.items() if not _loads(mac if sys.platform == "darwin" else linux)]


def _loads(name: str) -> bool:
    folders = [f"{folder}/" for folder in _BREW_FOLDERS] if sys.platform == "darwin" else []
    for path in ("", *folders):
        try:
            ctypes.CDLL(path + name)
        except OSError:
            continue
        return True
    return False


def _redis_absent() -> bool:
    """Whether neither the wheel (Linux on x86_64, Python up to 3.12) nor this machine has a Redis."""
    bundled = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 13)
    installed = shutil.which("redis-server") or shutil.which("valkey-server") or os.environ.get("REDIS_URL")
    return not (bundled or installed)


def _manager() -> tuple[str, str, str, str, str] | None:
    return next((manager for manager in _MANAGERS if shutil.which(manager[0])), None)


def _advice(type_setting: bool, redis: bool) -> str:
    manager = _manager()
    if manager is None:
        return "Pango 1.44 or newer, HarfBuzz with its subset library, and Redis or Valkey"
    _, _, install, libraries, server = manager
    return " ".join([install, *([libraries] if type_setting else []), *([server] if redis else [])])


def _install() -> None:
    manager, prefix = _manager(), _prefix()
    if manager is None or (prefix is None and manager[0] != "brew"):
        return
    _, update, _, _, _ = manager
    command = _advice(bool(_absent(_NEEDED) or _absent(_FASTER)), _redis_absent())
    _say(f"Installing native libraries: {command}")
    for line in filter(None, (update, command)):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        finished = subprocess.run(
            [*(prefix or []), *line.split()], env=environment, stdout=subprocess.DEVNULL, check=False
        )
        if finished.returncode != 0:
            _say(f"That failed: {line}")


def _prefix() -> list[str] | None:
    """What makes a command run as root without asking; None where that is impossible."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def _say(message: str) -> None:
    sys.stderr.write(f"{Path(__file__).name}: {message}\n")


if __name__ == "__main__":
    sys.exit(main())
