"""The contract check: every rule, every kind of field, and the natural key."""

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bronze.contracts import CONTRACTS
from bronze.validation import MAX_KEY, MAX_SHOWN, check
from tests.unit.bronze.samples import check_rows, errors_of, key_of, rules_broken, valid_row


@pytest.mark.parametrize("dataset", CONTRACTS)
def test_the_examples_of_a_contract_keep_it(dataset: str) -> None:
    assert errors_of(dataset) == []


@pytest.mark.parametrize("dataset", CONTRACTS)
def test_every_required_field_is_required(dataset: str) -> None:
    contract = CONTRACTS[dataset]
    required = [(field.name, "required") for field in contract.fields if field.required]
    for row in ({}, dict.fromkeys(contract.field_names(), " \t"), dict.fromkeys(contract.field_names())):
        key, errors = check_rows(dataset, row)[0]
        assert key is None
        assert [(error["field"], error["rule"]) for error in errors] == required


@pytest.mark.parametrize("text", ["5", " 5 ", "+5", "005", "5.0", "5.", "5.000", 5, 5.0, "-0"])
def test_whole_numbers(text: object) -> None:
    assert rules_broken("hired_employees", department_id=text) == []


@pytest.mark.parametrize("text", ["5.5", "5,0", "1e3", "five", "0x5", "9223372036854775808", "٣", True, ".0"])
def test_no_whole_numbers(text: object) -> None:
    assert rules_broken("hired_employees", department_id=text) == [("department_id", "integer")]


def test_ranges() -> None:
    assert rules_broken("hired_employees", job_id="-1") == [("job_id", "minimum")]
    assert rules_broken("employment_info", salary="-0.01") == [("salary", "minimum")]
    assert rules_broken("employment_info", salary="0") == []


def test_an_employment_ends_after_it_began_or_not_at_all() -> None:
    span = {"start_date": "2021-03-01"}
    for end in ("", "2021-03-01", "2021-03-02", "9999-12-31"):
        assert rules_broken("employment_info", **span, end_date=end) == []
    for end, rule in (("2021-02-28", "not_before"), ("9999-12-30", "range"), ("3000-01-01", "range")):
        assert rules_broken("employment_info", **span, end_date=end) == [("end_date", rule)]
    assert rules_broken("employment_info", start_date="9999-12-31", end_date="") == [("start_date", "range")]


def test_a_rate_is_above_nothing() -> None:
    assert rules_broken("exchange_rates", rate="0") == [("rate", "minimum")]
    assert rules_broken("exchange_rates", rate="0.00000001") == []


@pytest.mark.parametrize(
    "text", ["10", "10.5", "10.50", "10.500", ".5", "5.", "+5", 10.5, "9999999999999999"]
)
def test_decimals(text: object) -> None:
    assert rules_broken("employment_info", salary=text) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1,234.50", "decimal"),
        ("1234,50", "decimal"),
        ("1e3", "decimal"),
        ("$5", "decimal"),
        (".", "decimal"),
        ("٣", "decimal"),
        ("NaN", "decimal"),
        ("10.505", "decimal_places"),
        ("10.0001", "decimal_places"),
        ("10000000000000000", "decimal_size"),
    ],
)
def test_no_decimals(text: str, rule: str) -> None:
    assert rules_broken("employment_info", salary=text) == [("salary", rule)]


def test_rates_have_eight_places() -> None:
    assert rules_broken("exchange_rates", rate="1.12345678") == []
    assert rules_broken("exchange_rates", rate="1.123456789") == [("rate", "decimal_places")]


@pytest.mark.parametrize("text", ["2024-02-29", "1900-01-01", "2100-12-31", "2024-05-17T00:00:00Z"])
def test_dates(text: str) -> None:
    assert rules_broken("employment_info", start_date=text, end_date="") == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2023-02-29", "date"),
        ("17.05.2024", "date"),
        ("2024-05-17T09:00:00Z", "date"),
        ("1899-12-31", "range"),
        ("2101-01-01", "range"),
        ("0001-01-01", "range"),
    ],
)
def test_no_dates(text: str, rule: str) -> None:
    assert rules_broken("employment_info", start_date=text, end_date="") == [("start_date", rule)]


