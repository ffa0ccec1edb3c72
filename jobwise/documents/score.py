"""The score of a finished résumé: what a machine reads in the file, how it answers the posting, and how it is written.

Computed by code from the text of the PDF, never by a model, and versioned: a score says by which rules it came about.
It is hard to talk up: a term counts once, and in full only where a dated entry or a certificate bears it out; terms
without support in the profile cap the total, and passages copied from the posting cost more than they could win.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from jobwise.documents.content import Entry, ResumeContent
from jobwise.documents.read_back import ProblemKind, ReadBack, squash
from jobwise.documents.render import RenderedFile
from jobwise.documents.style import opens_weakly, style_language, worn_phrases

VERSION = 1

_LARGEST_FILE = 2_500_000  # Bytes; larger ones are refused by some tracking systems.
_WEAKEST_PARSE = 24
_UNSUPPORTED_CAP, _UNREADABLE_CAP = 49, 59
_COPIED_WORDS = 8
_MOST_COPIED = 24  # Copied runs of eight words: about one sentence pasted whole.
_PHONE = re.compile(r"\+?\d[\d\s()./-]{5,}\d")
_WORD = re.compile(r"\w+")
# Levels say nothing of the kind of work, and a posting's may differ from the person's own.
_LEVELS = frozenset(
    ["senior", "junior", "lead", "principal", "staff", "intern", "trainee", "jr", "sr", "i", "ii", "iii", *"mwfdx"]
)


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)


class TermUse(_Data):
    """A term of the posting and where the résumé has it. `weight` 3 is a must, 2 a should, 1 nice to have."""

    term: str
    weight: int = Field(ge=1, le=3)
    supported: bool = Field(description="The profile has evidence for it.")
    dated: bool = Field(default=False, description="Stands in a dated entry or a certificate.")
    listed: bool = Field(default=False, description="Stands in the skills or the summary.")


class Posting(_Data):
    """What the score needs to know of a posting. What it leaves out is not scored, and its points go to the rest."""

    text: str
    title: str = ""
    terms: tuple[TermUse, ...] = ()
    years_asked: float | None = None
    years: float = Field(default=0.0, description="Years of work in the profile.")
    credentials_asked: int = Field(default=0, description="Degrees and certificates that the posting asks for.")
    credentials_met: int = 0


class Area(StrEnum):
    """The three parts of the score and what each is worth: 40, 45 and 15 points."""

    PARSE = "PARSE"
    MATCH = "MATCH"
    CONTENT = "CONTENT"


class Factor(_Data):
    """One sub-score. `fix` says what would raise it and is empty where nothing is lost."""

    area: Area
    key: str
    earned: float
    max: float
    evidence: str
    fix: str = ""


class Score(_Data):
    """0 to 100. `match` is None where there is nothing to match: then the other two make up the whole."""

    version: int = VERSION
    total: int
    parse: float
    match: float | None
    content: float
    factors: tuple[Factor, ...]
    caps: tuple[str, ...] = Field(default=(), description="Why the total was held down, if it was.")


def score(file: RenderedFile, posting: Posting | None = None) -> Score:
    """Score a résumé's PDF. Raises ValueError for anything that is not one."""
    resume, read = file.content, file.read_back
    if not isinstance(resume, ResumeContent) or read is None:
        raise ValueError("only the PDF of a résumé has a score")
    parse = _parse(resume, read, file)
    match = _match(resume, posting) if posting else []
    written = _written(resume, file.page_count)
    points = _earned(parse, 40), _earned(match, 45) if match else None, _earned(written, 15)
    scored = 100 if match else 55
    total = 100 * sum(part or 0.0 for part in points) / scored
    caps = _caps(points[0], posting)
    return Score(
        total=round(min([total, *(limit for limit, _ in caps)])),
        parse=points[0],
        match=points[1],
        content=points[2],
        factors=(*parse, *match, *written),
        caps=tuple(reason for _, reason in caps),
    )


