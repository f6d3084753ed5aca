"""Computing the marts, group by group."""

import calendar
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from gold import models
from gold.domain import Refreshed, Scope, Touched
from gold.marts import customers, people, sales
from gold.marts.compare import difference
from gold.repositories import MartTables, StarFrames

OnProgress = Callable[[int, int], None]
STEPS = 6
"""Of a refresh, beside the months."""


def unheard(_done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


@dataclass(frozen=True, kw_only=True)
class ComputeMarts:
    """Compute the groups in `touched` anew, as of `today`, and write what differs."""

    star: StarFrames
    tables: MartTables

    def __call__(self, touched: Touched, today: dt.date, on_progress: OnProgress = unheard) -> Refreshed:
        """`on_progress` is told the steps that are done, of how many: a month of orders or events is one of them."""
        return _Work(self.star, self.tables, touched, today, on_progress).run()


@dataclass
class _Work:
    """One refresh. `rows` counts what was written per table; `users` gathers whose 360° view is out of date."""

    star: StarFrames
    tables: MartTables
    touched: Touched
    today: dt.date
    on_progress: OnProgress
    done: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)

    def run(self) -> Refreshed:
        for step in (
            self._hires,
            self._people,
            self._orders,
            self._events,
            self._documents,
            self._customers,
        ):
            step()
            self._tell()
        return Refreshed({table: count for table, count in self.rows.items() if count})

    def _tell(self) -> None:
        self.done += 1
        months = len(self.touched.order_months) + len(self.touched.event_months)
        self.on_progress(self.done, STEPS + months)

    def _hires(self) -> None:
        scope = Scope("year", self.touched.years)
        if scope.is_empty:
            return
        hires, departments = self.star.hires(self.touched.years), self.star.departments()
        self._replace(models.HiresByQuarter, people.hires_by_quarter(hires), scope)
        self._replace(models.DepartmentHires, people.department_hires(hires, departments), scope)

    def _people(self) -> None:
        """A user who moves leaves one group and joins another: both are computed anew."""
        scope = Scope("user_id", self.touched.users)
        if scope.is_empty:
            return
        users, employments = self.star.users(scope.values), self.star.employments(scope.values)
        profiles = people.user_profiles(users, employments, self.today)
        employers = people.user_employers(users, employments, self.today)
        moved = self._exchange(models.UserProfile, profiles, scope)
        rehired = self._exchange(models.UserEmployer, employers, scope)
        self._homes(moved)
        self._banks(self._groups(moved, "bank"))
        self._employers(self._groups(rehired, "employer"))

    def _homes(self, moved: pl.DataFrame) -> None:
        cities, codes = self._groups(moved, "city"), self._groups(moved, "postal_code")
        profiles = self.tables.stored(models.UserProfile, cities)
        self._replace(models.CityPayroll, people.city_payroll(profiles), cities)
        profiles = self.tables.stored(models.UserProfile, codes)
        self._replace(models.UsersByPostalCode, people.users_by_postal_code(profiles), codes)

    def _banks(self, banks: Scope) -> None:
        profiles = self.tables.stored(models.UserProfile, banks)
        self._replace(models.UsersByBank, people.users_by_bank(profiles), banks)

    def _employers(self, employers: Scope) -> None:
        rows = self.tables.stored(models.UserEmployer, employers)
        self._replace(models.UsersByEmployer, people.users_by_employer(rows), employers)

    def _orders(self) -> None:
        """Month by month, so that memory does not grow with the years."""
        users = self._nobody()
        for month in self.touched.order_months:
            days, whole = Scope("day", days_of(month)), Scope("month", [month])
            lines = self.star.order_lines(days_of(month))
            self._replace(models.DailyRevenue, sales.daily_revenue(lines), days)
            self._replace(models.RevenueByStatus, sales.revenue_by_status(lines), whole)
            self._replace(models.RevenueByCurrency, sales.revenue_by_currency(lines), whole)
            self._replace(models.MonthlyOrders, sales.monthly_orders(lines), whole)
            spend = self._exchange(models.OrderSpend, sales.order_spend(lines), days)
            users = users.union(self._groups(spend, "user_id"))
            self._tell()
        spent = self.tables.stored(models.OrderSpend, users)
        self._replace(models.TopSpender, sales.top_spenders(spent), users)
        months = self._exchange(models.UserMonth, customers.user_months(spent), users)
        self._cohorts(self._groups(months, "cohort"))

    def _cohorts(self, cohorts: Scope) -> None:
        """Another last month makes all cohorts longer or shorter."""
        last = self.tables.last_order_month(self.today)
        if last != self.tables.last_month_of_cohorts():
            cohorts = Scope("cohort")
        months = self.tables.stored(models.UserMonth, cohorts)
        retention = customers.cohort_retention(months, pl.Series("last", [last], pl.Date))
        self._replace(models.CohortRetention, retention, cohorts)

    def _events(self) -> None:
        users = self._nobody()
        for month in self.touched.event_months:
            days = Scope("day", days_of(month))
            events = self.star.logged_events(days_of(month))
            visits = sales.user_days(events)
            self._replace(models.EventsByType, sales.events_by_type(events), days)
            self._replace(models.EventFunnel, sales.event_funnel(visits), days)
            users = users.union(self._groups(self._exchange(models.UserDay, visits, days), "user_id"))
            self._tell()
        visits = self.tables.stored(models.UserDay, users)
        self._replace(models.LoginsByUser, sales.logins_by_user(visits), users)

    def _documents(self) -> None:
        """A document that changes hands concerns both users; only the rows kept here know the former one."""
        scope = Scope("sha256", self.touched.documents)
        if not scope.is_empty:
            self._exchange(models.OwnedDocument, self.star.documents(scope), scope)

    def _customers(self) -> None:
        scope = Scope("user_id", None if self.touched.is_full else sorted(self.users))
        if scope.is_empty:
            return
        sources = (models.UserProfile, models.OrderSpend, models.UserDay, models.OwnedDocument)
        rows = customers.customer_360(*(self.tables.stored(source, scope) for source in sources))
        self._replace(models.Customer360, rows, scope)

    def _replace(self, model: models.AnyModel, frame: pl.DataFrame, scope: Scope) -> None:
        if scope.is_empty:
            return
        table = model._meta.db_table
        self.rows[table] = self.rows.get(table, 0) + self.tables.replace(model, frame, scope)

    def _exchange(self, model: models.AnyModel, rows: pl.DataFrame, scope: Scope) -> pl.DataFrame:
        """Replace the rows of `scope`, and answer with those that differ, as they were and as they are.

        The users of those rows are noted.
        """
        if scope.is_empty or self.touched.is_full:
            self._replace(model, rows, scope)
            return rows.clear()
        before = self.tables.stored(model, scope)
        self._replace(model, rows, scope)
        changed = difference(before, rows)
        self.users.update(changed["user_id"])
        return changed

    def _nobody(self) -> Scope:
        """Where the users of month after month are gathered; all of them in a full run."""
        return Scope("user_id", None if self.touched.is_full else ())

    def _groups(self, changed: pl.DataFrame, column: str) -> Scope:
        """The groups that changed rows belong or belonged to; all in a full run."""
        if self.touched.is_full:
            return Scope(column)
        return Scope(column, changed[column].drop_nulls().unique().to_list())


def days_of(month: dt.date) -> Sequence[dt.date]:
    """The days of the month whose first day is given."""
    return [month.replace(day=day + 1) for day in range(calendar.monthrange(month.year, month.month)[1])]
