"""From what a person has (pasted text, a page, a file, some JSON) to a draft posting that they can look over."""

import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from selectolax.lexbor import LexborHTMLParser

from jobwise.errors import ErrorCode, JobWiseError
from jobwise.jobs import json_ld
from jobwise.jobs.front_matter import front_matter_sections, read_front_matter
from jobwise.jobs.job_fields import JobFields, Workplace, employment_types, read_fields, workplace_in
from jobwise.jobs.masthead import Masthead, read_masthead
from jobwise.jobs.pages import main_text, why_no_posting
from jobwise.jobs.plain_text import markdown_to_text, tidy
from jobwise.jobs.salaries import Salary, salary_in
from jobwise.jobs.sections import outline
from jobwise.language import detect
from jobwise.profiles.web import web_address

MIN_WORDS = 25
MAX_TEXT = 200_000
"""In characters."""
MAX_BYTES = 300_000
"""Of anything but HTML, whose pages are mostly not text."""
MAX_PAGE_BYTES = 3_000_000


class PostingUnreadable(JobWiseError):
    """This could not be read as a job posting: paste the whole description as text."""

    code = ErrorCode.POSTING_UNREADABLE


class CapturedPosting(BaseModel):
    """A draft posting. `warnings` are sentences for people; `missing` names fields that nobody could fill."""

    model_config = ConfigDict(frozen=True)

    title: str = ""
    company: str = ""
    location: str = ""
    workplace: Workplace | None = None
    employment_types: tuple[str, ...] = Field(default=(), description="schema.org's words, such as FULL_TIME.")
    salary: Salary | None = None
    posted: date | None = None
    valid_through: date | None = None
    url: str = ""
    language: str = "en"
    description: str = Field(description="Plain text: paragraphs, `- ` bullets, headings on their own lines.")
    attribution: str = Field(default="", description="The site that the posting was captured from.")
    raw: dict[str, Any] | None = Field(default=None, description="The structured data that it was read from.")
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def template() -> dict[str, Any]:
    """A posting to fill in by hand; `capture_json` reads it. `_help` explains each field."""
    return {
        "title": "",
        "company": "",
        "location": "",
        "workplace": "",
        "employmentType": "",
        "salary": "",
        "url": "",
        "validThrough": "",
        "description": "",
        "responsibilities": [""],
        "requirements": [""],
        "niceToHave": [""],
        "_help": {
            "title": "The position's title as the employer words it. Needed.",
            "company": "The employer's name, as it should stand in the cover letter.",
            "location": "City and country, or where a remote position may be done from.",
            "workplace": "One of: on-site, hybrid, remote.",
            "employmentType": "Such as full-time, part-time, contract, internship.",
            "salary": "In words or numbers, such as: EUR 62000-78000 / year.",
            "url": "Where the posting can be read, starting with https://.",
            "validThrough": "The last day to apply, as YYYY-MM-DD.",
            "description": "The whole text of the posting. If you have it, the three lists below may stay empty.",
            "responsibilities": "What the person will do: one entry for each task.",
            "requirements": "What the person must have: one entry for each requirement, in the employer's own words.",
            "niceToHave": "What is welcome but not needed: one entry each.",
        },
    }


def capture_text(text: str) -> CapturedPosting:
    """Read pasted text: plain, Markdown with or without front matter, or a page's source.

    Raises: PostingUnreadable.
    """
    _check_size(text)
    if _HTML_START.search(text[:2000]):
        return capture_html(text)
    if _XML_START.match(text[:2000]):
        raise PostingUnreadable("This is XML, such as a feed of postings: open the posting itself and paste its text.")
    if text.lstrip()[:1] in "{[" and _is_json(text):
        return capture_json(text)
    front, body = read_front_matter(text)
    clean = markdown_to_text(body) if front or _MARKDOWN.search(body) else tidy(body)
    fields = read_fields(front)
    description = "\n\n".join(part for part in (clean, front_matter_sections(text)) if part)
    return _draft(fields.model_copy(update={"description": description}), guess=True)


def capture_html(html: str | bytes, url: str = "") -> CapturedPosting:
    """Read a page: its schema.org JobPosting where it has one, else its main text.

    Raises: PostingUnreadable.
    """
    if len(html) > MAX_PAGE_BYTES:
        raise PostingUnreadable(
            "This page is larger than any posting's page; the limit is 3 MB. Paste the description as text."
        )
    source = html if isinstance(html, str) else _decode(html)
    page = LexborHTMLParser(source)
    addresses = [
        url,
        _attribute(page, 'link[rel="canonical"]', "href"),
        _attribute(page, 'meta[property="og:url"]', "content"),
    ]
    postings = json_ld.postings_of_page(page)
    address = next((each for each in addresses if re.match(r"https?://", each)), "")
    if not postings:
        return _from_page_text(page, address)
    posting, certain = json_ld.choose(postings, addresses)
    several = (
        f"This page holds {len(postings)} postings; the first was taken."
        " Check that it is the one you mean, or paste its text."
    )
    return _from_json(posting, address, [] if certain else [several], fallback=page)


