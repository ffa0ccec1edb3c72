"""What a call costs, from a price list that comes with the product: nothing is looked up anywhere.

A price that is not known stays unknown (None); it is never taken for nothing.
"""

import asyncio
from decimal import Decimal

from jobwise.llm.types import Question, Usage

# Providers whose price list has another name; all others have the same name there, or none.
_NAMES_IN_LIST = {"gemini": "google", "xai": "x-ai"}
# Names that stand for whatever server somebody runs.
_UNPRICED = frozenset({"local"})
#: No tokenizer makes more tokens of a text, short of pure noise.
_FEWEST_BYTES_PER_TOKEN = 2
_MICRO = Decimal("0.000001")


async def load() -> None:
    """Read the price list, which takes half a second, without holding up the event loop."""
    await asyncio.to_thread(cost, "openai", "", Usage())


def cost(provider: str, model: str, usage: Usage) -> Decimal | None:
    """US dollars, to the millionth; None where the price is not known."""
    if provider in _UNPRICED:
        return None
    return _calculated(provider, model, usage.input, min(usage.cached, usage.input), usage.output)


def worst_cost(provider: str, model: str, question: Question) -> Decimal | None:
    """The most that a question can cost: nothing cached, and an answer as long as it may be."""
    asked = sum(len(part.encode()) for part in question.parts)
    tokens = -(-asked // _FEWEST_BYTES_PER_TOKEN)
    return cost(provider, model, Usage(input=tokens, output=question.max_output_tokens))


def _calculated(provider: str, model: str, input_: int, cached: int, output: int) -> Decimal | None:
    # Half a second, which commands that ask no model need not wait.
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    counted = Counted(input_tokens=input_, cache_read_tokens=cached, output_tokens=output)
    try:
        price = calc_price(counted, model_ref=model, provider_id=_NAMES_IN_LIST.get(provider, provider))
    except LookupError:
        return None
    # Some models of the list have no price of their own; nobody sells tokens for nothing.
    return price.total_price.quantize(_MICRO) if price.total_price or not (input_ or output) else None
