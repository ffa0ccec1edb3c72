import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.cli.running import descendants, jobwise, record, start_up, wait_for_end, write_samples


def test_help_names_every_command(tmp_path: Path) -> None:
    said = jobwise(tmp_path, "--help").stdout
    commands = ("up", "serve", "work", "migrate", "seed", "tailor", "schema", "doctor", "staff")
    assert all(name in said for name in commands)


def test_up_serves_the_api_and_its_explorer(home: Path) -> None:
    url = str(record(home)["url"])
    assert httpx.get(f"{url}/health/ready").json()["status"] == "ok"
    assert "text/html" in httpx.get(f"{url}/graphql", headers={"accept": "text/html"}).headers["content-type"]


def test_a_second_up_says_who_runs_already(home: Path) -> None:
    second = jobwise(home, "up")
    assert second.returncode == 1
    assert f"process {record(home)['pid']}" in second.stderr
    assert str(record(home)["url"]) in second.stderr


def test_a_second_up_with_files_has_the_first_one_tailor_them(home: Path, tmp_path: Path) -> None:
    resume, posting = write_samples(tmp_path)
    options = ("--tailor-sample", "--resume", resume, "--posting", posting, "--out", tmp_path / "out")
    second = jobwise(home, "up", *options)
    assert second.returncode == 0, second.stderr
    assert str(tmp_path / "out" / "cover-letter.pdf") in second.stdout


@pytest.mark.parametrize("command", ["serve", "work"])
def test_a_child_that_is_killed_comes_back_and_the_next_tailoring_waits_for_it(
    home: Path, tmp_path: Path, command: str
) -> None:
    children = descendants(int(record(home)["pid"]))
    (victim,) = (pid for pid, line in children.items() if line.endswith(f"-m jobwise {command}"))
    os.kill(victim, signal.SIGKILL)
    resume, posting = write_samples(tmp_path)
    ended = jobwise(home, "tailor", "--resume", resume, "--posting", posting, "--out", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr


def test_a_child_that_ends_in_good_order_though_nobody_asked_it_to_comes_back(home: Path) -> None:
    worker = _child(home, "work")
    os.kill(worker, signal.SIGTERM)
    assert not wait_for_end({worker})
    _until(lambda: _child(home, "work") not in {0, worker})


def test_when_all_that_up_has_started_is_killed_at_once_all_of_it_comes_back(home: Path, tmp_path: Path) -> None:
    owner = int(record(home)["pid"])
    killed = set(descendants(owner))
    for pid in killed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert not wait_for_end(killed)
    _until(lambda: _is_ready(home) and _child(home, "work") not in {0, *killed})
    resume, posting = write_samples(tmp_path)
    ended = jobwise(home, "tailor", "--resume", resume, "--posting", posting, "--out", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr


def _child(home: Path, command: str) -> int:
    """The process id of the API or the worker; 0 while there is none."""
    children = descendants(int(record(home)["pid"]))
    return next((pid for pid, line in children.items() if line.endswith(f"-m jobwise {command}")), 0)


def _is_ready(home: Path) -> bool:
    try:
        return httpx.get(f"{record(home)['url']}/health/ready").status_code == 200
    except httpx.HTTPError:
        return False


def _until(happens: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_sigterm_stops_everything_that_was_started(tmp_path: Path) -> None:
    process = start_up(tmp_path)
    started = set(descendants(process.pid))
    assert len(started) >= 4
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert not wait_for_end(started, 5)
    assert not (tmp_path / "run" / "api.json").exists()


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux tells children of their parent's death")
def test_kill_9_leaves_no_process_and_loses_no_data(tmp_path: Path) -> None:
    process = start_up(tmp_path)
    started = set(descendants(process.pid))
    process.kill()
    process.communicate()
    assert not wait_for_end(started)
    again = start_up(tmp_path)
    again.terminate()
    output, _ = again.communicate(timeout=60)
    assert "Loaded the sample data" not in output


def test_a_port_of_another_program_is_named_with_a_way_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = jobwise(tmp_path, "up", "--port", str(port))
    assert ended.returncode == 1
    assert f"Port {port} is taken by another program" in ended.stderr
    assert "JOBWISE_PORT=" in ended.stderr


def test_a_mistake_in_the_settings_is_named(tmp_path: Path) -> None:
    ended = jobwise(tmp_path, "up", JOBWISE_ENV="production")
    assert ended.returncode == 1
    assert "JOBWISE_SECRET_KEY must have at least 32 characters" in ended.stderr


def test_an_absent_database_is_named(tmp_path: Path) -> None:
    ended = jobwise(tmp_path, "up", DATABASE_URL="postgresql://jobwise@127.0.0.1:9/jobwise")
    assert ended.returncode == 1
    assert "check DATABASE_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_doctor_finds_a_running_service_healthy(home: Path) -> None:
    ended = jobwise(home, "doctor")
    assert ended.returncode == 0, ended.stdout
    assert "✓ PDF" in ended.stdout
    assert "✓ database: answers and is migrated" in ended.stdout


def test_doctor_says_what_to_do_about_an_absent_redis(tmp_path: Path) -> None:
    ended = jobwise(tmp_path, "doctor", REDIS_URL="redis://127.0.0.1:9")
    assert ended.returncode == 1
    assert "✗ Redis: does not answer (ConnectionError); check REDIS_URL" in ended.stdout
