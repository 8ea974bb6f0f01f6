"""Secrets of a local deployment: made once, kept in `DATA_DIR/secrets.env`, readable by their owner only."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from .errors import LocalError


def _new_secret_key() -> str:
    return secrets.token_urlsafe(48)


def _new_field_keys() -> str:
    """Two secrets of 32 bytes in base64: one for blind indexes, one for fields encrypted at rest."""
    return ",".join(
        f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}" for name in ("blind", "k1")
    )


MAKERS = {"SECRET_KEY": _new_secret_key, "FIELD_KEYS": _new_field_keys}


def local_secrets(data: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The secrets that `environment` lacks, from `data/secrets.env`; what is not there yet is made and kept.

    Raises LocalError when the file can be read by others, or when data encrypted with lost keys may exist.
    """
    missing = [name for name in MAKERS if not environment.get(name)]
    if not missing:
        return {}
    file = data / "secrets.env"
    kept = _read(file)
    new = {name: MAKERS[name]() for name in missing if name not in kept}
    if new:
        lines = [f"{name}={value}\n" for name, value in (kept | new).items()]
        half = file.with_suffix(".new")
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as output:
            output.writelines(["# 丢失本文件，已加密的证件号码和电话将无法恢复。\n", *lines])
            output.flush()
            os.fsync(output.fileno())
        half.replace(file)
    return {name: (kept | new)[name] for name in missing}


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    if file.stat().st_mode & 0o077:
        raise LocalError(f"{file} 可被其他用户读取，请先执行 chmod 600 {file}")
    pairs = (
        line.partition("=")
        for line in file.read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    return {name.strip(): value.strip() for name, _, value in pairs}
