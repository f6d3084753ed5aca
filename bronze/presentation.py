"""Records as callers see them: personal data masked for those without the right, secrets opened only for those with."""

from typing import Any

from bronze.contracts import CONTRACTS, Classification
from bronze.domain import Record
from bronze.encryption import FieldCipher
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
    """The fields of a record as the caller may see them, those of the contract first and always there."""
    specs = CONTRACTS[record.dataset].fields if record.dataset in CONTRACTS else ()
    fields = {**{spec.name: None for spec in specs}, **record.fields}
    personal, secret = may_see_personal_data(caller), caller.has_perm(SECRET_PERMISSION)
    for spec in specs:
        if not fields[spec.name]:
            continue
        if spec.classification is Classification.SECRET:
            fields[spec.name] = _opened(str(fields[spec.name]), spec.name) if secret else MASK
        elif spec.classification is Classification.PERSONAL and not personal:
            fields[spec.name] = mask(fields[spec.name])
    return fields


def _opened(text: str, field: str) -> str:
    return resolve(FieldCipher).decrypt(text, field)
