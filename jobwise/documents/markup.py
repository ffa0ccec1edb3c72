"""Content to HTML: the step between what a document says and how it is laid out. Every text is escaped."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from jobwise.documents.content import ContactLine, DocumentContent, DocumentKind, PaperSize
from jobwise.documents.templates import Template
from jobwise.documents.templates.labels import labels

_FOLDER = Path(__file__).parent / "templates"
_PAGES = {DocumentKind.RESUME: "resume.html", DocumentKind.COVER_LETTER: "letter.html"}
_WIDEST_ROW = 100  # Characters that surely fit on a line at every density.
_HYPHENATED = re.compile(r"(?=.{1,60}$)\S*\w-\S+")  # Longer ones may have to be broken.
_SPACES = re.compile(r"(\s+)")
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})


def html(content: DocumentContent, template: Template, paper: PaperSize, created: datetime) -> str:
    """The document as one HTML page. `created` becomes the dates of the PDF."""
    words = labels(content.language)
    kind = words.resume if content.kind is DocumentKind.RESUME else words.letter
    return (
        _environment()
        .get_template(_PAGES[content.kind])
        .render(
            content=content,
            contact=contact_rows(content.contact),
            labels=words,
            title=f"{content.name} – {kind}",
            created=created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            paper=paper,
            stacked=template.stacked_dates,
            separator=template.separator,
            href=safe_href,
            shown=shown_url,
        )
    )


def contact_rows(contact: Sequence[ContactLine]) -> list[tuple[ContactLine, ...]]:
    """Contact details as they stand in rows: one, or where that would be too wide, links on rows of their own."""
    if sum(len(line.text) + 3 for line in contact) <= _WIDEST_ROW:
        return [tuple(contact)] if contact else []
    rows: list[tuple[ContactLine, ...]] = []
    for group in ([c for c in contact if c.kind != "link"], [c for c in contact if c.kind == "link"]):
        row: tuple[ContactLine, ...] = ()
        for line in group:
            if row and sum(len(part.text) + 3 for part in (*row, line)) > _WIDEST_ROW:
                rows.append(row)
                row = ()
            row = (*row, line)
        rows += [row] if row else []
    return rows


def whole_words(text: str) -> Markup:
    """Escape a text and keep words with a hyphen on one line.

    Text extractors take a hyphen at a line's end for hyphenation and drop it: "part-time" would be read as "parttime".
    """
    return Markup("").join(
        Markup('<span class="whole">{}</span>').format(word) if _HYPHENATED.fullmatch(word) else escape(word)
        for word in _SPACES.split(text)
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        auto_reload=False,
    )
    environment.filters["whole_words"] = whole_words
    return environment


@lru_cache(maxsize=16)
def stylesheet(template: Template) -> str:
    """The rules of a design: the shared ones, then its own."""
    return "\n".join(
        (_FOLDER / name).read_text(encoding="utf-8") for name in ("base.css", f"{template.key}/design.css")
    )


def safe_href(url: str) -> str:
    """The link as it may stand in a document, or "" for anything but web, mail and telephone links.

    A bare address such as example.org/me, which people often write, gets https.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme.lower() in _SCHEMES:
        return url
    bare = not parts.scheme and not parts.netloc and "." in parts.path.split("/")[0] and ":" not in url.split("/")[0]
    return f"https://{url}" if bare else ""


def shown_url(url: str) -> str:
    """A web address as people read it: without scheme, www and a closing slash."""
    return url.strip().split("://", 1)[-1].removeprefix("www.").rstrip("/")
