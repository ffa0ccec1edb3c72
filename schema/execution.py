"""How operations run: parse and validation caches, limits, the reported cost, no operation without a clear name."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLFieldResolver,
    GraphQLResolveInfo,
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
)
from strawberry import Schema
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, SchemaExtension, ValidationCache
from strawberry.types.execution import ExecutionContext
from strawberry.types.graphql import OperationType

from jobwise.config import Environment
from schema import limits
from schema.context import Context

#: Longest time that a query or mutation may take, in seconds. Subscriptions go on for as long as there are events.
TIMEOUT_SECONDS = 30.0

# Two lists made once: new rule objects for each request would be new keys of the validation cache.
_OPEN: list[type[ASTValidationRule]] = []
_CLOSED: list[type[ASTValidationRule]] = [NoSchemaIntrospectionCustomRule]


class Interrupted(Exception):
    """A part of an operation was cancelled, though nobody had stopped the operation: a bug."""


@contextmanager
def interruptions_named() -> Iterator[None]:
    """Raise Interrupted for a cancellation that is not this task's own; no other handler of errors would see it."""
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Interrupted from error


class JobWiseSchema(Schema):
    """The schema, without Strawberry's own error log: `schema.errors.present` logs what is worth it, with its ids.

    Mutations of one document run one after the other, and what is read below one must not be from before it.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Takes what Strawberry's takes."""
        super().__init__(*arguments, **options)
        if (mutations := self._schema.mutation_type) is not None:
            for field in mutations.fields.values():
                field.resolve = _reading_anew(cast("GraphQLFieldResolver", field.resolve))

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing to do here."""


def _reading_anew(resolve: GraphQLFieldResolver) -> GraphQLFieldResolver:
    def resolver(source: Any, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
        info.context.forget()
        return resolve(source, info, **arguments)

    return resolver


class Rules(AddValidationRules):
    """A validation rule of ours: in production, the schema is shown only to those who are signed in."""

    def __init__(self) -> None:
        super().__init__(_OPEN)

    def on_operation(self) -> Iterator[None]:
        """Choose the rules, before anything is parsed."""
        context: Context = self.execution_context.context
        closed = context.settings.env is Environment.PRODUCTION and context.identity is None
        self.validation_rules = _CLOSED if closed else _OPEN
        yield from super().on_operation()


class Validation(ValidationCache):
    """Refuses what is over the limits without looking at the rest of it, and validates the same text once."""

    def on_validate(self) -> Iterator[None]:
        """Runs in the place of validation."""
        execution = self.execution_context
        document = cast("DocumentNode", execution.graphql_document)
        if complaints := limits.complaints(execution.schema._schema, document):
            execution.pre_execution_errors = list(complaints)
            yield
        else:
            yield from super().on_validate()


class Operations(SchemaExtension):
    """Refuses what is ambiguous, frees subscriptions of the time-out, reports the cost. After the validation cache."""

    def on_validate(self) -> Iterator[None]:
        """Runs around validation, when the cached result is there."""
        execution = self.execution_context
        if not execution.pre_execution_errors and (complaint := _ambiguity(execution)):
            execution.pre_execution_errors = [complaint]
        yield

    def on_execute(self) -> Iterator[None]:
        """Runs around execution; for a subscription, around its start."""
        context: Context = self.execution_context.context
        if context.deadline is not None and self.execution_context.operation_type is OperationType.SUBSCRIPTION:
            context.deadline.reschedule(None)
        yield

    def get_results(self) -> dict[str, Any]:
        """`extensions.cost` of the response."""
        execution = self.execution_context
        if execution.graphql_document is None or _is_subscription(execution):
            return {}
        measure = limits.measures(execution.schema._schema, execution.graphql_document).get(execution.operation_name)
        return {"cost": {"requested": measure.cost, "limit": limits.MAX_COST}} if measure else {}


def _is_subscription(execution: ExecutionContext) -> bool:
    try:
        return execution.operation_type is OperationType.SUBSCRIPTION
    except RuntimeError:
        # There is no operation of the name that was asked for.
        return False


def _ambiguity(execution: ExecutionContext) -> GraphQLError | None:
    definitions = execution.graphql_document.definitions if execution.graphql_document else ()
    operations = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
    if execution._provided_operation_name is None and len(operations) > 1:
        names = ", ".join(node.name.value for node in operations if node.name)
        return GraphQLError(f"Say with `operationName` which operation to run: {names}.")
    return None


EXTENSIONS = [Rules, lambda: MaxTokensLimiter(limits.MAX_TOKENS), ParserCache, Validation, Operations]


def is_import(document: DocumentNode) -> bool:
    """Whether a document does nothing but import a profile, whose body may therefore be large."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1:
        return False
    names = set(_root_fields(operations[0].selection_set, fragments, set()))
    return names == {"importProfile"}


def _root_fields(node: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], seen: set[str]) -> Iterator[str]:
    for selection in node.selections:
        if isinstance(selection, FieldNode):
            yield selection.name.value
        elif isinstance(selection, InlineFragmentNode):
            yield from _root_fields(selection.selection_set, fragments, seen)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
            seen.add(selection.name.value)
            if fragment := fragments.get(selection.name.value):
                yield from _root_fields(fragment.selection_set, fragments, seen)
