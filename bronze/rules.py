"""Rules that need more than a pattern, as functions of one trimmed text. They return what is wrong, or None.

They run once for each distinct text of a column.
"""

import re
from collections.abc import Callable, Mapping

import pycountry
from stdnum import bic, iban
from stdnum.exceptions import ValidationError
from stdnum.us import rtn

IFSC = re.compile(r"^[A-Z]{4}0[A-Z0-9]{6}$")
COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)


def country(text: str) -> str | None:
    """ISO 3166-1 alpha-2, in either case."""
    return None if text.upper() in COUNTRIES else "is not a country code of two letters (ISO 3166-1 alpha-2)"


def bank_routing(text: str) -> str | None:
    """BIC (ISO 9362), IFSC (Reserve Bank of India), ABA routing number or IBAN (ISO 13616); the last two carry checksums."""
    compact = text.replace(" ", "").upper()
    if IFSC.match(compact):
        return None
    if compact.isdigit() and len(compact) == 9:
        return None if rtn.is_valid(compact) else "has a wrong checksum (ABA routing number)"
    if re.match(r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$", compact):
        return _iban(compact)
    return None if bic.is_valid(compact) else "is no BIC, IFSC, ABA routing number or IBAN"


def _iban(compact: str) -> str | None:
    try:
        iban.validate(compact, check_country=False)
    except ValidationError:
        return "has a wrong checksum or length (IBAN)"
    return None


RULES: Mapping[str, Callable[[str], str | None]] = {"country": country, "bank_routing": bank_routing}
