"""Which records others need, so that they are not deleted."""

from collections.abc import Iterator, Sequence

from django.db.models import Count
from django.db.models.functions import Trim

from bronze.catalog import all_contracts
from bronze.contracts import ContractSpec
from bronze.key_locks import lock_references
from bronze.listing import text_of
from bronze.models import RawRecord


def uses(dataset: str, *keys: str) -> dict[str, dict[str, int]]:
    """Key -> how many records name it and need it, by data set. Keys in use alone."""
    used: dict[str, dict[str, int]] = {}
    for contract, field in _needing(dataset):
        for key, count in _count_by_text(contract, field, keys):
            of_key = used.setdefault(key, {})
            of_key[contract.name] = of_key.get(contract.name, 0) + count
    return used


def held_uses(dataset: str, *keys: str) -> dict[str, dict[str, int]]:
    """The same for whoever removes records, in a transaction. Until its end nobody else comes to name one."""
    if any(_needing(dataset)):
        lock_references(dataset, shared=False)
    return uses(dataset, *keys)


def _needing(dataset: str) -> Iterator[tuple[ContractSpec, str]]:
    """The fields that refer to a data set otherwise than by `late`."""
    for contract in all_contracts().values():
        for field in contract.fields:
            if field.reference and field.reference.dataset == dataset and field.reference.policy != "late":
                yield contract, field.name


def _count_by_text(contract: ContractSpec, field: str, texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Each of `texts` that valid records have in a field, blanks around it aside, and how many have it."""
    wanted = {text.strip(): text for text in texts}
    rows = RawRecord.everything.filter(dataset_id=contract.name, status=RawRecord.Status.VALID)
    if contract.key == (field,) and contract.field(field).kind == "text":
        rows = rows.filter(key__any_of=list(wanted))  # the same rows, found by the index
    read = rows.annotate(text=Trim(text_of(field))).filter(text__any_of=list(wanted))
    for text, count in read.values_list("text").annotate(Count("id")).order_by("text"):
        yield wanted[text], count
