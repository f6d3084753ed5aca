"""Why a file is not let in. Each says what was found, what is expected, and what to do."""

from lakehouse_project.kernel.errors import InvalidInput, PermanentError


class FileNotReadable(PermanentError):
    """The path does not exist, is not a file, or may not be read."""

    code = "file_not_readable"


class EmptyFile(PermanentError):
    """The file has no bytes, or nothing but white space."""

    code = "empty_file"


class FileTooLarge(PermanentError):
    """The file, or what it unpacks to, is over the limit."""

    code = "file_too_large"


class ArchiveBomb(PermanentError):
    """A compressed file unpacks to suspiciously much."""

    code = "archive_bomb"


class UnsupportedFileType(PermanentError):
    """The content is of no kind that the lakehouse reads."""

    code = "unsupported_file_type"


class IncompleteFile(PermanentError):
    """The file is cut off."""

    code = "incomplete_file"


class UndecodableText(PermanentError):
    """The bytes are no text in any encoding that was tried."""

    code = "undecodable_text"


class UnknownDataset(PermanentError):
    """Neither the option, nor the file name, nor the columns tell which data set the file belongs to."""

    code = "unrecognised_dataset"


class UnknownColumns(PermanentError):
    """The first row is neither a header of the data set nor a row that fits it."""

    code = "unknown_columns"


class InvalidOverride(InvalidInput):
    """What the sender says about the file cannot be."""

    code = "invalid_override"


class MissingColumns(PermanentError):
    """The header lacks columns that the data set requires."""

    code = "missing_columns"


class RepeatedColumns(PermanentError):
    """Several columns stand for one field of the data set."""

    code = "repeated_columns"


class TooManyColumns(PermanentError):
    """A table is wider than any that is taken."""

    code = "too_many_columns"
