"""Mart tables. Each row keeps its group key, which is also the filter that leads back to its facts.

Text columns sort by code point (collation C), so that an answer has the same order on every server.
"""

from django.db import models

from gold.models.customers import CohortRetention, Customer360, OwnedDocument, UserMonth
from gold.models.people import (
    CityPayroll,
    DepartmentHires,
    HiresByQuarter,
    UserEmployer,
    UserProfile,
    UsersByBank,
    UsersByEmployer,
    UsersByPostalCode,
)
from gold.models.sales import (
    DailyRevenue,
    EventFunnel,
    EventsByType,
    LoginsByUser,
    MonthlyOrders,
    OrderSpend,
    RevenueByCurrency,
    RevenueByStatus,
    TopSpender,
    UserDay,
)
from gold.models.views import DepartmentHeadcount, FilledRevenue, MonthlyFunnel, MonthlyRevenue, TableState

AnyModel = type[models.Model]

__all__ = [
    "AnyModel",
    "CityPayroll",
    "CohortRetention",
    "Customer360",
    "DailyRevenue",
    "DepartmentHeadcount",
    "DepartmentHires",
    "EventFunnel",
    "EventsByType",
    "FilledRevenue",
    "HiresByQuarter",
    "LoginsByUser",
    "MonthlyFunnel",
    "MonthlyOrders",
    "MonthlyRevenue",
    "OrderSpend",
    "OwnedDocument",
    "RevenueByCurrency",
    "RevenueByStatus",
    "TableState",
    "TopSpender",
    "UserDay",
    "UserEmployer",
    "UserMonth",
    "UserProfile",
    "UsersByBank",
    "UsersByEmployer",
    "UsersByPostalCode",
]
