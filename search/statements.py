"""SQL that keeps the rows of the index and its vocabulary in step. Runs inside the transaction of a projection."""
# ruff: noqa: S608  the pieces are the fixed texts of this module; values are parameters

CREATE_TEMPORARY = """
CREATE TEMP TABLE IF NOT EXISTS search_incoming (
    entity text, entity_id text, passage int, page int, title text, body text, personal_title text, personal_body text,
    facets jsonb, numbers jsonb, dates jsonb, url text, embedding vector, embedder text, embedded_hash text, version text
) ON COMMIT DROP;
CREATE TEMP TABLE IF NOT EXISTS search_seen (entity text, entity_id text) ON COMMIT DROP;
CREATE TEMP TABLE IF NOT EXISTS search_counted (word text, is_personal bool, passages bigint) ON COMMIT DROP;
TRUNCATE search_incoming, search_seen, search_counted
"""

STAMPS = """
SELECT entity_id, passage, version, embedded_hash FROM search_searchdocument
WHERE entity = %s AND entity_id = ANY(%s)
"""

MEANING = """
SELECT passages, CASE WHEN vector_norm(mean) > 0 THEN mean::text END FROM (
    SELECT count(*) AS passages, avg(embedding) FILTER (WHERE embedder = %s) AS mean FROM search_searchdocument
    WHERE entity = %s AND entity_id = %s
) AS record
"""

MERGE = """
INSERT INTO search_searchdocument AS d (
    entity, entity_id, passage, page, title, body, personal_title, personal_body, facets, numbers, dates, url,
    embedding, embedder, embedded_hash, version
)
SELECT entity, entity_id, passage, page, title, body, personal_title, personal_body, facets, numbers, dates, url,
    embedding, embedder, embedded_hash, version
FROM search_incoming
ON CONFLICT (entity, entity_id, passage) DO UPDATE SET
    page = EXCLUDED.page, title = EXCLUDED.title, body = EXCLUDED.body,
    personal_title = EXCLUDED.personal_title, personal_body = EXCLUDED.personal_body,
    facets = EXCLUDED.facets, numbers = EXCLUDED.numbers, dates = EXCLUDED.dates, url = EXCLUDED.url,
    embedding = CASE WHEN d.embedded_hash = EXCLUDED.embedded_hash THEN d.embedding ELSE EXCLUDED.embedding END,
    embedder = EXCLUDED.embedder, embedded_hash = EXCLUDED.embedded_hash, version = EXCLUDED.version, updated_at = now()
"""

_SAME = "(d.entity, d.entity_id, d.passage) = (n.entity, n.entity_id, n.passage)"

AMONG = "d.entity = %s AND (d.entity_id, d.passage) IN (SELECT * FROM unnest(%s::text[], %s::int[]))"
"""Passages by entity, ids and numbers."""

FORGOTTEN = """NOT EXISTS (
    SELECT FROM search_seen AS s WHERE s.entity = d.entity AND s.entity_id = d.entity_id
)"""
"""Passages of entities that a full projection did not meet."""


def _words(rows: str, sign: int) -> str:
    """The words of some passages: those that everybody finds, and those of personal texts."""
    return rf"""
    SELECT word, is_personal, {sign} AS passages
    FROM ({rows}) AS d
    CROSS JOIN LATERAL (
        SELECT FALSE, title || ' ' || body
        UNION ALL
        SELECT TRUE, coalesce(personal_title, title) || ' ' || coalesce(personal_body, body)
        WHERE personal_title IS NOT NULL OR personal_body IS NOT NULL
    ) AS texts (is_personal, words)
    CROSS JOIN LATERAL unnest(
        tsvector_to_array(to_tsvector('simple', regexp_replace(words, '[^\w ]|_', ' ', 'g')))
    ) AS word
    """


def _count(words: str) -> str:
    return f"""
    INSERT INTO search_counted (word, is_personal, passages)
    SELECT word, is_personal, sum(passages) FROM ({words}) AS words GROUP BY word, is_personal
    """


COUNT_WRITTEN = _count(_words("SELECT * FROM search_incoming", 1))
COUNT_REPLACED = _count(
    _words(f"SELECT d.* FROM search_searchdocument AS d JOIN search_incoming AS n ON {_SAME}", -1)
)
"""Run it before MERGE: the words of the rows that are about to be replaced."""

ADD_COUNTED = """
INSERT INTO search_searchterm AS term (word, lexeme, is_personal, passages)
SELECT word, lexeme, is_personal, passages FROM (
    SELECT word, is_personal, sum(passages) AS passages FROM search_counted GROUP BY word, is_personal
) AS counted
CROSS JOIN LATERAL (
    SELECT coalesce((tsvector_to_array(to_tsvector('english', word)))[1], CASE WHEN is_personal THEN word END)
) AS stems (lexeme)
WHERE passages <> 0 AND lexeme IS NOT NULL
ORDER BY word, is_personal
ON CONFLICT (word, is_personal) DO UPDATE SET passages = term.passages + EXCLUDED.passages
"""
"""Add to the vocabulary what was counted, once for all of a transaction: a frequent word is in every batch of it. A stop
word counts only where it may be a name."""

REMOVE_UNUSED_WORDS = "DELETE FROM search_searchterm WHERE passages <= 0"


def count_removed(condition: str) -> str:
    return _count(_words(f"SELECT d.* FROM search_searchdocument AS d WHERE {condition}", -1))


def remove(condition: str) -> str:
    return f"DELETE FROM search_searchdocument AS d WHERE {condition}"


_ENTER = "INSERT INTO search_outboxentry AS o (entity, entity_id, passage) "
_AGAIN = """
ON CONFLICT (entity, entity_id, passage) DO UPDATE SET change = o.change + 1, failures = 0, error = '',
    queued_at = now(), next_try_at = now()
"""

ENTER_WRITTEN = f"{_ENTER} SELECT entity, entity_id, passage FROM search_incoming {_AGAIN}"
"""What is written has to be sent to the search server. Run it after MERGE."""


def enter_removed(condition: str) -> str:
    """What is removed has to be removed from the search server. Run it before `remove`."""
    rows = f"SELECT entity, entity_id, passage FROM search_searchdocument AS d WHERE {condition}"
    return f"{_ENTER} {rows} {_AGAIN}"


OF_ANOTHER_EMBEDDER = """
SELECT DISTINCT entity_id FROM search_searchdocument WHERE entity = %s AND (embedder < %s OR embedder > %s) LIMIT %s
"""
"""Written so that the index of embedders is of use."""

MARK_STALE_OF_OTHERS = """
UPDATE search_collection SET state = 'stale', changed_at = now() WHERE state = 'live' AND embedder <> %s
"""

MARK_STALE = "UPDATE search_collection SET state = 'stale', changed_at = now() WHERE state = 'live'"