def _earned(factors: Sequence[Factor], worth: int) -> float:
    """Points of an area; factors that do not apply are absent, and theirs fall to the others."""
    return round(worth * sum(factor.earned for factor in factors) / sum(factor.max for factor in factors), 1)


def _caps(parse: float, posting: Posting | None) -> list[tuple[int, str]]:
    caps = []
    unsupported = (
        [use.term for use in posting.terms if not use.supported and (use.dated or use.listed)] if posting else []
    )
    if unsupported:
        caps.append((_UNSUPPORTED_CAP, f"The profile has no evidence for: {', '.join(unsupported)}."))
    if parse < _WEAKEST_PARSE:
        caps.append((_UNREADABLE_CAP, "Machines read too little of the file."))
    return caps


def _factor(area: Area, key: str, worth: float, share: float, evidence: str, fix: str) -> Factor:
    share = min(max(share, 0.0), 1.0)
    return Factor(
        area=area,
        key=key,
        earned=round(worth * share, 1),
        max=worth,
        evidence=evidence,
        fix=fix if share < 1 else "",
    )


# Parse: measured on the text of the finished file.


def _parse(resume: ResumeContent, read: ReadBack, file: RenderedFile) -> list[Factor]:
    return [
        _order(read),
        _fields(resume, read),
        _headings(read),
        _contact(resume, read),
        _dates(resume, read),
        _hygiene(file, read),
    ]


def _order(read: ReadBack) -> Factor:
    lost = [problem.text for problem in read.problems if problem.kind in (ProblemKind.LOST, ProblemKind.ORDER)]
    return _factor(
        Area.PARSE,
        "order",
        15,
        read.recall * read.order,
        f"{read.recall:.0%} of the lines were read back from the PDF, {read.order:.0%} of them in order.",
        f"Shorten or reword: “{lost[0][:80]}”." if lost else "Shorten the longest lines.",
    )


def _fields(resume: ResumeContent, read: ReadBack) -> Factor:
    """Fields as a program finds them that knows nothing of our designs: by line and by pattern."""
    lines = [squash(line) for line in read.text.splitlines() if line.strip()]
    digits = {re.sub(r"\D", "", number) for number in _PHONE.findall(read.text)}
    wanted = [("name", bool(lines) and squash(resume.name).startswith(lines[0]))]
    for way in resume.contact:
        found = re.sub(r"\D", "", way.text) in digits if way.kind == "phone" else squash(way.text) in "".join(lines)
        wanted.append((way.text, found))
    for entry in _entries(resume):
        texts = [text for text in (entry.title, entry.organization) if text]
        # A long title runs over several lines; its first words decide whether a line begins with it.
        wanted += [(text, any(line.startswith(squash(text)[:40]) for line in lines)) for text in texts]
    missing = [name for name, found in wanted if not found]
    return _factor(
        Area.PARSE,
        "fields",
        10,
        1 - len(missing) / len(wanted),
        f"{len(wanted) - len(missing)} of {len(wanted)} fields (name, contact, positions, employers) were recovered.",
        f"Write more simply: {', '.join(missing[:3])}.",
    )


def _headings(read: ReadBack) -> Factor:
    wrong = read.count(ProblemKind.HEADING)
    return _factor(
        Area.PARSE,
        "headings",
        5,
        1 - wrong / max(read.headings, 1),
        f"{read.headings - wrong} of {read.headings} section titles are standard ones on lines of their own.",
        "Leave out sections that have no content.",
    )


def _contact(resume: ResumeContent, read: ReadBack) -> Factor:
    kinds = {way.kind for way in resume.contact}
    readable = read.count(ProblemKind.CONTACT) == 0
    share = 0.5 * ("email" in kinds and readable) + 0.25 * ("phone" in kinds) + 0.25 * bool(kinds & {"place", "link"})
    missing = [
        name for kind, name in (("email", "an e-mail address"), ("phone", "a telephone number")) if kind not in kinds
    ]
    return _factor(
        Area.PARSE,
        "contact",
        4,
        share,
        f"Contact details in the body of the page: {', '.join(sorted(kinds)) or 'none'}.",
        f"Add {' and '.join(missing) or 'your town or a link'}.",
    )


