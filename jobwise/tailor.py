"""The command `jobwise tailor`: one résumé, one posting, finished files; through the API like any client."""

import asyncio
import codecs
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import click

from jobwise import tailor_queries, tailor_report
from jobwise.account_file import Account, own_account, sign_in
from jobwise.api_client import ApiClient, ApiError, Json
from jobwise.config import Settings
from jobwise.progress import Progress, progress

_LARGEST_FILE = 10_000_000
_PAUSE_SECONDS = 0.1
_HTML = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body|script|meta|div|main|article|section)\b", re.I | re.S
)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENDED = frozenset(("COMPLETED", "FAILED", "CANCELLED"))
_NOT_AS_IN_THE_FILE = ("SKIPPED", "ADJUSTED")
_MOST_NOTES = 5
_NAMES = {"RESUME": "resume", "COVER_LETTER": "cover-letter"}
_EXTENSIONS = {"pdf": "pdf", "text": "txt", "json": "json"}


class BadInput(Exception):
    """A file or option cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Order:
    """What to tailor, how, and into which folder."""

    resume: Path
    posting: Path
    out: Path
    template: str = "ats"
    paper: str = "A4"
    max_pages: int = 2
    language: str | None = None
    tone: str = "professional"
    writer: str = "quality"

    def options(self) -> Json:
        """The options as the API takes them."""
        return {
            "template": self.template,
            "paper": self.paper.upper(),
            "maxPages": self.max_pages,
            "language": self.language,
            "tone": self.tone.upper(),
            "writer": self.writer.upper(),
        }


@dataclass(frozen=True)
class Finished:
    """What was written: the folder's files by name, and the report."""

    files: dict[str, Path]
    report: Json


async def run(settings: Settings, order: Order, *, api: str | None, as_json: bool) -> int:
    """The command: returns its exit status. 0: all files are there; 1: the service failed; 2: other input is needed."""
    from jobwise.infra.embedded import EmbeddedError
    from jobwise.supervisor import ServiceFailed, running_or_own

    try:
        check(order)
        account = _given_account(api) if api else own_account(settings.home)
        async with AsyncExitStack() as stack:
            if not api:
                own = running_or_own(settings, tell=_to_stderr, temporary=True)
                api = (await stack.enter_async_context(own)).url
            finished = await tailor(api, account, order)
    except (BadInput, ApiError, ServiceFailed, EmbeddedError, OSError) as error:
        click.echo(f"{error}", err=True)
        return exit_status(error)
    click.echo(json.dumps(finished.report, ensure_ascii=False) if as_json else summary(finished, order))
    return 0


def exit_status(error: Exception) -> int:
    """2 where other input would help, else 1."""
    return 2 if isinstance(error, BadInput) or (isinstance(error, ApiError) and error.is_input) else 1


def summary(finished: Finished, order: Order) -> str:
    """Where everything is, in a few lines."""
    match, score = finished.report["match"], finished.report["score"]
    lines = [str(finished.files[name]) for name in ("resume.pdf", "cover-letter.pdf")]
    lines.append(
        f"Match {match['score']} of 100, résumé score {score['total']} of 100; see {order.out / 'report.json'}"
    )
    changed = [note for note in finished.report["import"]["notes"] if note["kind"] in _NOT_AS_IN_THE_FILE]
    lines += [f"Note: {order.resume.name}, {note['path']}: {note['message']}" for note in changed[:_MOST_NOTES]]
    if more := len(changed[_MOST_NOTES:]):
        lines.append(f"Note: {order.resume.name}: {more} more of the kind stand in report.json.")
    lines += [f"Note: {warning}" for warning in finished.report["warnings"]]
    return "\n".join(lines)


