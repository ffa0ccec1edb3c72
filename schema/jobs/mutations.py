"""Changes of postings in the API."""

from typing import Annotated

import strawberry

from jobwise.errors import FieldError
from jobwise.errors import ValidationFailed as Invalid
from jobwise.jobs import models, queries, service
from schema import ids
from schema.context import Info
from schema.deletion import WHICH, DeleteInput, DeleteResult, DeleteSuccess
from schema.errors import Conflict, NotFound, PostingUnreadable, ValidationFailed
from schema.inputs import given
from schema.jobs import inputs
from schema.jobs.types import Job, SavedJob


@strawberry.type(description="The posting as it is now.")
class JobSuccess:
    """Result of what makes or changes a posting."""

    job: Job = strawberry.field(description="The posting.")


@strawberry.type(description="The posting is on your list.")
class SavedJobSuccess:
    """Result of `saveJob` and `updateSavedJob`."""

    saved_job: SavedJob = strawberry.field(description="Its place on your list.")


@strawberry.type(description="The posting is off your list.")
class UnsaveJobSuccess:
    """Result of `unsaveJob`."""

    job_id: strawberry.ID = strawberry.field(description="Id of the posting.")


JobResult = Annotated[
    JobSuccess | ValidationFailed | PostingUnreadable | NotFound | Conflict,
    strawberry.union("JobResult", description="What mutations of a posting answer."),
]
SavedJobResult = Annotated[
    SavedJobSuccess | ValidationFailed | NotFound,
    strawberry.union("SavedJobResult", description="What `saveJob` and `updateSavedJob` answer."),
]
UnsaveJobResult = Annotated[
    UnsaveJobSuccess | NotFound, strawberry.union("UnsaveJobResult", description="What `unsaveJob` answers.")
]

_CHANGES = strawberry.argument(description="What to change.")


@strawberry.type
class JobMutations:
    """Fields of the root type Mutation."""

    @strawberry.mutation(description="Keep a posting that was typed in.")
    async def create_job(
        self, info: Info, input: Annotated[inputs.CreateJobInput, strawberry.argument(description="The posting.")]
    ) -> JobResult:
        """To have one read from its text, there is `importJob`."""
        return JobSuccess(
            job=Job.of(await service.create_manual(info.context.viewer, service.JobInput(**given(input))))
        )

    @strawberry.mutation(description="Read a posting from text, a page's source or JSON, and keep it.")
    async def import_job(
        self, info: Info, input: Annotated[inputs.ImportJobInput, strawberry.argument(description="What to read.")]
    ) -> JobResult:
        """Nothing is fetched from anywhere."""
        return JobSuccess(job=Job.of(await _imported(info, input)))

    @strawberry.mutation(description="Change a posting. Other words are analysed anew.")
    async def update_job(self, info: Info, input: Annotated[inputs.UpdateJobInput, _CHANGES]) -> JobResult:
        """Fields that are left out stay."""
        values = service.JobInput(**given(input, without=("id",)))
        return JobSuccess(job=Job.of(await service.update(info.context.viewer, ids.decode(input.id, "Job"), values)))

    @strawberry.mutation(description="Delete a posting. Documents made for it stay.")
    async def delete_job(self, info: Info, input: Annotated[DeleteInput, WHICH]) -> DeleteResult:
        """For good."""
        await service.delete(info.context.viewer, ids.decode(input.id, "Job"))
        return DeleteSuccess(deleted_id=input.id)

    @strawberry.mutation(description="Say whether a posting is still of interest.")
    async def set_job_status(self, info: Info, input: Annotated[inputs.SetJobStatusInput, _CHANGES]) -> JobResult:
        """Any status may follow any other."""
        key = ids.decode(input.id, "Job")
        return JobSuccess(job=Job.of(await service.set_status(info.context.viewer, key, input.status)))

    @strawberry.mutation(description="Read a posting: what does it ask for? The answer is in `job.analysis`.")
    async def analyze_job(self, info: Info, input: Annotated[inputs.AnalyzeJobInput, WHICH]) -> JobResult:
        """A posting whose text has been read before costs nothing."""
        row = await queries.get(info.context.viewer, ids.decode(input.id, "Job"))
        await info.context.loaders.analyses.load(row)
        return JobSuccess(job=Job.of(row))

    @strawberry.mutation(description="Put a posting on your list.")
    async def save_job(
        self,
        info: Info,
        input: Annotated[inputs.SaveJobInput, strawberry.argument(description="Which one, and notes.")],
    ) -> SavedJobResult:
        """Saving it twice changes the notes."""
        saved = await service.save(info.context.viewer, ids.decode(input.job_id, "Job"), input.notes)
        return SavedJobSuccess(saved_job=SavedJob.of(saved))

    @strawberry.mutation(description="Change your notes about a posting on your list.")
    async def update_saved_job(self, info: Info, input: Annotated[inputs.SaveJobInput, _CHANGES]) -> SavedJobResult:
        """NotFound when it is not on the list."""
        saved = await service.update_saved(info.context.viewer, ids.decode(input.job_id, "Job"), input.notes)
        return SavedJobSuccess(saved_job=SavedJob.of(saved))

    @strawberry.mutation(description="Take a posting off your list. The posting stays.")
    async def unsave_job(self, info: Info, input: Annotated[inputs.UnsaveJobInput, WHICH]) -> UnsaveJobResult:
        """NotFound when it is not on the list."""
        await service.unsave(info.context.viewer, ids.decode(input.job_id, "Job"))
        return UnsaveJobSuccess(job_id=input.job_id)


async def _imported(info: Info, input: inputs.ImportJobInput) -> models.Job:
    viewer = info.context.viewer
    if sum(source is not None for source in (input.text, input.html, input.json)) != 1:
        raise Invalid([FieldError("input", "Give exactly one of text, html and json.")])
    if input.html is not None:
        return await service.create_from_html(viewer, input.html, input.url)
    if input.json is not None:
        return await service.create_from_json(viewer, input.json)
    return await service.create_from_text(viewer, input.text or "")
