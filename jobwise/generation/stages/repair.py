"""A step of the verify stage: what the fact gate refuses of a model's words goes back to a model, once, with why.

It is kept apart from the stage's own output, since it is the expensive part: who resumes does not ask again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from jobwise.documents.content import DocumentKind
from jobwise.generation import model_repair
from jobwise.generation.model_brief import Brief
from jobwise.generation.model_calls import Model
from jobwise.generation.model_repair import Refusal
from jobwise.generation.stages.verify import refusals
from jobwise.generation.types import Finding, MatchReport, Options, Repairs, Written
from jobwise.jobs.requirements import JobAnalysis
from jobwise.profiles.content import ProfileContent


async def repair(
    written: Written,
    profile: ProfileContent,
    analysis: JobAnalysis,
    report: MatchReport,
    options: Options,
    today: date,
    model: Model,
) -> Repairs:
    """Other words for those of a model's changes that do not hold; nothing where all hold or none answers.

    Whether they hold is decided by `verify`. Raises what `model.caller.guard` raises.
    """
    found = await asyncio.to_thread(refusals, written.draft, profile, analysis, report, options, today)
    refused = _by_models(written, found)
    if not refused:
        return Repairs()
    brief = await asyncio.to_thread(Brief, profile, analysis, report, options, today)
    letter = [change for change in written.draft.changes if change.document is DocumentKind.COVER_LETTER]
    return await model_repair.repairs(brief, refused, letter, model, analysis, report)


def _by_models(written: Written, found: Sequence[Finding]) -> list[Refusal]:
    reasons: dict[str, list[str]] = defaultdict(list)
    for finding in found:
        reasons[finding.path].append(finding.message)
    return [
        Refusal(change, tuple(dict.fromkeys(reasons[change.path])))
        for change in written.draft.changes
        if change.id in written.proposed and change.path in reasons
    ]
