"""Names that come in several spellings: by which one a member is shown, and whether anybody uses it still."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from lakehouse_project.kernel.copy import copy_in, copy_out
from silver.repositories.loading import CHANGED, changed_keys
from silver.repositories.statements import execute
from silver.repositories.tables import BANKS, EMPLOYERS, EMPLOYMENTS, USER_BANKS, Table
from silver.transforms.text import best_spellings

_SETTLED = "silver_settled"


@dataclass(frozen=True)
class _Use:
    """Rows of `table` name a member in column `spelling`; a change of its name concerns `entity` with key `user`."""

    members: Table
    member_entity: str
    table: Table
    reference: str
    spelling: str
    entity: str
    user: str


_USES = (
    _Use(BANKS, "bank", USER_BANKS, "bank_id", "bank_name", "user", "user_id"),
    _Use(
        EMPLOYERS,
        "employer",
        EMPLOYMENTS,
        "employer_id",
        "employer_name",
        "employment_user",
        "user_id_natural",
    ),
)


def settle_names(*, everything: bool) -> None:
    """Name the members that this transaction's changes concern, or all, by their best spelling, and set those inactive
    that no row names any more."""
    execute(
        "CREATE TEMP TABLE {settled} (key bigint, name text, is_active bool) ON COMMIT DROP", settled=_SETTLED
    )
    for use in _USES:
        keys = None if everything else changed_keys(use.member_entity)
        if keys != []:
            _settle(use, _spellings(use, keys))


def _spellings(use: _Use, keys: list[str] | None) -> pl.DataFrame:
    """`key`, `spelling` (null for a member without rows), `count`."""
    found = copy_out(
        f"SELECT m.key, u.{use.spelling} AS spelling, count(*) AS count FROM {use.members.name} m "  # noqa: S608  names from this file
        f"LEFT JOIN {use.table.name} u ON u.{use.reference} = m.key "
        "WHERE m.key > 0 AND (%(keys)s::text[] IS NULL OR m.name_key = ANY(%(keys)s::text[])) GROUP BY 1, 2",
        {"keys": keys},
    )
    return found.cast({"key": pl.Int64, "count": pl.Int64})


def _settle(use: _Use, spellings: pl.DataFrame) -> None:
    used = best_spellings(spellings.drop_nulls("spelling"))
    members = spellings.select("key").unique().join(used, on="key", how="left")
    execute("TRUNCATE {settled}", settled=_SETTLED)
    copy_in(_SETTLED, members.select("key", name="spelling", is_active=pl.col("spelling").is_not_null()))
    names: Mapping[str, str] = {"settled": _SETTLED, "members": use.members.name, "changed": CHANGED}
    execute(
        "DELETE FROM {settled} s USING {members} m WHERE m.key = s.key "
        "AND (m.name, m.is_active) = (coalesce(s.name, m.name), s.is_active)",
        **names,
    )
    execute(
        "INSERT INTO {changed} SELECT %s, m.name_key FROM {members} m JOIN {settled} s USING (key) ON CONFLICT DO NOTHING",
        [use.member_entity],
        **names,
    )
    execute(
        "INSERT INTO {changed} SELECT DISTINCT %s, u.{user} FROM {table} u JOIN {settled} s ON s.key = u.{reference} "
        "ON CONFLICT DO NOTHING",
        [use.entity],
        table=use.table.name,
        user=use.user,
        reference=use.reference,
        **names,
    )
    execute(
        "UPDATE {members} m SET name = coalesce(s.name, m.name), is_active = s.is_active "
        "FROM {settled} s WHERE m.key = s.key",
        **names,
    )
