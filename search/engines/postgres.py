"""The PostgreSQL engine: by words with full text search, by meaning with pgvector, both fused. Nothing to install."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

from django.db import connection

from search.domain import FIELDS, Capabilities, Explanation, Found, Fusion, Hit, Matched
from search.embedding import Vectors
from search.engines.highlight import CLOSE, OPEN, excerpt, marked, unmarked
from search.engines.matching import MOST_RANKED
from search.engines.ranking import NEAREST, Ranking
from search.engines.sql import Sql, fill, value
from search.engines.terms import Terms, Vocabulary, parse
from search.query import SearchQuery

NAME = "postgresql"

# A filter may leave out most of what is near: the scan then goes on until there are enough. Two letters that
# change places leave a short word a quarter of its trigrams. Passages that are cut off at a limit must be the same ones
# on the next page, so they are read from the beginning and in their order.
MOST_SCANNED = (
    10_000_000  # all of them, where a filter leaves nothing else; the default gives up after 20,000
)
_SETTINGS = f"""
SET LOCAL hnsw.iterative_scan = strict_order;
SET LOCAL hnsw.ef_search = {NEAREST};
SET LOCAL hnsw.max_scan_tuples = {MOST_SCANNED};
SET LOCAL pg_trgm.similarity_threshold = 0.2;
SET LOCAL synchronize_seqscans = off;
SET LOCAL max_parallel_workers_per_gather = 0
"""

_TEXTS = """
SELECT id, passage, page, facets, numbers, dates, url, {title}, {body},
    ts_headline('english', {title_html}, {query}::tsquery, {whole}),
    ts_headline('english', {body_html}, {query}::tsquery, {excerpt})
FROM search_searchdocument WHERE id = ANY({ids})
"""
# Escaped before it is marked, since ts_headline would leave out what looks like a tag.
_ESCAPED = "replace(replace(replace(translate({0}, '{1}', ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
_MARKS = f'StartSel="{OPEN}", StopSel="{CLOSE}"'
_WHOLE = f"{_MARKS}, HighlightAll=true"
_EXCERPT = f'{_MARKS}, MaxFragments=2, MinWords=12, MaxWords=30, FragmentDelimiter=" … "'


@dataclass(frozen=True, kw_only=True)
class PostgresSearcher:
    """See `search.services.Searcher`. Answers from the very rows that the projection commits.

    Meanings are those of the embedder with the id `embedder`: what another one embedded is not compared with them.
    Where words are in more than `most_ranked` passages, that many are ranked by words, of documents and of all else.
    """

    atomic: Callable[[], AbstractContextManager[Any]]
    embedder: str
    most_ranked: int = MOST_RANKED

    def capabilities(self) -> Capabilities:
        return Capabilities(
            engine=NAME,
            fusions=(Fusion.WEIGHTED, Fusion.RANK),
            corrections=True,
            exact_filters=True,
            synonyms=True,
            browser_keys=False,
        )

    def search(self, query: SearchQuery, meaning: Vectors | None) -> Found:
        return self._found(
            query, meaning, lambda: Vocabulary(query.is_personal_shown).terms(parse(query.text))
        )

    def similar(self, query: SearchQuery, meaning: Vectors | None) -> Found:
        """By meaning and by the words that they share."""
        (entity,) = query.entities
        return self._found(
            query, meaning, lambda: Vocabulary(query.is_personal_shown).shared(entity, query.like)
        )

    def _found(self, query: SearchQuery, meaning: Vectors | None, terms_of: Callable[[], Terms]) -> Found:
        with self.atomic():
            _prepare()
            terms = terms_of()
            ranking = Ranking(query, terms, meaning, self.embedder, self.most_ranked)
            ((count, is_cut, facets, page),) = _rows(ranking.statement())
            ranked = json.loads(page or "[]")
            texts = _texts(query, terms, [row["id"] for row in ranked])
        return Found(
            hits=[_hit(row, texts[row["id"]]) for row in ranked],
            count=count,
            facets=_facets(query.facets, json.loads(facets or "[]")),
            corrections=terms.corrections,
            engine=NAME,
            more=is_cut,
        )


def _texts(query: SearchQuery, terms: Terms, ids: Sequence[int]) -> Mapping[int, tuple[Any, ...]]:
    """What this reader may see of the found passages, with the matches marked if that is wanted."""
    matching = terms.query if query.highlight and terms.query else None
    names = ("coalesce(personal_{0}, {0})" if query.is_personal_shown else "{0}").format
    statement = fill(
        _TEXTS,
        title=Sql(names("title")),
        body=Sql(names("body")),
        title_html=Sql(_ESCAPED.format(names("title"), OPEN + CLOSE)),
        body_html=Sql(_ESCAPED.format(names("body"), OPEN + CLOSE)),
        query=value(matching),
        whole=value(_WHOLE),
        excerpt=value(_EXCERPT),
        ids=Sql("%s::bigint[]", (list(ids),)),
    )
    return {row[0]: row[1:] for row in _rows(statement)}


def _hit(row: Mapping[str, Any], text: Sequence[Any]) -> Hit:
    passage, page, facets, numbers, dates, url, title, body, marked_title, marked_body = text
    highlight = marked(marked_body) if marked_body else escape(excerpt(body))
    return Hit(
        entity=row["entity"],
        entity_id=row["entity_id"],
        title=title,
        title_html=marked(marked_title) if marked_title else escape(title),
        snippet=unmarked(highlight),
        highlight=highlight,
        url=url,
        passage=passage,
        page=page,
        fields=_fields(row["entity"], {**json.loads(facets), **json.loads(numbers), **json.loads(dates)}),
        score=row["from_keyword"] + row["from_meaning"],
        matched=_matched(row),
        explanation=Explanation(row["keyword"], row["meaning"], row["from_keyword"], row["from_meaning"]),
    )


def _matched(row: Mapping[str, Any]) -> Matched:
    if row["keyword"] is None:
        return "filter" if row["meaning"] is None else "meaning"
    return "keyword" if row["meaning"] is None else "both"


def _fields(entity: str, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The indexed values as they were, money in major units again."""
    known = FIELDS[entity]
    return {
        name: str(Decimal(of).scaleb(-known[name].decimals)) if known[name].decimals else of
        for name, of in stored.items()
    }


def _facets(names: Sequence[str], counted: Sequence[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    """In the order asked for, each with its most frequent values first."""
    facets: dict[str, dict[str, int]] = {name: {} for name in names}
    for name, of, hits in counted:
        facets[name][of] = hits
    return facets


def _prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)


def _rows(statement: Sql) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement.text, statement.params)
        return list(cursor.fetchall())
