"""PDF/UA by WeasyPrint, fitted into its pages. The only module that imports WeasyPrint; runs in rendering processes.

One FontConfiguration serves the whole process: one for each document would leak memory and time.
"""

import json
import logging
from datetime import datetime
from functools import lru_cache
from typing import Never

from jobwise.documents import fonts

if not fonts.sealed():
    fonts.seal()

from weasyprint import CSS, HTML, Attachment
from weasyprint.document import Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from jobwise.documents import glyphs, markup
from jobwise.documents.content import DocumentContent, DocumentKind, PaperSize, ResumeContent
from jobwise.documents.formats import json_resume
from jobwise.documents.page_fit import Layout, fit
from jobwise.documents.read_back import read_back
from jobwise.documents.render import RenderedFile, RenderRequest
from jobwise.documents.templates import Template, template

_PAPERS = {PaperSize.A4: "A4", PaperSize.LETTER: "letter"}

# Unknown CSS and missing glyphs are bugs of ours that the tests look for; they must not fill the logs of a worker.
logging.getLogger("weasyprint").setLevel(logging.ERROR)


class _NoFetcher(URLFetcher):
    """Refuses every address: a document needs nothing from outside, whatever its text says."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Never:
        raise ValueError(f"documents fetch nothing, not even {url!r}")


_FONTS = FontConfiguration()
_FETCHER = _NoFetcher()


def render(request: RenderRequest) -> RenderedFile:
    """Lay out, fit and write the document. Raises PageLimitTooSmall, UnprintableText, UnknownTemplate."""
    design = template(request.template)
    setting = glyphs.typesetting(glyphs.texts_of(request.content), request.content.language, design.family)
    content = glyphs.cleaned(request.content, setting)
    sheets = (_design(design, setting.families, request.paper),)

    def measure(candidate: DocumentContent, slack: float) -> Layout[Document]:
        page = _page(candidate, design, request.paper, request.created)
        return _measured(page.render(font_config=_FONTS, stylesheets=[*sheets, _tokens(slack, content.kind)]))

    fitted = fit(content, request.max_pages if content.kind is DocumentKind.RESUME else 1, measure)
    data = fitted.layout.document.write_pdf(
        pdf_variant="pdf/ua-1", pdf_identifier=True, attachments=_attachments(fitted.content, request.created)
    )
    return RenderedFile(
        data=data,
        content=fitted.content,
        page_count=fitted.layout.pages,
        read_back=read_back(data, fitted.content, request.paper),
        dropped_lines=fitted.dropped,
        warnings=setting.warnings,
    )


def _page(content: DocumentContent, design: Template, paper: PaperSize, created: datetime) -> HTML:
    return HTML(string=markup.html(content, design, paper, created), url_fetcher=_FETCHER)


@lru_cache(maxsize=64)
def _design(design: Template, families: tuple[str, ...], paper: PaperSize) -> CSS:
    stack = ", ".join(f'"{family}"' for family in families)
    head = f"@page {{ size: {_PAPERS[paper]} }} html {{ font-family: {stack} }}\n"
    return _css(head + markup.stylesheet(design))


@lru_cache(maxsize=256)
def _tokens(slack: float, kind: DocumentKind) -> CSS:
    """The values that the page fit turns: type size, line height, space between blocks, margins."""
    size = (10.4 if kind is DocumentKind.RESUME else 11.2) * (1 - 0.1 * slack)
    line, space = 1.4 - 0.15 * slack, 1 - 0.5 * slack
    margin = (17 if kind is DocumentKind.RESUME else 22) - 5 * slack
    return _css(
        f"@page {{ margin: {margin:.2f}mm {margin + 1:.2f}mm }}"
        f":root {{ --size: {size:.3f}pt; --line: {line:.3f}; --space: {space:.3f} }}"
    )


def _css(rules: str) -> CSS:
    return CSS(string=rules, font_config=_FONTS, url_fetcher=_FETCHER)


def _measured(document: Document) -> Layout[Document]:
    """`fill` is where the empty element at the end of every document came to stand."""
    page = document.pages[-1]
    return Layout(len(document.pages), min(page.anchors["end"][1] / page.height, 1.0), document)


def _attachments(content: DocumentContent, created: datetime) -> list[Attachment]:
    """The résumé as data, inside its own PDF, for programs that would rather not read prose."""
    if not isinstance(content, ResumeContent):
        return []
    text = json.dumps(json_resume.to_json_resume(content), ensure_ascii=False, indent=1)
    return [
        Attachment(
            string=text,
            name="resume.json",
            description="JSON Resume",
            created=created,
            modified=created,
            relationship="Source",
            url_fetcher=_FETCHER,
        )
    ]
