"""The sales mart: money and events."""

import datetime as dt

from django.db.models import Sum

from gold.models import (
    DailyRevenue,
    EventFunnel,
    EventsByType,
    FilledRevenue,
    MonthlyFunnel,
    MonthlyRevenue,
    RevenueByCurrency,
    RevenueByStatus,
)
from gold.registry.spec import Column, Mart, Parameter, Source, days, months, only

ORDER_COUNT = Column("order_count", int, "Orders, each counted once per row.")
REVENUE = Column("revenue", float, "In the reporting currency; cancelled orders are none, returns reduce it.")
UNCONVERTED = Column(
    "unconverted", int, "Order lines left out of the sums because their exchange rate is missing."
)
MONTH = Column("month", dt.date, "First day of the month.")
DAY = Column("day", dt.date, "In UTC.")
STEP = Column("step", int, "From 1.")
STEP_NAME = Column("name", str, "visit, or the type of event that the step asks for.")
VISIT_COUNT = Column("visit_count", int, "Visits that came as far. A visit is one user on one day.")

SALES = (
    Mart(
        group="sales",
        name="daily-revenue",
        source=Source(DailyRevenue),
        summary="Orders and revenue per day (UTC) in the reporting currency. Cancelled orders are no revenue, returns "
        "reduce it.",
        columns=(DAY, ORDER_COUNT, REVENUE, UNCONVERTED),
        ordering=("day",),
        parameters=(
            *days(),
            Parameter(
                "include_zero",
                "",
                bool,
                "Days without orders as well, from the first day with one to the last.",
                source=Source(FilledRevenue),
            ),
        ),
    ),
    Mart(
        group="sales",
        name="monthly-revenue",
        source=Source(MonthlyRevenue),
        summary="Orders and revenue per month in the reporting currency, 0 in a month without orders. Read from a "
        "materialized view.",
        columns=(MONTH, ORDER_COUNT, REVENUE, UNCONVERTED),
        ordering=("month",),
        parameters=months(),
    ),
    Mart(
        group="sales",
        name="revenue-by-currency",
        source=Source(RevenueByCurrency),
        summary="Orders and revenue per month in each currency that was paid in, in that currency and in the reporting "
        "currency. Cancelled orders are no revenue, returns reduce it.",
        columns=(
            MONTH,
            Column("currency", str, "ISO 4217, as the order has it."),
            ORDER_COUNT,
            Column("revenue", float, "In that currency."),
            Column("revenue_reporting", float, "The same in the reporting currency."),
            Column(
                "unconverted",
                int,
                "Order lines left out of `revenue_reporting` for want of an exchange rate.",
            ),
        ),
        ordering=("month", "currency"),
        parameters=(*months(), only("currency", "Only this currency.")),
    ),
    Mart(
        group="sales",
        name="revenue-by-status",
        source=Source(RevenueByStatus),
        summary="Orders per month and status: the amount of all lines, and the part of it that is revenue (none if "
        "cancelled).",
        columns=(
            MONTH,
            Column("status", str),
            ORDER_COUNT,
            Column("amount", float, "In the reporting currency, whatever the status."),
            REVENUE,
            UNCONVERTED,
        ),
        ordering=("month", "status"),
        parameters=(*months(), only("status", "Only this status.")),
    ),
    Mart(
        group="sales",
        name="events-by-type",
        source=Source(EventsByType),
        summary="Events per day (UTC) and type.",
        columns=(DAY, Column("event_type", str), Column("event_count", int)),
        ordering=("day", "event_type"),
        parameters=(*days(), only("event_type", "Only this type.")),
    ),
    Mart(
        group="sales",
        name="event-funnel",
        source=Source(
            EventFunnel, by=("step", "name"), sums={"visit_count": Sum("visit_count")}, keeps_groups=True
        ),
        summary="How many visits came as far as each step on the way to a purchase, in this order: the visit itself, "
        "product_view, add_to_cart, checkout, purchase. A visit is one user on one day (UTC). A step that none reached "
        "has 0.",
        columns=(STEP, STEP_NAME, VISIT_COUNT),
        ordering=("step",),
        parameters=days(),
    ),
    Mart(
        group="sales",
        name="monthly-event-funnel",
        source=Source(MonthlyFunnel),
        summary="The event funnel of each month. Read from a materialized view.",
        columns=(
            MONTH,
            STEP,
            STEP_NAME,
            VISIT_COUNT,
            Column("share", float, "Of the visits of that month, rounded to 4 places."),
        ),
        ordering=("month", "step"),
        parameters=months(),
    ),
)
