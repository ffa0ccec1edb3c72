"""One achievement as one sentence, in the grammar of the letter's language.

Where a language's grammar is not bent here, its frames put the person's words behind a colon.
"""

import re
from dataclasses import dataclass
from enum import Enum

from jobwise.generation.builtin_writer.clauses import clause_of, main_sentence
from jobwise.generation.phrases import Phrases
from jobwise.generation.prose import words


class Position(Enum):
    """Where in its paragraph an achievement is told."""

    FIRST = "first"
    AGAIN = "again"
    EARLIER = "earlier"
    """First of an entry that ended before the one told above it."""


@dataclass(frozen=True)
class Telling:
    """A sentence, and how it is built: sentences of one kind may follow each other.

    `quoted` ones frame the words as they are.
    """

    text: str
    kind: str = "told"

    @property
    def quoted(self) -> bool:
        """Whether the person's words had to be framed as a quotation."""
        return self.kind == "quoted"


def tell(phrases: Phrases, text: str, place: str, position: Position, *, current: bool, project: str) -> Telling:
    """An achievement as a sentence. `place` says where ("at Acme", "als Bauleiterin bei Elbbau"); it may be empty.

    `project` is the name of the project it belongs to, "" for a post.
    """
    if phrases.language == "en":
        return _english(phrases, text, place, position, current, project)
    if phrases.language == "de":
        return _german(phrases, text, place, position, current)
    if phrases.language == "ja":
        return _japanese(phrases, text, place, position)
    return _framed(phrases, _uncapitalised(main_sentence(text)), place, position)


def _english(phrases: Phrases, text: str, place: str, position: Position, current: bool, project: str) -> Telling:
    clause = clause_of(text, current, of_project=bool(project))
    again = position is Position.AGAIN
    if clause.kind == "person":
        told = f"I also {clause.text}." if again else f"{place}, I {clause.text}." if place else f"I {clause.text}."
    elif clause.kind == "doing":
        verb = "involves" if current else "involved"
        told = (
            f"It also {verb} {clause.text}." if again else f"my work {place} {verb} {clause.text}.".replace("  ", " ")
        )
    elif clause.kind == "thing" and project:
        told = f"It was also {clause.text}." if again else f"my project {project} was {clause.text}."
    elif clause.kind == "own":
        told = f"{clause.text}."
    else:
        return _framed(phrases, clause.text, place, position)
    if position is Position.EARLIER:
        told = phrases.earlier.format(sentence=told)
    return Telling(capitalised(told), clause.kind)


_FEMININE = re.compile(
    r"^(?:[A-ZÄÖÜ][\wäöüß-]*e\s)?[A-ZÄÖÜ][\wäöüß-]*(?:ung|ion|heit|keit|schaft|tät|nahme|führung|gabe|pflege|analyse)\b"
)
_MASCULINE = re.compile(r"^[\wäöüÄÖÜß-]*(?:[Bb]au|[Bb]etrieb|[Ee]ntwurf|[Ee]insatz|[Vv]ertrieb|[Kk]auf|[Tt]ransport)\b")
_NEUTER = re.compile(
    r"^[\wÄÖÜäöüß-]*(?:[Mm]anagement|[Cc]ontrolling|[Mm]onitoring|[Tt]raining|[Cc]oaching|[Dd]esign)\b"
)
_PAST = words(
    "leitete führte baute erstellte plante senkte steuerte betreute schulte verantwortete entwickelte steigerte "
    "erhöhte verkürzte "
    "schrieb trieb hielt übernahm gewann schuf brachte half prüfte pflegte gestaltete bereitete wickelte setzte "
    "stellte "
    "verhandelte beriet beschaffte verkaufte unterrichtete begleitete gründete arbeitete sparte vermied verbesserte "
    "ermöglichte"
)
_NO_VERB = words("kartierte zertifizierte")


def _german(phrases: Phrases, text: str, place: str, position: Position, current: bool) -> Telling:
    own = main_sentence(text)
    word, _, rest = own.partition(" ")
    verb = word.lower()
    if rest and (verb in _PAST or (verb.endswith("ierte") and verb not in _NO_VERB)):
        if position is Position.AGAIN or not place:
            return Telling(f"Außerdem {verb} ich {rest}.")
        before = "Davor, " if position is Position.EARLIER else ""
        return Telling(
            f"{before}{place if before else capitalised(place)}, {verb} ich {rest}."
            if before
            else f"{capitalised(place)} {verb} ich {rest}."
        )
    article = "die" if _FEMININE.match(own) else "der" if _MASCULINE.match(own) else "das" if _NEUTER.match(own) else ""
    if not article or not place:
        return _framed(phrases, own, place, position)
    starts_with_noun = article != "die" or not re.match(r"^[A-ZÄÖÜ][\wäöüß-]*e\s[A-ZÄÖÜ]", own)
    thing = f"{article} {own if starts_with_noun else _uncapitalised(own)}"
    if position is Position.AGAIN:
        return Telling(f"Hinzu {'kommt' if current else 'kam'} {thing}.")
    if position is Position.EARLIER:
        return Telling(f"Davor gehörte zu meiner Arbeit {place} {thing}.")
    return Telling(f"Zu meiner Arbeit {place} {'zählt' if current else 'zählte'} {thing}.")


def _japanese(phrases: Phrases, text: str, place: str, position: Position) -> Telling:
    own = main_sentence(text)
    if not place or not re.search(r"(?:した|です|ます|ある|いる)$", own):
        return _framed(phrases, own, place, position)
    return Telling(f"また、{own}。" if position is Position.AGAIN else f"{place}では、{own}。")


def _framed(phrases: Phrases, text: str, place: str, position: Position) -> Telling:
    """The words as they stand, in the language's frame for them."""
    frames = {
        Position.FIRST: phrases.quote,
        Position.AGAIN: phrases.quote_again,
        Position.EARLIER: phrases.quote_earlier,
    }
    return Telling(" ".join(frames[position].format(place=place, text=text).split(" ")).replace("  ", " "), "quoted")


def capitalised(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _uncapitalised(text: str) -> str:
    """The text with a small first letter, unless its first word is an abbreviation or a name with a digit."""
    return text if text[1:2].isupper() or text[1:2].isdigit() else text[:1].lower() + text[1:]
