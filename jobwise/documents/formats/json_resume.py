"""JSON Resume (https://jsonresume.org/schema, v1.0.0) for résumés, and a plain object for letters."""

import json
from typing import Any

from jobwise.documents.content import Entry, Item, LetterContent, ResumeContent, SectionKind
from jobwise.documents.render import RenderedFile, RenderRequest

_SCHEMA = "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json"
Json = dict[str, Any]


def render(request: RenderRequest) -> RenderedFile:
    """The document as UTF-8 JSON."""
    content = request.content
    data = to_json_resume(content) if isinstance(content, ResumeContent) else _letter(content)
    return RenderedFile(data=json.dumps(data, ensure_ascii=False, indent=2).encode(), content=content)


def to_json_resume(content: ResumeContent) -> Json:
    """The résumé as JSON Resume: nothing that the document says is left out, and nothing empty is put in."""
    data: Json = {"$schema": _SCHEMA, "basics": _basics(content)}
    for section in content.sections:
        if section.groups:
            data["skills"] = [_filled(name=g.name or g.items[0], keywords=list(g.items)) for g in section.groups]
        elif section.entries:
            data[_ENTRIES[section.kind]["key"]] = [_entry(entry, _ENTRIES[section.kind]) for entry in section.entries]
        elif section.items:
            data[_ITEMS[section.kind]["key"]] = [_item(item, _ITEMS[section.kind]) for item in section.items]
    data["meta"] = {"version": "v1.0.0", "language": content.language}
    return data


# Where each part of an entry or item goes, by section.
_ENTRIES = {
    SectionKind.EXPERIENCE: {"key": "work", "title": "position", "organization": "name", "note": "summary"},
    SectionKind.VOLUNTEERING: {
        "key": "volunteer",
        "title": "position",
        "organization": "organization",
        "note": "summary",
    },
    SectionKind.PROJECTS: {"key": "projects", "title": "name", "organization": "entity", "note": "description"},
    SectionKind.EDUCATION: {"key": "education", "title": "studyType", "organization": "institution", "note": "score"},
}
_ITEMS = {
    SectionKind.CERTIFICATIONS: {"key": "certificates", "text": "name", "detail": "issuer", "date": "date"},
    SectionKind.LANGUAGES: {"key": "languages", "text": "language", "detail": "fluency", "date": "date"},
    SectionKind.AWARDS: {"key": "awards", "text": "title", "detail": "awarder", "date": "date"},
    SectionKind.PUBLICATIONS: {"key": "publications", "text": "name", "detail": "publisher", "date": "releaseDate"},
}


def _basics(content: ResumeContent) -> Json:
    ways = {
        kind: [line for line in content.contact if line.kind == kind] for kind in ("email", "phone", "place", "link")
    }
    first = {kind: lines[0].text for kind, lines in ways.items() if lines}
    links = [line.href or line.text for line in ways["link"]]
    return _filled(
        name=content.name,
        label=content.headline,
        email=first.get("email"),
        phone=first.get("phone"),
        url=links[0] if links else None,
        summary=content.summary,
        location=_filled(city=first.get("place")),
        profiles=[{"url": url} for url in links[1:]],
    )


def _entry(entry: Entry, names: dict[str, str]) -> Json:
    return _filled(
        **{names["organization"]: entry.organization, names["title"]: entry.title, names["note"]: entry.note},
        location=entry.location,
        url=entry.url,
        startDate=entry.span.start,
        endDate=entry.span.end,
        highlights=[line.text for line in entry.lines],
    )


def _item(item: Item, names: dict[str, str]) -> Json:
    return _filled(**{names["text"]: item.text, names["detail"]: item.detail, names["date"]: item.date}, url=item.url)


def _letter(content: LetterContent) -> Json:
    return _filled(
        language=content.language,
        name=content.name,
        headline=content.headline,
        contact=[_filled(kind=line.kind, text=line.text, href=line.href) for line in content.contact],
        date=content.date,
        recipient=list(content.recipient),
        subject=content.subject,
        salutation=content.salutation,
        paragraphs=[paragraph.text for paragraph in content.paragraphs],
        closing=content.closing,
        signature=content.signature,
    )


def _filled(**fields: Any) -> Json:
    """The fields that have a value. Dates become plain strings."""
    return {name: str(value) if isinstance(value, str) else value for name, value in fields.items() if value}
