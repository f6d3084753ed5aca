"""The contracts: every data set that the product knows by name."""

from collections.abc import Mapping

from bronze.contracts.base import Classification, Contract, ContractSpec, FieldSpec, Reference, plain_name
from bronze.contracts.people import Department, Employment, HiredEmployee, Job, User, UserBankInfo
from bronze.contracts.sales import Event, ExchangeRate, OrderLine, Product

MODELS: tuple[type[Contract], ...] = (
    User,
    UserBankInfo,
    Employment,
    Department,
    Job,
    HiredEmployee,
    Product,
    OrderLine,
    Event,
    ExchangeRate,
)

CONTRACTS: Mapping[str, ContractSpec] = {model.about.name: model.spec() for model in MODELS}

DOCUMENTS = "documents"
"""Data set of PDF and text files: no rows, so no contract."""

__all__ = [
    "CONTRACTS",
    "DOCUMENTS",
    "MODELS",
    "Classification",
    "Contract",
    "ContractSpec",
    "FieldSpec",
    "Reference",
    "plain_name",
]
