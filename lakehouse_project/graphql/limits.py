"""What a query may ask for, told before anything of it is done.

Its cost is the number of rows that it reads at most: a list costs as many as its page has, and whatever is asked for of each
row is paid for every row. Depth counts selections in each other, fragments included.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from lakehouse_project.kernel.errors import InvalidInput
from lakehouse_project.kernel.slices import MAX_LIMIT

MOST_TOKENS = 10_000
MOST_COMMENTS = 1_000
MOST_CHARACTERS = 500_000
"""Of the text of a query. Whole batches go into its variables."""

MOST_FIELDS = 500
MOST_FRAGMENTS = 50
"""Of a query. Whether fields can be merged is found out for every two of them."""

WHOLE_SCHEMA = 1_000
WRITING = 1_000
"""What it costs to describe the schema, and to write a batch."""

PAGE_SIZES = ("first", "pageSize")
WRAPPERS = ("Connection", "Edge")
"""Types that stand around rows and are none end so."""


class QueryTooLarge(InvalidInput):
    """A query beyond a limit."""

    code = "query_too_large"


@dataclass(frozen=True)
class Limits:
    """What an operator allows."""

    depth: int
    cost: int
    aliases: int


@dataclass(frozen=True)
class Measured:
    """Levels below, and the cost of one object."""

    height: int = 0
    cost: int = 0


@dataclass
class Meter:
    """Measures one operation. Each fragment is measured once, however often it is spread."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    most_depth: int
    _known: dict[str, Measured] = field(default_factory=dict)

    def selections(self, selected: SelectionSetNode | None, parent: Any, depth: int) -> Measured:
        if selected is None:
            return Measured()
        parts = [self._selection(each, parent, depth + 1) for each in selected.selections]
        height = 1 + max((part.height for part in parts), default=0)
        if depth + height > self.most_depth:
            raise QueryTooLarge(
                f"The query is nested deeper than {self.most_depth} levels, which is the limit (GRAPHQL_MAX_DEPTH)."
            )
        return Measured(height, sum(part.cost for part in parts))

    def _selection(self, node: SelectionNode, parent: Any, depth: int) -> Measured:
        if depth > self.most_depth:
            return Measured(height=1)
        match node:
            case FieldNode():
                return self._field(node, parent, depth)
            case FragmentSpreadNode():
                return self._spread(node.name.value, depth)
            case _:
                condition = getattr(node, "type_condition", None)
                within = self.schema.get_type(condition.name.value) if condition else parent
                return self.selections(getattr(node, "selection_set", None), within, depth)

    def _spread(self, name: str, depth: int) -> Measured:
        if name not in self._known and name in self.fragments:
            self._known[name] = Measured()  # while it is measured: a fragment in itself is refused later
            fragment = self.fragments[name]
            within = self.schema.get_type(fragment.type_condition.name.value)
            self._known[name] = self.selections(fragment.selection_set, within, depth)
        return self._known.get(name, Measured())

    def _field(self, node: FieldNode, parent: Any, depth: int) -> Measured:
        if node.name.value.startswith("__"):
            return Measured(cost=WHOLE_SCHEMA if node.selection_set else 0)
        known = parent.fields if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else {}
        found: GraphQLField | None = known.get(node.name.value)
        if found is None:  # validation says so
            return Measured()
        inner = self.selections(node.selection_set, get_named_type(found.type), depth)
        own = self._own_cost(node, parent)
        return Measured(inner.height, self._rows(node, found) * (own + inner.cost))

    def _own_cost(self, node: FieldNode, parent: Any) -> int:
        if parent is self.schema.mutation_type:
            return WRITING
        return 0 if node.selection_set is None or parent.name.endswith(WRAPPERS) else 1

    def _rows(self, node: FieldNode, found: GraphQLField) -> int:
        """How many objects a field has at most: the size of its page, else 1."""
        name = next((name for name in PAGE_SIZES if name in found.args), None)
        if name is None:
            return 1
        given = next((each.value for each in node.arguments or () if each.name.value == name), None)
        size = found.args[name].default_value if given is None else self._number(given)
        return max(1, size) if isinstance(size, int) else MAX_LIMIT

    def _number(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            return self.variables.get(node.name.value)
        return int(node.value) if isinstance(node, IntValueNode) and len(node.value) < 10 else None


def check(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    limits: Limits,
) -> None:
    """Raises `QueryTooLarge` that says what the limit is and how far the query is beyond it."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    fields = [node for node in _nodes(document) if isinstance(node, FieldNode)]
    aliases = sum(1 for node in fields if node.alias)
    _require("aliases", aliases, limits.aliases, " (GRAPHQL_MAX_ALIASES)")
    _require("fields", len(fields), MOST_FIELDS)
    _require("fragments", len(fragments), MOST_FRAGMENTS)
    meter = Meter(schema, fragments, _with_defaults(operation, variables), limits.depth)
    cost = meter.selections(operation.selection_set, _root(schema, operation), 0).cost
    if cost > limits.cost:
        raise QueryTooLarge(
            f"The query costs {cost:,}: it may read as many rows. The limit is {limits.cost:,} (GRAPHQL_MAX_COST). Ask "
            "for smaller pages (`first`), or for fewer lists in each other."
        )


def _require(what: str, count: int, most: int, setting: str = "") -> None:
    if count > most:
        raise QueryTooLarge(f"The query has {count:,} {what}. The limit is {most:,}{setting}.")


def _nodes(document: DocumentNode) -> Iterator[SelectionNode]:
    """Every selection of a document, in no order."""
    waiting: list[Any] = [getattr(node, "selection_set", None) for node in document.definitions]
    while waiting:
        selected = waiting.pop()
        for node in selected.selections if selected else ():
            yield node
            waiting.append(getattr(node, "selection_set", None))


def _with_defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        each.variable.name.value: int(each.default_value.value)
        for each in operation.variable_definitions or ()
        if isinstance(each.default_value, IntValueNode) and len(each.default_value.value) < 10
    }
    return {**defaults, **variables}


def _root(schema: GraphQLSchema, operation: OperationDefinitionNode) -> Any:
    return schema.mutation_type if operation.operation is OperationType.MUTATION else schema.query_type
