"""The marts that people get to see. Routes, CSV files and schemas follow from it."""

from gold.models import DailyRevenue, DepartmentHires, EventFunnel, MonthlyOrders
from gold.registry.customers import CUSTOMERS
from gold.registry.people import PEOPLE
from gold.registry.sales import SALES
from gold.registry.spec import Column, Mart, Parameter, Source, View

__all__ = ["MARTS", "TABLES", "VIEWS", "Column", "Mart", "Parameter", "Source", "View"]

MARTS = (*PEOPLE, *SALES, *CUSTOMERS)

VIEWS = (
    View("gold_monthly_revenue", (DailyRevenue._meta.db_table, MonthlyOrders._meta.db_table)),
    View("gold_department_headcount", (DepartmentHires._meta.db_table,)),
    View("gold_monthly_funnel", (EventFunnel._meta.db_table,)),
)

TABLES = frozenset(mart.table for mart in MARTS) - {view.name for view in VIEWS}
"""The tables that marts are read from, and that are no views."""
