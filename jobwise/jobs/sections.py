"""A posting's text as blocks (bullets and paragraphs), each with the sort of section it stands in.

Headings come in many wordings and markings: Markdown, bold, capitals, a colon, or just a short line of its own. Positions
always refer to the text as it was given, so that a quote can be cut from it unchanged.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum


class SectionKind(StrEnum):
    """What a section of a posting is about."""

    MUST = "must"
    NICE = "nice"
    DUTIES = "duties"
    ROLE = "role"
    """About the position, or before or beside all headings: prose in which anything may be said."""
    COMPANY = "company"
    BENEFITS = "benefits"
    LEGAL = "legal"
    APPLY = "apply"


@dataclass(frozen=True, slots=True)
class Block:
    """A bullet or a paragraph: `text[start:end]`, without its bullet."""

    start: int
    end: int
    bullet: bool
    kind: SectionKind = SectionKind.ROLE


@dataclass(frozen=True, slots=True)
class Outline:
    """The blocks in order, the headings as they are worded, and whether any heading was one that we know."""

    blocks: tuple[Block, ...]
    headings: tuple[str, ...]
    has_known_headings: bool


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    raw: str
    """The content: without bullet, heading marks and outer space."""
    bullet: bool
    marked: bool
    """Marked as a heading by hashes or bold."""
    after_blank: bool


def outline(text: str) -> Outline:
    """Read a text's blocks and headings. Linear in the length of the text."""
    lines = _lines(text)
    reader = _Reader()
    for position, line in enumerate(lines):
        following = lines[position + 1] if position + 1 < len(lines) else None
        reader.read(line, following)
    return Outline(tuple(reader.blocks), tuple(reader.headings), reader.knows)


def kind_of_heading(heading: str) -> SectionKind | None:
    """What a heading announces; None for a wording that says nothing.

    >>> kind_of_heading("What you'll bring")
    <SectionKind.MUST: 'must'>
    """
    plain = _plain(heading)
    for kind, pattern in _HEADINGS:
        if pattern.search(plain):
            return kind
    return None


class _Reader:
    """Walks the lines, keeping track of the section that they stand in."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.headings: list[str] = []
        self.knows = False
        self._kind = SectionKind.ROLE
        self._bullets = 0
        self._left = False
        """A paragraph has followed the section's bullets, so the section may be over."""

    def read(self, line: _Line, following: _Line | None) -> None:
        if self._continues(line):
            self.blocks[-1] = replace(self.blocks[-1], end=line.end)
        elif not line.bullet and _looks_like_heading(line, following):
            self._open(line)
        elif not self._read_label(line):
            self._add(line)

    def _continues(self, line: _Line) -> bool:
        """Whether the line goes on with the last block: text wrapped by hand, or broken by a copied page."""
        if not self.blocks or line.bullet or line.marked or self.headings[-1:] == [line.raw]:
            return False
        last = self.blocks[-1]
        if self._ended_at > last.end:
            return False
        starts_low = line.raw[:1].islower() or line.raw[:1] in "(&"
        if line.after_blank:
            return last.bullet and starts_low and self._last_character.isalnum()
        wrapped = last.end - last.start >= 60 and self._last_character not in ".!?:;"
        return starts_low or wrapped

    _ended_at = -1
    _last_character = ""

    def _open(self, line: _Line) -> None:
        self.headings.append(line.raw)
        self._ended_at = line.end
        kind = kind_of_heading(line.raw)
        if kind:
            self.knows = True
            self._kind, self._bullets, self._left = kind, 0, False
        elif not line.raw.endswith(":"):
            self._kind, self._bullets, self._left = SectionKind.ROLE, 0, False

    def _read_label(self, line: _Line) -> bool:
        """Read `Bonus: motion design, French`: a heading and its only paragraph in one line."""
        match = _LABEL.match(line.raw)
        if not match or line.bullet:
            return False
        kind = kind_of_heading(match[1])
        if kind is None:
            return False
        self.headings.append(match[1])
        self.knows = True
        self._append(replace(_block(line), start=line.start + match.end(), kind=kind), line)
        self._kind, self._bullets, self._left = kind, 2, False
        return True

    def _add(self, line: _Line) -> None:
        if line.bullet:
            self._bullets += 1
        elif self._bullets >= 2:
            self._left = True
        kind = SectionKind.ROLE if self._left and self._kind is not SectionKind.LEGAL else self._kind
        self._append(replace(_block(line), kind=kind), line)

    def _append(self, block: Block, line: _Line) -> None:
        self.blocks.append(block)
        self._last_character = line.raw[-1:]


