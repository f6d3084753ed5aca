"""Keeping the marts up to date with silver, at a cost that follows the change."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from gold import models
from gold.domain import Refreshed, Scope, Touched
from gold.marts import people, sales
from gold.marts.compare import difference
from gold.registry import MARTS
from gold.repositories import MartRepository, TableStates, days_of
from governance.feed import ChangeFeed, FeedBusy
from governance.services import track
from lakehouse_project.kernel.events import EventBus


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, kw_only=True)
class RefreshMarts:
    """Compute anew the groups that silver's changes touch, and those that change because a day has passed."""

    marts: MartRepository
    states: TableStates
    feed: ChangeFeed
    events: EventBus
    atomic: Callable[[], AbstractContextManager[Any]]
    now: Callable[[], dt.datetime] = utc_now

    def __call__(self) -> Refreshed:
        """Does nothing and records no run if there is no news, or if another runner is at it."""
        if not self.marts.has_news(self.feed.position(), self.now().date()):
            return Refreshed()
        try:
            with track("marts") as run:
                refreshed = self._refresh()
                run.counts = dict(refreshed.rows)
                return refreshed
        except FeedBusy:
            return Refreshed()

    def everything(self) -> Refreshed:
        """Compute every group anew; rows that are right already are not written. Waits for another runner."""
        with track("rebuild", layer="gold") as run:
            refreshed = self._refresh(everything=True)
            run.counts = dict(refreshed.rows)
            return refreshed

    def _refresh(self, *, everything: bool = False) -> Refreshed:
        today = self.now().date()
        with self.atomic(), self.feed.window(everything=everything) as window:
            refreshed = _Work(self.marts, self.marts.touched(window, today), today).run()
            computed = {mart.table for mart in MARTS} if window.is_full else set()
            self.states.changed(computed.union(refreshed.rows), self.now())
            if refreshed.rows:
                self.events.publish("gold.changed")
        return refreshed


@dataclass(frozen=True)
class _Work:
    """One refresh: `rows` counts what was written per table."""

    marts: MartRepository
    touched: Touched
    today: dt.date
    rows: dict[str, int] = field(default_factory=dict)

    def run(self) -> Refreshed:
        self._hires()
        self._people()
        self._orders()
        self._events()
        return Refreshed({table: count for table, count in self.rows.items() if count})

    def _replace(self, model: models.AnyModel, frame: pl.DataFrame, scope: Scope) -> None:
        if scope.is_empty:
            return
        table = model._meta.db_table
        self.rows[table] = self.rows.get(table, 0) + self.marts.replace(model, frame, scope)

    def _hires(self) -> None:
        scope = Scope("year", self.touched.years)
        if scope.is_empty:
            return
        hires = self.marts.hires(self.touched.years)
        self._replace(models.HiresByQuarter, people.hires_by_quarter(hires), scope)
        self._replace(models.DepartmentHires, people.department_hires(hires), scope)

    def _people(self) -> None:
        """A user who moves leaves one group and joins another: both are computed anew."""
        scope = Scope("user_id", self.touched.users)
        if scope.is_empty:
            return
        users, employments = self.marts.users(scope.values), self.marts.employments(scope.values)
        profiles = people.user_profiles(users, employments, self.today)
        employers = people.user_employers(users, employments, self.today)
        moved = self._exchange(models.UserProfile, self.marts.profiles, profiles, scope)
        rehired = self._exchange(models.UserEmployer, self.marts.employers, employers, scope)
        self._homes(moved)
        self._banks(self._groups(moved, "bank"))
        self._employers(self._groups(rehired, "employer"))

    def _homes(self, moved: pl.DataFrame) -> None:
        cities, codes = self._groups(moved, "city"), self._groups(moved, "postal_code")
        self._replace(models.CityPayroll, people.city_payroll(self.marts.profiles(cities)), cities)
        self._replace(
            models.UsersByPostalCode, people.users_by_postal_code(self.marts.profiles(codes)), codes
        )

    def _banks(self, banks: Scope) -> None:
        self._replace(models.UsersByBank, people.users_by_bank(self.marts.profiles(banks)), banks)

    def _employers(self, employers: Scope) -> None:
        self._replace(
            models.UsersByEmployer, people.users_by_employer(self.marts.employers(employers)), employers
        )

    def _orders(self) -> None:
        """Month by month, so that memory does not grow with the years."""
        users = self._nobody()
        for month in self.touched.order_months:
            days, whole = Scope("day", days_of(month)), Scope("month", [month])
            lines = self.marts.order_lines(days_of(month))
            self._replace(models.DailyRevenue, sales.daily_revenue(lines), days)
            self._replace(models.RevenueByStatus, sales.revenue_by_status(lines), whole)
            self._replace(models.MonthlyOrders, sales.monthly_orders(lines), whole)
            spend = self._exchange(models.OrderSpend, self.marts.spend, sales.order_spend(lines), days)
            users = users.union(self._groups(spend, "user_id"))
        self._replace(models.TopSpender, sales.top_spenders(self.marts.spend(users)), users)

    def _events(self) -> None:
        users = self._nobody()
        for month in self.touched.event_months:
            days = Scope("day", days_of(month))
            events = self.marts.logged_events(days_of(month))
            self._replace(models.EventsByType, sales.events_by_type(events), days)
            logins = self._exchange(
                models.UserDayLogins, self.marts.logins, sales.user_day_logins(events), days
            )
            users = users.union(self._groups(logins, "user_id"))
        self._replace(models.LoginsByUser, sales.logins_by_user(self.marts.logins(users)), users)

    def _exchange(
        self, model: models.AnyModel, read: Callable[[Scope], pl.DataFrame], rows: pl.DataFrame, scope: Scope
    ) -> pl.DataFrame:
        """Replace the rows of `scope`, and answer with those that differ, as they were and as they are."""
        before = rows.clear() if self.touched.is_full else read(scope)
        self._replace(model, rows, scope)
        return difference(before, rows)

    def _nobody(self) -> Scope:
        """Where the users of month after month are gathered; all of them in a full run."""
        return Scope("user_id", None if self.touched.is_full else ())

    def _groups(self, changed: pl.DataFrame, column: str) -> Scope:
        """The groups that changed rows belong or belonged to; all in a full run."""
        if self.touched.is_full:
            return Scope(column)
        return Scope(column, changed[column].drop_nulls().unique().to_list())