@pytest.mark.parametrize(
    "text",
    [
        "2021-11-07T02:48:42Z",
        "2021-11-07T02 48 42Z",
        "2021-11-07 02:48:42",
        "2021-11-07T02:48:42.123456+05:30",
        "2021-11-07T02:48",
        "2021-11-07",
        "2100-12-31T23:59:59Z",
    ],
)
def test_timestamps(text: str) -> None:
    assert rules_broken("hired_employees", datetime=text) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2021-11-07T25:00:00Z", "datetime"),
        ("07/11/2021", "datetime"),
        ("yesterday", "datetime"),
        ("0001-01-01T00:00:00+05:00", "range"),
        ("1900-01-01T00:00:00+01:00", "range"),
        ("2101-01-01T00:00:00Z", "range"),
    ],
)
def test_no_timestamps(text: str, rule: str) -> None:
    assert rules_broken("hired_employees", datetime=text) == [("datetime", rule)]


def test_the_calendar_is_named() -> None:
    assert (
        errors_of("employment_info", end_date="3000-12-31")[0]["message"]
        == "end_date is not between 1900-01-01 and 2100-12-31"
    )


def test_choices_in_either_case() -> None:
    assert rules_broken("user_bank_info", account_type="Savings") == []
    assert rules_broken("user_bank_info", account_type="piggy bank") == [("account_type", "enum")]
    assert "checking, savings" in errors_of("user_bank_info", account_type="x")[0]["message"]


def test_patterns_and_lengths() -> None:
    assert rules_broken("users", email="ada") == [("email", "pattern")]
    assert errors_of("exchange_rates", currency="euro")[0]["message"] == "currency does not look like 'EUR'"
    assert rules_broken("users", city="x" * 120) == []
    assert rules_broken("users", city="x" * 121) == [("city", "max_length")]
    assert rules_broken("users", city=" " + "ü" * 120 + " ") == []  # characters without the blanks around


@pytest.mark.parametrize(
    ("dataset", "name", "most"),
    [
        ("departments", "department", 200),
        ("jobs", "job", 200),
        ("hired_employees", "name", 200),
        ("users", "address", 300),
        ("products", "description", 20_000),
    ],
)
def test_no_text_is_longer_than_the_layers_above_can_index(dataset: str, name: str, most: int) -> None:
    assert rules_broken(dataset, **{name: "x" * most}) == []
    assert rules_broken(dataset, **{name: "x" * (most + 1)}) == [(name, "max_length")]


def test_countries() -> None:
    assert rules_broken("users", country="de") == []
    assert rules_broken("users", country="UK") == [("country", "country")]
    assert rules_broken("users", country="DEU") == [("country", "country")]


@pytest.mark.parametrize(
    "text",
    [
        "COBADEFFXXX",
        "DEUTDEFF",
        "SBIN0001234",
        "021000021",
        "DE89370400440532013000",
        "de89 3704 0044 0532 0130 00",
        "GB82WEST12345698765432",
    ],
)
def test_routing_codes(text: str) -> None:
    assert rules_broken("user_bank_info", routing_code=text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("021000022", "wrong checksum (ABA"),
        ("DE89370400440532013001", "wrong checksum or length (IBAN)"),
        ("GB82WEST1234569876543", "wrong checksum or length (IBAN)"),
        ("SBIN1001234", "no BIC, IFSC"),
        ("12345", "no BIC, IFSC"),
        ("COBAZZFF9", "no BIC, IFSC"),
    ],
)
def test_no_routing_codes(text: str, said: str) -> None:
    (error,) = errors_of("user_bank_info", routing_code=text)
    assert (error["rule"], said in error["message"]) == ("bank_routing", True)


@pytest.mark.parametrize("value", [None, "", "{}", ' {"a": {"b": [1]}} ', {"a": 1}])
def test_objects(value: object) -> None:
    assert rules_broken("events", properties=value) == []


@pytest.mark.parametrize("value", ["[]", "x", "{a}", '{"a": 1', [1], 5, "{" * 5000 + "}" * 5000])
def test_no_objects(value: object) -> None:
    assert rules_broken("events", properties=value) == [("properties", "object")]


