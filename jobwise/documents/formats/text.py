"""Plain text, for the text boxes of application forms: no markup, one item a line, blank lines between sections."""

from jobwise.documents.content import DocumentContent, Entry, Item, LetterContent, PaperSize, ResumeContent, Section
from jobwise.documents.markup import shown_url
from jobwise.documents.render import RenderedFile, RenderRequest
from jobwise.documents.templates.labels import Labels, labels


def render(request: RenderRequest) -> RenderedFile:
    """The document as UTF-8 text."""
    return RenderedFile(data=to_text(request.content, request.paper).encode(), content=request.content)


def to_text(content: DocumentContent, paper: PaperSize) -> str:
    """The document as text: blocks separated by one blank line, in the order of the PDF."""
    words = labels(content.language)
    blocks = [_block(content.name, *(line.text for line in content.contact), content.headline)]
    blocks += _resume(content, words) if isinstance(content, ResumeContent) else _letter(content, words, paper)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _resume(content: ResumeContent, words: Labels) -> list[str]:
    blocks = [_block(words.headings["SUMMARY"].upper(), content.summary)] if content.summary else []
    for section in content.sections:
        first, *rest = _section(section, words) or [""]
        blocks += [_block(words.headings[section.kind.value].upper(), first), *rest] if first else []
    return blocks


def _section(section: Section, words: Labels) -> list[str]:
    groups = (": ".join(filter(None, (group.name, ", ".join(group.items)))) for group in section.groups)
    short = _block(*groups, *(_item(item, words) for item in section.items))
    return [*(_entry(entry, words) for entry in section.entries), *([short] if short else [])]


def _entry(entry: Entry, words: Labels) -> str:
    place = ", ".join(filter(None, (entry.organization, entry.location)))
    head = (entry.title, place, words.span(entry.span), shown_url(entry.url), entry.note)
    return _block(*head, *(f"- {line.text}" for line in entry.lines))


def _item(item: Item, words: Labels) -> str:
    date = words.date(item.date) if item.date else ""
    return ", ".join(filter(None, (item.text, item.detail, date, shown_url(item.url))))


def _letter(content: LetterContent, words: Labels, paper: PaperSize) -> list[str]:
    head = (_block(*content.recipient), words.long(content.date, paper), content.subject, content.salutation)
    return [*head, *(part.text for part in content.paragraphs), _block(content.closing, content.signature)]


def _block(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
