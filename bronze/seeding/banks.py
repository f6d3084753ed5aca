"""Banks with the account numbers of their countries, checksums included, and the file of bank accounts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from bronze.seeding.people import FIRST_USER, Population
from bronze.seeding.places import COUNTRIES
from bronze.seeding.randomness import chance, pick
from bronze.seeding.trouble import Rows, Trouble, becomes, missing

BANKED_PER_MILLE = 900
IBAN_AS_ROUTING_PER_MILLE = 30
GROUPED_PER_MILLE = 60

ACCOUNT_TYPES = ("checking", "savings", "current", "salary", "business", "joint")
ACCOUNT_WEIGHTS = (46, 18, 16, 12, 5, 3)


@dataclass(frozen=True)
class Bank:
    """`local_code`: the bank's part of an IBAN, if the country has them. `routing`: its BIC, IFSC or routing number."""

    name: str
    routing: str
    local_code: str = ""


BANKS: dict[str, tuple[Bank, ...]] = {
    "US": (
        Bank("JPMorgan Chase", "021000021"),
        Bank("Bank of America", "026009593"),
        Bank("Wells Fargo", "121000248"),
        Bank("Citibank", "021000089"),
    ),
    "CA": (
        Bank("Royal Bank of Canada", "ROYCCAT2XXX"),
        Bank("TD Canada Trust", "TDOMCATTTOR"),
        Bank("Scotiabank", "NOSCCATTXXX"),
    ),
    "GB": (
        Bank("Barclays", "BARCGB22XXX", "BARC20"),
        Bank("HSBC UK", "HBUKGB4BXXX", "HBUK40"),
        Bank("Lloyds Bank", "LOYDGB2LXXX", "LOYD30"),
    ),
    "DE": (
        Bank("Deutsche Bank", "DEUTDEFFXXX", "50070010"),
        Bank("Commerzbank", "COBADEFFXXX", "37040044"),
        Bank("ING-DiBa", "INGDDEFFXXX", "50010517"),
        Bank("N26", "NTSBDEB1XXX", "10011001"),
    ),
    "FR": (
        Bank("BNP Paribas", "BNPAFRPPXXX", "30004"),
        Bank("Société Générale", "SOGEFRPPXXX", "30003"),
        Bank("Crédit Agricole", "AGRIFRPP882", "18206"),
    ),
    "ES": (
        Bank("Banco Santander", "BSCHESMMXXX", "0049"),
        Bank("BBVA", "BBVAESMMXXX", "0182"),
        Bank("CaixaBank", "CAIXESBBXXX", "2100"),
    ),
    "NL": (
        Bank("ING", "INGBNL2AXXX", "INGB"),
        Bank("ABN AMRO", "ABNANL2AXXX", "ABNA"),
        Bank("Rabobank", "RABONL2UXXX", "RABO"),
    ),
    "IN": (
        Bank("State Bank of India", "SBIN0"),
        Bank("HDFC Bank", "HDFC0"),
        Bank("ICICI Bank", "ICIC0"),
        Bank("Axis Bank", "UTIB0"),
    ),
    "BR": (
        Bank("Itaú Unibanco", "ITAUBRSPXXX", "60701190"),
        Bank("Bradesco", "BBDEBRSPXXX", "60746948"),
        Bank("Banco do Brasil", "BRASBRRJXXX", "00000000"),
    ),
}


NOT_ISSUED = 10
"""A last digit that there is not: such account numbers are skipped."""


def check_digits(country: str, bban: str) -> str:
    """Check digits of an IBAN: ISO 13616, 98 minus the remainder by 97 of the rearranged number (ISO 7064)."""
    rearranged = f"{bban}{country}00"
    return f"{98 - int(''.join(str(int(sign, 36)) for sign in rearranged)) % 97:02}"


def iban(country: str, bban: str) -> str:
    return f"{country}{check_digits(country, bban)}{bban}"


def _spanish_digit(ten_digits: str) -> str:
    """One of the two control digits of a Spanish account: weights 2^i mod 11."""
    rest = 11 - sum(int(digit) * (2**place % 11) for place, digit in enumerate(ten_digits)) % 11
    return str({10: 1, 11: 0}.get(rest, rest))


def _spanish(code: str, number: int) -> str:
    office, digits = f"{number % 9973:04}", f"{number:010}"
    return f"{code}{office}{_spanish_digit(f'00{code}{office}')}{_spanish_digit(digits)}{digits}"


