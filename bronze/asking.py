"""What a caller asks of the list of a data set's records, and may ask."""

from collections.abc import Iterable, Sequence

from django.http import QueryDict

from bronze.catalog import Datasets
from bronze.contracts import ContractSpec
from bronze.domain import InferredField
from bronze.inference import SAMPLE, infer
from bronze.listing import OF_RECORD, columns_of, is_of_record
from bronze.presentation import class_of, hidden_classes
from lakehouse_project.kernel.errors import UnknownParameter
from lakehouse_project.kernel.filters import Listing, read_listing
from lakehouse_project.kernel.masking import Caller
from lakehouse_project.kernel.services import resolve


def listing_of(query: QueryDict, contract: ContractSpec, caller: Caller, *, own: Iterable[str]) -> Listing:
    """What the query string asks for; `own`: parameters that say something else.

    Personal fields are filters for those alone who may see them, secret ones for nobody: who looks for a value and finds it
    knows it. What the contract does not know is looked up only where a name may mean it.
    """
    if any(name in query.urlencode() for name in OF_RECORD):
        return _read(query, contract, caller, own, _other_fields(contract))
    try:
        return _read(query, contract, caller, own)
    except UnknownParameter:
        return _read(query, contract, caller, own, _other_fields(contract))


def _read(
    query: QueryDict,
    contract: ContractSpec,
    caller: Caller,
    own: Iterable[str],
    others: Sequence[InferredField] = (),
) -> Listing:
    hidden = hidden_classes(caller)
    columns = [
        column
        for column in columns_of(contract, others)
        if is_of_record(column) or class_of(contract, column.name) not in hidden
    ]
    shown = [*contract.field_names(), *(field.name for field in others)]
    return read_listing(query, columns, shown=shown, own=own)


def _other_fields(contract: ContractSpec) -> list[InferredField]:
    """Fields that the newest records have and the contract does not know."""
    sample = resolve(Datasets).sample(contract.name, SAMPLE)
    return [field for field in infer(sample) if field.name not in contract.field_names()]
