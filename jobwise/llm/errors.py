"""How a model call fails. Adapters turn everything that providers and the network do into these kinds."""

from dataclasses import dataclass
from enum import StrEnum


class ErrorKind(StrEnum):
    """What went wrong, by what can be done about it."""

    AUTH = "AUTH"
    """The key is missing, wrong or may not use this model."""
    QUOTA = "QUOTA"
    """Nothing is left to spend; waiting a little does not help."""
    RATE_LIMIT = "RATE_LIMIT"
    """Too many calls just now; `retry_after` says for how long."""
    OVERLOADED = "OVERLOADED"
    """The provider has a problem or too much to do."""
    CONTEXT_TOO_LONG = "CONTEXT_TOO_LONG"
    """The prompt is too long for this model."""
    REFUSED = "REFUSED"
    """The model or a filter declined to answer."""
    NO_ROOM = "NO_ROOM"
    """The model has thought and said nothing, and would again; all of its tokens may have gone into that."""
    BAD_REQUEST = "BAD_REQUEST"
    """The provider does not take the request: something in it is wrong, or wrong for this provider."""
    UNKNOWN_MODEL = "UNKNOWN_MODEL"
    """There is no such model."""
    ADDRESS = "ADDRESS"
    """What answers at this address is not what it was thought to be."""
    TIMEOUT = "TIMEOUT"
    """No connection, no first word, no next word or no end in time."""
    CONNECTION = "CONNECTION"
    """The provider could not be reached."""
    PROTOCOL = "PROTOCOL"
    """The answer broke off or is not what the protocol says."""
    SPENDING = "SPENDING"
    """A ceiling of our own does not allow the call."""
    PACED = "PACED"
    """Our own limit of calls a minute is reached; `retry_after` says for how long."""


_FOR_PEOPLE = {
    ErrorKind.AUTH: "its key is not accepted",
    ErrorKind.QUOTA: "nothing is left to spend there",
    ErrorKind.RATE_LIMIT: "it takes no more calls just now",
    ErrorKind.OVERLOADED: "it has a fault or too much to do",
    ErrorKind.CONTEXT_TOO_LONG: "profile and posting are too long for it",
    ErrorKind.REFUSED: "it declined to answer",
    ErrorKind.NO_ROOM: "it thought and said nothing",
    ErrorKind.BAD_REQUEST: "it did not accept the request",
    ErrorKind.UNKNOWN_MODEL: "it does not know the model",
    ErrorKind.ADDRESS: "its address is wrong",
    ErrorKind.TIMEOUT: "it did not answer in time",
    ErrorKind.CONNECTION: "it could not be reached",
    ErrorKind.PROTOCOL: "its answer broke off",
    ErrorKind.PACED: "no more calls to it are allowed this minute",
}


class ProviderError(Exception):
    """One call to one provider has failed. `retry_after` is in seconds, None where the provider gave none."""

    def __init__(self, kind: ErrorKind, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.retry_after = retry_after


@dataclass(frozen=True)
class Failure:
    """A link of the chain that did not answer, and why."""

    provider: str
    model: str
    error: ProviderError

    def __str__(self) -> str:
        return f"{self.provider}:{self.model} {self.error}"

    @property
    def reason(self) -> str:
        """For people, without what the provider itself says: that is for the log."""
        error = self.error
        return f"{self.provider}:{self.model}: {_FOR_PEOPLE.get(error.kind) or error.message}"


class LlmUnavailable(Exception):
    """No model of the chain has answered."""

    def __init__(self, failures: tuple[Failure, ...]) -> None:
        super().__init__("; ".join(map(str, failures)) or "the chain is empty")
        self.failures = failures

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was wrong with each of those that were asked, for people; empty where nobody could be asked in time."""
        return tuple(dict.fromkeys(failure.reason for failure in self.failures))