def capture_json(value: Any) -> CapturedPosting:
    """Read JSON, as text or as objects: our template, schema.org, JSON Resume's job schema, or a job board's own shape.

    Raises: PostingUnreadable.
    """
    if isinstance(value, str | bytes):
        source = value if isinstance(value, str) else _decode(value)
        _check_size(source)
        try:
            value = json_ld.loads(source)
        except ValueError as error:
            raise PostingUnreadable(
                f"This is not valid JSON ({error}). Correct it, or paste the description as text."
            ) from error
    candidates = _candidates(value)
    if not candidates:
        raise PostingUnreadable(
            "This JSON holds no posting: it needs an object with at least a title and a description."
        )
    readable = [each for each in candidates if count_words(read_fields(each).description) >= MIN_WORDS]
    warnings = (
        [f"This JSON holds {len(candidates)} postings; the first with a whole description was taken."]
        if len(candidates) > 1
        else []
    )
    return _from_json((readable or candidates)[0], "", warnings)


def capture_file(name: str, data: bytes) -> CapturedPosting:
    """Read a file by what is in it; its name only decides where the content leaves a doubt.

    Raises: PostingUnreadable.
    """
    _refuse_binary(data)
    text = _decode(data)
    if _HTML_START.search(text[:2000]) or (name.lower().endswith((".html", ".htm")) and "<" in text):
        return capture_html(text)
    if len(data) > MAX_BYTES:
        raise PostingUnreadable(_TOO_LARGE)
    if text.lstrip()[:1] in ("{", "[") and (name.lower().endswith(".json") or _is_json(text)):
        return capture_json(text)
    return capture_text(text)


_XML_START = re.compile(r"\ufeff?\s*<(?:\?xml|rss|feed)\b", re.IGNORECASE)
_HTML_START = re.compile(
    r"^\ufeff?\s*(?:<\?xml[^>]{0,100}\?>\s*|<!--[^>]{0,500}-->\s*)*(?:<!doctype html|<html|<head|<body"
    r"|<(?:div|section|article|header|main|p|ul|h[1-6]|span|table|!--)[\s>])",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(
    r"^#{1,6} \S|\*\*[^*\n]+\*\*|^[ \t]*\* \S|\]\(https?://|<!--|\{%|^\|.*\|$|__[^_\n]+__", re.MULTILINE
)
_TOO_LARGE = "This is larger than any posting; the limit is 200 kB. Paste only the posting's own text."


def _check_size(text: str) -> None:
    if len(text) > MAX_TEXT and not _HTML_START.search(text[:2000]):
        raise PostingUnreadable(_TOO_LARGE)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json_ld.loads(text), dict | list)
    except ValueError:
        return False


