"""The fact gate: holds the final text of both documents against the profile and lets nothing pass that it does not say.

Structure (names, employers, titles, dates, degrees, certificates, contact) must equal the profile letter for letter.
Prose may
be the person's own words, or say what they say in other words; see `gate/claims.py` for what counts as a claim.
"""

import re
from collections.abc import Collection, Iterator

from jobwise.documents.content import DocumentContent, DocumentKind, Entry, LetterContent, ResumeContent
from jobwise.generation import ledger
from jobwise.generation.assemble import assemble_resume
from jobwise.generation.contact import contact_lines
from jobwise.generation.facts import squeeze
from jobwise.generation.gate.claims import Objection, objections
from jobwise.generation.gate.posting import claims_the_posting, is_about_applying, without_posting
from jobwise.generation.gate.sources import Statements, Support
from jobwise.generation.ledger import paragraph_path, split_items
from jobwise.generation.phrases import COURTESIES
from jobwise.generation.prose import prose_language, sentences
from jobwise.generation.types import Finding, FindingKind, Severity
from jobwise.jobs.requirements import JobAnalysis
from jobwise.profiles.content import Education, ProfileContent

_CARRIES_ON = re.compile(
    r"^(?:I also|There|It also|In this|In that|During this|I further|Dort|Dabei|Ebenfalls|Ich habe dort)\b"
)


def check(
    content: DocumentContent, profile: ProfileContent, analysis: JobAnalysis, computed: Collection[str] = ()
) -> list[Finding]:
    """Every objection to a document; empty where all of it is the profile's. All findings block.

    `computed` lists what code has worked out from the profile and the text may say, as `years:8`.
    """
    gate = FactGate(profile, analysis, computed)
    return list(gate.resume(content) if isinstance(content, ResumeContent) else gate.letter(content))


