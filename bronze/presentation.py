"""Records as callers see them: personal data masked for those without the right, secrets opened only for those with."""

from typing import Any

from bronze.contracts import CONTRACTS, Classification
from bronze.domain import Record
from bronze.encryption import FieldCipher
from bronze.incoming import classification_of
from lakehouse_project.kernel.masking import MASK, SECRET_PERMISSION, Caller, mask, may_see_personal_data
from lakehouse_project.kernel.services import resolve


def present(record: Record, caller: Caller) -> dict[str, Any]:
    """The fields of a record as one flat object, with what is known of the record itself under `_record`."""
    about = {
        "id": record.id,
        "key": record.key,
        "status": record.status,
        "errors": record.errors,
        "revision": record.revision,
        "source_file": record.source_file_id,
        "line": record.line,
    }
    return {**visible_fields(record, caller), "_record": about}


def visible_fields(record: Record, caller: Caller) -> dict[str, Any]:
    """The fields of a record as the caller may see them, those of the contract first and always there.

    A column that the contract does not know counts as personal in a data set about people: nobody has said it is not.
    """
    contract = CONTRACTS.get(record.dataset)
    if contract is None:
        return dict(record.fields)
    fields = {**dict.fromkeys(contract.field_names()), **record.fields}
    personal, secret = may_see_personal_data(caller), caller.has_perm(SECRET_PERMISSION)
    unknown = Classification.PERSONAL if any(field.is_personal for field in contract.fields) else None
    for name in [name for name, value in fields.items() if value]:
        kind = classification_of(contract, name) or unknown
        if kind is Classification.SECRET:
            fields[name] = _opened(str(fields[name]), name) if secret else MASK
        elif kind is Classification.PERSONAL and not personal:
            fields[name] = mask(fields[name])
    return fields


def _opened(text: str, field: str) -> str:
    return resolve(FieldCipher).decrypt(text, field)
