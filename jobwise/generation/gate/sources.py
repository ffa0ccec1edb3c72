"""What a claim may rest on: the profile's own statements, each with its words, numbers, terms and scope."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from jobwise.generation.credentials import degree_levels
from jobwise.generation.facts import HEADLINE_ID, SUMMARY_ID, Dated, named_terms, skill_names, squeeze, terms_in
from jobwise.generation.gate.nouns import FUNCTION_WORDS
from jobwise.generation.gate.numbers import Number, numbers_in
from jobwise.generation.gate.scope import Scope, scope_of, scope_of_title
from jobwise.generation.phrases import phrases_for
from jobwise.generation.prose import sentences
from jobwise.generation.weighing import stem
from jobwise.jobs.vocabulary import vocabulary
from jobwise.profiles.content import Education, Experience, ProfileContent, Project

_TOKEN = re.compile(r"[A-Za-zÀ-ɏ0-9][A-Za-zÀ-ɏ0-9+#]*|[^\W\d_A-Za-zÀ-ɏ]+")


_LEGAL = re.compile(
    r",?\s+(?:GmbH(?: & Co\.? KG)?|AG|KG|SE|Inc\.?|LLC|Ltd\.?|Limited|Corp\.?|Corporation|PLC|Co\.?|L\.P\.|B\.\s?V\.|"
    r"N\.\s?V\."
    r"|S\.\s?A\.|S\.\s?r\.\s?l\.|e\.\s?V\.|e\.\s?K\.|eG)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Source:
    """One statement of the profile. `title` is the position it was made in, for the scope that goes with it."""

    text: str
    words: frozenset[str]
    stems: frozenset[str]
    numbers: tuple[Number, ...]
    terms: frozenset[str]
    scope: Scope


@dataclass(frozen=True)
class Support:
    """The statements that one claim may rest on. Terms, words and degrees count wherever they stand among them."""

    sources: tuple[Source, ...]
    title_scope: Scope = Scope.DOING
    titles: tuple[Source, ...] = ()
    """Where positions may be named: the titles of the entries, and what the person calls themselves."""
    own: Source | None = None
    """The one line that is being reworded, if that is what is checked."""
    words: frozenset[str] = field(init=False)
    stems: frozenset[str] = field(init=False)
    terms: frozenset[str] = field(init=False)
    degrees: frozenset[int] = field(init=False)

    @property
    def is_broad(self) -> bool:
        """Whether so much may be cited that a number must also be about the same thing."""
        return len(self.sources) > 12

    def __post_init__(self) -> None:
        terms = frozenset(term for source in self.sources for term in source.terms)
        values = {
            "words": frozenset(word for source in self.sources for word in source.words),
            "stems": frozenset(part for source in self.sources for part in source.stems),
            "terms": terms | {implied for term in terms for implied in vocabulary().implies(term)},
            "degrees": frozenset(level for source in self.sources for level in degree_levels(f"{source.text} ")),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)


class Statements:
    """All statements of a profile by the fact they belong to."""

    def __init__(self, profile: ProfileContent) -> None:
        self._profile = profile
        self._of: dict[UUID, tuple[Source, ...]] = {}
        # "I am a Certified Kubernetes Administrator" names a certificate as a position.
        self._certified = _sources(*(certification.name for certification in profile.certifications))
        self._entry_of: dict[UUID, Dated] = {}
        self._head = _sources(profile.name, profile.headline, *sentences(profile.summary))
        self._of[HEADLINE_ID] = _sources(profile.headline)
        self._of[SUMMARY_ID] = _sources(*sentences(profile.summary))
        for entry in entries_of(profile):
            self._read_entry(entry)
        self._read_lists(profile)
        lists = (profile.certifications, profile.languages, profile.honors, profile.education)
        self._credentials = [part.id for parts in lists for part in parts]
        place = " ".join((profile.contact.city, profile.contact.region, profile.contact.country_code))
        self.everything = Support(
            (
                *self._head,
                *_sources(place, *profile.interests),
                *(source for own in self._of.values() for source in own),
            ),
            max((scope_of_title(post.title) for post in profile.experiences), default=Scope.DOING),
            (*_titles(entries_of(profile)), *self._head, *self._certified),
        )
        self.own_words = frozenset(_own_texts(profile))

    @property
    def contact_words(self) -> frozenset[str]:
        """E-mail, phone and links as they stand in the profile, in lower case and without spaces."""
        contact = self._profile.contact
        links = [part for link in contact.links for part in (link.url, link.username)]
        urls = [entry.url for entry in entries_of(self._profile)]
        return frozenset(
            "".join(text.lower().split()) for text in (contact.email, contact.phone, contact.url, *links, *urls) if text
        )

    @property
    def free_facts(self) -> list[UUID]:
        """The facts that belong to no dated entry: skills, certificates, languages, honours, headline and summary."""
        return [id_ for id_ in self._of if id_ not in self._entry_of]

    def lines_of(self, fact_id: UUID, language: str) -> frozenset[str]:
        """What a line that cites this fact says when it is the person's own."""
        entry = self._entry_of.get(fact_id)
        if entry is None:
            return frozenset()
        own = {squeeze(highlight.text) for highlight in entry.highlights if highlight.id == fact_id}
        if entry.id == fact_id and isinstance(entry, Experience):
            own.add(squeeze(entry.summary))
        elif entry.id == fact_id and isinstance(entry, Project):
            own.add(squeeze(entry.description))
        elif entry.id == fact_id and isinstance(entry, Education):
            own.add(phrases_for(language).courses.format(", ".join(entry.courses)))
        return frozenset(own)

    def of_facts(self, fact_ids: Iterable[UUID]) -> Support:
        """What the facts say, and the entries they belong to; their neighbours in the same entry are left out."""
        ids = list(fact_ids)
        entries = {entry.id: entry for id_ in ids if (entry := self._entry_of.get(id_))}
        sources = [source for id_ in dict.fromkeys([*ids, *entries]) for source in self._of.get(id_, ())]
        own = self._of[ids[0]][0] if len(ids) == 1 and ids[0] not in entries and self._of.get(ids[0]) else None
        titles = (*_titles(entries.values()), *((own,) if own else ()))
        return Support(tuple(sources), _title_scope(entries.values()), titles, own)

    def of_entries(self, entries: Sequence[Dated], fact_ids: Iterable[UUID] = ()) -> Support:
        """Everything said about the entries, and what further facts say that belong to no entry."""
        ids = {entry.id for entry in entries}
        inside = [id_ for id_, entry in self._entry_of.items() if entry.id in ids]
        free = [id_ for id_ in fact_ids if id_ not in self._entry_of]
        sources = [source for id_ in (*inside, *free, *self._credentials) for source in self._of.get(id_, ())]
        return Support(tuple(sources), _title_scope(entries), (*_titles(entries), *self._certified))

    def entries_named(self, text: str) -> list[Dated]:
        """The entries whose employer, school or project a text names, by full name or without its legal form."""
        entries = {entry.id: entry for entry in self._entry_of.values()}.values()
        called = [(entry, name_of(entry)) for entry in entries]
        return [
            entry for entry, name in called if name and (names(text, name) or names(text, without_legal_form(name)))
        ]

    def _read_entry(self, entry: Dated) -> None:
        self._entry_of[entry.id] = entry
        dates = " ".join(date for date in (entry.start, entry.end) if date)
        if isinstance(entry, Experience):
            head = f"{entry.title}, {entry.employer}, {entry.location}. {entry.description}"
            own = _sources(head, *sentences(entry.summary), ", ".join(entry.skills))
        elif isinstance(entry, Education):
            own = _sources(
                f"{entry.degree}, {entry.area}, {entry.institution}, {entry.location}, {entry.score}",
                ", ".join(entry.courses),
            )
        else:
            head = f"{entry.name}, {entry.role}, {entry.organization}"
            own = _sources(head, *sentences(entry.description), ", ".join(entry.keywords))
        self._of[entry.id] = (*own, *_sources(*_written_dates(dates.split())))
        for highlight in entry.highlights:
            self._entry_of[highlight.id] = entry
            self._of[highlight.id] = _sources(squeeze(highlight.text))

    def _read_lists(self, profile: ProfileContent) -> None:
        for skill in profile.skills:
            self._of[skill.id] = _sources(f"{skill.name}: {', '.join(skill_names(skill))}", skill.level)
        for certification in profile.certifications:
            dates = [date for date in (certification.date, certification.expires) if date]
            self._of[certification.id] = _sources(
                f"{certification.name}, {certification.issuer}", *_written_dates(dates)
            )
        for language in profile.languages:
            self._of[language.id] = _sources(f"{language.name} {language.fluency}")
        for honor in profile.honors:
            dates = [honor.date] if honor.date else []
            self._of[honor.id] = _sources(f"{honor.title}, {honor.issuer}", honor.summary, *_written_dates(dates))