_MAGIC = (
    (b"%PDF", "a PDF file"),
    (b"PK\x03\x04", "a Word document or another zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Office document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"RIFF", "an image or sound"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"7z\xbc\xaf", "a compressed archive"),
    (b"Rar!", "a compressed archive"),
    (b"{\\rtf", "an RTF document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)


def _refuse_binary(data: bytes) -> None:
    for magic, what in _MAGIC:
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(magic):
            raise PostingUnreadable(f"This is {what}. Open it, copy the posting's text and paste it instead.")
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PostingUnreadable("This is a binary file, not text. Copy the posting's text and paste it instead.")


def _decode(data: bytes) -> str:
    """Text by byte order mark, else UTF-8, else the charset that a page declares."""
    _refuse_binary(data)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    declared = re.search(
        rb"charset\s*=\s*[\"']?\s*([\w-]{2,30})|encoding=[\"']([\w-]{2,30})", data[:4096], re.IGNORECASE
    )
    charsets = ["utf-8-sig"]
    if declared:
        charsets.append((declared[1] or declared[2]).decode("ascii"))
    for charset in charsets:
        try:
            return data.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    raise PostingUnreadable("This file's characters could not be read: save it as UTF-8, or paste the text.")


def _from_json(
    value: dict[str, Any], url: str, warnings: list[str], fallback: LexborHTMLParser | None = None
) -> CapturedPosting:
    fields = read_fields(value)
    if fallback is not None and len(fields.description.split()) < MIN_WORDS * 2:
        # Some sites put only a teaser into their structured data.
        text = main_text(fallback)
        if len(text.split()) > len(fields.description.split()) * 2:
            fields = fields.model_copy(update={"description": text})
    return _draft(
        fields.model_copy(update={"url": fields.url or url}), raw=value, warnings=warnings, guess=not fields.title
    )


_LISTS = ("jobs", "results", "data", "content", "offers", "postings", "items", "job", "jobposting", "posting", "@graph")


def _candidates(value: Any) -> list[dict[str, Any]]:
    """The objects in a JSON value that look like postings."""
    found = list(json_ld.postings_in(value))
    if found:
        return found
    if isinstance(value, dict):
        nested = [each for name, each in value.items() if str(name).lower() in _LISTS and isinstance(each, list | dict)]
        inner = [each for part in nested for each in _candidates(part)]
        return inner or ([value] if _looks_like_posting(value) else [])
    if isinstance(value, list):
        return [each for each in value if isinstance(each, dict) and _looks_like_posting(each)]
    return []


def _looks_like_posting(value: dict[str, Any]) -> bool:
    fields = read_fields(value)
    return bool(fields.description) and (bool(fields.title) or len(fields.description) > 200)


def _from_page_text(page: LexborHTMLParser, url: str) -> CapturedPosting:
    heading = page.css_first("h1")
    title = _attribute(page, 'meta[property="og:title"]', "content")
    first = " ".join(heading.text().split()) if heading is not None else ""
    page_title = " ".join((node.text() if (node := page.css_first("title")) is not None else "").split())
    site = _attribute(page, 'meta[property="og:site_name"]', "content")
    text = main_text(page)
    _refuse_other_pages(text, page_title)
    warnings = [
        "This page has no structured data, so its main text was taken. Check that nothing is missing and"
        " nothing is too much."
    ]
    named = Masthead(title=first or title or page_title.split(" | ")[0].split(" - ")[0])
    guessed = read_masthead(text, outline(text), named)
    company = guessed.company
    if not company and site and site.lower() not in _BOARDS:
        company = site
        warnings.append(f"The company was taken from the site's name ({site}): check it.")
    fields = JobFields(
        title=guessed.title[:300], company=company[:300], location=guessed.location[:300], url=url, description=text
    )
    return _draft(fields, warnings=warnings, guess=True)


_BOARDS = frozenset(
    (
        "linkedin",
        "indeed",
        "glassdoor",
        "monster",
        "stepstone",
        "xing",
        "stack overflow",
        "remote ok",
        "we work remotely",
    )
)


def _attribute(page: LexborHTMLParser, selector: str, name: str) -> str:
    node = page.css_first(selector)
    return ((node.attributes.get(name) if node is not None else "") or "").strip()


def _refuse_other_pages(text: str, title: str = "") -> None:
    reason = why_no_posting(text, title)
    if reason:
        raise PostingUnreadable(f"{reason}. Open the posting in your browser, copy its text and paste it here.")


def _draft(
    fields: JobFields, *, raw: dict[str, Any] | None = None, warnings: list[str] | None = None, guess: bool = False
) -> CapturedPosting:
    text = fields.description
    _refuse_unless_posting(text)
    named = Masthead(fields.title, fields.company, fields.location)
    if guess or not fields.company:
        named = read_masthead(text, outline(text), named)
    language = detect(text)
    notes = [*(warnings or []), *_date_warnings(fields)]
    workplace = fields.workplace or workplace_in(named.location) or _workplace_of_text(text)
    address = web_address(fields.url)
    found = {"title": named.title, "company": named.company, "location": named.location, "workplace": workplace}
    return CapturedPosting(
        title=named.title,
        company=named.company,
        location=named.location,
        workplace=workplace,
        employment_types=fields.employment_types or _employment_of_text(text),
        salary=fields.salary or salary_in(text),
        posted=fields.posted,
        valid_through=fields.valid_through,
        url=address,
        language=language.code if language.confidence > 0.1 or not fields.language else fields.language,
        description=text,
        attribution=urlsplit(address).hostname or "",
        raw=raw,
        warnings=tuple(notes),
        missing=tuple(name for name, value in found.items() if not value),
    )


def _refuse_unless_posting(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise PostingUnreadable(_TOO_LARGE)
    words = count_words(text)
    if words == 0:
        raise PostingUnreadable("There is no text here: paste the whole description of the position.")
    _refuse_other_pages(text)
    if words < MIN_WORDS:
        counted = "1 word" if words == 1 else f"{words} words"
        raise PostingUnreadable(
            f"This posting has {counted}: paste the whole description (at least {MIN_WORDS} words)."
        )


def count_words(text: str) -> int:
    """Words; in scripts without spaces, two characters count as one."""
    dense = len(re.findall(r"[\u3040-\u30ff\u4e00-\u9fff\u0e00-\u0e7f]", text))
    return len(re.findall(r"[^\W_]+", re.sub(r"[\u3040-\u30ff\u4e00-\u9fff\u0e00-\u0e7f]+", " ", text))) + dense // 2


def _date_warnings(fields: JobFields) -> list[str]:
    if fields.valid_through and fields.valid_through < datetime.now(UTC).date():
        return [f"This posting closed on {fields.valid_through.isoformat()}: check whether it is still open."]
    return []


def _workplace_of_text(text: str) -> Workplace | None:
    top = "\n".join(line for line in text[:1500].splitlines()[:8] if len(line) < 120)
    return workplace_in(top)


_EMPLOYMENT = re.compile(
    r"(?<!\w)(full[- ]time|part[- ]time|contractual|contract|internship|freelance|temporary|vollzeit|teilzeit"
    r"|werkstudent|praktikum|temps plein|cdi|cdd)(?!\w)",
    re.IGNORECASE,
)


def _employment_of_text(text: str) -> tuple[str, ...]:
    top = "\n".join(line for line in text[:1500].splitlines()[:10] if len(line) < 120)
    return employment_types([match[1] for match in _EMPLOYMENT.finditer(top)])
