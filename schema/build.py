"""The schema, put together from what each feature offers."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.accounts import AccountMutations
from schema.documents.operations import DocumentMutations, DocumentQueries
from schema.errors import HANDLERS
from schema.execution import EXTENSIONS, JobWiseSchema
from schema.generation.operations import GenerationMutations, GenerationQueries, GenerationSubscriptions
from schema.jobs.mutations import JobMutations
from schema.jobs.queries import JobQueries
from schema.nodes import NodeQueries
from schema.profiles.mutations import ProfileMutations
from schema.profiles.queries import ProfileQueries
from schema.providers import ProviderMutations, ProviderQueries
from schema.scalars import SCALARS
from schema.viewer import ViewerQueries


@strawberry.type(description="Everything that can be read.")
class Query(
    ViewerQueries, NodeQueries, ProfileQueries, JobQueries, GenerationQueries, DocumentQueries, ProviderQueries
):
    """The root of queries."""


@strawberry.type(description="Everything that can be changed. Each result says what went wrong, if anything did.")
class Mutation(
    AccountMutations, ProfileMutations, JobMutations, GenerationMutations, DocumentMutations, ProviderMutations
):
    """The root of mutations."""


@strawberry.type(description="Everything that can be followed live, over a websocket.")
class Subscription(GenerationSubscriptions):
    """The root of subscriptions."""


schema = JobWiseSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    extensions=EXTENSIONS,
    exception_handlers=HANDLERS,
    config=StrawberryConfig(scalar_map=SCALARS),
)
