"""Which terms of the vocabulary a posting or a profile is about, and how much: what ranks postings for a profile."""

from collections import defaultdict
from collections.abc import Iterator

from jobwise.jobs.vocabulary import TermKind, vocabulary
from jobwise.profiles.content import ProfileContent

_TITLE = 3.0
# Nearly every posting asks for team spirit: that says little about which one fits.
_SOFT = 0.2
_IMPLIED = 0.5
_RELATED = 0.2


def posting_weights(title: str, description: str) -> dict[str, float]:
    """Terms of a posting; those of its title count more."""
    return _weigh((title, _TITLE), (description, 1.0))


def profile_weights(content: ProfileContent) -> dict[str, float]:
    """Terms of a profile; those of its headline and titles count more."""
    titles = "\n\n".join(profile_titles(content))
    return _weigh((titles, _TITLE), ("\n\n".join(profile_texts(content)), 1.0))


def profile_titles(content: ProfileContent) -> Iterator[str]:
    """What somebody is, in a few words each."""
    yield from (content.headline, *(job.title for job in content.experiences))


def profile_texts(content: ProfileContent) -> Iterator[str]:
    """What somebody has done and can do, beside the titles."""
    yield content.summary
    for job in content.experiences:
        yield from (job.summary, *(line.text for line in job.highlights), ", ".join(job.skills))
    for project in content.projects:
        yield from (project.description, *(line.text for line in project.highlights), ", ".join(project.keywords))
    for course in content.education:
        yield from (f"{course.degree} {course.area}", ", ".join(course.courses))
    for skill in content.skills:
        yield ", ".join((skill.name, *skill.keywords))
    yield from (certificate.name for certificate in content.certifications)


def _weigh(*texts: tuple[str, float]) -> dict[str, float]:
    """Damped, so that a word said ten times does not drown the rest; neighbours of a term weigh a part of it."""
    sums: defaultdict[str, float] = defaultdict(float)
    for text, weight in texts:
        for mention in vocabulary().find(text):
            sums[mention.term] += weight * (_SOFT if mention.kind is TermKind.SOFT else 1.0)
    weights = {term: total**0.5 for term, total in sums.items()}
    known = vocabulary()
    for term, weight in list(weights.items()):
        for others, part in ((known.implies(term), _IMPLIED), (known.related(term), _RELATED)):
            for other in others:
                weights[other] = max(weights.get(other, 0.0), weight * part)
    return weights