class FactGate:
    """The gate for one profile and posting; reading the profile once serves both documents and every repair."""

    def __init__(self, profile: ProfileContent, analysis: JobAnalysis, computed: Collection[str] = ()) -> None:
        self._profile = profile
        self._analysis = analysis
        self._computed = computed
        self._statements = Statements(profile)
        self._contact = self._statements.contact_words
        self._prose_language = prose_language(profile)

    def resume(self, content: ResumeContent) -> Iterator[Finding]:
        """Objections to a résumé."""
        yield from self._head(content)
        if squeeze(content.headline) not in self._statements.own_words | {""}:
            yield from self._prose(content, ledger.HEADLINE, content.headline, self._statements.everything)
        for sentence in sentences(content.summary):
            yield from self._prose(content, ledger.SUMMARY, sentence, self._statements.everything)
        yield from self._structure(content)
        for section in content.sections:
            for entry in section.entries:
                yield from self._lines(content, entry)

    def letter(self, content: LetterContent) -> Iterator[Finding]:
        """Objections to a letter."""
        yield from self._head(content)
        for number, paragraph in enumerate(content.paragraphs):
            named: list[str] = []
            for sentence in sentences(paragraph.text):
                if sentence in COURTESIES:
                    continue
                support = self._support_of(sentence, paragraph.fact_ids, named)
                yield from self._letter_sentence(content, paragraph_path(number), sentence, support)

    def text(self, text: str, support: Support | None = None, language: str = "en") -> list[Objection]:
        """Objections to any prose about this person, by default against the whole profile."""
        everything = self._statements.everything
        return [
            objection
            for sentence in sentences(text)
            for objection in self._objections(sentence, support or everything, language)
        ]

    def _letter_sentence(self, content: LetterContent, path: str, sentence: str, support: Support) -> Iterator[Finding]:
        if claimed := claims_the_posting(sentence, self._analysis, self._profile):
            message = f"It reads as if you had worked at {claimed}, to which you apply."
            yield _finding(content.kind, path, FindingKind.ORGANIZATION, claimed, message)
        if is_about_applying(sentence, self._analysis):
            sentence = without_posting(sentence, self._analysis)
        yield from self._prose(content, path, sentence, support)

    def _support_of(self, sentence: str, fact_ids: Collection[object], named: list[str]) -> Support:
        """What a sentence of a letter may rest on: the entries it names, else all of the profile.

        An achievement stays with its employer: once an entry is named, only what is said of it counts, also for the
        sentence that carries on from it.
        """
        if entries := self._statements.entries_named(sentence):
            named[:] = [sentence]
        elif named and _CARRIES_ON.match(sentence):
            entries = self._statements.entries_named(named[0])
        if not entries or all(isinstance(entry, Education) for entry in entries):
            return self._statements.everything
        free = [fact_id for fact_id in self._statements.free_facts if fact_id in fact_ids]
        return self._statements.of_entries(entries, free)

    def _head(self, content: DocumentContent) -> Iterator[Finding]:
        if content.name != self._profile.name:
            yield _finding(
                content.kind, "name", FindingKind.IDENTITY, content.name, "The name is not that of the profile."
            )
        own = set(contact_lines(self._profile.contact))
        for line in content.contact:
            if line not in own:
                message = f"“{line.text}” is not among your contact details."
                yield _finding(content.kind, "contact", FindingKind.IDENTITY, line.text, message)

    def _structure(self, content: ResumeContent) -> Iterator[Finding]:
        """Everything but the prose, against the same profile assembled without any change."""
        plain = assemble_resume(self._profile, (), {}, content.language)
        own_entries = {entry.fact_id: entry for section in plain.sections for entry in section.entries}
        own_items = {item for section in plain.sections for item in section.items}
        own_skills = {
            item
            for section in plain.sections
            for group in section.groups
            for item in split_items(", ".join(group.items))
        }
        for section in content.sections:
            for entry in section.entries:
                yield from self._entry(entry, own_entries.get(entry.fact_id))
            for item in section.items:
                if item not in own_items:
                    message = f"“{item.text}” is not in your profile like this."
                    yield _finding(content.kind, "resume.sections", FindingKind.IDENTITY, item.text, message)
            for group in section.groups:
                for skill in split_items(", ".join(group.items)):
                    if skill not in own_skills:
                        message = f"“{skill}” is not among your skills."
                        yield _finding(content.kind, ledger.SKILLS, FindingKind.SKILL, skill, message)

    def _entry(self, entry: Entry, own: Entry | None) -> Iterator[Finding]:
        kinds = {
            "title": FindingKind.TITLE,
            "organization": FindingKind.ORGANIZATION,
            "location": FindingKind.IDENTITY,
            "url": FindingKind.IDENTITY,
            "span": FindingKind.DATE,
            "note": FindingKind.IDENTITY,
        }
        for name, kind in kinds.items():
            said = getattr(entry, name)
            if own is None or said != getattr(own, name):
                message = "This is not what the profile says of this entry."
                yield _finding(DocumentKind.RESUME, "resume.sections", kind, str(said), message)

    def _lines(self, content: ResumeContent, entry: Entry) -> Iterator[Finding]:
        for line in entry.lines:
            path = ledger.wording_path(line.fact_id)
            support = self._statements.of_facts([line.fact_id])
            if not support.sources:
                message = "This line rests on no fact of your profile."
                yield _finding(content.kind, path, FindingKind.IDENTITY, line.text, message)
            elif squeeze(line.text) not in self._statements.lines_of(line.fact_id, content.language):
                for sentence in sentences(line.text):
                    yield from self._prose(content, path, sentence, support)

    def _prose(self, content: DocumentContent, path: str, text: str, support: Support) -> Iterator[Finding]:
        if squeeze(text) in self._statements.own_words and content.kind is DocumentKind.RESUME:
            return
        # A résumé's language is that of its headings; its prose stays in the person's own.
        language = content.language if content.kind is DocumentKind.COVER_LETTER else self._prose_language
        for objection in self._objections(text, support, language):
            yield _finding(content.kind, path, objection.kind, objection.text, objection.message)

    def _objections(self, text: str, support: Support, language: str) -> list[Objection]:
        return objections(
            text,
            support,
            self._statements.everything,
            language=language,
            computed=self._computed,
            contact=self._contact,
        )


def _finding(document: DocumentKind, path: str, kind: FindingKind, text: str, message: str) -> Finding:
    return Finding(document=document, path=path, kind=kind, severity=Severity.BLOCK, text=text, message=message)
