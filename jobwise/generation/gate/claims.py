"""What a text claims that its sources do not say: numbers, skills, names, titles, degrees, dates and scope.

Everything here fails closed: what looks like a claim and is not found is objected to.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from jobwise.generation.credentials import degree_levels
from jobwise.generation.gate.directions import reversed_in
from jobwise.generation.gate.nouns import counted_stems, kin
from jobwise.generation.gate.numbers import Number, NumberKind, numbers_in
from jobwise.generation.gate.scope import Scope, scope_of, scope_words
from jobwise.generation.gate.sources import Source, Support, names, source_of, word_tokens
from jobwise.generation.gate.titles import title_objection
from jobwise.generation.prose import words
from jobwise.generation.types import FindingKind
from jobwise.generation.weighing import stem
from jobwise.jobs.vocabulary import Mention, TermKind, vocabulary

_LATIN = "A-Za-zÀ-ɏ0-9"
_TOKEN = re.compile(rf"[{_LATIN}](?:[{_LATIN}+#&'’]|[-./](?=[{_LATIN}]))*")
_STARTS_AFTER = set('.!?:…;"“”„«»‘(*•–—。！？「『/|')
_CALENDAR = words(
    "january february march april may june july august september october november december monday tuesday wednesday "
    "thursday "
    "friday saturday sunday i i've i'm i'd i'll i’ve i’m i’d i’ll"
)
_MONTHS = {
    name: number
    for number, names_ in enumerate(
        [
            "january,jan,januar,janvier,enero,gennaio,janeiro",
            "february,feb,februar,février,febrero,febbraio,fevereiro",
            "march,mar,märz,mars,marzo,março",
            "april,apr,avril,abril,aprile",
            "may,mai,mayo,maggio,maio",
            "june,jun,juni,juin,junio,giugno,junho",
            "july,jul,juli,juillet,julio,luglio,julho",
            "august,aug,août,agosto",
            "september,sep,sept,septembre,septiembre,settembre,setembro",
            "october,oct,oktober,octobre,octubre,ottobre,outubro",
            "november,nov,novembre,noviembre,novembro",
            "december,dec,dezember,décembre,diciembre,dicembre,dezembro",
        ],
        1,
    )
    for name in names_.split(",")
}
_MONTH_YEAR = re.compile(
    rf"\b({'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?\s+((?:19|20)\d\d)\b", re.IGNORECASE
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+\w")
_LINK = re.compile(
    r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|org|net|io|dev|de|ch|eu|co\.uk|fr|me)(?:/\S*)?(?![\w-])", re.IGNORECASE
)
_PHONE = re.compile(r"\+?\(?\d[\d\s()./-]{6,}\d")
_OF_WORK = re.compile(
    r"^\W*(?:of|an)?\s*(?:\w+\s){0,2}(?:experience|work|erfahrung|berufserfahrung|d’expérience|expérience|experiencia|esperienza|experiência|werkervaring)",
    re.IGNORECASE,
)
_BEFORE_ORGANISATION = re.compile(
    r"\b(?:at|for|with|from|by|joined|join|bei|für|von|chez|en|presso|na empresa)\s(?:der\s|the\s)?$", re.IGNORECASE
)
_LEGAL_FORM = re.compile(r"^(?:GmbH|AG|KG|Inc|Ltd|LLC|Corp|Corporation|PLC|SE|S\.A|SARL|BV|e\.V)$")


@dataclass(frozen=True)
class Objection:
    """Words that nothing in the sources bears out."""

    kind: FindingKind
    text: str
    message: str


def objections(
    text: str,
    support: Support,
    everything: Support,
    *,
    language: str = "en",
    computed: Collection[str] = (),
    contact: Collection[str] = (),
) -> list[Objection]:
    """What a text claims beyond `support`.

    `everything` is the whole profile: names, degrees and places may come from anywhere in it. `computed` holds
    values that code
    has worked out from the profile, as `years:8`; `contact` the person's own addresses.
    """
    mentions = vocabulary().find(text)
    return [
        *_identity(text, contact),
        *_numbers(text, support, mentions, computed),
        *_dates(text, support),
        *_terms(text, support, everything, mentions),
        *_names(text, everything, mentions, language),
        *_degrees(text, everything),
        *title_objection_of(text, support, everything),
        *_scope(text, support),
        *_directions(text, support),
    ]


def title_objection_of(text: str, support: Support, everything: Support) -> Iterator[Objection]:
    """Positions that the sources do not name."""
    for words_, message in title_objection(text, support, everything):
        yield Objection(FindingKind.TITLE, words_, message)


def _identity(text: str, contact: Collection[str]) -> Iterator[Objection]:
    for pattern in (_EMAIL, _LINK, _PHONE):
        for found in pattern.finditer(text):
            bare = re.sub(r"\s", "", found[0]).lower()
            is_date = pattern is _PHONE and re.fullmatch(r"[\d\s./–-]*(?:19|20)\d\d[\d\s./–-]*", found[0])
            is_number = pattern is _PHONE and sum(char.isdigit() for char in bare) < 9
            is_product = pattern is _LINK and vocabulary().canonical(found[0])
            if not (is_date or is_number or is_product or any(bare in own or own in bare for own in contact)):
                yield Objection(FindingKind.IDENTITY, found[0], f"“{found[0]}” is not among your contact details.")


def _numbers(text: str, support: Support, mentions: list[Mention], computed: Collection[str]) -> Iterator[Objection]:
    for number in numbers_in(text):
        named = any(mention.start <= number.start and number.end <= mention.end for mention in mentions)
        if named or _is_computed(number, text, computed):
            continue
        sources = support.sources
        if support.own and _is_year(number) and any(_is_year(own) for own in support.own.numbers):
            # What the line itself dates is not dated by its entry.
            sources = (support.own,)
        saying = [source for source in sources if any(number.supported_by(own) for own in source.numbers)]
        if not saying and number.kind in (NumberKind.PERCENT, NumberKind.FACTOR):
            saying = [source for source in support.sources if _follows(number, source)]
        version_of = _name_before(text, number.start)
        if not saying and version_of and any(_glued(version_of, number) & source.words for source in support.sources):
            continue
        if not saying:
            yield Objection(FindingKind.NUMBER, number.text, f"Your profile does not say “{number.text}” here.")
        elif not version_of and not any(_same_thing(number, text, source, support) for source in saying):
            yield Objection(FindingKind.NUMBER, number.text, f"Your profile says “{number.text}” of something else.")


def _is_year(number: Number) -> bool:
    return number.kind is NumberKind.COUNT and bool(re.fullmatch(r"(?:19|20)\d\d", number.text))


def _is_computed(number: Number, text: str, computed: Collection[str]) -> bool:
    if number.kind is not NumberKind.TIME or not _OF_WORK.match(text[number.end :]):
        return False
    return any(f"years:{round(value / 31_536_000)}" in computed for value in number.values)


def _follows(number: Number, source: Source) -> bool:
    """Whether a change in words ("halved", "doubled") follows from two numbers that the source gives."""
    if number.text[:1].isdigit():
        return False
    pairs = zip(source.numbers, source.numbers[1:], strict=False)
    ratios = [min(b.values) / min(a.values) for a, b in pairs if a.kind is b.kind and min(a.values) > 0]
    value = min(number.values)
    if number.kind is NumberKind.FACTOR:
        return any(abs(ratio - value) <= 0.1 * value for ratio in ratios)
    return any(abs(abs(1 - ratio) * 100 - value) <= 2 for ratio in ratios)


def _same_thing(number: Number, text: str, source: Source, support: Support) -> bool:
    if number.kind in (NumberKind.COUNT, NumberKind.VAGUE):
        if _is_year(number):
            return True
        counted = counted_stems(text, number.end)
        return not counted or bool(kin(counted) & kin(source.stems))
    if not support.is_broad:
        return True
    return bool(kin(source_of(text).stems) & kin(source.stems))


def _name_before(text: str, start: int) -> str:
    found = re.search(r"([A-Za-z][\w.+#]*)[\s-]$", text[:start])
    is_name = found and (found[1][0].isupper() or vocabulary().canonical(found[1])) and len(found[1]) > 1
    return found[1].lower() if found and is_name and start - len(found[0]) > 0 else ""


def _glued(name: str, number: Number) -> set[str]:
    return {f"{name}{value:g}" for value in number.values}


def _dates(text: str, support: Support) -> Iterator[Objection]:
    for found in _MONTH_YEAR.finditer(text):
        written = f"{found[2]}-{_MONTHS[found[1].lower()]:02d}"
        if not any(source.text.startswith(written) or names(source.text, found[0]) for source in support.sources):
            yield Objection(FindingKind.DATE, found[0], f"No entry of your profile has the date “{found[0]}”.")


def _terms(text: str, support: Support, everything: Support, mentions: list[Mention]) -> Iterator[Objection]:
    for mention in mentions:
        if mention.kind is TermKind.SOFT or mention.term in support.terms:
            continue
        if any(names(source.text, mention.surface) for source in support.sources):
            continue
        plain = mention.kind in (TermKind.METHOD, TermKind.KNOWLEDGE)
        if plain and source_of(mention.surface).stems <= support.stems:
            continue
        if mention.term in everything.terms:
            message = f"Your profile does not say “{mention.surface}” of this entry."
        else:
            message = f"“{mention.surface}” is not in your profile."
        yield Objection(FindingKind.SKILL, mention.surface, message)


def _names(text: str, everything: Support, mentions: list[Mention], language: str) -> Iterator[Objection]:
    covered = [(mention.start, mention.end) for mention in mentions]
    covered += [(number.start, number.end) for number in numbers_in(text)]
    covered += [found.span() for pattern in (_EMAIL, _LINK) for found in pattern.finditer(text)]
    for found in _TOKEN.finditer(text):
        if any(start < found.end() and found.start() < end for start, end in covered):
            continue
        if _is_known(found[0], everything) or not _looks_like_a_name(found, text, language):
            continue
        is_organisation = _BEFORE_ORGANISATION.search(text[: found.start()]) or _LEGAL_FORM.match(found[0])
        kind = FindingKind.ORGANIZATION if is_organisation else FindingKind.SKILL
        yield Objection(kind, found[0], f"“{found[0]}” is not in your profile.")


def _is_known(token: str, everything: Support) -> bool:
    word = token.lower().rstrip(".")
    bare = re.sub(r"['’]s?$", "", word)
    if bare in _CALENDAR or word in _CALENDAR:
        return True
    candidates = {word, bare, bare.removesuffix("s"), f"{bare}s"}
    if candidates & everything.words:
        return True
    if token[:2].isupper() and _is_initials(bare.removesuffix("s"), everything):
        return True
    parts = [part for part in re.split(r"[-/.&'’]", bare) if part]
    return all(part in everything.words or stem(part) in everything.stems for part in parts)


def _is_initials(letters: str, everything: Support) -> bool:
    """Whether an abbreviation is that of words that stand together in the profile: VM for virtual machine."""
    if not 2 <= len(letters) <= 6:
        return False
    pattern = re.compile(r"\b" + r"\w*[\s-]+".join(re.escape(letter) for letter in letters) + r"\w+", re.IGNORECASE)
    return any(pattern.search(source.text) for source in everything.sources)


def _looks_like_a_name(found: re.Match[str], text: str, language: str) -> bool:
    token = found[0]
    has_letter = any(char.isalpha() for char in token)
    if not has_letter:
        return False
    is_camel = any(one.islower() and other.isupper() for one, other in pairwise(token))
    if is_camel or any(char.isdigit() for char in token):
        return True
    if len(token) > 1 and token.isupper():
        return True
    if not token[0].isupper():
        return False
    before = text[: found.start()].rstrip()
    starts = not before or before[-1] in _STARTS_AFTER
    if language == "ja":
        return len(token) > 1
    following = re.match(rf"\s([{_LATIN}&-]+)", text[found.end() :])
    if starts:
        return False
    if language == "de":
        # Every noun has a capital: only what stands where an employer stands, or has a legal form behind it, is a name.
        in_a_name = following and following[1][0].isupper()
        return bool((_BEFORE_ORGANISATION.search(text[: found.start()]) and in_a_name) or _LEGAL_FORM.match(token))
    return True


def _degrees(text: str, everything: Support) -> Iterator[Objection]:
    for level in degree_levels(f"{text} "):
        if level not in everything.degrees:
            yield Objection(FindingKind.DEGREE, text, "Your profile has no degree of this level.")


def _scope(text: str, support: Support) -> Iterator[Objection]:
    claimed = scope_of(text)
    if claimed <= Scope.DOING or not support.sources:
        return
    nearest = _nearest(_clause_with(scope_words(text), text), support.sources)
    if any(source.scope >= claimed for source in nearest):
        return
    # Who holds a leading title may say so of what the profile does not call helping.
    if support.title_scope >= claimed and all(source.scope > Scope.HELPING for source in nearest):
        return
    said = scope_words(text)
    repeated = {stem(word) for word in word_tokens(said)}
    if claimed is Scope.COORDINATING and any(repeated <= source.stems for source in support.sources):
        return
    yield Objection(FindingKind.SCOPE, said, f"“{said}” claims more than your profile says of this work.")


def _directions(text: str, support: Support) -> Iterator[Objection]:
    for word in reversed_in(text, (source.text for source in support.sources)):
        message = f"“{word}” says the opposite of what your profile says of this."
        yield Objection(FindingKind.CONSISTENCY, word, message)


def _clause_with(said: str, text: str) -> str:
    """The part of a sentence between commas that says something, if that is enough to tell what it speaks of."""
    clause = next((part for part in re.split(r"[,;]\s", text) if said in part), text)
    return clause if len(source_of(clause).stems) >= 3 else text


def _nearest(text: str, sources: Iterable[Source]) -> list[Source]:
    """The statements that speak of the same thing as the text, by shared words."""
    own = kin(source_of(text).stems)
    shared = {source.text: (len(own & kin(source.stems)), source) for source in sources}
    most = max((count for count, _ in shared.values()), default=0)
    return [source for count, source in shared.values() if count >= max(1, 0.6 * most)] or [
        source for _, source in shared.values()
    ]
