"""Limits on what one operation may ask for, measured on the document before anything runs.

One walk measures depth, fields, aliases, directives and cost. Each fragment is measured once and its numbers are
reused at every spread, so that a chain of fragments that spread each other cannot make the walk itself expensive.

The cost is a published formula (docs/graphql.md): an object costs 1, a scalar 0; a list of objects counts ten times,
a connection `first` times (100 where the number comes in a variable); some fields have a price of their own.

All this is before validation, which compares each field with all others of the same name, and so would itself be much.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from jobwise.errors import ErrorCode

MAX_TOKENS = 2000
MAX_CHARACTERS = 60_000
MAX_DEPTH = 14
MAX_FIELDS = 500
MAX_ALIASES = 30
MAX_DIRECTIVES = 50
MAX_COST = 20_000
#: Of fields with fields below them, which are compared with all of theirs; wherever they stand in the document.
MAX_REPEATS = 50

LIST_SIZE = 10
DEFAULT_FIRST = 20
MAX_FIRST = 100

#: Fields that cost more than the object they return: they compute, or run a statement of their own.
PRICES = {
    "Job.analysis": 5,
    "Job.match": 10,
    "Query.matchingJobs": 50,
    "Profile.analytics": 5,
    "Mutation.importProfile": 100,
    "Mutation.importJob": 50,
    "Mutation.analyzeJob": 20,
    "Mutation.startGeneration": 100,
    "__schema": 5_000,
}
#: Lists that are known to be shorter.
SIZES = {
    "Generation.documents": 2,
    "Document.exports": 3,
    "Change.evidence": 3,
    "Change.requirements": 3,
}
_TOTAL_COUNT = 10
_MUTATION = 10


@dataclass(frozen=True)
class Measure:
    """What a selection asks for."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    cost: int = 0

    def __add__(self, other: "Measure") -> "Measure":
        return Measure(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.cost + other.cost,
        )

    def complaints(self) -> list[str]:
        """A sentence for each limit that is exceeded."""
        checks = (
            ("nests", self.depth, MAX_DEPTH, "levels"),
            ("asks for", self.fields, MAX_FIELDS, "fields"),
            ("uses", self.aliases, MAX_ALIASES, "aliases"),
            ("uses", self.directives, MAX_DIRECTIVES, "directives"),
            ("costs", self.cost, MAX_COST, "points"),
        )
        return [
            f"The query {verb} {_capped(value)} {unit}; at most {limit:,} are allowed."
            for verb, value, limit, unit in checks
            if value > limit
        ]


# Chained fragments reach numbers with hundreds of digits; nobody needs to read them.
def _capped(value: int) -> str:
    return f"{value:,}" if value < 10**9 else "over a billion"


@lru_cache(maxsize=128)
def complaints(schema: GraphQLSchema, document: DocumentNode) -> tuple[GraphQLError, ...]:
    """One for every limit that an operation, or the document as a whole, exceeds. Kept like `measures`."""
    found = [
        _too_complex(complaint, cost=min(measure.cost, 10**9), limit=MAX_COST, operation=name)
        for name, measure in measures(schema, document).items()
        for complaint in measure.complaints()
    ]
    repeats = Counter(_parents(document))
    found += [
        _too_complex(f"The document has the field `{name}` {number} times; at most {MAX_REPEATS} are allowed.")
        for name, number in repeats.items()
        if number > MAX_REPEATS
    ]
    return tuple(found)


def _too_complex(message: str, **extensions: Any) -> GraphQLError:
    return GraphQLError(message, extensions={"code": ErrorCode.QUERY_TOO_COMPLEX.value, **extensions})


def _parents(document: DocumentNode) -> Iterator[str]:
    """The names in the answer of all fields that have fields below them, as they are written."""
    waiting: list[Node] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        selected: SelectionSetNode | None = getattr(node, "selection_set", None)
        if selected is not None:
            waiting += selected.selections
            if isinstance(node, FieldNode):
                yield (node.alias or node.name).value


@lru_cache(maxsize=128)
def measures(schema: GraphQLSchema, document: DocumentNode) -> dict[str | None, Measure]:
    """Each operation's measure by its name, and that of fragments that none uses by `...name`.

    Kept, like parsed documents, for the next request with the same text.
    """
    ruler = _Ruler(schema, document)
    found = {
        operation.name.value if operation.name else None: ruler.operation(operation)
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
    }
    return found | ruler.unused()


