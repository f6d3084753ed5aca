"""How the files of a form reach the disk."""

from contextlib import suppress

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class LimitedFileUploadHandler(TemporaryFileUploadHandler):
    """Streams a file to disk, but no more of it than admission needs to refuse it for its size."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start > settings.MAX_UPLOAD_BYTES:
            return
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError:
            with suppress(OSError):  # what is still in its buffer cannot be written either
                self.file.close()
            raise
