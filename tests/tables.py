"""Tables that the portal has written, read back by the way that files of others come in."""

import io

from credit_portal.documents.intake import open_texts


def read(name: str, content: bytes) -> list[dict[str, str]]:
    """The rows by the labels of their head; what is empty is an empty text."""
    table = open_texts(io.BytesIO(content), name=name, known=())
    return [dict.fromkeys(table.heads, "") | cells for _, cells in table.rows()]