class _Ruler:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        # A fragment that is being measured counts as empty, which ends cycles; validation reports them.
        self._measured: dict[str, Measure] = {}

    def operation(self, node: OperationDefinitionNode) -> Measure:
        root = self._schema.get_root_type(node.operation)
        return self._selections(node.selection_set, root) + Measure(directives=len(node.directives or ()))

    def unused(self) -> dict[str | None, Measure]:
        """Fragments that no operation so far has led to: they cannot be asked for, but would be validated."""
        return {f"...{name}": self._fragment(name) for name in self._fragments.keys() - self._measured.keys()}

    def _selections(self, node: SelectionSetNode | None, parent: GraphQLCompositeType | None) -> Measure:
        total = Measure()
        for selection in node.selections if node else ():
            total += Measure(directives=len(selection.directives or ()))
            if isinstance(selection, FieldNode):
                total += self._field(selection, parent)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                total += self._selections(
                    selection.selection_set, self._type(condition.name.value) if condition else parent
                )
            elif isinstance(selection, FragmentSpreadNode):
                total += self._fragment(selection.name.value)
        return total

    def _fragment(self, name: str) -> Measure:
        node = self._fragments.get(name)
        if node is None:
            return Measure()
        if name not in self._measured:
            self._measured[name] = Measure()
            self._measured[name] = self._selections(node.selection_set, self._type(node.type_condition.name.value))
        return self._measured[name]

    def _field(self, node: FieldNode, parent: GraphQLCompositeType | None) -> Measure:
        name = node.name.value
        if name.startswith("__"):
            # Introspection has its own depth rule in graphql-core, and its size does not grow with anybody's data.
            return Measure(fields=1, aliases=int(node.alias is not None), cost=PRICES.get(name, 0))
        definition = _definition(parent, name)
        named = get_named_type(definition.type) if definition else None
        inner = self._selections(node.selection_set, named if is_composite_type(named) else None)
        return Measure(
            depth=inner.depth + 1,
            fields=inner.fields + 1,
            aliases=inner.aliases + int(node.alias is not None),
            directives=inner.directives,
            cost=_cost(node, parent, definition, inner.cost),
        )

    def _type(self, name: str) -> GraphQLCompositeType | None:
        named = self._schema.get_type(name)
        return named if is_composite_type(named) else None


def _definition(parent: GraphQLCompositeType | None, name: str) -> GraphQLField | None:
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        fields: dict[str, GraphQLField] = parent.fields
        return fields.get(name)
    return None


def _cost(node: FieldNode, parent: GraphQLCompositeType | None, definition: GraphQLField | None, inner: int) -> int:
    if parent is None or definition is None:
        return inner
    own = PRICES.get(f"{parent.name}.{node.name.value}", _MUTATION if parent.name == "Mutation" else 0)
    if node.name.value == "totalCount":
        return _TOTAL_COUNT
    if not is_composite_type(get_named_type(definition.type)):
        return own
    if "first" in definition.args:
        return own + 1 + _first(node, definition) * max(inner, 1)
    size = SIZES.get(f"{parent.name}.{node.name.value}", LIST_SIZE)
    return own + (1 + inner) * (size if _is_list_of_many(parent, node, definition) else 1)


def _first(node: FieldNode, definition: GraphQLField) -> int:
    for argument in node.arguments or ():
        if argument.name.value == "first":
            if isinstance(argument.value, IntValueNode):
                return min(max(int(argument.value.value), 1), MAX_FIRST)
            return MAX_FIRST
    default = definition.args["first"].default_value
    return default if isinstance(default, int) else DEFAULT_FIRST


def _is_list_of_many(parent: GraphQLCompositeType, node: FieldNode, definition: GraphQLField) -> bool:
    # A connection's `nodes` and `edges` have as many items as its `first` says, which is counted already.
    if is_object_type(parent) and parent.name.endswith("Connection") and node.name.value in ("nodes", "edges"):
        return False
    unwrapped = definition.type.of_type if is_non_null_type(definition.type) else definition.type
    return bool(is_list_type(unwrapped))
