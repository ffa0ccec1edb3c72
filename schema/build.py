"""The schema, put together from what each feature offers."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.accounts import AccountMutations
from schema.errors import HANDLERS
from schema.execution import EXTENSIONS, JobWiseSchema
from schema.nodes import NodeQueries
from schema.profiles.mutations import ProfileMutations
from schema.profiles.queries import ProfileQueries
from schema.scalars import SCALARS
from schema.viewer import ViewerQueries


@strawberry.type(description="Everything that can be read.")
class Query(ViewerQueries, NodeQueries, ProfileQueries):
    """The root of queries."""


@strawberry.type(description="Everything that can be changed. Each result says what went wrong, if anything did.")
class Mutation(AccountMutations, ProfileMutations):
    """The root of mutations."""


schema = JobWiseSchema(
    query=Query,
    mutation=Mutation,
    extensions=EXTENSIONS,
    exception_handlers=HANDLERS,
    config=StrawberryConfig(scalar_map=SCALARS),
)
