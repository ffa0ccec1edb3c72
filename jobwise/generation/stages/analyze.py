"""The analyze stage: what the posting asks for. The same text is read once by the same reader, whoever asks."""

import asyncio

from jobwise.generation.inputs import Posting
from jobwise.generation.model_analysis import merged, question
from jobwise.generation.model_calls import Model
from jobwise.generation.notices import READ
from jobwise.generation.prompts import prompt
from jobwise.infra import db
from jobwise.jobs.requirements import JobAnalysis
from jobwise.jobs.service import analysis_for, keep_analysis, kept_analysis
from jobwise.profiles.content import ProfileContent
from jobwise.profiles.redaction import Redaction


async def analyze(posting: Posting, profile: ProfileContent, model: Model | None = None) -> JobAnalysis:
    """The posting's requirements: what the rules find in it, and what a model adds where there is one.

    Nothing of the profile is used but what must not leave with the posting's text. Raises what `model.caller.guard`
    raises.
    """
    text = (posting.content_hash, posting.title, posting.company, posting.location, posting.text)
    rules = await analysis_for(*text)
    if model is None:
        return rules
    readers = [_reader(name) for name in model.links("analyze")]
    if kept := await kept_analysis(posting.content_hash, readers):
        return kept
    redaction = Redaction(profile)
    request = await asyncio.to_thread(question, posting, rules, redaction)
    completion = await model.ask(request, READ)
    if completion is None:
        return rules
    read = await asyncio.to_thread(merged, rules, posting, completion.text, redaction)
    if read is None:
        model.not_usable(READ)
        return rules
    reader = _reader(f"{completion.provider}:{completion.model}")
    # What was paid for is not asked for again because the database was away a moment.
    await db.patiently(lambda: keep_analysis(posting.content_hash, reader, read), model.caller.guard)
    return read


def _reader(link: str) -> str:
    """Under which name the analyses of a model are kept: another prompt is another reader."""
    return f"p{prompt('analyze').version} {link[-90:]}"
