"""Rendering processes: layout is CPU-bound and runs on untrusted text, so it happens in children that we can kill.

The parent never imports the layout engine. A child that hangs, dies or grows too large costs one job its answer
(RenderingFailed) and is replaced; the others go on.
"""

import asyncio
import json
import logging
import os
import struct
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jobwise.documents.content import DocumentContent, PaperSize
from jobwise.documents.formats import format_of
from jobwise.documents.render import RenderedFile, RenderRequest
from jobwise.documents.rendering_process import frame_of
from jobwise.documents.templates import template as template_of
from jobwise.errors import ErrorCode, JobWiseError

logger = logging.getLogger(__name__)

_START_SECONDS = 60.0
_Frame = tuple[dict[str, Any], bytes]
# Children see no secrets: only what finding Python and the native libraries needs.
_ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
)  # fmt: skip


class RenderingFailed(JobWiseError):
    """The document could not be rendered. Try again; if it fails again, shorten the document."""

    code = ErrorCode.RENDERING_FAILED


class RefusedByRenderer(JobWiseError):
    """The renderer refused the document for a reason that its message says."""

    def __init__(self, code: ErrorCode, message: str, path: str | None) -> None:
        super().__init__(message, path=path)
        self.code = code


class Renderer:
    """A pool of rendering processes, for `async with`. They start in the background; the first jobs wait for them."""

    def __init__(
        self, processes: int = 2, *, job_seconds: float = 30.0, recycle_after: int = 500, memory_mb: int = 1024
    ) -> None:
        """`recycle_after` jobs a process is replaced, lest leaks of native libraries add up."""
        self._limits = _Limits(job_seconds, recycle_after, memory_mb * 1024 * 1024)
        self._processes = processes
        self._children: list[_Child] = []
        self._idle: asyncio.Queue[_Child] = asyncio.Queue()
        self._starting: list[asyncio.Task[None]] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="jobwise-fonts-", ignore_cleanup_errors=True)
        self._children = [_Child(Path(self._folder.name), self._limits) for _ in range(self._processes)]
        for child in self._children:
            self._idle.put_nowait(child)
        self._starting = [asyncio.create_task(child.warm_up()) for child in self._children]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(child.kill() for child in self._children))
        if self._folder:
            self._folder.cleanup()

    @property
    def pids(self) -> list[int]:
        """The process ids of the children that are up."""
        return [child.pid for child in self._children if child.pid]

    async def render(
        self,
        content: DocumentContent,
        *,
        created: datetime,
        format: str = "pdf",
        template: str = "ats",
        paper: PaperSize = PaperSize.A4,
        max_pages: int = 2,
    ) -> RenderedFile:
        """Make a file of a document. The same arguments give the same bytes.

        Raises: RenderingFailed; RefusedByRenderer with the code PAGE_LIMIT_TOO_SMALL, or RENDERING_FAILED where no font
        has the script; UnknownTemplate, UnknownFormat.
        """
        format_of(format)
        template_of(template)
        request = RenderRequest(
            content=content, template=template, paper=paper, max_pages=max_pages, created=created.astimezone(UTC)
        )
        child = await self._idle.get()
        try:
            return await child.render(format, request)
        finally:
            self._idle.put_nowait(child)


@dataclass(frozen=True)
class _Limits:
    """What a child may take."""

    job_seconds: float
    jobs: int
    memory_bytes: int


class _Child:
    """One place in the pool and the process that fills it at the moment."""

    def __init__(self, folder: Path, limits: _Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None
        self._jobs = 0
        self._busy = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process that is up, if one is."""
        return self._process.pid if self._process else None

    async def warm_up(self) -> None:
        """Start ahead of the first job. A failure is told to that job, which tries again."""
        with suppress(RenderingFailed):
            async with self._busy:
                if not self._process:
                    await self._start()

    async def render(self, format: str, request: RenderRequest) -> RenderedFile:
        """Run one job, in a new process where the old one is gone or has done its share."""
        async with self._busy:
            if self._process and (self._process.returncode is not None or self._jobs >= self._limits.jobs):
                await self.kill()
            process = self._process or await self._start()
            self._jobs += 1
            question = frame_of({"format": format, "request": request.model_dump(mode="json")})
            head, data = await self._within(self._limits.job_seconds, _ask(process, question))
            if "crash" in head:
                # After a MemoryError a process stays as large as it was, and fails the next job too.
                await self.kill()
        return _result(head, data)

    async def _start(self) -> asyncio.subprocess.Process:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        command = (sys.executable, "-m", "jobwise.documents.rendering_process")
        arguments = (str(self._folder), str(os.getpid()), str(self._limits.memory_bytes))
        try:
            # Whoever cleans temporary folders may have taken ours.
            self._folder.mkdir(parents=True, exist_ok=True)
            process = await asyncio.create_subprocess_exec(
                *command, *arguments, stdin=PIPE, stdout=PIPE, env=environment
            )
        except OSError as error:
            logger.error("no rendering process can be started: %s", error)
            raise RenderingFailed("No rendering process can be started just now: try again.") from error
        self._process, self._jobs = process, 0
        head, _ = await self._within(_START_SECONDS, _ask(process, b""))
        if "fatal" in head:
            await self.kill()
            raise RenderingFailed(f"PDFs cannot be made on this machine (is Pango installed?): {head['fatal']}")
        return process

    async def _within(self, seconds: float, answer: Coroutine[Any, Any, _Frame]) -> _Frame:
        """The answer in time, else no process: one that owes an answer must not give it to the next job."""
        try:
            return await asyncio.wait_for(answer, seconds)
        except BaseException as error:
            # Cancellation included: the answer would still come, and be taken for the next job's.
            await self.kill()
            if isinstance(error, TimeoutError):
                raise RenderingFailed(
                    f"The document took longer than {seconds:g} seconds to lay out: shorten it."
                ) from None
            if isinstance(error, asyncio.IncompleteReadError | OSError | ValueError):
                raise RenderingFailed("The rendering process died, perhaps out of memory: try again.") from None
            raise

    async def kill(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _ask(process: asyncio.subprocess.Process, question: bytes) -> _Frame:
    to, answers = process.stdin, process.stdout
    if to is None or answers is None:
        raise RuntimeError("a rendering process is always started with pipes")
    to.write(question)
    await to.drain()
    (length,) = struct.unpack(">I", await answers.readexactly(4))
    head = json.loads(await answers.readexactly(length))
    return head, await answers.readexactly(head["size"])


def _result(head: dict[str, Any], data: bytes) -> RenderedFile:
    if "rendered" in head:
        return RenderedFile.model_validate({**head["rendered"], "data": data})
    if "error" in head:
        error = head["error"]
        raise RefusedByRenderer(ErrorCode(error["code"]), error["message"], error["path"])
    logger.error("rendering crashed: %s", head["crash"])
    raise RenderingFailed