def _french(code: str, number: int) -> str:
    branch, digits = f"{number % 99_991:05}", f"{number:011}"
    key = 97 - (89 * int(code) + 15 * int(branch) + 3 * int(digits)) % 97
    return f"{code}{branch}{digits}{key:02}"


def _dutch(code: str, number: int) -> str:
    """Dutch accounts pass the eleven test: digits weighted 10 to 1 sum up to a multiple of eleven."""
    nine = f"{number % 1_000_000_000:09}"
    last = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), nine, strict=True)) % 11
    return _dutch(code, number + 1) if last == NOT_ISSUED else f"{code}{nine}{last}"


BBAN: dict[str, Callable[[str, int], str]] = {
    "GB": lambda code, number: f"{code}{number % 10_000:04}{number // 100:08}",
    "DE": lambda code, number: f"{code}{number:010}",
    "FR": _french,
    "ES": _spanish,
    "NL": _dutch,
    "BR": lambda code, number: f"{code}{number % 9973:05}{number:010}C1",
}


def account(country: str, bank: Bank, number: int) -> tuple[str, str]:
    """Account number and routing code of the ten-digit `number` at the bank."""
    if country in BBAN:
        return iban(country, BBAN[country](bank.local_code, number)), bank.routing
    if country == "IN":
        return f"{number * 37:013}", f"{bank.routing}{number % 4999:06}"
    return f"{number // 10}", bank.routing


def _wrong_checksum(value: str, _dice: int) -> str:
    """A routing code of any kind that is none any more."""
    if value.isdigit():
        return f"{value[:-1]}{(int(value[-1]) + 1) % 10}"
    if value[2:4].isdigit():
        return f"{value[:2]}{(int(value[2:4]) + 1) % 100:02}{value[4:]}"
    return value[:-4] if value[4:6].isalpha() else f"{value[:4]}9{value[5:]}"


TROUBLES: tuple[Trouble, ...] = (
    Trouble("routing_code", _wrong_checksum),
    becomes("routing_code", "DE89370400440532013001", "GB29NWBK60161331926818", "021000022", "HDFC9001234"),
    missing("routing_code"),
    missing("account_number"),
    becomes("account_number", "#N/A", "?", "**** 4242"),
    missing("bank_name"),
    becomes("account_type", "gold", "unknown?", "1"),
    missing("user_id"),
)


def account_rows(people: Population, start: int, stop: int, rng: np.random.Generator) -> Rows:
    """Bank accounts of about 90 % of the users [start, stop)."""
    owners = start + np.flatnonzero(chance(rng, BANKED_PER_MILLE, stop - start))
    columns = ("user_id", "bank_name", "account_number", "routing_code", "account_type")
    schema = dict.fromkeys(columns, pl.String)
    frame = pl.DataFrame(list(_accounts(people, owners.tolist(), rng)), schema=schema, orient="row")
    return Rows.clean(frame).afflict(rng, TROUBLES).repeat_some(rng)


def _accounts(people: Population, owners: list[int], rng: np.random.Generator) -> Iterator[tuple[str, ...]]:
    kinds = pick(rng, ACCOUNT_WEIGHTS, len(owners)).tolist()
    numbers = rng.integers(10**8, 10**10, len(owners)).tolist()
    dice = rng.integers(0, 1000, (len(owners), 3)).tolist()
    for owner, kind, number, rolls in zip(owners, kinds, numbers, dice, strict=True):
        country = COUNTRIES[people.country_index[owner]].code
        yield str(owner + FIRST_USER), *_bank_columns(country, number, rolls), ACCOUNT_TYPES[kind]


def _bank_columns(country: str, number: int, rolls: list[int]) -> tuple[str, str, str]:
    """Bank, account number and routing code, the latter two now and then in their less usual forms."""
    choice, grouped, doubled = rolls
    bank = BANKS[country][choice * choice * len(BANKS[country]) // 1_000_000]
    account_number, routing = account(country, bank, number)
    if country not in BBAN:
        return bank.name, account_number, routing
    shown = _grouped(account_number) if grouped < GROUPED_PER_MILLE else account_number
    return bank.name, shown, account_number if doubled < IBAN_AS_ROUTING_PER_MILLE else routing


def _grouped(number: str) -> str:
    """In groups of four, as on paper."""
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))
