"""The write stage with the built-in writer: a ledger of changes, and the documents that it makes of the profile."""

from collections.abc import Iterable
from datetime import date

from jobwise.documents.content import DocumentKind
from jobwise.generation import builtin_writer
from jobwise.generation.assemble import assemble_letter, assemble_resume
from jobwise.generation.types import Change, Draft, MatchReport, Options
from jobwise.jobs.requirements import JobAnalysis
from jobwise.profiles.content import ProfileContent


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
