"""The last step: the data set that the file belongs to and, with it, the columns."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath

from bronze.admission.bytes_steps import check_expansion
from bronze.admission.candidate import Inspection
from bronze.admission.datasets import (
    fitting,
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
from bronze.admission.headers import (
    check_header,
    check_repeated,
    header_title,
    listed,
    numbered,
    origin_of_names,
    require_columns,
    require_fields,
    require_named_columns,
    takes,
    unknown_columns,
)
from bronze.admission.overrides import Overrides
from bronze.admission.preamble import named_separator, without_preamble
from bronze.contracts import DOCUMENTS, ContractSpec, plain_name
from bronze.contracts.described import HOW_TO_CREATE
from bronze.readers import LINE, FileFormat, ReadLimits, read_rows
from bronze.readers.csv_exact import unique_names
from bronze.readers.formats import storable
from bronze.readers.json_rows import find_array_key
from bronze.readers.parquet_rows import parquet_columns, parquet_shape

DATA_SUFFIXES = frozenset({".csv", ".tsv", ".tab", ".json", ".ndjson", ".jsonl", ".geojson", ".parquet"})
"""What is called like that is never taken for a text without rows."""
TEXT_SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown"})
SAMPLE_LIMITS = ReadLimits(segment_bytes=64 * 1024)


def check_dataset_option(inspection: Inspection) -> Inspection:
    wanted = inspection.candidate.dataset
    if wanted is not None and wanted != DOCUMENTS and wanted not in inspection.contracts:
        raise UnknownDataset(
            f"There is no data set {wanted!r}. There are {listed([*inspection.contracts, DOCUMENTS])}. {HOW_TO_CREATE}"
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
        if wanted != DOCUMENTS and _is_called_data(inspection):
            raise _no_rows(inspection)
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
    sample, above, said = _without_what_is_above(inspection)
    asked = inspection.candidate.overrides.delimiter or said
    delimiters = (asked,) if asked else tuple(DELIMITERS)
    dialect = find_dialect(sample, is_whole=inspection.is_sample_whole, names=names, delimiters=delimiters)
    if dialect is None:
        return None
    require_columns(inspection.candidate.name, dialect.width, inspection.candidate.limits.max_columns)
    if inspection.candidate.overrides.header_line is not None:
        _require_header_there(inspection, dialect)
    elif not _is_called_text(inspection):
        target = wanted or inspection.contracts.get(
            named_by_file(inspection.candidate.name, inspection.contracts) or ""
        )
        contracts = [wanted] if wanted else inspection.contracts.values()
        dialect = without_preamble(dialect, contracts, target, inspection.candidate.overrides.header)
    return replace(dialect, starts=tuple(start + above for start in dialect.starts))


def _without_what_is_above(inspection: Inspection) -> tuple[str, int, str | None]:
    """The sample from the header on, if it is said or known where that is; how many lines are above; and the delimiter
    that the first line names, if it does so."""
    said, sample = named_separator(inspection.sample)
    line = inspection.candidate.overrides.header_line
    if line is None:
        return sample, int(said is not None), said
    *above, rest = inspection.sample.split("\n", line - 1)
    if len(above) < line - 1 or not rest.strip():
        where = "" if inspection.is_sample_whole else " in its first part, where a header is looked for"
        raise InvalidOverride(f"{inspection.candidate.name} has no line {line:,}{where}.")
    return rest, line - 1, said


def _require_header_there(inspection: Inspection, dialect: Dialect) -> None:
    line = inspection.candidate.overrides.header_line
    if dialect.starts[0] > 0:
        raise InvalidOverride(f"Line {line} of {inspection.candidate.name} is blank and no header.")


def _may_be_text(inspection: Inspection, dialect: Dialect) -> bool:
    if inspection.candidate.overrides.means_table:
        return False
    return not _is_called_data(inspection) and (not dialect.is_table or _is_called_text(inspection))


def _is_called_data(inspection: Inspection) -> bool:
    return bool(_suffixes(inspection) & DATA_SUFFIXES)


def _is_called_text(inspection: Inspection) -> bool:
    return bool(_suffixes(inspection) & TEXT_SUFFIXES)


def _suffixes(inspection: Inspection) -> set[str]:
    return {suffix.lower() for suffix in PurePath(inspection.candidate.name).suffixes}


def _table(inspection: Inspection, dialect: Dialect) -> Inspection:
    asked = inspection.candidate.overrides
    first = dialect.rows[0]
    named = _with_names(dialect, asked)
    contract, reason = _contract_of_table(inspection, named)
    require_fields(asked, contract)
    require_named_columns(asked, first, numbered(dialect.width))
    has_header = check_header(named, contract, asked.header)
    above = dialect.starts[0]
    header = header_title(above) if has_header else f"no header: columns {origin_of_names(contract)}"
    aliases = {**contract.column_names(), **asked.aliases}
    fmt = replace(
        inspection.format,
        kind="csv",
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        has_header=has_header,
        columns=unique_names(first, aliases) if has_header else _columns_by_place(dialect, contract, asked),
        header=tuple(map(storable, first)) if has_header else (),
        aliases=aliases,
        skip_lines=above,
    )
    if has_header:
        check_repeated(first, aliases, contract)
    what = _table_as_detected(inspection, dialect, header)
    return replace(inspection, detected=what).learn(format=fmt, dataset=contract.name, reason=reason)


def _table_as_detected(inspection: Inspection, dialect: Dialect, header: str) -> tuple[str, ...]:
    encoding, *notes = (part for part in inspection.detected if part != "gzip")
    packed = ["gzip"] if inspection.format.compression == "gzip" else []
    return ("CSV", *packed, encoding, dialect.title, header, *notes)


def _with_names(dialect: Dialect, asked: Overrides) -> Dialect:
    """The first row with the fields in place of the columns that the sender says they are."""
    first = tuple(asked.aliases.get(plain_name(cell), cell) for cell in dialect.rows[0])
    return replace(dialect, rows=(first, *dialect.rows[1:]))


def _columns_by_place(dialect: Dialect, contract: ContractSpec, asked: Overrides) -> tuple[str, ...]:
    """The columns of a file without a header: as the contract has them, or all of them as the sender says."""
    names = numbered(dialect.width)
    if asked.columns:
        return tuple(asked.columns.get(name, name) for name in names)
    known = contract.field_names()[: dialect.width]
    return (*known, *names[len(known) :]) if contract.is_open else known


def _contract_of_table(inspection: Inspection, dialect: Dialect) -> tuple[ContractSpec, str]:
    """The contract and why it is that. The data set named by the file loses against columns that fit another one."""
    contracts, wanted = inspection.contracts, inspection.candidate.dataset
    if wanted is not None:
        return contracts[wanted], "as asked"
    named = named_by_file(inspection.candidate.name, contracts)
    if named is not None and takes(dialect, contracts[named], inspection.candidate.overrides):
        return contracts[named], "by the file name"
    fits = fitting(dialect.rows[0], _closed(contracts))
    if len(fits) == 1:
        return contracts[fits[0]], "by the columns"
    if named is not None:
        return contracts[named], "by the file name"
    raise _unknown_dataset(inspection, dialect.rows[0], fits)


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
                return numbered(len(first))
            return first


def _records_format(inspection: Inspection) -> tuple[FileFormat, set[str]]:
    """Where the records of a JSON file are, and the members of them that contracts unnest."""
    fmt, path, asked = inspection.format, inspection.candidate.path, inspection.candidate.overrides
    if asked.record_path and _is_path_of_file(inspection, asked.record_path):
        return replace(fmt, array_key=asked.record_path), set()
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
    require_fields(asked, contract)
    if contract.record_path in columns and not asked.record_path:
        fmt = replace(fmt, record_path=contract.record_path)
    fmt = replace(fmt, aliases={**contract.column_names(), **asked.aliases}, is_narrow=True)
    notes = [f"records in {name!r}" for name in (fmt.array_key, fmt.record_path) if name]
    for note in notes:
        inspection = inspection.learn(note)
    return inspection.learn(format=fmt, dataset=contract.name, reason=reason)


def _is_path_of_file(inspection: Inspection, asked: str) -> bool:
    """Whether the records are the elements of a member of the whole file."""
    is_object = inspection.format.kind == "json" and inspection.sample.lstrip().startswith("{")
    return is_object and bool(_sample_columns(inspection, replace(inspection.format, array_key=asked)))


def _at_record_path(inspection: Inspection, fmt: FileFormat, asked: str) -> FileFormat:
    """The records are the elements of a member of each record."""
    columns = _sample_columns(inspection, fmt)
    if asked not in columns:
        found = (
            f"There are {listed(sorted(columns))}" if columns else "It has no records that tell their members"
        )
        raise InvalidOverride(
            f"{inspection.candidate.name} has no member {asked!r} with records. {found}. A dot leads into an object of "
            "a JSON file, as in `data.items`."
        )
    return replace(fmt, record_path=asked)


def _sample_columns(inspection: Inspection, fmt: FileFormat) -> dict[str, None]:
    """In the order of the file."""
    batch = next(read_rows(inspection.candidate.path, fmt, SAMPLE_LIMITS), None)
    return {} if batch is None else dict.fromkeys(name for name in batch.rows.columns if name != LINE)


def _parquet_dataset(inspection: Inspection) -> Inspection:
    candidate, asked = inspection.candidate, inspection.candidate.overrides
    names, height = parquet_shape(candidate.path)
    require_columns(candidate.name, len(names), candidate.limits.max_columns)
    check_expansion(candidate.name, inspection.size, height * len(names), candidate.limits)
    columns = [asked.aliases.get(plain_name(name), name) for name in names]
    contract, reason = _contract_of_records(inspection, columns, {})
    require_fields(asked, contract)
    require_named_columns(asked, names)
    if lacking := missing(columns, contract):
        raise MissingColumns(
            f"The file lacks {listed(lacking)}, required by the data set {contract.name}. Found: {listed(columns)}.",
            missing=lacking,
        )
    aliases = {**contract.column_names(), **asked.aliases}
    check_repeated(columns, aliases, contract)
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
        raise unknown_columns(columns, contract)
    return contract


def _no_rows(inspection: Inspection) -> UnsupportedFileType:
    return UnsupportedFileType(
        f"{inspection.candidate.name} is called a file of rows and has none that can be told apart."
    )


# --- messages -----------------------------------------------------------------------------------------------------


def _unknown_dataset(inspection: Inspection, columns: Iterable[str], fits: list[str]) -> UnknownDataset:
    why = f"its columns fit {listed(fits)}" if fits else f"no data set has its columns ({listed(columns)})"
    return UnknownDataset(
        f"Which data set {inspection.candidate.name} belongs to cannot be told: its name names none, and {why}. "
        "Say which one it is when you send the file, or put it into the folder of the data set in the inbox. "
        f"There are {listed([*inspection.contracts, DOCUMENTS])}. {HOW_TO_CREATE}"
    )
