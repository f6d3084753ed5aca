"""The unknown members: key 0 of each dimension, to which facts point until the real member is there."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from django.db import models

from silver.models import (
    UNKNOWN,
    DimBank,
    DimDate,
    DimDepartment,
    DimEmployer,
    DimEventType,
    DimJob,
    DimLocation,
    DimProduct,
    DimUser,
)

NAME = "(unknown)"
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

_MEMBERS: Mapping[type[models.Model], Mapping[str, Any]] = MappingProxyType(
    {
        DimDate: dict.fromkeys(
            (
                "year",
                "quarter",
                "month",
                "day",
                "iso_year",
                "iso_week",
                "weekday",
                "fiscal_year",
                "fiscal_quarter",
            ),
            0,
        )
        | {"is_weekend": False},
        DimLocation: {"country": "", "postal_code": "", "city": NAME},
        DimBank: {"name_key": NAME, "name": NAME},
        DimEmployer: {"name_key": NAME, "name": NAME},
        DimDepartment: {"name": NAME},
        DimJob: {"title": NAME},
        DimProduct: {
            "sku": NAME,
            "name": NAME,
            "description": "",
            "category": NAME,
            "price": 0,
            "currency": "",
        },
        DimEventType: {"name": NAME},
        DimUser: {
            "user_id": NAME,
            "version": 0,
            "full_name": NAME,
            "email": "",
            "city": NAME,
            "postal_code": "",
            "country": "",
            "location_id": UNKNOWN,
            "bank_id": UNKNOWN,
            "created_at": _LONG_AGO,
            "valid_from": _LONG_AGO,
            "is_current": False,
        },
    }
)


def add_unknown_members() -> None:
    """Add those that are missing."""
    for model, values in _MEMBERS.items():
        models.QuerySet(model).get_or_create(key=UNKNOWN, defaults=dict(values))
