"""Texts as vectors that a model makes: texts of the same meaning point in similar directions, whatever their words.

The other way, which needs no model, is `terms`. Vectors of one way say nothing about those of the other.
"""

from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence

from jobwise.llm.capabilities import EmbeddingCapabilities
from jobwise.llm.embedding import Vector
from jobwise.llm.errors import ErrorKind, ProviderError
from jobwise.llm.router import Router
from jobwise.llm.types import Caller, Texts

#: What a posting or a profile is about stands in so many characters.
_LONGEST_TEXT = 24_000
#: So many tokens go at once to a model whose limit nobody knows.
_USUAL_CALL_TOKENS = 24_000
#: A text is not cut any shorter for a model that finds it too long.
_SHORTEST_TEXT = 500
#: Texts are cut and put together by this; a model that counts more tokens says so, and gets less.
_CHARACTERS_PER_TOKEN = 4
#: These may be about a single text; whoever asks with the others alone gets an answer.
_ABOUT_TEXTS = frozenset({ErrorKind.CONTEXT_TOO_LONG, ErrorKind.REFUSED, ErrorKind.BAD_REQUEST})
#: After so many texts that were refused on their own, with no vector between them, it is not about the texts.
_MOST_REFUSED = 2

_Batch = dict[int, str]


def most_texts(router: Router) -> int:
    """How many texts the model takes at a time; 0 where there is none."""
    return router.embedding.model.capabilities.texts if router.embedding else 0


async def embedded(
    router: Router, texts: Sequence[str], caller: Caller
) -> AsyncGenerator[Mapping[int, Vector | None], None]:
    """The vectors of the texts by their place, call by call, so that what was paid for can be kept at once.

    None stands for a text that the model cannot do anything with: it says so, or takes others as they are.

    Raises: ProviderError, also where nothing shows that what it has refused is to blame; what `Router.embed` raises.
    """
    target = router.embedding
    if target is None:
        return
    waiting, is_of_use = deque(_batches(texts, target.model.capabilities)), False
    refused: dict[int, ProviderError] = {}
    while waiting:
        batch = waiting.popleft()
        try:
            vectors = await router.embed(target, Texts(tuple(batch.values())), caller)
        except ProviderError as error:
            if error.kind not in _ABOUT_TEXTS or (len(refused) >= _MOST_REFUSED and not is_of_use):
                raise
            smaller = _smaller(batch, error.kind)
            waiting.extendleft(reversed(smaller))
            if not smaller:
                refused |= dict.fromkeys(batch, error)
        else:
            is_of_use = True
            yield {place: vector if any(vector) else None for place, vector in zip(batch, vectors, strict=True)}
    for refusal in refused.values():
        if refusal.kind is not ErrorKind.REFUSED and not is_of_use:
            raise refusal
    if refused:
        yield dict.fromkeys(refused)


def _batches(texts: Sequence[str], known: EmbeddingCapabilities) -> Iterator[_Batch]:
    tokens = known.call_tokens or _USUAL_CALL_TOKENS
    longest = min(_LONGEST_TEXT, (known.text_tokens or tokens) * _CHARACTERS_PER_TOKEN)
    room = tokens * _CHARACTERS_PER_TOKEN
    batch: _Batch = {}
    for place, text in enumerate(texts):
        cut = text[:longest]
        if batch and (len(batch) >= known.texts or sum(map(len, batch.values())) + len(cut) > room):
            yield batch
            batch = {}
        batch[place] = cut
    if batch:
        yield batch


def _smaller(batch: _Batch, kind: ErrorKind) -> list[_Batch]:
    """What to ask instead of a batch that was refused; nothing where there is nothing left to try."""
    if len(batch) > 1:
        items = list(batch.items())
        half = len(items) // 2
        return [dict(items[:half]), dict(items[half:])]
    ((place, text),) = batch.items()
    if kind is ErrorKind.CONTEXT_TOO_LONG and len(text) > _SHORTEST_TEXT:
        return [{place: text[: len(text) // 2]}]
    return []
