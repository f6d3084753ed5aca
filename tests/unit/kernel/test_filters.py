"""What of a query string chooses rows and fields."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict

from lakehouse_project.kernel.errors import InvalidInput, UnknownParameter
from lakehouse_project.kernel.filters import Column, Listing, read_listing

COLUMNS = (
    Column("name", "text"),
    Column("pieces", "integer"),
    Column("price", "decimal"),
    Column("day", "date"),
    Column("at", "datetime"),
    Column("kind", "enum", ("red", "blue")),
    Column("extra", "object"),
    Column("day__to", "date"),
)


def read(text: str) -> Listing:
    shown = [column.name for column in COLUMNS]
    return read_listing(QueryDict(text), COLUMNS, shown=shown, own=("page",))


def conditions(text: str) -> list[tuple[str, str, Any]]:
    return [(found.column.name, found.operator, found.value) for found in read(text).conditions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name=Ada", ("name", "eq", "Ada")),
        ("name__in=a,%22b,c%22,d", ("name", "in", ("a", "b,c", "d"))),
        ("name__startswith= A", ("name", "startswith", " A")),
        ("pieces__gte=%2B3", ("pieces", "gte", 3)),
        ("pieces__in=1,2", ("pieces", "in", (1, 2))),
        ("price__lt=-1.50", ("price", "lt", Decimal("-1.5"))),
        ("day__lte=2024-02-29", ("day", "lte", date(2024, 2, 29))),
        ("day__to=2024-02-29", ("day__to", "eq", date(2024, 2, 29))),
        ("day__to__gt=2024-02-29", ("day__to", "gt", date(2024, 2, 29))),
        ("at__gt=2024-05-17T18:20:00Z", ("at", "gt", datetime(2024, 5, 17, 18, 20, tzinfo=UTC))),
        ("at=2024-05-17T20:20:00+02:00", ("at", "eq", datetime(2024, 5, 17, 18, 20, tzinfo=UTC))),
        ("at=2024-05-17", ("at", "eq", datetime(2024, 5, 17, tzinfo=UTC))),
        ("kind=RED", ("kind", "eq", "red")),
        ("extra__isnull=TRUE", ("extra", "isnull", True)),
    ],
)
def test_values_have_the_type_of_their_column(text: str, expected: tuple[str, str, Any]) -> None:
    assert conditions(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "pieces=1.5",
        "pieces=²",
        "price=a",
        "price=NaN",
        "day=2024-02-30",
        "at=yesterday",
        "kind=green",
        "name__isnull=x",
    ],
)
def test_a_value_of_another_type_names_its_parameter(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(text)
    assert refused.value.errors[0].field == text.partition("=")[0]
    assert "must be" in refused.value.message


def test_every_wrong_value_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        read("pieces=a&day=b&name=c")
    assert [error.field for error in refused.value.errors] == ["pieces", "day"]


@pytest.mark.parametrize(
    "text",
    [
        "nme=x",
        "name__eq=x",
        "name__like=x",
        "pieces__contains=1",
        "extra=x",
        "kind__gt=a",
        "ordering=nme",
        "fields=nme",
    ],
)
def test_what_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(UnknownParameter) as refused:
        read(text)
    assert "Known here" in refused.value.message
    assert "name" in refused.value.message


def test_ordering_and_fields() -> None:
    listing = read("ordering=-price,name&fields=name,%20price&page=2")
    assert [(order.column.name, order.is_descending) for order in listing.ordering] == [
        ("price", True),
        ("name", False),
    ]
    assert listing.fields == ("name", "price")
    assert read("").fields is None


def test_a_nul_character() -> None:
    with pytest.raises(InvalidInput):
        read("name=a%00")
