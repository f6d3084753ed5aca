"""Files of a form, as the upload handler of the settings has streamed them to the disk."""

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile


def path_of(upload: "UploadedFile[Any]") -> Path:
    """Where the bytes are."""
    if not isinstance(upload, TemporaryUploadedFile):
        raise TypeError("FILE_UPLOAD_HANDLERS must stream uploads to files.")
    return Path(upload.temporary_file_path())
