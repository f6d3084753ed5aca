"""Which facts a changed dimension or rate concerns: they are refined again from their raw records."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from psycopg import sql

from silver.repositories.loading import CHANGED, FREED
from silver.repositories.records import clear, revisit
from silver.repositories.statements import compose, execute, fetch
from silver.repositories.tables import FROM_RECORDS


def _waiting(table: str, natural: str, reference: str, entity: str, kind: str = "text") -> str:
    """Facts bound to the unknown member whose member has come."""
    return (
        f"SELECT f.raw_record_id FROM {table} f "  # noqa: S608  names from this file
        f"JOIN (SELECT key::{kind} AS key FROM {CHANGED} WHERE entity = '{entity}') t ON f.{natural} = t.key "
        f"WHERE f.{reference} = 0"
    )


def _outdated(table: str, moment: str) -> str:
    """Facts bound to the version of a user before the current one, though they happened later."""
    return (
        f"SELECT f.raw_record_id FROM {CHANGED} t "  # noqa: S608
        "JOIN silver_dimuser new ON new.user_id = t.key AND new.is_current "
        "JOIN silver_dimuser old ON old.user_id = new.user_id AND old.version = new.version - 1 "
        f"JOIN {table} f ON f.user_id = old.key AND f.{moment} >= new.valid_from WHERE t.entity = 'user'"
    )


def _rerated(table: str, day: str) -> str:
    """Facts in a currency, from the day of a changed rate to before the next rate."""
    return (
        f"SELECT f.raw_record_id FROM (SELECT split_part(key, ':', 1) AS currency, split_part(key, ':', 2)::date AS day "  # noqa: S608
        f"FROM {CHANGED} WHERE entity = 'rate') r CROSS JOIN LATERAL "
        "(SELECT min(date) AS day FROM silver_exchangerate n WHERE n.currency = r.currency AND n.date > r.day) next "
        f"JOIN {table} f ON f.currency = r.currency AND f.{day} >= to_char(r.day, 'YYYYMMDD')::int "
        f"AND f.{day} < coalesce(to_char(next.day, 'YYYYMMDD')::int, 99999999)"
    )


_CONCERNED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hired_employees": (
            _waiting("silver_facthire", "department_id_natural", "department_id", "department", "bigint"),
            _waiting("silver_facthire", "job_id_natural", "job_id", "job", "bigint"),
        ),
        "employment_info": (
            _waiting("silver_factemployment", "user_id_natural", "user_id", "user"),
            _outdated("silver_factemployment", "start_date"),
            _rerated("silver_factemployment", "start_id"),
        ),
        "order_lines": (
            _waiting("silver_factorderline", "user_id_natural", "user_id", "user"),
            _waiting("silver_factorderline", "sku_natural", "product_id", "product"),
            _outdated("silver_factorderline", "ordered_at"),
            _rerated("silver_factorderline", "date_id"),
        ),
        "events": (
            _waiting("silver_factevent", "user_id_natural", "user_id", "user"),
            _outdated("silver_factevent", "occurred_at"),
        ),
    }
)


def revisit_concerned_facts() -> None:
    """Add to what is to be refined the records of the facts that the changes of this transaction concern."""
    execute("ANALYZE {changed}", changed=CHANGED)
    for dataset, queries in _CONCERNED.items():
        for query in queries:
            revisit(dataset, sql.SQL(query))


def revisit_titles(titles: Sequence[str]) -> None:
    """Add the employments with one of `titles`."""
    query = "SELECT raw_record_id FROM silver_factemployment WHERE job_title = ANY({titles})"
    revisit("employment_info", compose(query, titles=sql.Literal(list(titles))))


def revisit_heirs(dataset: str, key: Sequence[str]) -> int:
    """Have the records of `dataset` refined that another one stood before, and no longer does; return their number.

    Those are records with a key that has become free, and those whose fields `key` staff have edited: they may have come
    with another one. Call it when the rest of the data set is refined: it takes its place. A deleted record still says
    what a gone member of a dimension is called.
    """
    [(is_any_free,)] = fetch("SELECT EXISTS (SELECT FROM {freed})", freed=FREED)
    if not is_any_free:
        return 0
    heirs = compose(
        "SELECT r.id FROM bronze_rawrecord r JOIN {freed} f USING (key) "
        "WHERE r.dataset_id = {dataset} AND r.status = ANY({statuses}) AND r.id <> f.raw_record_id "
        "UNION SELECT id FROM bronze_rawrecord WHERE dataset_id = {dataset} AND status = ANY({statuses}) "
        "AND patch <> '{{}}' AND patch ?| {key}",
        freed=FREED,
        dataset=sql.Literal(dataset),
        statuses=sql.Literal(["valid", "deleted"] if FROM_RECORDS[dataset].keeps_gone else ["valid"]),
        key=sql.Literal(list(key)),
    )
    clear(dataset)
    found = revisit(dataset, heirs)
    execute("TRUNCATE {freed}", freed=FREED)
    return found


def align_user_versions() -> None:
    """Give every version of the changed users what is not versioned: bank, creation and whether the user is still there."""
    execute(
        "UPDATE silver_dimuser v SET bank_id = coalesce(b.bank_id, 0), created_at = c.created_at, is_active = c.is_active "
        "FROM {changed} t JOIN silver_dimuser c ON c.user_id = t.key AND c.is_current "
        "LEFT JOIN silver_userbank b ON b.user_id = t.key "
        "WHERE t.entity = 'user' AND v.user_id = t.key AND (v.bank_id, v.created_at, v.is_active) "
        "IS DISTINCT FROM (coalesce(b.bank_id, 0), c.created_at, c.is_active)",
        changed=CHANGED,
    )
