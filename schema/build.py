"""The schema, put together from what each feature offers. A new field is one line in its feature's module."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.accounts import AccountMutations
from schema.errors import HANDLERS
from schema.execution import EXTENSIONS, JobWiseSchema
from schema.scalars import SCALARS


@strawberry.type(description="Everything that can be read. Fields other than `templates` need a signed-in person.")
class Query:
    @strawberry.field(description="x")
    def hello(self) -> str:
        return "x"


@strawberry.type(description="Everything that can be changed. Each mutation says in its result what went wrong, if anything.")
class Mutation(AccountMutations):
    """The root of mutations."""


schema = JobWiseSchema(
    query=Query,
    mutation=Mutation,
    extensions=EXTENSIONS,
    exception_handlers=HANDLERS,
    config=StrawberryConfig(scalar_map=SCALARS),
)
