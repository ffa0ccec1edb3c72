#!/usr/bin/env python3
"""Make the project runnable on a bare machine: `setup.py run` for the product, `setup.py dev` for tests and checks.

Finds Python 3.11 or newer, gets uv, makes `.venv`, installs what the lock files name with their hashes, then the native
libraries, then GraphiQL's browser files. Everything that is done leaves a stamp, so a second call returns at once and
never touches the network. The standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_VENV = _ROOT / ".venv"
_TOOLS = _ROOT / ".jobwise-tools"
_LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
_OLDEST = (3, 11)
# The ones with a bundled Redis first.
_PYTHONS = ("python3.12", "python3.11", "python3", "python3.13", "python3.14", "python")
_GRAPHIQL = _ROOT / "schema" / "static" / "graphiql"
_GRAPHIQL_FILES = (
    "react/umd/react.production.min.js",
    "react-dom/umd/react-dom.production.min.js",
    "graphiql/graphiql.min.js",
    "graphiql/graphiql.min.css",
)


def main(purpose: str) -> None:
    """Set up for "run" or "dev". Exits with a message when something cannot be done."""
    _packages(purpose)
    _once("native", _digest(_ROOT / "scripts" / "native_libraries.py"), _native_libraries)
    if purpose == "run":
        _once("graphiql", _digest(_ROOT / "scripts" / "graphiql" / "package-lock.json"), _graphiql)


def _packages(purpose: str) -> None:
    # The packages for development include those for running, so either will do for running.
    keys = {name: _digest(_ROOT / lock, _ROOT / "pyproject.toml") for name, lock in _LOCKS.items()}
    done = _stamp("packages").read_text() if _stamp("packages").exists() and _python_works() else ""
    if done in {f"{name} {keys[name]}" for name in (purpose, "dev")}:
        return
    _say("setting up the virtual environment (the first time takes a minute)")
    lock = _ROOT / _LOCKS[purpose]
    uv = _uv()
    if not (uv and _install_by_uv(uv, lock)):
        _install_by_pip(lock)
    _stamp("packages").write_text(f"{purpose} {keys[purpose]}")


def _install_by_uv(uv: str, lock: Path) -> bool:
    if not _python_works() and not _run(uv, "venv", "--clear", "--python", _python(), str(_VENV)):
        return False
    install = (uv, "pip", "install", "--quiet", "--python", str(_VENV / "bin" / "python"))
    return _run(*install, "--require-hashes", "-r", str(lock)) and _run(
        *install, "--no-deps", "--no-build-isolation", "--editable", str(_ROOT)
    )


def _install_by_pip(lock: Path) -> None:
    """The slower way, for machines whose package registry only pip is configured for."""
    _say("uv cannot be used here; installing with pip")
    if not (_VENV / "bin" / "pip").exists() and not _run(_python(), "-m", "venv", "--clear", str(_VENV)):
        sys.exit("cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv")
    install = (str(_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if not (
        _run(*install, "--require-hashes", "-r", str(lock))
        and _run(*install, "--no-deps", "--no-build-isolation", "--editable", str(_ROOT))
    ):
        sys.exit("the packages cannot be installed: is the package registry reachable?")


def _uv() -> str | None:
    """uv of this machine, else one of our own. None where it cannot be had."""
    if (found := shutil.which("uv")) and _run(found, "--version", quiet=True):
        return found
    own = _TOOLS / "bin" / "uv"
    if own.exists():
        return str(own)
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    locked = ("--require-hashes", "-r", str(_ROOT / "requirements-tools.lock"))
    if _run(_python(), "-m", "venv", str(_TOOLS), quiet=True) and _run(str(_TOOLS / "bin" / "python"), *pip, *locked):
        return str(own)
    shutil.rmtree(_TOOLS, ignore_errors=True)
    if _run(_python(), *pip, *locked, "--target", str(_TOOLS), quiet=True) and own.exists():
        return str(own)
    return None


def _python() -> str:
    """A Python that is new enough: $PYTHON, else the first that works."""
    candidates = [name for name in (os.environ.get("PYTHON"), *_PYTHONS) if name]
    check = f"import sys; sys.exit(sys.version_info < {_OLDEST!r})"
    for name in candidates:
        if shutil.which(name) and _run(name, "-c", check, quiet=True):
            return name
    sys.exit(f"JobWise needs Python {_OLDEST[0]}.{_OLDEST[1]} or newer; name one with PYTHON=/path/to/python3")


def _python_works() -> bool:
    python = _VENV / "bin" / "python"
    return python.exists() and _run(str(python), "-I", "-S", "-c", "", quiet=True)


def _native_libraries() -> bool:
    if not _run(str(_VENV / "bin" / "python"), str(_ROOT / "scripts" / "native_libraries.py")):
        sys.exit("install the native libraries named above, then try again")
    return True


def _graphiql() -> bool:
    """GraphiQL for use without a network; without Node.js the page loads it from a public CDN."""
    if not shutil.which("npm"):
        _say("no Node.js here: the GraphiQL page will load its scripts from a public CDN")
        return False
    work = _TOOLS / "graphiql"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(_ROOT / "scripts" / "graphiql", work, ignore=shutil.ignore_patterns("node_modules"))
    npm = ("npm", "ci", "--prefix", str(work), "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    if not _run(*npm, quiet=True):
        _say("npm could not get GraphiQL: its page will load its scripts from a public CDN; `make clean` to try again")
        return True
    _GRAPHIQL.mkdir(parents=True, exist_ok=True)
    for name in _GRAPHIQL_FILES:
        shutil.copy(work / "node_modules" / name, _GRAPHIQL / Path(name).name)
    shutil.rmtree(work)
    return True


def _once(name: str, key: str, step: Callable[[], bool]) -> None:
    """Do a step unless it was done for this key; it returns whether another try would be in vain."""
    stamp = _stamp(name)
    if not (stamp.exists() and stamp.read_text() == key) and step():
        stamp.write_text(key)


def _stamp(name: str) -> Path:
    return _VENV / f".done-{name}"


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _run(*command: str, quiet: bool = False) -> bool:
    """Run a command; whether it succeeded. The project's own settings and stray virtual environments stay out of it."""
    environment = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, env=environment, stdout=output, stderr=output, check=False).returncode == 0


def _say(message: str) -> None:
    sys.stderr.write(f"setup: {message}\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "run")
