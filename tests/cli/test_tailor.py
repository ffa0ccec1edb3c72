import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jobwise.seed import EMAIL, PASSWORD
from tests.cli.running import MODELS_DOWN, jobwise, record, write_samples

FILES = {
    *("resume.pdf", "resume.txt", "resume.json"),
    *("cover-letter.pdf", "cover-letter.txt", "cover-letter.json"),
    "report.json",
}
_BUILTIN = {"provider": "builtin", "model": None}


def test_without_a_service_one_is_started_and_both_documents_and_the_report_are_written(tmp_path: Path) -> None:
    resume, posting = write_samples(tmp_path)
    given = json.loads(resume.read_text())
    resume.write_text(json.dumps({**given, "awards": [*given.get("awards", ()), *[{}] * 7]}))
    own_home, out = tmp_path / "home", tmp_path / "out"
    # Time enough to find that no model is there: the report says so.
    models = {**MODELS_DOWN, "JOBWISE_LLM_TOTAL_SECONDS": "3"}
    ended = jobwise(own_home, "tailor", "--resume", resume, "--posting", posting, "--out", out, **models)
    assert ended.returncode == 0, ended.stderr
    assert {file.name for file in out.iterdir()} == FILES
    assert str(out / "resume.pdf") in ended.stdout
    assert "100 %" in ended.stderr
    for name in ("resume.pdf", "cover-letter.pdf"):
        assert (out / name).read_bytes().startswith(b"%PDF-")
    assert json.loads((out / "resume.json").read_text())["basics"]["name"] in (out / "resume.txt").read_text()
    report = json.loads((out / "report.json").read_text())
    assert report["documents"]["resume"]["pages"] in (1, 2)
    assert report["documents"]["coverLetter"]["pages"] == 1
    assert report["title"].startswith("Senior Backend Engineer")
    assert 50 < report["match"]["score"] <= 100
    score = report["score"]
    assert score["total"] == pytest.approx(score["parse"] + score["match"] + score["content"], abs=1)
    assert {factor["area"] for factor in score["factors"]} == {"PARSE", "MATCH", "CONTENT"}
    assert all(change["evidence"] or "courtesy" in change["reason"] for change in report["changes"])
    assert {count["section"] for count in report["import"]["counts"]} >= {"experiences", "education"}
    assert report["authors"] == {"resume": _BUILTIN, "coverLetter": _BUILTIN}
    (warning,) = report["warnings"]
    assert warning.startswith("No model could help (local:none: it could not be reached): the built-in rules")
    assert warning in ended.stdout
    assert re.search(r"^Note: resume\.json, awards\[\d+\]: This entry is empty\.$", ended.stdout, re.MULTILINE)
    assert "Note: resume.json: 2 more of the kind stand in report.json." in ended.stdout
    assert not (own_home / "run" / "api.json").exists()
    assert (own_home / "cli-account.json").stat().st_mode & 0o777 == 0o600


def test_a_running_service_is_joined_and_the_report_printed(home: Path, tmp_path: Path) -> None:
    resume, posting = write_samples(tmp_path)
    options = ("--resume", resume, "--posting", posting, "--out", tmp_path / "out", "--template", "modern", "--json")
    ended = jobwise(home, "tailor", *options)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["documents"]["resume"]["template"] == "modern"


def test_who_wants_the_built_in_writer_asks_no_model(home: Path, tmp_path: Path) -> None:
    resume, posting = write_samples(tmp_path)
    options = ("--resume", resume, "--posting", posting, "--out", tmp_path / "out", "--writer", "builtin", "--json")
    ended = jobwise(home, "tailor", *options)
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["authors"] == {"resume": _BUILTIN, "coverLetter": _BUILTIN}
    # The models of this service are down, which nobody has noticed.
    assert report["warnings"] == []


