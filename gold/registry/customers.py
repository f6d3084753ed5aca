"""The part of the sales mart that is about customers."""

import datetime as dt
from typing import Any

from django.db.models import Count, Max, Sum

from gold.models import CohortRetention, Customer360, LoginsByUser, OrderSpend, TopSpender, UserDay
from gold.registry.sales import ORDER_COUNT, REVENUE, UNCONVERTED
from gold.registry.spec import Column, Mart, Parameter, Source, Text, days, months, only

USER_ID = Column("user_id", str, "Natural key of the user.")
FULL_NAME = Column(
    "full_name", str, "Masked unless you may see personal data.", is_personal=True, is_optional=True
)
SPENT = Source(
    OrderSpend,
    by=("user_id",),
    sums={"order_count": Count("order_id", distinct=True), "revenue": Sum("revenue")},
)
LOGGED_IN = Source(
    UserDay,
    {"login_count__gt": 0},
    by=("user_id",),
    sums={"login_count": Sum("login_count"), "last_login_at": Max("last_login_at")},
)


def _living_in(country: Any) -> Any:
    return Customer360.objects.filter(country=country).values("user_id")


COUNTRY = Parameter(
    "country",
    "user_id__in",
    Text,
    "Only users who live in this country (ISO 3166-1 alpha-2).",
    value=_living_in,
)

CUSTOMERS = (
    Mart(
        group="sales",
        name="top-spenders",
        source=Source(TopSpender),
        summary="What each user has spent, most first, of all time or of the days asked for. Cancelled orders are no "
        "revenue, returns reduce it.",
        columns=(USER_ID, FULL_NAME, ORDER_COUNT, REVENUE),
        ordering=("-revenue", "user_id"),
        parameters=(*days(source=SPENT), only("user_id", "Only this user."), COUNTRY),
    ),
    Mart(
        group="sales",
        name="logins-by-user",
        source=Source(LoginsByUser),
        summary="Logins of each user, most first, with the time of the last, of all time or of the days asked for.",
        columns=(USER_ID, FULL_NAME, Column("login_count", int), Column("last_login_at", dt.datetime)),
        ordering=("-login_count", "user_id"),
        parameters=(*days(source=LOGGED_IN), only("user_id", "Only this user."), COUNTRY),
    ),
    Mart(
        group="sales",
        name="customer-360",
        source=Source(Customer360),
        summary="All that is known of each user: where the user lives and works, what was ordered and returned, logins and "
        "other events, documents. Users that only orders, events or documents name are there as well.",
        columns=(
            USER_ID,
            FULL_NAME,
            Column(
                "email", str, "Masked unless you may see personal data.", is_personal=True, is_optional=True
            ),
            Column("is_known", bool, "False for a user that only orders, events or documents name."),
            Column("member_since", dt.date, "When the user came to be.", is_optional=True),
            Column("city", str, is_optional=True),
            Column("country", str, "ISO 3166-1 alpha-2.", is_optional=True),
            Column("employer", str, "Of the current employment that began last.", is_optional=True),
            Column("job", str, "Of that employment.", is_optional=True),
            Column("employed_since", dt.date, "First day of that employment.", is_optional=True),
            Column(
                "salary",
                float,
                "Yearly pay of the current employments; nothing unless you may see personal data.",
                is_personal=True,
                is_optional=True,
            ),
            Column("order_count", int, "Orders that were not cancelled, returns included."),
            REVENUE,
            Column("average_order", float, "`revenue` by `order_count`, rounded half to even."),
            Column("returned", float, "Value of what came back, in the reporting currency."),
            Column("return_rate", float, "`returned` of what was sold, 0 to 1, rounded to 4 places."),
            Column("first_order_on", dt.date, "Day of the first purchase (UTC).", is_optional=True),
            Column("last_order_on", dt.date, "Day of the last purchase (UTC).", is_optional=True),
            Column("event_count", int),
            Column("last_event_at", dt.datetime, is_optional=True),
            Column("login_count", int),
            Column("last_login_at", dt.datetime, is_optional=True),
            Column("document_count", int, "Documents that belong to the user."),
            UNCONVERTED,
        ),
        ordering=("user_id",),
        parameters=(
            only("user_id", "Only this user."),
            only("country", "Only users who live in this country (ISO 3166-1 alpha-2)."),
        ),
    ),
    Mart(
        group="sales",
        name="cohort-retention",
        source=Source(CohortRetention),
        summary="Of the users who first bought in a month, how many bought again so many months later, up to the last month "
        "with an order; 0 where nobody did. A return is no purchase.",
        columns=(
            Column("cohort", dt.date, "First day of the month of the first order."),
            Column("months_since", int, "Months after that month."),
            Column("user_count", int, "Users of the cohort who bought in that month."),
            Column("cohort_size", int, "Users of the cohort."),
            Column("share", float, "`user_count` of `cohort_size`, rounded half to even to 4 places."),
        ),
        ordering=("cohort", "months_since"),
        parameters=months("cohort"),
    ),
)
