"""The accounts of the demonstration: a password for each region, made at installation, kept in the data folder alone."""

import os
import secrets
import unicodedata
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password

from credit_portal.registry import groups
from credit_portal.registry.models import User

FILE = "demo-logins.txt"
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # without those that look alike


def new_password() -> str:
    """Three groups of five, about 75 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3))


def set_passwords(users_by_region: dict[str, list[User]]) -> dict[str, str]:
    """Give every account of a region the same new password. Hashed once a region: slow hashing is meant, forty times
    is not."""
    passwords: dict[str, str] = {}
    for region, users in users_by_region.items():
        passwords[region] = new_password()
        encoded = make_password(passwords[region])
        for user in users:
            user.password = encoded
            user.save(update_fields=["password"])
    return passwords


def table(users_by_region: dict[str, list[User]], passwords: dict[str, str]) -> str:
    """Aligned lines: user name, password, roles, department."""
    rows = [("用户名", "密码", "角色", "部门")]
    for region, users in users_by_region.items():
        for user in users:
            roles = "、".join(
                groups.LABELS[name]
                for name in groups.LABELS
                if name in user.groups.values_list("name", flat=True)
            )
            department = user.department.name if user.department else "（不属于部门）"
            rows.append((user.username, passwords[region], roles, department))
    widths = [max(_width(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(
            [*(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)), row[3]]
        )
        for row in rows
    )


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def keep(text: str) -> Path:
    """Write the table where only the owner of the data folder can read it."""
    path = Path(settings.DATA_DIR) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(handle, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    return path


def kept() -> str:
    """The table as it was kept; empty where it was removed."""
    path = Path(settings.DATA_DIR) / FILE
    return path.read_text(encoding="utf-8").rstrip() if path.is_file() else ""
