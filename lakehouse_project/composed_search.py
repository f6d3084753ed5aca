"""The composition of the search engines: PostgreSQL alone, or a search server in front of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import time

import wireup
from django.db import transaction
from django.utils import timezone

from lakehouse_project.env import Env, env
from search import services as search
from search.breaker import Breaker
from search.collections import Collections
from search.differences import Differences
from search.domain import Index
from search.embedding import Embedder, StaticEmbedder
from search.engines.fallback import FallbackSearcher
from search.engines.postgres import PostgresSearcher
from search.engines.typesense.client import TypesenseClient
from search.engines.typesense.index import SCHEMA, TypesenseIndex
from search.engines.typesense.searcher import NAME, TypesenseSearcher
from search.errors import NoMirror
from search.onnx import OnnxEmbedder
from search.outbox import Outbox
from search.ports import Searcher
from search.repositories import Meanings
from search.services.comparing import Compare
from search.services.sweeping import GRACE, DropUnknown
from search.services.wording import GiveSynonyms


@wireup.injectable
def embedder() -> Embedder:
    """Raises EmbedderUnusable."""
    kind, _, folder = env().embedder.partition(":")
    return OnnxEmbedder(Path(folder).expanduser().absolute()) if kind == "onnx" else StaticEmbedder()


@wireup.injectable
def typesense(meaning: Embedder) -> TypesenseIndex:
    return TypesenseIndex(client=_client(env()), prefix=env().typesense_prefix, dims=meaning.dims)


@wireup.injectable
def collections(meaning: Embedder) -> Collections:
    server = f"{env().typesense_url} {env().typesense_prefix}".strip()
    return Collections(server=server, layout=SCHEMA, embedder=meaning.id)


@wireup.injectable
def outbox(meaning: Embedder) -> Outbox:
    return Outbox(meaning.id)


@wireup.injectable
def breaker() -> Breaker:
    return Breaker(NAME)


@wireup.injectable
def searcher(broken: Breaker, known: Collections, meaning: Embedder) -> Searcher:
    embedded = PostgresSearcher(atomic=transaction.atomic, embedder=meaning.id)
    if env().typesense_url is None:
        return embedded
    server = TypesenseSearcher(client=_client(env()), prefix=env().typesense_prefix)
    return FallbackSearcher(server=server, embedded=embedded, breaker=broken, collections=known)


@wireup.injectable
def find_documents(engine: Searcher, meaning: Embedder) -> search.FindDocuments:
    return search.FindDocuments(searcher=engine, embedder=meaning)


@wireup.injectable
def find_similar(engine: Searcher, meaning: Embedder) -> search.FindSimilar:
    return search.FindSimilar(searcher=engine, meanings=Meanings(meaning.id))


@wireup.injectable
def compare(waiting: Outbox, index: TypesenseIndex) -> Compare:
    return Compare(outbox=waiting, admin=index, differences=Differences())


@wireup.injectable
def rebuild_indexes(
    waiting: Outbox, known: Collections, index: TypesenseIndex, comparison: Compare
) -> search.RebuildIndexes:
    return search.RebuildIndexes(
        outbox=waiting,
        collections=known,
        writer=index,
        admin=index,
        compare=comparison,
        give_synonyms=GiveSynonyms(admin=index, collections=known),
        stamp=lambda: _stamp(timezone.now()),
    )


def _stamp(at: datetime) -> str:
    """Sorts as the times do."""
    return at.strftime("%Y%m%d%H%M%S%f")


@wireup.injectable
def send_changes(waiting: Outbox, known: Collections, index: TypesenseIndex) -> search.SendChanges:
    return search.SendChanges(outbox=waiting, collections=known, writer=index)


@wireup.injectable
def mirror_changes(
    broken: Breaker,
    index: TypesenseIndex,
    known: Collections,
    rebuild: search.RebuildIndexes,
    send: search.SendChanges,
) -> search.MirrorChanges:
    return search.MirrorChanges(
        breaker=broken,
        admin=index,
        collections=known,
        rebuild=rebuild,
        give_synonyms=GiveSynonyms(admin=index, collections=known),
        send=send,
        drop_unknown=DropUnknown(
            admin=index, collections=known, oldest=lambda: _stamp(timezone.now() - GRACE)
        ),
    )


@wireup.injectable
def reconcile(
    comparison: Compare, known: Collections, waiting: Outbox, index: TypesenseIndex
) -> search.Reconcile:
    return search.Reconcile(compare=comparison, collections=known, outbox=waiting, writer=index)


@wireup.injectable
def describe_engine(
    engine: Searcher, broken: Breaker, waiting: Outbox, known: Collections
) -> search.DescribeEngine:
    is_mirrored = env().typesense_url is not None
    return search.DescribeEngine(
        searcher=engine, breaker=broken, outbox=waiting, collections=known if is_mirrored else None
    )


@wireup.injectable
def issue_browser_key(index: TypesenseIndex) -> search.IssueBrowserKey:
    return search.IssueBrowserKey(
        issuer=index,
        url=env().typesense_public_url or index.client.url,
        secret=env().secret("django_secret_key"),
        now=time,
    )


@contextmanager
def evaluated_server(meaning: Embedder, prefix: str) -> Iterator[Searcher]:
    """The search server with the documents of the rows in a collection of its own, which is dropped at the end."""
    client = _client(env())
    index, which = TypesenseIndex(client=client, prefix=prefix, dims=meaning.dims), Index("document")
    name = index.name_for(which, "1")
    try:
        index.create(which, name)
        index.point(which, name)
        search.FillCollection(outbox=Outbox(meaning.id), writer=index)(which, name)
        yield TypesenseSearcher(client=client, prefix=prefix)
    finally:
        index.release(which)
        index.drop(name)
        client.close()


def _client(configured: Env) -> TypesenseClient:
    """Raises NoMirror where no search server is configured."""
    if configured.typesense_url is None or configured.typesense_api_key is None:
        raise NoMirror("There is no search server: set TYPESENSE_URL and TYPESENSE_API_KEY.")
    return TypesenseClient(
        url=configured.typesense_url,
        key=configured.typesense_api_key.get_secret_value(),
        search_seconds=configured.typesense_timeout_seconds,
        write_seconds=configured.typesense_write_timeout_seconds,
    )


FACTORIES = (
    embedder,
    typesense,
    collections,
    outbox,
    breaker,
    searcher,
    find_documents,
    find_similar,
    compare,
    rebuild_indexes,
    send_changes,
    mirror_changes,
    reconcile,
    describe_engine,
    issue_browser_key,
)