BAD_RESUMES = [
    (b"{oops", "not valid JSON: line 1, column 2"),
    (b"[]", "a résumé is a JSON object"),
    (b'{"basics": {}}', "basics.name is missing"),
    (b"", "is empty"),
    (b"%PDF-1.7 \xe2\xe3", "is not UTF-8 text; it must be a JSON Resume file"),
    (b'{"basics": {"name": "Ada"}}', "add at least one experience"),
    (b" " * 20_000_000, "larger than 10 MB"),
]
BAD_POSTINGS = [
    (b"Too short to be one.", "at least 25 words"),
    (b'{"a": 1}', "needs an object with at least a title"),
    (b"\xff\xfe\xfa", "is not UTF-8 text"),
    (b"<html><body>Please sign in</body></html>", "at least 25 words"),
]


@pytest.mark.parametrize(
    ("option", "content", "message"),
    [("--resume", *row) for row in BAD_RESUMES] + [("--posting", *row) for row in BAD_POSTINGS],
)
def test_a_bad_file_is_refused_in_words_with_status_2(
    home: Path, tmp_path: Path, option: str, content: bytes, message: str
) -> None:
    resume, posting = write_samples(tmp_path)
    (resume if option == "--resume" else posting).write_bytes(content)
    ended = jobwise(home, "tailor", "--resume", resume, "--posting", posting, "--out", tmp_path / "out")
    _assert_refused(ended.returncode, ended.stderr, message)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changed", "value", "message"),
    [
        ("--resume", "missing.json", "missing.json does not exist"),
        ("--resume", ".", "cannot be read: Is a directory"),
        ("--posting", "https://jobs.example.com/1", "Addresses are not fetched"),
        ("--out", __file__, "is a file; name a folder"),
        ("--template", "fancy", "fancy"),
        ("--max-pages", "1", "needs at least 2 pages"),
        ("--language", "klingon", "klingon"),
        ("--writer", "ghost", "'ghost' is not one of 'quality', 'speed', 'builtin'"),
        ("--api", "nowhere", "name an address such as"),
        ("--api", "http://127.0.0.1:9", "set JOBWISE_EMAIL and JOBWISE_PASSWORD"),
    ],
)
def test_a_bad_option_is_refused_in_words_with_status_2(
    home: Path, tmp_path: Path, changed: str, value: str, message: str
) -> None:
    resume, posting = write_samples(tmp_path)
    options = {"--resume": str(resume), "--posting": str(posting), "--out": str(tmp_path / "out"), changed: value}
    ended = jobwise(home, "tailor", *(part for pair in options.items() for part in pair))
    _assert_refused(ended.returncode, ended.stderr, message)


async def test_progress_is_taken_up_where_it_was_after_the_websocket_was_cut(home: Path, tmp_path: Path) -> None:
    resume, posting = write_samples(tmp_path)
    options = ("--resume", resume, "--posting", posting, "--out", tmp_path / "out")
    async with _cutting_proxy(str(record(home)["url"])) as (address, cuts):
        account = {"JOBWISE_EMAIL": EMAIL, "JOBWISE_PASSWORD": PASSWORD}
        ended = await asyncio.to_thread(jobwise, home, "tailor", *options, "--api", address, **account)
    assert ended.returncode == 0, ended.stderr
    assert cuts
    shown = ended.stderr.splitlines()
    assert len(shown) == len(set(shown))
    assert {file.name for file in (tmp_path / "out").iterdir()} == FILES


def _assert_refused(status: int, said: str, message: str) -> None:
    assert status == 2, said
    assert message in said
    assert "Traceback" not in said


@asynccontextmanager
async def _cutting_proxy(url: str) -> AsyncIterator[tuple[str, list[str]]]:
    """An address in front of the API that cuts every websocket after its first event; the cuts so far."""
    target, cuts = urlsplit(url), list[str]()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cutting: bool) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
            if cutting and b"generationProgress" in data:
                cuts.append("cut")
                break
        writer.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        api_reader, api_writer = await asyncio.open_connection(target.hostname, target.port)
        api_writer.write(head)
        is_websocket = b"upgrade: websocket" in head.lower()
        inward = asyncio.create_task(forward(reader, api_writer, cutting=False))
        try:
            await forward(api_reader, writer, cutting=is_websocket)
        except ConnectionError:
            cuts.append("lost")
        finally:
            inward.cancel()
            api_writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", cuts