@pytest.mark.parametrize("value", ["[1]", '{"x": 1}', 5, True])
def test_what_may_stand_for_a_text(value: object) -> None:
    assert rules_broken("jobs", job=value) == []


@pytest.mark.parametrize("value", [{"x": 1}, {}, [], ["x"]])
def test_objects_and_arrays_are_no_texts(value: object) -> None:
    assert rules_broken("jobs", job=value) == [("job", "text")]


def test_every_error_of_a_row_and_only_of_that_row() -> None:
    bad = valid_row("hired_employees", id="x", name=None, datetime="?", department_id="-5")
    results = check_rows("hired_employees", valid_row("hired_employees"), bad, valid_row("hired_employees"))
    assert [len(errors) for _, errors in results] == [0, 4, 0]
    assert results[1][1][0] == {
        "field": "id",
        "rule": "integer",
        "message": "id is not a whole number",
        "value": "x",
    }
    assert [error["rule"] for error in results[1][1]] == ["integer", "required", "datetime", "minimum"]


def test_long_values_are_cut_in_errors() -> None:
    assert errors_of("hired_employees", job_id="x" * 5000)[0]["value"] == "x" * MAX_SHOWN


@pytest.mark.parametrize("dataset", CONTRACTS)
def test_errors_never_repeat_personal_values(dataset: str) -> None:
    bad = "⚠ not this ⚠" * 100
    contract = CONTRACTS[dataset]
    for error in errors_of(dataset, **dict.fromkeys(contract.field_names(), bad)):
        if contract.field(error["field"]).is_personal:
            assert error["value"] is None
            assert "⚠" not in error["message"]


def test_keys() -> None:
    assert key_of("users", user_id=" 1001 ") == "1001"
    assert key_of("order_lines", order_id="a:b%", line_number=" 02 ") == "a%3Ab%25:2"
    assert key_of("users", user_id="a:b%") == "a:b%"
    assert key_of("exchange_rates", date="2024-05-17T00:00:00Z") == "2024-05-17:EUR"
    assert key_of("order_lines", line_number=None) is None


@pytest.mark.parametrize("text", ["7", "007", "+7", "7.0", "7.", 7, 7.0])
def test_one_number_is_one_key(text: object) -> None:
    assert key_of("jobs", id=text) == "7"


def test_a_key_that_is_no_number_is_kept_as_it_is() -> None:
    assert key_of("jobs", id=" seven ") == "seven"
    assert key_of("jobs", id="99999999999999999999") == "99999999999999999999"


def test_keys_have_a_limit() -> None:
    assert key_of("users", user_id="x" * MAX_KEY) == "x" * MAX_KEY
    assert key_of("users", user_id="x" * (MAX_KEY + 1)) is None


def test_other_columns_are_left_alone() -> None:
    rows = pl.DataFrame({"job": ["Clerk"], "_0": ["x"], "id": ["1"], "note": ["n"]})
    checked = check(rows, CONTRACTS["jobs"])
    assert checked.drop("_key", "_errors").equals(rows)


def test_no_rows_no_errors() -> None:
    rows = pl.DataFrame(schema={"id": pl.String, "job": pl.String})
    assert check(rows, CONTRACTS["jobs"]).height == 0


ANYTHING = (
    st.none() | st.text(max_size=20) | st.sampled_from(["1", "-1", "1.0", "2024-01-01", "{}", "DE", "\x85"])
)


@settings(max_examples=60)
@given(st.sampled_from(sorted(CONTRACTS)), st.data())
def test_any_text_gives_errors_and_no_crash(dataset: str, data: st.DataObject) -> None:
    names = CONTRACTS[dataset].field_names()
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, ANYTHING)), min_size=1, max_size=5))
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
    checked = check(frame, CONTRACTS[dataset])
    together = [orjson.loads(errors) for errors in checked["_errors"]]
    alone = [orjson.loads(check(frame[i], CONTRACTS[dataset])["_errors"][0]) for i in range(frame.height)]
    assert together == alone  # a row's errors do not depend on its neighbours
