"""What a generation works on: stored with it when it is accepted, so that no later edit can break it."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from jobwise.generation.types import Options
from jobwise.profiles.content import ProfileContent


class Posting(BaseModel):
    """The posting as it was then."""

    model_config = ConfigDict(frozen=True)

    title: str
    company: str = ""
    location: str = ""
    text: str
    content_hash: str


class Inputs(BaseModel):
    """All of it. `accepted_at` is the only clock of the stages: a resumed generation writes the same letter."""

    model_config = ConfigDict(frozen=True)

    profile: ProfileContent
    posting: Posting
    options: Options
    accepted_at: datetime

    @property
    def today(self) -> date:
        """The day that the letter is dated, and from which durations are counted."""
        return self.accepted_at.date()