def _dates(resume: ResumeContent, read: ReadBack) -> Factor:
    entries = _entries(resume)
    undated = [entry.title for entry in entries if not (entry.span.start or entry.span.end)]
    bad = len(undated) + read.count(ProblemKind.DATE)
    return _factor(
        Area.PARSE,
        "dates",
        3,
        1 - bad / max(len(entries), bad, 1),
        f"{max(len(entries) - bad, 0)} of {len(entries)} entries have dates that read back.",
        f"Add dates to: {', '.join(undated[:3])}." if undated else "Give month and year.",
    )


def _hygiene(file: RenderedFile, read: ReadBack) -> Factor:
    checks = {
        "the file is smaller than 2.5 MB": len(file.data) <= _LARGEST_FILE,
        "every character could be printed": not file.warnings,
        "no unreadable characters": not any(
            0xE000 <= ord(character) <= 0xF8FF or character == "�" for character in read.text
        ),
    }
    kept = [name for name, good in checks.items() if good]
    return _factor(
        Area.PARSE,
        "hygiene",
        3,
        len(kept) / len(checks),
        f"Checked: {'; '.join(kept) or 'nothing passed'}.",
        "Take out emoji and symbols.",
    )


# Match: terms, title, years, credentials; all of it less what was copied.


def _match(resume: ResumeContent, posting: Posting) -> list[Factor]:
    factors = [factor for rule in (_terms, _title, _years, _credentials) for factor in rule(resume, posting)]
    copied = copied_runs(resume, posting.text)
    # A posting as short as one sentence can be pasted whole with fewer runs than that.
    limit = max(min(_MOST_COPIED, len(_runs(posting.text)) // 2), 1)
    keep = 1 - min(copied / limit, 1.0)
    if keep == 1:
        return factors
    note = f" Less {1 - keep:.0%} for {copied} passages of {_COPIED_WORDS} words copied from the posting."
    fix = "Say it in your own words: copied passages count against you."
    return [
        factor.model_copy(
            update={
                "earned": round(factor.earned * keep, 1),
                "evidence": factor.evidence + note,
                "fix": factor.fix or fix,
            }
        )
        for factor in factors
    ]


def copied_runs(resume: ResumeContent, posting: str) -> int:
    """How many different runs of eight words the résumé has in common with the posting."""
    entries = _entries(resume)
    texts = [resume.headline, resume.summary, *(text for entry in entries for text in (entry.note, *_bullets([entry])))]
    groups = [", ".join(group.items) for section in resume.sections for group in section.groups]
    return len(_runs(posting) & set().union(*(_runs(text) for text in (*texts, *groups))))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[at : at + _COPIED_WORDS]) for at in range(len(words) - _COPIED_WORDS + 1)}


def _terms(resume: ResumeContent, posting: Posting) -> list[Factor]:
    uses = list({squash(use.term): use for use in posting.terms}.values())
    if not uses:
        return []
    credit = {use.term: (1.0 if use.dated else 0.5 if use.listed else 0.0) * use.supported for use in uses}
    share = sum(use.weight * credit[use.term] for use in uses) / sum(use.weight for use in uses)
    shown = [use.term for use in uses if credit[use.term] == 1]
    claimed = [use.term for use in uses if credit[use.term] == 0.5]
    unused = [use.term for use in uses if use.supported and not credit[use.term]]
    fix = f"Your profile supports these, the résumé does not name them: {', '.join(unused)}." if unused else ""
    fix = fix or (
        f"Show where you used: {', '.join(claimed)}." if claimed else "The profile has no evidence for the rest."
    )
    evidence = (
        f"{len(shown)} of {len(uses)} terms of the posting are borne out by dated entries, {len(claimed)} only listed."
    )
    return [_factor(Area.MATCH, "terms", 27, share, evidence, fix)]


