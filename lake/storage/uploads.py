"""Writing an object of a bucket without knowing its size beforehand."""

import base64
import hashlib
from contextlib import closing
from typing import Any

from lake.storage.port import PIECE_BYTES, ObjectWriter, StorageCorrupted

PART_BYTES = 32 << 20
"""S3 takes 10,000 parts: an object has at most 312 GiB. Two parts are in memory at a time."""


class MultipartWriter(ObjectWriter):
    """One request for what fits into a part, else a multipart upload.

    The sha256 of each part goes along, so that the store refuses what has been damaged on the way. A store that knows no
    checksums does not send them back: from there the object is read once more.
    """

    def __init__(self, client: Any, bucket: str, key: str, tagging: str) -> None:
        super().__init__()
        self._client = client
        self._target = {"Bucket": bucket, "Key": key}
        self._tagging = {"Tagging": tagging} if tagging else {}
        self._buffer = bytearray()
        self._upload: str | None = None
        self._parts: list[dict[str, Any]] = []
        self._is_confirmed = True

    def _take(self, data: memoryview) -> None:
        while len(data):
            room = PART_BYTES - len(self._buffer)
            self._buffer += data[:room]
            data = data[room:]
            if len(self._buffer) == PART_BYTES:
                self._send_part()

    def finish(self) -> None:
        """Make the object visible, and verify it. Raises `StorageCorrupted`."""
        if self._upload is None:
            self._put()
        else:
            self._complete()
        self._verify()

    def abort(self) -> None:
        """Forget the parts that were sent."""
        if self._upload is not None:
            self._client.abort_multipart_upload(**self._target, UploadId=self._upload)

    def _put(self) -> None:
        body = bytes(self._buffer)
        checksum = _sha256(body)
        answer = self._client.put_object(
            **self._target, **self._tagging, Body=body, ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum
        )
        self._note(answer, checksum)

    def _send_part(self) -> None:
        if self._upload is None:
            begun = self._client.create_multipart_upload(
                **self._target, **self._tagging, ChecksumAlgorithm="SHA256"
            )
            self._upload = begun["UploadId"]
        body, number = bytes(self._buffer), len(self._parts) + 1
        self._buffer.clear()
        checksum = _sha256(body)
        answer = self._client.upload_part(
            **self._target,
            UploadId=self._upload,
            PartNumber=number,
            Body=body,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=checksum,
        )
        self._note(answer, checksum)
        self._parts.append({"ETag": answer["ETag"], "PartNumber": number, "ChecksumSHA256": checksum})

    def _complete(self) -> None:
        if self._buffer:
            self._send_part()
        self._client.complete_multipart_upload(
            **self._target, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
        )
        self._upload = None

    def _note(self, answer: dict[str, Any], checksum: str) -> None:
        self._is_confirmed = self._is_confirmed and answer.get("ChecksumSHA256") == checksum

    def _verify(self) -> None:
        size = self._client.head_object(**self._target)["ContentLength"]
        if size == self.size and (self._is_confirmed or self._read_back() == self.sha256):
            return
        self._client.delete_object(**self._target)
        raise StorageCorrupted(
            f"The store has other bytes of {self._target['Key']} than were sent, so they were removed. Try again."
        )

    def _read_back(self) -> str:
        found = hashlib.sha256()
        with closing(self._client.get_object(**self._target)["Body"]) as body:
            while piece := body.read(PIECE_BYTES):
                found.update(piece)
        return found.hexdigest()


def _sha256(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
