"""What a search server has to be able to do. All of it raises EngineUnavailable, EngineRefused or EngineRejected."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from search.domain import Capabilities, Delivery, DocumentId, Found, Index, Stored
from search.embedding import Vectors
from search.query import SearchQuery


class Searcher(Protocol):
    """An engine that answers queries."""

    def capabilities(self) -> Capabilities: ...

    def search(self, query: SearchQuery, meaning: Vectors | None) -> Found:
        """One page of hits. `meaning` is the embedded text, None in keyword mode or where there is no text."""

    def similar(self, query: SearchQuery, meaning: Vectors | None) -> Found:
        """The records most like the one that `query.like` names, without it. `meaning` is its own; None: it has none."""


class IndexWriter(Protocol):
    """Puts passages into a collection and takes them out again. Doing so twice is as good as once."""

    def write(self, collection: str, index: Index, rows: Sequence[Stored]) -> Delivery:
        """Insert or replace. What the server refuses is told document by document; the others are in."""

    def remove(self, collection: str, addresses: Sequence[DocumentId]) -> None:
        """What is not there is no error."""

    def remove_keys(self, collection: str, keys: Sequence[str]) -> None:
        """By the server's own ids."""


class IndexAdmin(Protocol):
    """Makes, compares, swaps and drops collections."""

    def name_for(self, index: Index, stamp: str) -> str:
        """The name of a new collection."""

    def create(self, index: Index, collection: str) -> None:
        """Raises CollectionExists."""

    def drop(self, collection: str) -> None:
        """One that is not there is no error."""

    def count(self, collection: str) -> int:
        """Documents in it. Raises CollectionMissing."""

    def point(self, index: Index, collection: str) -> None:
        """Let queries go to `collection` from now on, all at once. Raises CollectionMissing."""

    def pointed(self, index: Index) -> str | None:
        """The collection that queries go to."""

    def define_synonyms(self, collection: str, groups: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """Let the collection have these groups and no other. Gives those that the server does not take, with its reasons."""

    def unused(self) -> Sequence[tuple[str, str]]:
        """Collections that no alias leads to, with their stamps; none but those with names as `name_for` makes them."""

    def versions(self, collection: str) -> Iterator[tuple[str, str]]:
        """Id and version of every document."""

    def address_of(self, key: str) -> DocumentId | None:
        """What a server's id stands for; None where it is none of ours."""

    def check(self) -> str:
        """In words, what answers at which address."""
