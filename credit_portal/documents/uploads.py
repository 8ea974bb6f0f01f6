"""How much a request may bring. Without a bound anybody could fill the disk, for a form is read before it is refused."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from credit_portal.documents.inspection import MAX_BYTES

# A paper, an authorisation and a signature, and what a form adds around them.
MOST_BYTES = 3 * MAX_BYTES


class BoundedUpload(FileUploadHandler):
    """Refuses a form with files over MOST_BYTES (400) before anything of it is read; leaves the files to others."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        if content_length > MOST_BYTES:
            raise RequestDataTooBig("上传的内容超过 30 MB。")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
