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

    def _refresh(self) -> Refreshed:
        today = self.now().date()
        with self.atomic(), self.feed.window() as window:
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
        """Users move between groups, so the groups they were in before count as touched as well."""
        scope = Scope("user_id", self.touched.users)
        if scope.is_empty:
            return
        before = self._people_groups(scope)
        users, employments = self.marts.users(scope.values), self.marts.employments(scope.values)
        self._replace(models.UserProfile, people.user_profiles(users, employments, self.today), scope)
        self._replace(models.UserEmployer, people.user_employers(users, employments, self.today), scope)
        after = self._people_groups(scope)
        cities, codes, banks, employers = (old.union(new) for old, new in zip(before, after, strict=True))
        self._replace(models.CityPayroll, people.city_payroll(self.marts.profiles(cities)), cities)
        self._replace(
            models.UsersByPostalCode, people.users_by_postal_code(self.marts.profiles(codes)), codes
        )
        self._replace(models.UsersByBank, people.users_by_bank(self.marts.profiles(banks)), banks)
        self._replace(
            models.UsersByEmployer, people.users_by_employer(self.marts.employers(employers)), employers
        )

    def _people_groups(self, users: Scope) -> tuple[Scope, Scope, Scope, Scope]:
        return (
            self.marts.groups(models.UserProfile, users, "city"),
            self.marts.groups(models.UserProfile, users, "postal_code"),
            self.marts.groups(models.UserProfile, users, "bank"),
            self.marts.groups(models.UserEmployer, users, "employer"),
        )

    def _orders(self) -> None:
        """Month by month, so that memory does not grow with the years."""
        users = self._no_users()
        for month in self.touched.order_months:
            days = Scope("day", days_of(month))
            lines = self.marts.order_lines(days.values or ())
            users = users.union(self.marts.groups(models.UserDaySpend, days, "user_id"))
            self._replace(models.DailyRevenue, sales.daily_revenue(lines), days)
            self._replace(models.RevenueByStatus, sales.revenue_by_status(lines), Scope("month", [month]))
            self._replace(models.UserDaySpend, sales.user_day_spend(lines), days)
            users = users.union(self.marts.groups(models.UserDaySpend, days, "user_id"))
        self._replace(models.TopSpender, sales.top_spenders(self.marts.spend(users)), users)

    def _events(self) -> None:
        users = self._no_users()
        for month in self.touched.event_months:
            days = Scope("day", days_of(month))
            events = self.marts.logged_events(days.values or ())
            users = users.union(self.marts.groups(models.UserDayLogins, days, "user_id"))
            self._replace(models.EventsByType, sales.events_by_type(events), days)
            self._replace(models.UserDayLogins, sales.user_day_logins(events), days)
            users = users.union(self.marts.groups(models.UserDayLogins, days, "user_id"))
        self._replace(models.LoginsByUser, sales.logins_by_user(self.marts.logins(users)), users)

    def _no_users(self) -> Scope:
        """Where the users of the touched days are gathered; all of them in a full run."""
        return Scope("user_id", None if self.touched.users is None else ())