def _block(line: _Line) -> Block:
    return Block(line.start, line.end, line.bullet)


_BULLET = re.compile(
    r"(?:[-*+–—o][ \t\u00a0]+|[•●▪◦‣·✓✔✅☑➤►▶■□○»→➢⁃∙]\ufe0f?[ \t\u00a0]*|\(?\d{1,2}[.)][ \t\u00a0]+|[a-z]\)[ \t]+)"
)
_LABEL = re.compile(r"(?:\*\*)?([^\W\d][^:.!?*]{2,48}?)(?:\*\*)?:(?:\*\*)?[ \t]+(?=\S)")
_BOLD_LINE = re.compile(r"(\*\*|__)([^*_][^*]{0,118})\1:?")


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    position, blank = 0, True
    for whole in text.splitlines(keepends=True):
        stripped = whole.strip()
        if stripped:
            start = position + len(whole) - len(whole.lstrip())
            lines.append(_line(stripped, start, blank))
        blank = not stripped
        position += len(whole)
    return [line for line in lines if any(map(str.isalnum, line.raw[:200]))]


def _line(stripped: str, start: int, blank: bool) -> _Line:
    bullet = _BULLET.match(stripped)
    raw = stripped[bullet.end() :].lstrip() if bullet else stripped
    hashes = re.match(r"#{1,6}[ \t]+", raw)
    if hashes:
        raw = raw[hashes.end() :]
    marked = bool(hashes) or bool(_BOLD_LINE.fullmatch(raw))
    end = start + len(stripped)
    return _Line(end - len(raw), end, raw, bool(bullet) and not hashes, marked, blank)


def _looks_like_heading(line: _Line, following: _Line | None) -> bool:
    raw = line.raw
    if len(raw) > 110 or raw[-1] in ",;" or (raw[-1] == "." and not line.marked):
        return False
    words = len(raw.split())
    if line.marked:
        return words <= 16
    if raw.endswith(":"):
        return words <= 16
    if raw.isupper() and words <= 9 and len(raw) > 3:
        return True
    if words > 9 or not following or raw[0].islower() or _LABEL.match(raw):
        return False
    announces = following.bullet or (line.after_blank and following.after_blank) or words <= 4
    return announces and (line.after_blank or following.bullet) and kind_of_heading(raw) is not None


def _plain(heading: str) -> str:
    """A heading in lower case with plain apostrophes, without marks."""
    folded = heading.lower().replace("’", "'").replace("‘", "'").replace("`", "'")
    return " ".join(re.sub(r"[^\w'&/+()-]+", " ", folded).split())


def _any_of(*alternatives: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(alternatives) + ")")


