"""What is asked of a format and what it gives back: plain data, since both travel between processes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from jobwise.documents.content import DocumentContent, PaperSize
from jobwise.documents.page_fit import MOST_PAGES
from jobwise.documents.read_back import ReadBack


class RenderRequest(BaseModel):
    """One document to make into a file. The same request gives the same bytes: `created` is the file's only date."""

    model_config = ConfigDict(frozen=True)

    content: Annotated[DocumentContent, Field(discriminator="kind")]
    template: str = "ats"
    paper: PaperSize = PaperSize.A4
    max_pages: int = Field(default=2, ge=1, le=MOST_PAGES, description="Of a résumé; a letter has one page always.")
    created: datetime = Field(description="UTC.")


class RenderedFile(BaseModel):
    """A finished file and what is known of it.

    `content` is what the file says: the request's less the lines that the page fit dropped and the characters that no
    font has. `page_count` is 0 for formats without pages.
    """

    model_config = ConfigDict(frozen=True)

    data: bytes = Field(exclude=True, repr=False)
    content: Annotated[DocumentContent, Field(discriminator="kind")]
    page_count: int = 0
    read_back: ReadBack | None = Field(default=None, description="Of a PDF: what a machine reads in it.")
    dropped_lines: tuple[UUID, ...] = Field(default=(), description="Fact ids of the lines that did not fit.")
    warnings: tuple[str, ...] = Field(default=(), description="Sentences for people.")
