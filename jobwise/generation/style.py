"""What is true but reads badly: reported as a warning, never blocked."""

import re
from collections.abc import Iterator

from jobwise.documents.content import DocumentKind
from jobwise.generation.builtin_writer import resume_language
from jobwise.generation.ledger import SUMMARY, paragraph_path
from jobwise.generation.prose import sentences
from jobwise.generation.types import Draft, Finding, FindingKind, Options, Severity
from jobwise.profiles.content import ProfileContent

_LONGEST_SENTENCE = 50
_SAME_OPENERS = 3
_CLICHES = re.compile(
    r"\b(?:passionate|thrilled|results[- ]driven|team player|think outside the box|go-getter|self-starter|"
    r"hard[- ]?working|synerg\w+|game[- ]changer|rockstar|ninja|guru|detail[- ]oriented|proven track record|"
    r"hit the ground running|dynamic individual|"
    r"perfect fit|dream job|best of breed|value add|motivierte[rs]?\b|teamfähig|belastbar)\b",
    re.IGNORECASE,
)


def style_findings(draft: Draft, profile: ProfileContent, options: Options) -> list[Finding]:
    """Warnings about sentences that are too long, begin alike or say nothing, and about a language without phrases."""
    found: list[Finding] = []
    if draft.resume:
        found += _about_text(DocumentKind.RESUME, SUMMARY, draft.resume.summary)
    if draft.letter:
        for number, paragraph in enumerate(draft.letter.paragraphs):
            found += _about_text(DocumentKind.COVER_LETTER, paragraph_path(number), paragraph.text)
        wanted = resume_language(profile, options)
        if draft.letter.language != wanted:
            message = (
                "There are no phrases for this language yet: the letter is in English and quotes nothing of yours."
            )
            found.append(_warning(DocumentKind.COVER_LETTER, "letter", wanted, message))
    return found


def _about_text(document: DocumentKind, path: str, text: str) -> Iterator[Finding]:
    parts = sentences(text)
    for sentence in parts:
        if len(sentence.split()) > _LONGEST_SENTENCE:
            message = f"This sentence has more than {_LONGEST_SENTENCE} words; two shorter ones read better."
            yield _warning(document, path, sentence, message)
    for cliche in _CLICHES.finditer(text):
        yield _warning(document, path, cliche[0], f"“{cliche[0]}” says little; an example would say more.")
    openers = [" ".join(sentence.split()[:2]).lower() for sentence in parts]
    for position in range(len(openers) - _SAME_OPENERS + 1):
        if len(set(openers[position : position + _SAME_OPENERS])) == 1:
            message = f"{_SAME_OPENERS} sentences in a row begin alike."
            yield _warning(document, path, parts[position].split()[0], message)
            return


def _warning(document: DocumentKind, path: str, text: str, message: str) -> Finding:
    return Finding(
        document=document, path=path, kind=FindingKind.STYLE, severity=Severity.WARN, text=text, message=message
    )
