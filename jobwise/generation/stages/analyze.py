"""The analyze stage: what the posting asks for. The same text is read once, whoever asks."""

from jobwise.generation.inputs import Posting
from jobwise.jobs.requirements import JobAnalysis
from jobwise.jobs.service import analysis_for


async def analyze(posting: Posting) -> JobAnalysis:
    """The posting's requirements, from the store where the same text was read before."""
    return await analysis_for(posting.content_hash, posting.title, posting.company, posting.location, posting.text)
