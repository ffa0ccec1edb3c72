"""The write stage: a ledger of changes, by the built-in writer or by a model, and the documents that it makes."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date

from jobwise.documents.content import DocumentKind
from jobwise.generation import builtin_writer, ledger, model_writer
from jobwise.generation.assemble import assemble_letter, assemble_resume
from jobwise.generation.model_brief import Brief
from jobwise.generation.model_calls import Model
from jobwise.generation.model_writer import Proposal
from jobwise.generation.notices import with_authors
from jobwise.generation.types import Author, Change, Draft, MatchReport, Options, Written
from jobwise.jobs.requirements import JobAnalysis
from jobwise.profiles.content import ProfileContent


async def compose(
    profile: ProfileContent,
    analysis: JobAnalysis,
    report: MatchReport,
    options: Options,
    today: date,
    model: Model | None = None,
) -> Written:
    """Tailor with a model where there is one and it answers; whatever it does not propose, the built-in writer writes.

    Raises what `model.caller.guard` raises.
    """
    own = await asyncio.to_thread(builtin_writer.changes_for, profile, analysis, report, options, today)
    found: list[Proposal] = []
    if model:
        brief = await asyncio.to_thread(Brief, profile, analysis, report, options, today)
        found = await model_writer.proposals(brief, own, options.kinds, model, analysis, report)
    kept, proposed = _merged(own, found)
    changes = ledger.numbered([*kept, *proposed])
    draft = await asyncio.to_thread(draft_of, changes, profile, analysis, report, options, today)
    authors = tuple(_author(kind, found) for kind in options.kinds)
    if model:
        model.notices[:] = with_authors(model.notices, authors)
    return Written(draft=draft, authors=authors, proposed=tuple(change.id for change in changes[len(kept) :]))


def authors_of(written: Written, draft: Draft) -> tuple[Author, ...]:
    """Who wrote each document of what was delivered: a model only if any of its words stand there."""
    by_models = {change.document for change in draft.changes if change.id in written.proposed}
    return tuple(
        author if author.document in by_models else Author(document=author.document) for author in written.authors
    )


def write(profile: ProfileContent, analysis: JobAnalysis, report: MatchReport, options: Options, today: date) -> Draft:
    """Tailor without a model: deterministic, in the person's own words. `options.instructions` are for models alone."""
    changes = builtin_writer.changes_for(profile, analysis, report, options, today)
    return draft_of(changes, profile, analysis, report, options, today)


def draft_of(
    changes: Iterable[Change],
    profile: ProfileContent,
    analysis: JobAnalysis,
    report: MatchReport,
    options: Options,
    today: date,
) -> Draft:
    """The documents that a ledger makes of a profile, whoever wrote it: the built-in writer, a model or the person."""
    held = tuple(changes)
    resume = letter = None
    if DocumentKind.RESUME in options.kinds:
        language = builtin_writer.resume_language(profile, options)
        resume = assemble_resume(profile, held, report.fact_scores, language)
    if DocumentKind.COVER_LETTER in options.kinds:
        language = builtin_writer.voice_for(profile, options).phrases.language
        letter = assemble_letter(profile, held, analysis, language, options.tone, today)
    return Draft(resume=resume, letter=letter, changes=held)


def _merged(own: Sequence[Change], found: Sequence[Proposal]) -> tuple[list[Change], list[Change]]:
    """The built-in writer's changes where a model has none, and the model's; a letter is all of one or of the other."""
    proposed = [change for proposal in found for change in proposal.changes]
    paths = {change.path for change in proposed}
    letter_is_written = any(change.document is DocumentKind.COVER_LETTER for change in proposed)
    kept = [
        change
        for change in own
        if change.path not in paths and not (letter_is_written and change.document is DocumentKind.COVER_LETTER)
    ]
    return kept, proposed


def _author(kind: DocumentKind, found: Sequence[Proposal]) -> Author:
    used = next((one.completion for one in found if one.document is kind and one.changes), None)
    return Author(document=kind, provider=used.provider, model=used.model) if used else Author(document=kind)
