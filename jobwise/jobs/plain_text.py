"""HTML and Markdown as clean plain text: paragraphs, `- ` bullets, headings on their own lines; nothing else.

The result holds no markup, so that everything after it (analysis, quotes, search) sees what a person would see.
"""

import html
import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_SILENT = frozenset({
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "embed", "video", "audio",
    "canvas", "select", "option", "button", "input", "textarea", "head", "title", "datalist", "dialog", "map",
})  # fmt: skip
_PARAGRAPHS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "section", "article", "main", "blockquote",
    "header", "hr", "figure", "pre", "form", "fieldset",
})  # fmt: skip
_LINES = frozenset({
    "div", "tr", "dt", "dd", "address", "aside", "nav", "footer", "caption", "legend", "summary", "details",
    "center",
})  # fmt: skip

_ANY_TAG = re.compile(
    r"</?(?:p|div|br|ul|ol|li|h[1-6]|strong|b|em|i|u|span|a|table|tr|td|section|article|html|body|font|img|hr"
    r"|pre|code)(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
_BLOCK_TAG = re.compile(r"<(?:p|div|br|ul|ol|li|h[1-6]|table|section)\b", re.IGNORECASE)
_ESCAPED_TAG = re.compile(r"&(?:amp;)*lt;/?[a-zA-Z]")


def rich_to_text(value: str) -> str:
    """Text that may be HTML, once or doubly escaped HTML, or plain already."""
    for _ in range(3):
        if not _ESCAPED_TAG.search(value):
            break
        value = html.unescape(value)
    if not _ANY_TAG.search(value):
        return tidy(html.unescape(value))
    if not _BLOCK_TAG.search(value):
        value = value.replace("\n", "<br>")
    return html_to_text(value)


def html_to_text(source: str) -> str:
    """The text of a piece of HTML."""
    return node_to_text(LexborHTMLParser(source).body)


def node_to_text(root: LexborNode | None) -> str:
    """The text under an element. Walks without recursion: pages nest as deep as they like."""
    pieces: list[str] = []
    stack: list[tuple[LexborNode, bool]] = [(root, True)] if root is not None else []
    while stack:
        node, entering = stack.pop()
        if not entering:
            pieces.append(_around(node.tag or "", entering=False))
        elif node.is_text_node:
            pieces.append(re.sub(r"[ \t\r\n\f]+", " ", node.text_content or ""))
        elif node.is_element_node and node.tag not in _SILENT:
            pieces.append(_around(node.tag or "", entering=True))
            stack.append((node, False))
            stack.extend((child, True) for child in reversed(list(node.iter(include_text=True))))
    return tidy("".join(pieces))


def _around(tag: str, *, entering: bool) -> str:
    if tag == "br":
        return "\n" if entering else ""
    if tag == "li":
        return "\n- " if entering else "\n"
    if tag in _PARAGRAPHS:
        return "\n\n"
    if tag in {"td", "th"}:
        return "" if entering else "  "
    return "\n" if tag in _LINES else ""


_COMMENT_OPENS = re.compile(r"<!--|\{%-?[ ]{0,4}comment\b")
_COMMENT_CLOSES = {"<": re.compile(r"-->"), "{": re.compile(r"endcomment\b[^}]{0,200}%\}")}
_LIQUID = re.compile(r"\{%[^%]{0,400}%\}|\{\{[^}]{0,200}\}\}")
_IMAGE = re.compile(r"!\[([^\]]{0,200})\]\([^)]{0,500}\)")
_LINK = re.compile(r"\[([^\]]{1,300})\](?:\([^)]{0,1000}\)|\[[^\]]{0,80}\])")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^>\s]{1,500})>")
_EMPHASIS = re.compile(
    r"(?<![\w*])(\*\*\*|\*\*|\*)(?=\S)([^*\n]{1,400}?)(?<=\S)\1(?![\w*])|(?<!\w)(___?"
    r"|_)(?=\S)([^_\n]{1,400}?)(?<=\S)\3(?!\w)"
)
_CODE = re.compile(r"`{1,3}([^`\n]{1,200})`{1,3}")
_RULE_LINE = re.compile(r"^[ \t]*(?:[-*_=#][ \t]*){3,}$", re.MULTILINE)
_TABLE_RULE = re.compile(r"^[ \t]*\|?(?:[ \t]*:?-{3,}:?[ \t]*\|)+[ \t:-]*$\n?", re.MULTILINE)
_HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_BOXED = re.compile(r"^[ \t]*#(?:[ \t].*#|#{5,}.*)$", re.MULTILINE)