def _title(resume: ResumeContent, posting: Posting) -> list[Factor]:
    wanted = _title_words(posting.title)
    if not wanted:
        return []
    held = [resume.headline, *(entry.title for entry in _entries(resume))]
    best = max(held, key=lambda title: len(wanted & _title_words(title)))
    share = len(wanted & _title_words(best)) / len(wanted)
    evidence = f"Closest to “{posting.title}”: “{best}”." if share else f"No title resembles “{posting.title}”."
    return [_factor(Area.MATCH, "title", 8, share, evidence, "Bring the title you held that is closest to the front.")]


def _title_words(title: str) -> set[str]:
    return set(_WORD.findall(title.casefold())) - _LEVELS


def _years(resume: ResumeContent, posting: Posting) -> list[Factor]:
    if not posting.years_asked:
        return []
    evidence = f"{posting.years:g} years of work, {posting.years_asked:g} asked for."
    fix = "Add earlier posts and voluntary work if they count towards it."
    return [_factor(Area.MATCH, "years", 5, posting.years / posting.years_asked, evidence, fix)]


def _credentials(resume: ResumeContent, posting: Posting) -> list[Factor]:
    if not posting.credentials_asked:
        return []
    evidence = f"{posting.credentials_met} of {posting.credentials_asked} degrees and certificates asked for are there."
    share = posting.credentials_met / posting.credentials_asked
    return [_factor(Area.MATCH, "credentials", 5, share, evidence, "Add degrees and certificates that you have.")]


# Content: how it is written.


def _written(resume: ResumeContent, pages: int) -> list[Factor]:
    bullets = _bullets(_entries(resume))
    factors = [_pages(pages)]
    if bullets:
        factors += [_numbers(bullets), _lengths(bullets)]
    if style_language(resume.language):
        factors += [_starts(bullets, resume.language)] if bullets else []
        factors += [_filler([resume.headline, resume.summary, *bullets], resume.language)]
    return factors


def _pages(pages: int) -> Factor:
    return _factor(
        Area.CONTENT, "pages", 2, 1 if pages <= 2 else 0.5 if pages == 3 else 0, f"{pages} pages.", "Aim for two pages."
    )


def _numbers(bullets: Sequence[str]) -> Factor:
    with_numbers = sum(any(character.isdigit() for character in bullet) for bullet in bullets)
    evidence = f"{with_numbers} of {len(bullets)} lines say how much, how many or how long."
    return _factor(
        Area.CONTENT, "numbers", 5, 2 * with_numbers / len(bullets), evidence, "Add figures you can stand by."
    )


def _lengths(bullets: Sequence[str]) -> Factor:
    fitting = sum(30 <= len(bullet) <= 220 or _is_dense_script(bullet) for bullet in bullets)
    evidence = f"{fitting} of {len(bullets)} lines are between 30 and 220 characters long."
    return _factor(
        Area.CONTENT, "length", 3, fitting / len(bullets), evidence, "Split long lines, complete short ones."
    )


def _is_dense_script(text: str) -> bool:
    """Chinese, Japanese and Korean say in ten characters what English says in thirty."""
    return len(text) <= 120 and sum(ord(character) > 0x2E80 for character in text) > len(text) / 3


def _starts(bullets: Sequence[str], language: str) -> Factor:
    weak = [bullet for bullet in bullets if opens_weakly(bullet, language)]
    evidence = f"{len(bullets) - len(weak)} of {len(bullets)} lines begin with what was done."
    fix = f"Begin with what you did: “{weak[0][:60]}”." if weak else ""
    return _factor(Area.CONTENT, "starts", 3, 1 - len(weak) / len(bullets), evidence, fix)


def _filler(texts: Sequence[str], language: str) -> Factor:
    found = sorted({phrase for text in texts for phrase in worn_phrases(text, language)})
    evidence = f"Worn phrases: {', '.join(found) or 'none'}."
    return _factor(Area.CONTENT, "filler", 2, 1 - len(found) / 2, evidence, "Replace worn phrases by an example.")


def _entries(resume: ResumeContent) -> list[Entry]:
    return [entry for section in resume.sections for entry in section.entries]


def _bullets(entries: Sequence[Entry]) -> list[str]:
    return [line.text for entry in entries for line in entry.lines]
