"""Exchange rates from a service: good, busy, wrong, absent."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from bronze.enrichment.errors import BadPeriod, RatesUnavailable, RatesUnreadable
from bronze.enrichment.frankfurter import FrankfurterRates, quarters
from bronze.enrichment.sources import RateFile
from bronze.models import RawRecord, SourceFile
from bronze.services import LoadFile
from bronze.services.rates import FetchedRates, FetchRates
from bronze.tasks import fetch_rates
from governance.models import Run
from lakehouse_project import container
from lakehouse_project.auth import issue_token
from lakehouse_project.env import env
from lakehouse_project.kernel.errors import NotConfigured
from lakehouse_project.kernel.services import resolve
from tests.accounts import member
from tests.integration.enrichment.service import Rates, serving

pytestmark = pytest.mark.django_db

JANUARY = {"since": date(2024, 1, 1), "until": date(2024, 1, 5)}


@pytest.fixture
def rates() -> Iterator[Rates]:
    with serving() as found:
        yield found


@pytest.fixture
def fetch(rates: Rates, tmp_path: Path) -> FetchRates:
    return replace(resolve(FetchRates), source=FrankfurterRates(url=rates.url, cache=tmp_path / "cache"))


def loaded(fetched: FetchedRates) -> dict[str, Decimal]:
    assert fetched.file
    resolve(LoadFile)(fetched.file.id)
    rows = RawRecord.objects.filter(dataset="exchange_rates", status="valid")
    return {row.key: Decimal(row.payload["rate"]) for row in rows}


def test_rates_become_a_file_with_a_receipt_and_are_what_was_published(fetch: FetchRates) -> None:
    fetched = fetch(**JANUARY)
    stored = loaded(fetched)
    assert len(stored) == fetched.rates == 15
    assert stored["2024-01-02:EUR"] == Decimal("1.25")
    assert stored["2024-01-02:GBP"] == Decimal("1.5625"), "1.25 dollars per euro over 0.8 pounds per euro"
    assert stored["2024-01-02:JPY"] == Decimal("0.00833333")
    file = SourceFile.objects.get()
    assert (file.received_via, file.dataset_id, file.rows_inserted) == ("enrichment", "exchange_rates", 15)


def test_the_next_time_begins_a_week_before_the_last_known_rate(fetch: FetchRates, rates: Rates) -> None:
    loaded(fetch(**JANUARY))
    rates.asked.clear()
    fetch(until=date(2024, 1, 20))
    assert rates.asked == ["2023-12-29..2023-12-31", "2024-01-01..2024-01-20"]


def test_the_same_rates_are_the_same_file_and_are_not_sent_again(fetch: FetchRates, rates: Rates) -> None:
    first, again = fetch(**JANUARY), fetch(**JANUARY)
    assert first.file
    assert again.file
    assert (again.file.id, again.file.repeated) == (first.file.id, True)
    assert (len(rates.asked), rates.not_modified) == (2, 1)


def test_a_corrected_rate_updates_the_record(fetch: FetchRates, rates: Rates) -> None:
    loaded(fetch(**JANUARY))
    rates.per_euro["USD"] = 2.0
    assert loaded(fetch(**JANUARY))["2024-01-02:EUR"] == Decimal(2)


def test_it_asks_again_when_the_service_is_busy_as_late_as_it_says(fetch: FetchRates, rates: Rates) -> None:
    rates.answers, rates.headers = [503, 429], {"Retry-After": "0"}
    assert fetch(**JANUARY).rates == 15
    assert len(rates.asked) == 3


def test_a_service_that_stays_busy_is_told_and_nothing_is_kept(fetch: FetchRates, rates: Rates) -> None:
    rates.answers = [500] * 4
    with pytest.raises(RatesUnavailable, match=r"answers 500 for 2024-01-01..2024-01-05, 4 times"):
        fetch(**JANUARY)
    assert not SourceFile.objects.exists()


def test_a_service_that_hangs_up_or_is_not_there(fetch: FetchRates, rates: Rates, tmp_path: Path) -> None:
    rates.is_silent = True
    with pytest.raises(RatesUnavailable, match="does not answer"):
        fetch(**JANUARY)
    absent = FrankfurterRates(url="http://127.0.0.1:1/v1", cache=tmp_path / "other")
    with pytest.raises(RatesUnavailable, match=r"127.0.0.1 does not answer for 2024"):
        fetch(**JANUARY, source=absent)
    assert not SourceFile.objects.exists()


def test_a_slow_answer_is_not_waited_for_and_the_next_one_counts(
    fetch: FetchRates, rates: Rates, tmp_path: Path
) -> None:
    impatient = FrankfurterRates(url=rates.url, cache=tmp_path / "other", read_seconds=0.2)
    rates.slow = 2
    assert fetch(**JANUARY, source=impatient).rates == 15
    rates.slow = 9
    with pytest.raises(RatesUnavailable, match=r"does not answer for .*: timed out"):
        fetch(since=date(2024, 2, 1), until=date(2024, 2, 2), source=impatient)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html>login</html>", "is no table of exchange rates"),
        (b'{"base": "EUR"}', "rates"),
        (b'{"base": "EUR", "rates": {"2024-01-02": {"USD": "much"}}}', "USD"),
        (b'{"base": "EUR", "rates": {"2024-01-02": {"USD": 0}}}', "USD"),
        (b'{"base": "EUR", "rates": {"yesterday": {"USD": 1}}}', "yesterday"),
        (b'{"base": "EUR", "rates": {"2024-01-02": {"GBP": 0.8}}}', "no rate of USD on 2024-01-02"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_kept(
    fetch: FetchRates, rates: Rates, body: bytes, told: str
) -> None:
    rates.body = body
    with pytest.raises(RatesUnreadable, match=told):
        fetch(**JANUARY)
    assert not SourceFile.objects.exists()


def test_an_answer_without_an_end_is_not_read_to_it(fetch: FetchRates, rates: Rates) -> None:
    rates.body = b" " * (9 * 1024 * 1024)
    with pytest.raises(RatesUnreadable, match="larger than"):
        fetch(**JANUARY)


def test_a_wrong_address_is_not_asked_again(fetch: FetchRates, rates: Rates) -> None:
    rates.answers = [404]
    with pytest.raises(RatesUnreadable, match=r"answers 404 .* Is RATE_SOURCE right"):
        fetch(**JANUARY)
    assert len(rates.asked) == 1


def test_a_source_that_has_fallen_silent_is_told(fetch: FetchRates, rates: Rates) -> None:
    rates.last_day = date(2024, 1, 3)
    fetched = fetch(since=date(2024, 1, 1), until=date(2024, 3, 1))
    assert fetched.last_day == date(2024, 1, 3)
    assert fetched.note.endswith("are of 2024-01-03.")
    silent = fetch(since=date(2024, 2, 1), until=date(2024, 2, 2))
    assert (silent.file, silent.rates) == (None, 0)
    assert "has no rates from 2024-02-01 to 2024-02-02" in silent.note


def test_a_saved_file_is_taken_whole_however_old_it_is(
    fetch: FetchRates, rates: Rates, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = fetch(**JANUARY).file
    assert newer is not None
    resolve(LoadFile)(newer.id)
    saved = tmp_path / "saved.json"
    saved.write_text(json.dumps({"base": "EUR", "rates": {"2019-05-02": {"USD": 1.25}}}))
    call_command("rates", file=saved)
    assert "1 rates until 2019-05-02" in capsys.readouterr().out


def test_a_saved_file_does_without_the_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "saved.json"
    rates = {"2024-01-02": {"USD": 1.25}, "2024-02-02": {"USD": 1.5}}
    saved.write_text(json.dumps({"amount": 10, "base": "EUR", "rates": rates}))
    call_command("rates", file=saved, since=date(2024, 1, 1), until=date(2024, 1, 31))
    file = SourceFile.objects.get()
    assert f"1 rates until 2024-01-02: file {file.pk}" in capsys.readouterr().out
    resolve(LoadFile)(file.pk)
    assert RawRecord.objects.get().payload == {"date": "2024-01-02", "currency": "EUR", "rate": "0.12500000"}
    assert Run.objects.get(kind="rates").counts == {"rates": 1, "file": file.pk}
    with pytest.raises(RatesUnreadable, match="No such file"):
        resolve(FetchRates)(source=RateFile(tmp_path / "absent.json"))


def test_what_can_be_said_before_the_source_is_asked(fetch: FetchRates) -> None:
    with pytest.raises(NotConfigured, match="RATE_SOURCE"):
        resolve(FetchRates)()
    with pytest.raises(BadPeriod, match="from 2024-02-01 to 2024-01-01 has no days"):
        fetch.check(since=date(2024, 2, 1), until=date(2024, 1, 1))
    Run.objects.create(kind="rates", state="failed", finished_at=timezone.now())
    with pytest.raises(RatesUnavailable, match="has just failed; it is asked again in 5 s") as refused:
        fetch.check(since=None, until=None)
    assert refused.value.context == {"retry_after": 5}


def test_quarters_end_where_the_calendar_says() -> None:
    days = [(str(first), str(last)) for first, last in quarters(date(2023, 11, 5), date(2024, 4, 2))]
    assert days == [("2023-11-05", "2023-12-31"), ("2024-01-01", "2024-03-31"), ("2024-04-01", "2024-04-02")]


def compose_anew() -> None:
    env.cache_clear()
    container._container.cache_clear()


@pytest.fixture
def configured(rates: Rates, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RATE_SOURCE", rates.url)
    compose_anew()
    yield
    monkeypatch.undo()
    compose_anew()


def client_of(group: str) -> Client:
    member(group, group)
    return Client(headers={"Authorization": f"Token {issue_token(group)}"})


def post(client: Client, **body: str) -> Any:
    return client.post("/api/v1/enrichment/exchange-rates", body, content_type="application/json")


def test_over_the_api_it_is_a_run(configured: None) -> None:
    client = client_of("engineer")
    answer = post(client, since="2024-01-01", until="2024-01-05")
    assert answer.status_code == 202
    fetch_rates(answer.json()["id"], "2024-01-01", "2024-01-05")
    run = client.get(answer["Location"]).json()
    assert (run["state"], run["counts"]["rates"]) == ("succeeded", 15)


def test_over_the_api_a_failure_is_told_by_the_run_and_the_source_rests(
    configured: None, rates: Rates
) -> None:
    client = client_of("engineer")
    rates.answers = [404]
    run = post(client)["Location"]
    fetch_rates(run.rpartition("/")[2])
    found = client.get(run).json()
    assert found["state"] == "failed"
    assert "127.0.0.1 answers 404" in found["message"]
    refused = post(client)
    assert (refused.status_code, refused.json()["code"]) == (503, "rates_unavailable")
    fetch_rates()
    assert len(rates.asked) == 1, "the clock leaves it alone, too"


def test_over_the_api_what_cannot_be_asked_for(configured: None) -> None:
    assert post(client_of("viewer")).status_code == 403
    client = client_of("engineer")
    wrong = post(client, since="2024-02-01", until="2024-01-01")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_period")


def test_over_the_api_without_a_source() -> None:
    answer = post(client_of("engineer"))
    assert (answer.status_code, answer.json()["code"]) == (503, "not_configured")
