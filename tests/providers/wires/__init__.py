"""The protocols that the scripted provider speaks, one module each, and which of them answers at which address."""

from tests.providers.wires.anthropic import AnthropicWire
from tests.providers.wires.base import Asked, Call, Refused, Wire
from tests.providers.wires.gemini import GeminiWire
from tests.providers.wires.openai import OpenAiWire
from tests.providers.wires.personas import PERSONAS

__all__ = ["WIRES", "Asked", "Call", "Refused", "Wire"]

#: By the first part of the path; without one of these it is OpenAI that is asked.
WIRES: dict[str, Wire] = {
    "anthropic": AnthropicWire(),
    "gemini": GeminiWire(),
    **{persona.name: OpenAiWire(persona) for persona in PERSONAS},
}
