"""The body of one rendering process: frames in on standard input, frames out on standard output, until that ends.

A frame is a four-byte length, that many bytes of JSON, and as many bytes of data as its `size` says. Started by
`jobwise.documents.renderer` and by nothing else.
"""

import contextlib
import ctypes
import json
import logging
import os
import resource
import signal
import struct
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from jobwise.documents import fonts
from jobwise.documents.content import ResumeContent
from jobwise.documents.formats import format_of
from jobwise.documents.render import RenderRequest
from jobwise.errors import JobWiseError

_PR_SET_PDEATHSIG = 1
#: Layout takes all the processor that it gets: the event loops of API and worker, which need little, go before it.
_NICENESS = 5
Json = dict[str, Any]


def main(folder: str, parent: int, memory_bytes: int) -> None:
    """Serve until standard input ends. `folder` holds the fonts' configuration, shared with the sibling processes."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Whatever a library prints must not end up between the frames.
    _die_with(parent)
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    try:
        fonts.seal(Path(folder))
        _warm_up()
    except Exception as error:
        traceback.print_exc()
        write_frame(answers, {"fatal": f"{type(error).__name__}: {error}"})
        return
    write_frame(answers, {"ready": True})
    while frame := read_frame(sys.stdin.buffer):
        head, data = _answer(frame)
        write_frame(answers, head, data)


def _die_with(parent: int) -> None:
    """Not outlive the parent, not even one killed with -9 in the middle of a job."""
    # Interrupts at the terminal go to the whole group; the parent decides what they mean for us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent was gone before its rendering process had started")


def _warm_up() -> None:
    """Load the layout engine and the fonts before the first job waits for them."""
    content = ResumeContent(name="Warm-up")
    format_of("pdf").render(RenderRequest(content=content, created=datetime(2000, 1, 1, tzinfo=UTC)))


def _answer(frame: Json) -> tuple[Json, bytes]:
    try:
        rendered = format_of(frame["format"]).render(RenderRequest.model_validate(frame["request"]))
    except JobWiseError as error:
        return {"error": {"code": error.code, "message": error.message, "path": error.path}}, b""
    except Exception:
        # A bug, or no memory left: told to the parent, which logs it and replaces this process.
        return {"crash": traceback.format_exc()}, b""
    return {"rendered": rendered.model_dump(mode="json")}, rendered.data


def write_frame(stream: BinaryIO, head: Json, data: bytes = b"") -> None:
    """Write one frame and flush it."""
    stream.write(frame_of(head, data))
    stream.flush()


def frame_of(head: Json, data: bytes = b"") -> bytes:
    """The bytes of a frame."""
    text = json.dumps({**head, "size": len(data)}).encode()
    return struct.pack(">I", len(text)) + text + data


def read_frame(stream: BinaryIO) -> Json | None:
    """The next request's JSON (requests carry no data), or None at the end."""
    prefix = stream.read(4)
    if len(prefix) < 4:
        return None
    frame = json.loads(stream.read(struct.unpack(">I", prefix)[0]))
    return frame if isinstance(frame, dict) else None


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    with contextlib.suppress(BrokenPipeError):
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
