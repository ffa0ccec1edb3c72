"""Title, company, place and seniority of a position, guessed from the posting where nobody has said them."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from jobwise.jobs.headings import kind_of_heading
from jobwise.jobs.requirements import Seniority
from jobwise.jobs.sections import Outline


@dataclass(frozen=True, slots=True)
class Masthead:
    """What stands at the head of a posting; empty strings where it is not known."""

    title: str = ""
    company: str = ""
    location: str = ""


def read_masthead(text: str, read: Outline, given: Masthead) -> Masthead:
    """Fill in what is not given."""
    top = [line for line in _top_lines(text) if not _PREAMBLE.search(line)]
    title = given.title.strip() or _labelled(text, "title") or _title(top)
    title, company, location = _split_title(title, given)
    return Masthead(
        title=_tidy(title)[:300],
        company=(company or _labelled(text, "company") or _company(text, read, title))[:300],
        location=(location or _labelled(text, "location") or _location(top, title))[:300],
    )


_LEVELS = (
    (Seniority.INTERN, r"intern(?:ship)?|praktik\w+|werkstudent\w*|trainee|apprentice|azubi|auszubildende\w*|stagiaire"
        r"|alternance|becari[oa]|working student"),
    (Seniority.EXECUTIVE, r"chief \w+ officer|c[tefmoi]o|ciso|vice president|vp|svp|evp|(?:managing )?director"
        r"|geschäftsführer\w*|vorstand"),
    (Seniority.LEAD, r"lead|principal|staff(?! nurse)|head of|head|team ?lead(?:er)?|teamleit\w+|abteilungsleit\w+"
        r"|leit(?:er|erin|ung)"),
    (Seniority.SENIOR, r"senior|sr\.?|snr|expert|iii|iv|confirmé"),
    (Seniority.JUNIOR, r"junior|jr\.?|entry[ -]level|graduate|berufseinsteiger\w*|early[ -]career|débutant|i"),
    (Seniority.MID, r"mid(?:[ -]?level)?|intermediate|ii|regular"),
)  # fmt: skip
_LEVEL = [(level, re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)) for level, words in _LEVELS]
_LEVEL_LABEL = re.compile(r"(?:seniority|experience|career) ?level:?\s{1,3}([^\n.]{2,40})", re.IGNORECASE)
_SEEKS = re.compile(
    r"(?:looking for|hiring|seeking|join (?:us|\w+) as|recruiting|suchen (?:wir |ab sofort )?)"
    r"\s(?:an?|our|eine?n?|experienced|\d)?\s?([^\n.,;:!?()]{3,70})",
    re.IGNORECASE,
)


def seniority_of(title: str, text: str) -> Seniority | None:
    """The level that the title names, else the one that the text states; None where neither does."""
    stated = _LEVEL_LABEL.search(text)
    sought = _SEEKS.search(text[:4000])
    for words in (title, stated[1] if stated else "", " ".join(sought[1].split()[:3]) if sought else ""):
        for level, pattern in _LEVEL:
            if pattern.search(words):
                return level
    return None


_PREAMBLE = re.compile(
    r"posted|applicants?\b|apply now|job posting|^now hiring$|sign in|share this|save this job|reposted"
    r"|promoted|easy apply|^home\b|^jobs?$|skip to|days? ago",
    re.IGNORECASE,
)
_OCCUPATION = re.compile(
    r"(?<!\w)(?:\w*(?:engineer|developer|architect|analyst|scientist|manager|designer|administrator|specialist"
    r"|consultant|director|officer|coordinator|assistant|nurse|teacher|accountant"
    r"|representative|executive|technician|programmer|researcher|writer|editor|lawyer|paralegal|chef|machinist"
    r"|operator|driver|lead|leader|head|recruiter|planner|supervisor|advisor|therapist|physician|pharmacist"
    r"|intern"
    r"|controller|auditor|strategist|associate|fellows?|agent|clerk|mechanic|electrician|plumber|welder|cook"
    r"|buyer|trainer|tutor|lecturer|professor|surveyor|producer|marketer|tester|copywriter|cashier|barista"
    r"|server|janitor"
    r"|entwickler|ingenieur|leiter|berater|kaufmann|kauffrau|fachkraft|mechaniker|techniker|sachbearbeiter"
    r"|informatiker|referent|pfleger|verkäufer|buchhalter|lehrer|erzieher|fahrer|koch|helfer|arzt"
    r"|assistenz)(?:in|s|:in|\*in|/in)?"
    r"|développeur|ingénieur|responsable|chargée?|chef de|comptable|infirmi\w+|vendeu\w+|desarrollador\w*"
    r"|ingenier[oa]|gerente|analista|sviluppatore|ontwikkelaar|programist[ak]|vývojář|programátor)(?!\w)"
    r"|\((?:m/w/d|w/m/d|m/f/d|m/f/x|f/m/d|h/f|f/h|m/w/x|all genders|gn)\)",
    re.IGNORECASE,
)
_REMOTE = r"remote|hybrid|on-?site|anywhere|homeoffice|home office|télétravail|remoto"
_AWAY = re.compile(rf"(?:{_REMOTE})(?!\w)(?! \w+ \w)", re.IGNORECASE)
_PLACE = re.compile(
    rf"(?<!\w)(?:{_REMOTE})(?!\w)|^[^\W\d][\w .'’-]{{1,40}},\s[^\W\d][\w .'’()-]{{1,40}}(?:$|\s*[•·|/;,]"
    rf"|\s[–-]\s)",
    re.IGNORECASE,
)
_LABELS = {
    "title": r"job title|position title|title|position|role|stelle|stellenbezeichnung|poste|puesto|titel",
    "company": r"company|company name|employer|organi[sz]ation|hiring company|unternehmen|firma|arbeitgeber"
    r"|entreprise|société|empresa",
    "location": r"job location|work location|location|locations|standort|arbeitsort|ort|einsatzort|lieu|ubicación"
    r"|lugar|place of work|city",
}
_LABELLED = {
    name: re.compile(
        rf"^[\s>*_#-]{{0,8}}(?:{words})[*_]{{0,2}}\s?:[*_]{{0,2}}[ \t]{{0,4}}(\S[^\n]{{1,150}})$",
        re.IGNORECASE | re.MULTILINE,
    )
    for name, words in _LABELS.items()
}


def _labelled(text: str, name: str) -> str:
    """What stands behind a label such as `Location:` near the top."""
    match = _LABELLED[name].search(text[:4000])
    value = match[1].strip(" *_") if match else ""
    return "" if len(value.split()) > 14 or "{" in value else value.rstrip(",;")


_WORD = re.compile(r"[^\W\d_]")
_BULLET = re.compile(r"[-*•●▪◦✓✔✅☑][ \t]|\d{1,2}[.)] ")


def _top_lines(text: str) -> list[str]:
    """The first lines with words, up to the first list: a bullet is neither title nor place."""
    lines: list[str] = []
    for line in filter(_WORD.search, map(str.strip, text[:3000].splitlines())):
        if _BULLET.match(line) or len(lines) == 10:
            break
        lines.append(line.lstrip("#>").strip().strip("*_").strip())
    return lines


def _title(top: list[str]) -> str:
    """The first line that names an occupation, else a short first line, else what the prose seeks."""
    short = [
        line
        for line in top
        if len(line) <= 120 and not line.endswith((".", "!", ":", ";", ",")) and len(line.split()) <= 14
    ]
    for line in short:
        if _OCCUPATION.search(line) and not _AWAY.match(line):
            return line
    sought = _SEEKS.search("\n".join(top))
    if sought and _OCCUPATION.search(sought[1]):
        return _up_to_occupation(sought[1])
    if top and top[0] in short and kind_of_heading(top[0]) is None and not _is_place(top[0]):
        return top[0]
    return ""


def _up_to_occupation(phrase: str) -> str:
    last = max((match.end() for match in _OCCUPATION.finditer(phrase)), default=len(phrase))
    words = phrase[:last].split()
    while words and words[0] in {
        "talented",
        "passionate",
        "motivated",
        "skilled",
        "strong",
        "great",
        "new",
        "more",
        "some",
    }:
        words = words[1:]
    return " ".join(words)


def _split_title(title: str, given: Masthead) -> tuple[str, str, str]:
    """Take company and place out of `Data Analyst — Acme (Vienna)`, `Developer at Acme` or `Acme: Developer`."""
    company, location = given.company.strip(), given.location.strip()
    if company:
        return title, company, location
    at = re.match(r"(.{3,80}?)\s(?:at|bei|@|chez)\s([A-ZÄÖÜ][^|]{1,60})$", title) or re.match(
        r"([^|—–]{3,80}?)\s[—–|]\s([A-Z][^|—–(]{1,60}?)(?:\s\(([^)]{2,40})\))?$", title
    )
    if at and _OCCUPATION.search(at[1]) and not _OCCUPATION.search(at[2]) and not _is_place(at[2]):
        place = at[3] if at.re.groups > 2 and at[3] else ""
        return at[1], at[2].strip(), location or place
    prefix = re.match(r"([A-Z0-9][\w.& ]{1,40}):\s(.{3,120})$", title)
    if prefix and _OCCUPATION.search(prefix[2]) and not _OCCUPATION.search(prefix[1]):
        return (
            prefix[2],
            prefix[1] if not _PREAMBLE.search(prefix[1]) and prefix[1].lower() != "now hiring" else "",
            location,
        )
    return title, "", location


def _tidy(title: str) -> str:
    title = re.sub(
        r"^(?:now hiring|job title|position|we(?:'| a)re hiring|wanted|hiring)\s?[:!-]\s*",
        "",
        title.strip(),
        flags=re.IGNORECASE,
    )
    return " ".join(title.split())


def _is_place(line: str) -> bool:
    return bool(_PLACE.search(line)) and len(line) <= 110


def _location(top: list[str], title: str) -> str:
    for line in top[:8]:
        if line == title or line.endswith((".", ":", "!")) or not _is_place(line):
            continue
        if _OCCUPATION.search(line) and not re.search(rf"(?<!\w)(?:{_REMOTE})(?!\w)", line, re.IGNORECASE):
            continue
        return _without_terms_of_work(line)
    return ""


def _without_terms_of_work(line: str) -> str:
    """`Remote · United States · Full-time · Mid-Senior` without what is not a place."""
    parts = [
        part
        for part in re.split(r"\s[·|]\s", line)
        if not re.search(r"time|senior|junior|level|contract|permanent|intern|\d", part, re.IGNORECASE)
    ]
    return " · ".join(parts) or line


_NAME = r"([A-Z0-9][\w.&'’-]{0,30}(?:\s(?:&\s)?[A-Z][\w.&'’-]{0,30}){0,3}?)"
_COMPANY_SIGNS = (
    (3, re.compile(rf"(?:^|\n)[#*\s]{{0,6}}About\s{_NAME}[:*]*\s*(?=\n|$)")),
    (2, re.compile(rf"(?<!\w)At\s{_NAME},")),
    (2, re.compile(rf"(?<!\w){_NAME}\s(?:is|are)\s(?:hiring|looking for|seeking|growing|an?\s|the\s|one of|committed"
        rf"|proud)")),
    (2, re.compile(rf"(?<!\w)(?:Why|Join|join|What you['’]ll do at|Life at|Working at|Why join)\s"
        rf"{_NAME}(?=[\s?!:.]|$)")),
    (1, re.compile(rf"(?<!\w){_NAME}['’]s\s(?=[a-z])")),
    (2, re.compile(rf"(?<!\w){_NAME}\s(?:helps|makes|builds|provides|owns|develops|sucht|errichtet|celebrates"
        rf"|offers)\s")),
    (2, re.compile(r"(?<!\w)((?:[A-ZÄÖÜ][\w&.-]{1,30}\s){1,4}(?:GmbH|AG|SE|Inc\.?|LLC|Ltd\.?|LLP|AB|B\.V\.|S\.A\.|SAS"
        r"|KG)(?: & Co\. KG)?)(?!\w)")),
)  # fmt: skip
_NO_COMPANY = frozenset({
    "we", "you", "this", "our", "the", "it", "us", "your", "they", "that", "there", "she", "he", "role", "job",
    "position", "team", "company", "opportunity", "candidate", "candidates", "remote", "hybrid", "what", "who",
    "why", "how", "all", "if", "in", "as", "at", "for", "and", "or", "an", "a", "experience", "benefits",
    "requirements", "responsibilities", "about", "join", "summary", "please", "note", "applicants", "hr",
    "employees", "everyone", "someone", "here", "working", "work", "today", "now", "each", "every", "these",
    "those", "which", "one", "skills", "qualifications", "description", "english", "german", "french", "dutch",
    "polish", "spanish", "italian", "swedish", "european", "no", "not", "yes", "engineering", "product", "sales",
    "marketing", "data", "design", "customer", "customers", "people", "technology", "software", "senior", "junior",
    "ai", "ml", "bachelor", "master", "let", "location", "salary", "full-time", "part-time",
})  # fmt: skip


def _company(text: str, read: Outline, title: str) -> str:
    """The name that most signs point to: "About Acme", "At Acme, we", "Acme is hiring"."""
    votes: Counter[str] = Counter()
    for weight, name in _company_votes(text[:12_000], read.headings):
        # What the title names is more often a product or a team than the employer.
        if weight >= 3 or name.lower() not in title.lower():
            votes[name] += weight
    best = votes.most_common(1)
    return best[0][0] if best and best[0][1] >= 2 else ""


def _company_votes(text: str, headings: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for weight, pattern in _COMPANY_SIGNS:
        for match in pattern.finditer(text):
            name = match[1].strip().rstrip(".")
            if _is_company(name):
                yield weight, name
    for heading in headings:
        about = re.match(r"(?:about|why(?: join)?|über|à propos de)\s(.{2,40})$", heading.strip(" :?*#"), re.IGNORECASE)
        if about and _is_company(about[1]):
            yield 3, _as_in_prose(about[1], text)


def _as_in_prose(name: str, text: str) -> str:
    """`PLACER.AI` as the text writes it elsewhere: `Placer.ai`."""
    spellings = re.findall(re.escape(name), text, re.IGNORECASE) if name.isupper() else []
    return next((each for each in spellings if each != name), name)


def _is_company(name: str) -> bool:
    words = name.lower().split()
    return (
        bool(words)
        and name[0] not in "0123456789"
        and words[0] not in _NO_COMPANY
        and words[-1] not in _NO_COMPANY
        and not _OCCUPATION.search(name)
        and (name[0].isupper() or "." in name)
    )