def markdown_to_text(source: str) -> str:
    """The text of a Markdown document (without front matter): no comments or template commands, links as text."""
    text = _LIQUID.sub("", _without_comments(source.replace("\r\n", "\n")))
    text = _BOXED.sub("", text)
    text = _TABLE_RULE.sub("", _RULE_LINE.sub("", text))
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = _AUTOLINK.sub(r"\1", text)
    text = _HEADING.sub(r"\n\1\n", text)
    text = re.sub(r"^[ \t]*(\*\*|__)([^*_\n]{2,100})\1[ \t]*$", r"\n\2\n", text, flags=re.MULTILINE)
    text = _CODE.sub(r"\1", text)
    for _ in range(2):
        text = _EMPHASIS.sub(lambda match: match[2] or match[4], text)
    text = re.sub(r"^[ \t]*>[ \t]?", "", text, flags=re.MULTILINE)
    text = re.sub(
        r"^[ \t]*\|(.*)\|[ \t]*$",
        lambda row: "  ".join(cell.strip() for cell in row[1].split("|")),
        text,
        flags=re.MULTILINE,
    )
    if _ANY_TAG.search(text):
        text = re.sub(r"<br\s*/?>", "\n", text)
        text = _ANY_TAG.sub("", text)
    return tidy(html.unescape(text))


def _without_comments(text: str) -> str:
    """Search forward only: a lazy pattern would take quadratic time on comments that never close."""
    pieces: list[str] = []
    position = 0
    while opening := _COMMENT_OPENS.search(text, position):
        closing = _COMMENT_CLOSES[opening[0][0]].search(text, opening.end())
        if not closing:
            break
        pieces.append(text[position : opening.start()])
        position = closing.end()
    return "".join(pieces) + text[position:]


_BULLET = re.compile(
    r"^(?:[-*+–—·•●▪◦‣✓✔✅☑➤►▶■□○»→➢⁃∙\uf0b7\u2022]\ufe0f?[ \t]+|[•●▪◦‣✓✔✅☑➤►▶■➢⁃∙\uf0b7]\ufe0f?|o\t"
    r"|-(?=[^\W_]))[ \t]*"
)
_HOLLOW_BULLET = re.compile(r"^[ \t]*o[ \t\u00a0]+(?=\S)", re.MULTILINE)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufffe]")
_BREAK = re.compile(r"\r\n|[\r\x0c\x85\u2028\u2029]")
_SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")


def tidy(text: str) -> str:
    """One kind of space, break and bullet; no control characters; at most one empty line; broken bullets joined."""
    text = _BREAK.sub("\n", text)
    # Word's hollow bullet is copied as the letter o, which is also a word of some languages.
    if len(_HOLLOW_BULLET.findall(text)) >= 3:
        text = _HOLLOW_BULLET.sub("- ", text)
    lines: list[str] = []
    for line in _UNPRINTABLE.sub("", text).split("\n"):
        _append(lines, _SPACES.sub(" ", line).strip(), indented=line[:2] in {"  ", "\t"} or line[:1] == "\t")
    return "\n".join(lines).strip()


def _append(lines: list[str], line: str, *, indented: bool) -> None:
    bullet = _BULLET.match(f"{line} ")
    last = lines[-1] if lines else ""
    if bullet:
        if lines[-1:] == [""] and lines[-2:-1] and lines[-2].startswith("- "):
            lines.pop()
        rest = line[bullet.end() :]
        lines.append(f"- {rest}" if rest else "-")
    elif not line:
        # An empty item: its text follows, as in `<li><p>`.
        if last and last != "-":
            lines.append("")
    elif last == "-":
        lines[-1] = f"- {line}"
    elif _goes_on(last, line, indented):
        lines[-1] = f"{last} {line}"
    else:
        lines.append(line)


def _goes_on(last: str, line: str, indented: bool) -> bool:
    """Whether a line goes on with the one before: text wrapped by hand."""
    low = line[0].islower()
    if last.startswith("- ") and (indented or low) and last[-1] not in ".!?:;":
        return True
    return low and len(last) >= 60 and not last.endswith(":")