# The order decides: "Equal opportunity" before "opportunity", "not required" before "required", "deine Vorteile" before "Vorteil".
_HEADINGS: tuple[tuple[SectionKind, re.Pattern[str]], ...] = (
    (
        SectionKind.LEGAL,
        _any_of(
            r"equal[ -](?:opportunity|employment)", r"eeo\b", r"diversity", r"(?:commitment to )?inclusion", r".*privacy",
            r"legal", r"disclaimer", r".*accommodation", r"accessibility", r".*notice\b", r"pay transparency", r"e-verify",
            r"datenschutz", r"gleichstellung", r"chancengleichheit", r"vielfalt", r"égalité",
        ),
    ),
    (
        SectionKind.NICE,
        _any_of(
            r"(?:not|aren't|are not|isn't) (?:\w+ ){0,2}(?:required|requirements?|necessary|essential)", r"nice[ -]to[ -]have",
            r"good[ -]to[ -]have", r"great[ -]to[ -]have", r"nice but\b",
        ),
    ),
    (
        SectionKind.ROLE,
        _any_of(
            r"about (?:the|this) (?:role|job|position|opportunity)", r"the (?:role|position|opportunity|situation)$",
            r"(?:job|position|role) (?:summary|overview|description|purpose)$", r"summary$", r"overview$", r"the team$",
            r"stellenbeschreibung", r"le poste$", r"beschreibung$", r"description$",
        ),
    ),
    (
        SectionKind.BENEFITS,
        _any_of(
            r"benefits?\b", r"perks?\b", r"compensation", r".*salary", r".*pay range", r"pay\b", r"(?:what )?(?:do )?we offer",
            r"what (?:.{1,30} )?offers?\b", r"what(?:'s in it for)? you(?:'ll| will)? (?:get|receive)", r"what's in it for you",
            r"the (?:deal|rest|package|offer)$", r"(?:total )?rewards", r"in return", r"why you(?:'ll| will) (?:love|like|enjoy)",
            r".*\boffers you", r"our offer", r"remuneration", r"wellbeing", r"practical$", r"bonuses",
            r"(?:das |was |wir )*(?:bieten|bekommst)", r"unser angebot", r"darauf können", r"(?:deine|ihre|unsere) vorteile",
            r"vergütung", r"gehalt", r"freu(?:e|en) (?:dich|sie|sich) auf", r"benefits", r"dafür bekommst",
            r"nous (?:vous )?(?:offrons|proposons)", r"ce que nous (?:offrons|proposons)", r"(?:vos )?avantages", r"rémunération",
            r"(?:qué |lo que )?(?:te )?ofrecemos", r"beneficios", r"(?:co )?nabízíme", r"(?:co )?oferujemy", r"(?:wat )?wij? bieden",
            r"offriamo", r"cosa offriamo", r"oferecemos", r"benefícios", r"vi erbjuder", r"待遇", r"福利", r"薪资",
        ),
    ),
    (
        SectionKind.APPLY,
        _any_of(
            r"how to apply", r"to apply", r"apply (?:now|here|today)", r"apply$", r"(?:your )?application(?: process| procedure|s)?$",
            r"next steps", r".*(?:hiring|interview|recruitment|selection) process", r"contact", r"bewerb", r"(?:deine|ihre) bewerbung",
            r"(?:ihr )?kontakt", r"ansprechpartner", r"rückfragen", r"candidature", r"(?:pour )?postuler", r"cómo aplicar", r"solliciteren",
        ),
    ),
    (
        SectionKind.NICE,
        _any_of(
            r"bonus", r"(?:big |huge |strong |added |it's a )*plus(?:es)?\b", r".*\badded plus", r"plus points", r"preferred", r"preferable",
            r".*\b(?:desirable|desired|advantageous|optional|preferred)\b(?! and (?:required|minimum))", r"(?:it )?would be (?:lovely|great|nice|good)",
            r"(?:what )?would help", r"merits?$", r"(?:extra|bonus|brownie) (?:credit|points)", r"ideally", r"what we(?:'d)? like to see",
            r".*might also have", r"you may also", r"even better", r".*stand out", r".*set you apart", r"additional (?:skills|qualifications|experience)",
            r"extras?$", r"advantages?$", r"assets?$", r".*(?:is|are) an? (?:plus|bonus|advantage)",
            r".*von vorteil", r"vorteilhaft", r".*wünschenswert", r"pluspunkte?", r"idealerweise", r".*wäre (?:schön|toll|super)",
            r"gern(?:e)? gesehen", r"nice\b", r"zusätzlich", r"(?:vos )?atouts?", r".*serai(?:t|ent) un (?:plus|atout)", r".*souhaité", r".*apprécié",
            r"deseable", r".*valorará", r"valorable", r"plus\b", r"gradit", r"diferenciais", r"pluspunten", r"mile widziane", r".*výhodou", r"výhody",
            r"meriterande", r"歓迎", r"优先", r"加分",
        ),
    ),
    (
        SectionKind.DUTIES,
        _any_of(
            r".*responsibilit", r".*\bduties", r"what you(?:'ll| will|'d| would)?(?: be)? (?:do|doing|work|own|achieve|build)", r"what the job",
            r"your (?:job|work|role|tasks?|mission|impact|challenge|day|first)", r"the (?:work|job)$", r"(?:a )?day[ -](?:to[ -]day|in the life)",
            r"(?:key |main )?(?:tasks|objectives|accountabilities|activities)", r"in this role", r"(?:as .{3,40})?you(?:'ll| will)(?: be(?: responsible)?)?\b",
            r"the successful candidate will", r"scope of", r"responsible for", r"how you(?:'ll| will) make",
            r"(?:deine|ihre|das sind deine|die)? ?(?:haupt)?(?:aufgaben|tätigkeiten?|rolle)", r"aufgabengebiet", r"was (?:du|sie) .*(?:tust|tun|machst|machen)$",
            r"was (?:dich|sie) erwartet", r"das erwartet", r"das machst", r"verantwortung", r"(?:vos |tes |les |la )?missions?", r"(?:vos )?responsabilités", r"(?:vos )?tâches",
            r"responsabilidades", r"(?:tus )?funciones", r"tareas", r"qué harás", r"taken", r"wat ga je doen", r"wat je doet", r"(?:jouw )?werkzaamheden",
            r"(?:zakres )?obowiązk", r"zadania", r"náplň", r"co (?:budeš|bys)", r"mansioni", r"responsabilità", r"arbetsuppgifter", r"atividades",
            r"業務内容", r"仕事内容", r"职责", r"岗位职责", r"工作内容",
        ),
    ),
    (
        SectionKind.MUST,
        _any_of(
            r".*requirements?\b", r"must[ -]haves?", r"required", r".*qualifications?\b", r"what you(?:'ll| will)?(?: \w+)? (?:bring|need|have)", r"what you must",
            r"you(?: must| should| might| may| ideally| currently| already)? (?:have|bring|are|be a|know)\b", r"who you are", r"about you$", r"a bit about you",
            r"your (?:profile|background|skills|experience|qualifications|expertise|talents?)", r".*(?:what|who) we(?:'re|'d| are)? (?:looking|expect|ask|need|want|seek|require)",
            r"we(?:'re| are)? (?:expect|looking|seeking|need|require|ask)", r".*(?:strong|good|great|right|perfect) fit", r".*be a (?:strong |good |great )?(?:fit|match)",
            r"(?:\w+ ){0,3}skills?\b", r"(?:knowledge|experience|education|training)(?: and| &|/|$| requir| level| need)", r".*person specification", r"essential", r"minimum",
            r"(?:the |our )?(?:ideal |successful )?(?:candidate|applicant)", r"is this you", r".*(?:love|like) to hear from you", r"competenc", r"eligibility", r"prerequisites",
            r"(?:selection )?criteria", r".*profile (?:will|that)", r"profile$", r"basic", r"technical", r"tech stack", r"technolog", r"expertise",
            r"(?:fachliche |unsere |ihre |deine )?anforderung", r"(?:dein|ihr|das) profil", r"(?:fachliches )?profil$", r"qualifikation", r"(?:deine|ihre) qualifikation",
            r"(?:das |was )?(?:du|sie)? ?(?:bringst|bringen|mitbring)", r"was (?:du|sie) mitbring", r"voraussetzung", r"was wir (?:erwarten|uns)", r"wir (?:erwarten|suchen|wünschen)",
            r".*kenntnisse", r"wen wir suchen", r".*zeichnet .* aus", r"(?:du|sie) (?:hast|haben|bist|sind)\b", r"muss", r"das solltest",
            r"(?:votre |ton |le )?profil\b", r"compétences", r"prérequis", r"exigences", r"vous (?:avez|êtes)", r"ce que nous (?:recherchons|attendons)", r"formation",
            r"(?:los )?requisitos", r"(?:tu )?perfil", r"(?:lo que |qué )buscamos", r"requerimientos", r"imprescindible", r"competencias", r"experiencia",
            r"requisiti", r"competenze", r"profilo", r"competências", r"functie-?eisen", r"wat (?:wij |we )?vragen", r"(?:jouw )?profiel", r"vereisten", r"wat (?:breng je|je meebrengt)",
            r"wymagania", r"(?:czego )?oczekujemy", r"(?:co )?požadujeme", r"(?:co )?(?:od tebe )?očekáváme", r"požadavky", r"kvalifikationer", r"krav",
            r"必須", r"応募資格", r"要件", r"任职要求", r"职位要求", r"岗位要求", r"要求",
        ),
    ),
    (
        SectionKind.COMPANY,
        _any_of(
            r"about\b", r"who we are", r"our (?:mission|company|story|values|culture|team|people|product|vision|purpose|commitment)", r"why\b", r"(?:the )?company", r"life at",
            r"meet the team", r"(?:wir )?über (?:uns|das|die)", r"wer (?:wir sind|sind wir)", r"(?:das |unser )?unternehmen", r"warum", r"à propos", r"qui sommes", r"l'entreprise",
            r"sobre", r"quiénes somos", r"kdo jsme", r"o nás", r"o nas", r"over ons", r"chi siamo", r"om oss", r"会社概要", r"公司简介", r"关于我们",
        ),
    ),
)  # fmt: skip
