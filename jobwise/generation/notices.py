"""What a person is told of what was done without a model: which part, by whom instead, and why."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from jobwise.documents.content import DocumentKind
from jobwise.generation.types import Author, Notice

#: Why, where no model has given a whole answer.
NO_ANSWER = "No model could help"
#: Why, where models have answered and nothing of it was of use.
NOT_USABLE = "No model gave words that could be used"

READ = "the built-in rules alone read the posting"
_WROTE = "the built-in writer wrote "
_WRITTEN_IN_PART = {
    DocumentKind.RESUME: f"{_WROTE}a part of the résumé",
    DocumentKind.COVER_LETTER: f"{_WROTE}a part of the cover letter",
}
_WRITTEN = {
    DocumentKind.RESUME: f"{_WROTE}the résumé",
    DocumentKind.COVER_LETTER: f"{_WROTE}the cover letter",
}
_PUT_RIGHT = {
    DocumentKind.RESUME: "the built-in rules put right what was refused of the résumé",
    DocumentKind.COVER_LETTER: "the built-in rules put right what was refused of the cover letter",
}


def written_in_part(kind: DocumentKind) -> str:
    """What happens where a call for a document, or for a part of it, has given nothing."""
    return _WRITTEN_IN_PART[kind]


def put_right(kind: DocumentKind) -> str:
    """What happens where the question for other words in the place of refused ones has given nothing."""
    return _PUT_RIGHT[kind]


def with_authors(notices: Iterable[Notice], authors: Collection[Author]) -> list[Notice]:
    """The notices as far as is known who wrote each document: of what the built-in writer wrote alone, no part did."""
    alone = [author.document for author in authors if not author.model]
    whole = {_WRITTEN_IN_PART[kind]: _WRITTEN[kind] for kind in alone}
    known = [notice.model_copy(update={"instead": whole.get(notice.instead, notice.instead)}) for notice in notices]
    said = {notice.instead for notice in known}
    return known + [Notice(instead=_WRITTEN[kind], why=NOT_USABLE) for kind in alone if _WRITTEN[kind] not in said]


def sentences(notices: Iterable[Notice]) -> list[str]:
    """One sentence for each reason, with everything that it holds for.

    Reasons that are a part of another one's count as the same: a link that has failed is not asked again at once.
    """
    told = list(notices)
    longest = sorted(((notice.why, notice.reasons) for notice in told), key=lambda reason: -len(reason[1]))
    parts: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for notice in told:
        same = next(key for key in longest if key[0] == notice.why and set(notice.reasons) <= set(key[1]))
        parts[same].append(notice.instead)
    return [_sentence(*reason, [*filter(None, dict.fromkeys(instead))]) for reason, instead in parts.items()]


def _sentence(why: str, reasons: Sequence[str], instead: Sequence[str]) -> str:
    because = f" ({'; '.join(reasons)})" if reasons else ""
    then = f": {_listing(instead)}" if instead else ""
    return f"{why.removesuffix('.')}{because}{then}."


def _listing(parts: Sequence[str]) -> str:
    """All parts; who wrote one and the next is named once."""
    said = [
        part.removeprefix(_WROTE) if before.startswith(_WROTE) else part
        for before, part in zip(("", *parts), parts, strict=False)
    ]
    return " and ".join((", ".join(said[:-1]), said[-1])) if len(said) > 1 else said[0]