def entries_of(profile: ProfileContent) -> list[Dated]:
    """All dated entries of a profile."""
    return [*profile.experiences, *profile.education, *profile.projects]


def name_of(entry: Dated) -> str:
    """What an entry is called in running text."""
    if isinstance(entry, Experience):
        return squeeze(entry.employer)
    return squeeze(entry.institution if isinstance(entry, Education) else entry.name)


def without_legal_form(company: str) -> str:
    """A company's name as people say it: Acme for Acme Inc."""
    return _LEGAL.sub("", company).strip() or company


def names(text: str, name: str) -> bool:
    """Whether a text contains a name as whole words."""
    return bool(whole_words(name).search(text))


@lru_cache(maxsize=8_192)
def whole_words(name: str) -> re.Pattern[str]:
    """A pattern for a name that is not part of a longer Latin word; Japanese may follow it without a space."""
    return re.compile(rf"(?<![A-Za-zÀ-ɏ0-9]){re.escape(name)}(?![A-Za-zÀ-ɏ0-9])", re.IGNORECASE)


def word_tokens(text: str) -> list[str]:
    """The words of a text in lower case; hyphens, slashes and points part them."""
    return [token.lower() for token in _TOKEN.findall(text)]


@lru_cache(maxsize=16_384)
def source_of(text: str) -> Source:
    """A statement, read."""
    tokens = word_tokens(text)
    joined = {part.lower() for part in re.findall(r"[^\s,;()\"“”„]+", text)}
    # A list of names is believed item by item, where a sentence would need a context for each.
    listed = named_terms(text.partition(": ")[2].split(", ")) if ": " in text else named_terms(text.split(", "))
    return Source(
        text=text,
        words=frozenset([*tokens, *joined, *(token.rstrip(".") for token in joined)]),
        stems=frozenset(stem(token) for token in tokens if len(token) > 2 and token not in FUNCTION_WORDS),
        numbers=numbers_in(text),
        terms=frozenset((*terms_in(text), *listed)),
        scope=scope_of(text),
    )


