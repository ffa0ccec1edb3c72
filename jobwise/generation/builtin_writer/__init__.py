"""The built-in writer: tailors a résumé and a letter without a model, a key or a network.

It is extractive: it chooses, orders and frames the person's own words. The same input gives the same documents.
"""

from datetime import date

from jobwise.documents.content import DocumentKind
from jobwise.generation import ledger
from jobwise.generation.builtin_writer.letter import Voice, letter_changes
from jobwise.generation.builtin_writer.resume import resume_changes
from jobwise.generation.phrases import PHRASES, phrases_for
from jobwise.generation.prose import prose_language
from jobwise.generation.types import Change, MatchReport, Operation, Options, Transform
from jobwise.jobs.requirements import JobAnalysis
from jobwise.profiles.content import ProfileContent


def changes_for(
    profile: ProfileContent, analysis: JobAnalysis, report: MatchReport, options: Options, today: date
) -> tuple[Change, ...]:
    """The ledger that leads from the profile to the documents the options ask for."""
    changes: list[Change] = []
    if DocumentKind.RESUME in options.kinds:
        changes += resume_changes(profile, analysis, report, prose_language(profile), today)
    if DocumentKind.COVER_LETTER in options.kinds:
        voice = voice_for(profile, options)
        changes += letter_changes(profile, analysis, report, options, voice, today)
    return ledger.numbered(changes)


def resume_language(profile: ProfileContent, options: Options) -> str:
    """The language of a résumé's headings and month names: the chosen one, else that of the person's own words."""
    return options.language or prose_language(profile)


def voice_for(profile: ProfileContent, options: Options) -> Voice:
    """The language a letter is written in.

    The built-in writer does not translate. Where the letter's language is not that of the person's prose, or there
    are no
    phrases for it, the letter frames names, titles and skills alone and quotes no sentence, so it never mixes
    languages.
    """
    own = prose_language(profile)
    wanted = options.language or own
    language = wanted if wanted in PHRASES else "en"
    return Voice(phrases_for(language), quotes=language == own, tone=options.tone)


def courtesies(profile: ProfileContent, options: Options) -> list[Change]:
    """A letter that claims and names nothing at all: an application, that a résumé is enclosed, and a courteous end."""
    phrases = voice_for(profile, options).phrases
    texts = [phrases.application("", ""), phrases.enclosed, phrases.farewells[options.tone]]
    return [
        Change(
            id="",
            document=DocumentKind.COVER_LETTER,
            path=ledger.paragraph_path(number),
            op=Operation.ADD,
            value=text,
            reason="A courtesy; it claims nothing.",
            transform=Transform.SYNTHESIZE,
        )
        for number, text in enumerate(texts)
    ]


__all__ = ["changes_for", "courtesies", "resume_language", "voice_for"]
