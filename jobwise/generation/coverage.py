"""Which of the posting's terms the finished documents name."""

from collections.abc import Iterable, Iterator

from jobwise.documents.content import ResumeContent
from jobwise.generation.facts import named_terms, terms_in
from jobwise.generation.types import Coverage, Draft, MatchReport
from jobwise.generation.weighing import terms_of_posting
from jobwise.jobs.requirements import JobAnalysis
from jobwise.jobs.vocabulary import vocabulary


def coverage_of(draft: Draft, report: MatchReport, analysis: JobAnalysis) -> Coverage:
    """The posting's terms by whether the résumé (without one, the letter) names them or something that implies them."""
    wanted = terms_of_posting(analysis)
    supported = frozenset(report.covered_terms)
    if draft.resume:
        said = with_implied(_resume_terms(draft.resume))
    else:
        paragraphs = draft.letter.paragraphs if draft.letter else ()
        said = with_implied(term for paragraph in paragraphs for term in terms_in(paragraph.text))
    return Coverage(
        covered=tuple(term for term in wanted if term in said and term in supported),
        uncovered_supported=tuple(term for term in wanted if term in supported and term not in said),
        unsupported=tuple(term for term in wanted if term not in supported),
    )


def with_implied(terms: Iterable[str]) -> frozenset[str]:
    """The terms and what they imply."""
    own = frozenset(terms)
    return own | {implied for term in own for implied in vocabulary().implies(term)}


def _resume_terms(content: ResumeContent) -> Iterator[str]:
    yield from terms_in(content.headline)
    yield from terms_in(content.summary)
    for section in content.sections:
        for entry in section.entries:
            yield from terms_in(entry.title)
            yield from terms_in(entry.note)
            for line in entry.lines:
                yield from (*terms_in(line.text), *named_terms(line.text.partition(": ")[2].split(", ")))
        for group in section.groups:
            yield from named_terms([group.name, *group.items])
        for item in section.items:
            yield from named_terms([item.text])