def _sources(*texts: str) -> tuple[Source, ...]:
    return tuple(source_of(squeeze(text)) for text in texts if text.strip(" ,.:"))


def _written_dates(dates: Iterable[str]) -> list[str]:
    return [date[:4] for date in dates] + list(dates)


def _title_scope(entries: Iterable[Dated]) -> Scope:
    titles = [
        entry.title if isinstance(entry, Experience) else entry.role
        for entry in entries
        if not isinstance(entry, Education)
    ]
    return max((scope_of_title(title) for title in titles), default=Scope.DOING)


def _titles(entries: Iterable[Dated]) -> tuple[Source, ...]:
    titles = (
        entry.title if isinstance(entry, Experience) else entry.role
        for entry in entries
        if not isinstance(entry, Education)
    )
    return _sources(*titles)


def _own_texts(profile: ProfileContent) -> Iterable[str]:
    """The person's own lines and sentences: whatever says exactly this needs no further check."""
    texts = [profile.headline, profile.summary]
    for entry in entries_of(profile):
        texts += [highlight.text for highlight in entry.highlights]
        if isinstance(entry, Experience):
            texts += [entry.summary, entry.title]
        if isinstance(entry, Project):
            texts.append(entry.description)
    for text in texts:
        yield squeeze(text)
        yield from sentences(text)
