"""The formats that a document can be exported in. A new one is a module here with `render`, and one line in FORMATS."""

from dataclasses import dataclass
from importlib import import_module
from typing import cast

from jobwise.documents.render import RenderedFile, RenderRequest
from jobwise.errors import ErrorCode, JobWiseError


class UnknownFormat(JobWiseError):
    """There is no export format of this name: `exportFormats` lists those that there are."""

    code = ErrorCode.NOT_FOUND


@dataclass(frozen=True)
class Format:
    """An export format. `module` is named, not imported: this registry must not load a layout engine everywhere."""

    key: str
    name: str
    media_type: str
    extension: str
    module: str

    def render(self, request: RenderRequest) -> RenderedFile:
        """Make the file. Slow for layouts: run it in a rendering process (`jobwise.documents.renderer`)."""
        return cast("RenderedFile", import_module(f"{__name__}.{self.module}").render(request))


FORMATS = {
    known.key: known
    for known in (
        Format("pdf", "PDF", "application/pdf", "pdf", module="pdf"),
        Format("text", "Plain text", "text/plain; charset=utf-8", "txt", module="text"),
        Format("json", "JSON Resume", "application/json", "json", module="json_resume"),
    )
}


def format_of(key: str) -> Format:
    """The format of this key. Raises UnknownFormat."""
    if key not in FORMATS:
        raise UnknownFormat(f"There is no format {key!r}: choose one of {', '.join(FORMATS)}.", path="format")
    return FORMATS[key]
