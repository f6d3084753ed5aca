"""The last step: the data set that the file belongs to and, with it, the columns."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath

from bronze.admission.candidate import Inspection
from bronze.admission.datasets import (
    fits_types,
    fitting,
    is_number,
    known_count,
    known_names,
    missing,
    named_by_file,
)
from bronze.admission.dialect import DELIMITERS, Dialect, find_dialect
from bronze.admission.errors import (
    InvalidOverride,
    MissingColumns,
    UnknownColumns,
    UnknownDataset,
    UnsupportedFileType,
)
from bronze.admission.overrides import Overrides
from bronze.contracts import DOCUMENTS, ContractSpec
from bronze.contracts.described import HOW_TO_CREATE
from bronze.readers import LINE, FileFormat, ReadLimits, read_rows
from bronze.readers.csv_exact import unique_names
from bronze.readers.formats import plain_name
from bronze.readers.json_rows import find_array_key
from bronze.readers.parquet_rows import parquet_columns

TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".tab"})
TEXT_SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown"})
SAMPLE_LIMITS = ReadLimits(segment_bytes=64 * 1024)
SAMPLE_ROWS = 20
SHOWN_COLUMNS = 20


def check_dataset_option(inspection: Inspection) -> Inspection:
    wanted = inspection.candidate.dataset
    if wanted is not None and wanted != DOCUMENTS and wanted not in inspection.contracts:
        raise UnknownDataset(
            f"There is no data set {wanted!r}. There are {_listed([*inspection.contracts, DOCUMENTS])}. {HOW_TO_CREATE}"
        )
    return inspection


def find_dataset(inspection: Inspection) -> Inspection:
    match inspection.format.kind:
        case "pdf":
            return _as_document(inspection)
        case "json" | "ndjson":
            return _json_dataset(inspection)
        case "parquet":
            return _parquet_dataset(inspection)
        case _:
            return _table_or_text(inspection)


def _as_document(inspection: Inspection) -> Inspection:
    wanted = inspection.candidate.dataset
    if wanted not in (None, DOCUMENTS):
        raise UnsupportedFileType(
            f"{inspection.candidate.name} is a document without rows and cannot go into the data set {wanted}. "
            f"Rows come from CSV, JSON, NDJSON or Parquet; documents go into {DOCUMENTS!r}."
        )
    return inspection.learn(dataset=DOCUMENTS)


# --- CSV or text --------------------------------------------------------------------------------------------------


def _table_or_text(inspection: Inspection) -> Inspection:
    """CSV if a data set takes its rows; text if it does not look like a table or its name says that it is text."""
    wanted = inspection.candidate.dataset
    dialect = None if wanted == DOCUMENTS else _dialect(inspection)
    if dialect is None:
        return _as_document(inspection.with_format("plain text", kind="text"))
    try:
        return _table(inspection, dialect)
    except (UnknownColumns, MissingColumns, UnknownDataset):
        if wanted is None and _may_be_text(inspection, dialect):
            return _as_document(inspection.with_format("plain text", kind="text"))
        raise


def _dialect(inspection: Inspection) -> Dialect | None:
    wanted = inspection.contracts.get(inspection.candidate.dataset or "")
    names = wanted.column_names() if wanted else known_names(inspection.contracts)
    asked = inspection.candidate.overrides.delimiter
    delimiters = (asked,) if asked else tuple(DELIMITERS)
    return find_dialect(
        inspection.sample, is_whole=inspection.is_sample_whole, names=names, delimiters=delimiters
    )


def _may_be_text(inspection: Inspection, dialect: Dialect) -> bool:
    if inspection.candidate.overrides.means_table:
        return False
    suffixes = {suffix.lower() for suffix in PurePath(inspection.candidate.name).suffixes}
    return not suffixes & TABLE_SUFFIXES and (not dialect.is_table or bool(suffixes & TEXT_SUFFIXES))


def _table(inspection: Inspection, dialect: Dialect) -> Inspection:
    asked = inspection.candidate.overrides
    first = dialect.rows[0]
    named = _with_names(dialect, asked)
    contract, reason = _contract_of_table(inspection, named)
    has_header = _check_header(named, contract, asked.header)
    header = "header" if has_header else f"no header: columns {_origin_of_names(contract)}"
    aliases = {**contract.column_names(), **asked.aliases}
    fmt = replace(
        inspection.format,
        kind="csv",
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        has_header=has_header,
        columns=unique_names(first, aliases) if has_header else _columns_by_place(dialect, contract, asked),
        header=first if has_header else (),
        aliases=aliases,
    )
    encoding, *notes = (part for part in inspection.detected if part != "gzip")
    packed = ["gzip"] if fmt.compression == "gzip" else []
    what = ("CSV", *packed, encoding, dialect.title, header, *notes)
    return replace(inspection, detected=what).learn(format=fmt, dataset=contract.name, reason=reason)


def _with_names(dialect: Dialect, asked: Overrides) -> Dialect:
    """The first row with the fields in place of the columns that the sender says they are."""
    first = tuple(asked.aliases.get(plain_name(cell), cell) for cell in dialect.rows[0])
    return replace(dialect, rows=(first, *dialect.rows[1:]))


def _columns_by_place(dialect: Dialect, contract: ContractSpec, asked: Overrides) -> tuple[str, ...]:
    """The columns of a file without a header: as the contract has them, or all of them as the sender says."""
    numbered = tuple(f"column_{n}" for n in range(1, dialect.width + 1))
    if asked.columns:
        return tuple(asked.columns.get(name, name) for name in numbered)
    known = contract.field_names()[: dialect.width]
    return (*known, *numbered[len(known) :]) if contract.is_open else known


def _contract_of_table(inspection: Inspection, dialect: Dialect) -> tuple[ContractSpec, str]:
    """The contract and why it is that. The data set named by the file loses against columns that fit another one."""
    contracts, wanted = inspection.contracts, inspection.candidate.dataset
    if wanted is not None:
        return contracts[wanted], "as asked"
    named = named_by_file(inspection.candidate.name, contracts)
    if named is not None and _takes(dialect, contracts[named], inspection.candidate.overrides):
        return contracts[named], "by the file name"
    fits = fitting(dialect.rows[0], _closed(contracts))
    if len(fits) == 1:
        return contracts[fits[0]], "by the columns"
    if named is not None:
        return contracts[named], "by the file name"
    raise _unknown_dataset(inspection, dialect.rows[0], fits)


def _takes(dialect: Dialect, contract: ContractSpec, asked: Overrides) -> bool:
    try:
        _check_header(dialect, contract, asked.header)
    except (UnknownColumns, MissingColumns):
        return False
    return True


def _check_header(dialect: Dialect, contract: ContractSpec, asked: bool | None) -> bool:
    """True: the first row is a header of the contract; False: there is none. Raises when it is neither."""
    first = dialect.rows[0]
    if asked is False or (asked is None and not _is_header(dialect, contract)):
        return False
    if lacking := missing(first, contract):
        raise MissingColumns(
            f"The header lacks {_listed(lacking)}, required by the data set {contract.name}. Found: {_listed(first)}.",
            missing=lacking,
        )
    return True


def _is_header(dialect: Dialect, contract: ContractSpec) -> bool:
    """Raises `UnknownColumns` where the first row is neither a header nor a row of the contract."""
    first = dialect.rows[0]
    if contract.is_open:
        return _is_open_header(dialect, contract)
    known = known_count(first, contract)
    has_words_only = not any(is_number(cell.strip()) for cell in first)
    is_header = has_words_only and known > 0
    if not (is_header and 2 * known >= len(first)):
        if fits_types(first, contract) or (not has_words_only and _rows_fit(dialect, contract)):
            return False
        if not is_header:
            raise _unknown_columns(first, contract)
    return True


def _is_open_header(dialect: Dialect, contract: ContractSpec) -> bool:
    """A data set that takes any field takes any header. Without one, fields are those described, then numbered."""
    first = dialect.rows[0]
    if known_count(first, contract) > 0 or not any(is_number(cell.strip()) for cell in first):
        return True
    return bool(contract.fields) and not fits_types(first[: len(contract.fields)], contract)


def _origin_of_names(contract: ContractSpec) -> str:
    return f"taken from the contract {contract.name}" if contract.fields else "numbered"


def _rows_fit(dialect: Dialect, contract: ContractSpec) -> bool:
    rows = dialect.rows[:SAMPLE_ROWS]
    return 2 * sum(fits_types(row, contract) for row in rows) >= len(rows)


# --- JSON and Parquet ---------------------------------------------------------------------------------------------


def columns_in(inspection: Inspection) -> tuple[str, ...]:
    """The columns of a file under their own names, whatever data set it belongs to; none of a document."""
    match inspection.format.kind:
        case "pdf":
            return ()
        case "parquet":
            return tuple(parquet_columns(inspection.candidate.path))
        case "json" | "ndjson":
            fmt, inner_keys = _records_format(inspection)
            columns = _sample_columns(inspection, fmt)
            for path in sorted(inner_keys & columns.keys()):
                columns = _sample_columns(inspection, replace(fmt, record_path=path))
            return tuple(columns)
        case _:
            dialect = _dialect(inspection)
            first = dialect.rows[0] if dialect else ()
            if inspection.candidate.overrides.header is False:
                return tuple(f"column_{n}" for n in range(1, len(first) + 1))
            return first


def _records_format(inspection: Inspection) -> tuple[FileFormat, set[str]]:
    """Where the records of a JSON file are, and the members of them that contracts unnest."""
    fmt, path, asked = inspection.format, inspection.candidate.path, inspection.candidate.overrides
    if fmt.kind == "json":
        fmt = replace(fmt, array_key=find_array_key(path, fmt, ReadLimits()))
    inner_keys = {contract.record_path for contract in inspection.contracts.values() if contract.record_path}
    if fmt.array_key in inner_keys:
        fmt = replace(fmt, array_key=None)
    if asked.record_path:
        return _at_record_path(inspection, fmt, asked.record_path), set()
    return fmt, inner_keys


def _json_dataset(inspection: Inspection) -> Inspection:
    asked = inspection.candidate.overrides
    fmt, inner_keys = _records_format(inspection)
    fmt = replace(fmt, aliases=asked.aliases)
    columns = _sample_columns(inspection, fmt)
    inner = {
        path_: _sample_columns(inspection, replace(fmt, record_path=path_))
        for path_ in inner_keys & columns.keys()
    }
    contract, reason = _contract_of_records(inspection, columns, inner)
    if contract.record_path in columns and not asked.record_path:
        fmt = replace(fmt, record_path=contract.record_path)
    fmt = replace(fmt, aliases={**contract.column_names(), **asked.aliases})
    notes = [f"records in {name!r}" for name in (fmt.array_key, fmt.record_path) if name]
    for note in notes:
        inspection = inspection.learn(note)
    return inspection.learn(format=fmt, dataset=contract.name, reason=reason)


def _at_record_path(inspection: Inspection, fmt: FileFormat, asked: str) -> FileFormat:
    """The records are the elements of a member of the whole file, or of a member of each record."""
    is_object = fmt.kind == "json" and inspection.sample.lstrip().startswith("{")
    of_file = replace(fmt, array_key=asked)
    if is_object and _sample_columns(inspection, of_file):
        return of_file
    columns = _sample_columns(inspection, fmt)
    if asked not in columns:
        raise InvalidOverride(
            f"{inspection.candidate.name} has no member {asked!r} with records. There are {_listed(sorted(columns))}."
        )
    return replace(fmt, record_path=asked)


def _sample_columns(inspection: Inspection, fmt: FileFormat) -> dict[str, None]:
    """In the order of the file."""
    batch = next(read_rows(inspection.candidate.path, fmt, SAMPLE_LIMITS), None)
    return {} if batch is None else dict.fromkeys(name for name in batch.rows.columns if name != LINE)


def _parquet_dataset(inspection: Inspection) -> Inspection:
    asked = inspection.candidate.overrides
    columns = [
        asked.aliases.get(plain_name(name), name) for name in parquet_columns(inspection.candidate.path)
    ]
    contract, reason = _contract_of_records(inspection, columns, {})
    if lacking := missing(columns, contract):
        raise MissingColumns(
            f"The file lacks {_listed(lacking)}, required by the data set {contract.name}. Found: {_listed(columns)}.",
            missing=lacking,
        )
    aliases = {**contract.column_names(), **asked.aliases}
    return inspection.with_format(aliases=aliases).learn(dataset=contract.name, reason=reason)


def _contract_of_records(
    inspection: Inspection, columns: Collection[str], inner: Mapping[str, Collection[str]]
) -> tuple[ContractSpec, str]:
    """Like `_contract_of_table`; `inner` are the columns of the elements under a member of the records."""
    contracts, wanted = inspection.contracts, inspection.candidate.dataset
    if wanted == DOCUMENTS:
        raise UnsupportedFileType(
            f"{inspection.candidate.name} has rows and is no document: name its data set."
        )
    seen = {name: inner.get(contract.record_path or "", columns) for name, contract in contracts.items()}
    if wanted is not None:
        return _checked(contracts[wanted], seen[wanted]), "as asked"
    named = named_by_file(inspection.candidate.name, contracts)
    if named is not None and not missing(seen[named], contracts[named]):
        return contracts[named], "by the file name"
    fits = _best_of_records(_closed(contracts), seen)
    if len(fits) == 1:
        return contracts[fits[0]], "by the columns"
    if named is not None:
        return _checked(contracts[named], seen[named]), "by the file name"
    raise _unknown_dataset(inspection, columns, fits)


def _closed(contracts: Mapping[str, ContractSpec]) -> Mapping[str, ContractSpec]:
    """Data sets that columns tell from others. One that takes any field is named by the sender, folder or file name."""
    return {name: contract for name, contract in contracts.items() if not contract.is_open}


def _best_of_records(contracts: Mapping[str, ContractSpec], seen: Mapping[str, Collection[str]]) -> list[str]:
    fits = [name for name, contract in contracts.items() if fitting(seen[name], {name: contract})]
    best = max((known_count(seen[name], contracts[name]) for name in fits), default=0)
    return [name for name in fits if known_count(seen[name], contracts[name]) == best]


def _checked(contract: ContractSpec, columns: Collection[str]) -> ContractSpec:
    """The contract, unless most of what it requires is missing. Single records may lack fields: they are quarantined."""
    required = sum(field.required for field in contract.fields)
    if columns and 2 * len(missing(columns, contract)) > required:
        raise _unknown_columns(columns, contract)
    return contract


# --- messages -----------------------------------------------------------------------------------------------------


def _unknown_columns(columns: Iterable[str], contract: ContractSpec) -> UnknownColumns:
    found = list(columns)
    return UnknownColumns(
        f"The columns are not those of the data set {contract.name}. Found: {_listed(found)}. "
        f"Expected: {_listed(contract.field_names())}.",
        found=found[:SHOWN_COLUMNS],
        expected=list(contract.field_names()),
    )


def _unknown_dataset(inspection: Inspection, columns: Iterable[str], fits: list[str]) -> UnknownDataset:
    why = f"its columns fit {_listed(fits)}" if fits else f"no data set has its columns ({_listed(columns)})"
    return UnknownDataset(
        f"Which data set {inspection.candidate.name} belongs to cannot be told: its name names none, and {why}. "
        f"Name it with --dataset; there are {_listed([*inspection.contracts, DOCUMENTS])}. {HOW_TO_CREATE}"
    )


def _listed(names: Iterable[str]) -> str:
    shown = [name if len(name) <= 60 else name[:60] + "…" for name in names]
    more = f" and {len(shown) - SHOWN_COLUMNS} more" if len(shown) > SHOWN_COLUMNS else ""
    return ", ".join(shown[:SHOWN_COLUMNS]) + more