def check(order: Order) -> None:
    """Look at everything that can be wrong before a service is started. Raises BadInput."""
    _read(order.resume, "résumé")
    _read(order.posting, "posting")
    folder = next(place for place in (order.out.absolute(), *order.out.absolute().parents) if place.exists())
    if not folder.is_dir():
        raise BadInput(f"--out {order.out}: {folder} is a file; name a folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput(f"--out {order.out}: no permission to write in {folder}.")


async def tailor(url: str, account: Account, order: Order) -> Finished:
    """Tailor through the API at `url` and write the files; all of them or none. Raises BadInput, ApiError, OSError."""
    resume, posting = _read(order.resume, "résumé"), _read(order.posting, "posting")
    started = time.monotonic()
    async with ApiClient(url) as client:
        with progress() as shown:
            shown.step("Signing in")
            await sign_in(client, account)
            shown.step("Reading résumé and posting")
            source = {_posting_kind(order.posting, posting): posting}
            async with (
                _imported(client, order.resume, tailor_queries.IMPORT_PROFILE, {"content": resume}) as profile,
                _imported(client, order.posting, tailor_queries.IMPORT_JOB, source) as job,
            ):
                generation = await _generated(client, order, profile["profile"]["id"], job["job"]["id"], shown)
                files = await _downloaded(client, generation)
            await client.execute(tailor_queries.LOGOUT)
    report = tailor_report.report(generation, profile["report"], time.monotonic() - started)
    files["report.json"] = json.dumps(report, ensure_ascii=False, indent=2).encode() + b"\n"
    return Finished(_written(files, order.out.absolute()), report)


@asynccontextmanager
async def _imported(client: ApiClient, file: Path, document: str, source: Json) -> AsyncIterator[Json]:
    """The result of importing a file; deleted after the block, since documents keep what they were made from."""
    try:
        result = await client.mutate(document, input=source)
    except ApiError as error:
        raise ApiError(f"{file}: {error}", error.code) from None
    try:
        yield result
    finally:
        kind, deletion = next((name, tailor_queries.DELETE[name]) for name in tailor_queries.DELETE if name in result)
        await client.execute(deletion, id=result[kind]["id"])


async def _generated(client: ApiClient, order: Order, profile_id: str, job_id: str, shown: Progress) -> Json:
    values = {**order.options(), "profileId": profile_id, "jobId": job_id, "idempotencyKey": uuid4().hex}
    begun = await client.mutate(tailor_queries.START, input=values)
    await _followed(client, begun["generation"]["id"], shown)
    generation: Json = (await client.execute(tailor_queries.RESULT, id=begun["generation"]["id"]))["generation"]
    if generation["status"] != "COMPLETED":
        error = generation["error"] or {"code": "UNAVAILABLE", "message": "The generation was cancelled."}
        raise ApiError(error["message"], error["code"])
    return generation


async def _followed(client: ApiClient, generation_id: str, shown: Progress) -> None:
    """Show events until the last one; a cut line is taken up again behind the last event seen."""
    cursor = None
    while True:
        try:
            async for data in client.follow(tailor_queries.PROGRESS, id=generation_id, after=cursor):
                event = data["generationProgress"]
                cursor = event["cursor"]
                if event["message"]:
                    shown.show(event["message"], event["progress"], event["etaSeconds"])
                if event["status"] in _ENDED:
                    return
        except ConnectionError:
            await asyncio.sleep(_PAUSE_SECONDS)
        # Also where no websocket gets through at all.
        if (await client.execute(tailor_queries.STATUS, id=generation_id))["generation"]["status"] in _ENDED:
            return


async def _downloaded(client: ApiClient, generation: Json) -> dict[str, bytes]:
    links = {
        f"{_NAMES[document['kind']]}.{_EXTENSIONS[export['format']]}": export["url"]
        for document in generation["documents"]
        for export in document["exports"]
        if export["format"] in _EXTENSIONS
    }
    missing = {f"{name}.{ending}" for name in _NAMES.values() for ending in _EXTENSIONS.values()} - links.keys()
    if missing:
        raise ApiError(f"The service did not make {', '.join(sorted(missing))}.")
    return dict(zip(links, await asyncio.gather(*map(client.download, links.values())), strict=True))


def _read(path: Path, what: str) -> str:
    try:
        if path.is_file() and path.stat().st_size > _LARGEST_FILE:
            raise BadInput(f"The {what} {path} is larger than {_LARGEST_FILE // 1_000_000} MB: is it the right file?")
        data = path.read_bytes()
        return data.decode("utf-16" if data[:2] in _UTF16 else "utf-8-sig")
    except FileNotFoundError:
        address = (
            " Addresses are not fetched: save the page and name the file."
            if "://" in str(path) or ":/" in str(path)
            else ""
        )
        raise BadInput(f"The {what} {path} does not exist.{address}") from None
    except UnicodeDecodeError:
        wanted = "a JSON Resume file" if what == "résumé" else "text, Markdown, a saved web page or JSON"
        raise BadInput(f"The {what} {path} is not UTF-8 text; it must be {wanted}.") from None
    except OSError as error:
        raise BadInput(f"The {what} {path} cannot be read: {error.strerror or error}.") from None


def _posting_kind(path: Path, text: str) -> str:
    """Which field of `importJob` takes it: by what it is, and by its name where that is not clear."""
    if _HTML.match(text) or path.suffix.lower() in (".html", ".htm"):
        return "html"
    return "json" if path.suffix.lower() == ".json" or _is_json(text) else "text"


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False


def _written(files: dict[str, bytes], folder: Path) -> dict[str, Path]:
    """Everything beside its place first, then all of it into its place."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".jobwise-", dir=folder))
    try:
        for name, data in files.items():
            (draft / name).write_bytes(data)
        for name in files:
            (draft / name).replace(folder / name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return {name: folder / name for name in files}


def _given_account(api: str) -> Account:
    if not _is_address(api):
        raise BadInput(f"--api {api}: name an address such as https://jobs.example.org.")
    email, password = os.environ.get("JOBWISE_EMAIL", ""), os.environ.get("JOBWISE_PASSWORD", "")
    if not (email and password):
        raise BadInput("--api needs an account there: set JOBWISE_EMAIL and JOBWISE_PASSWORD.")
    return Account(email, password)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


__all__ = ["BadInput", "Finished", "Order", "check", "exit_status", "run", "summary", "tailor"]
