"""Keyed hashes for what the log may refer to but not hold."""

import base64
import hmac

from django.conf import settings


def field_keys() -> dict[str, bytes]:
    """The secrets of FIELD_KEYS («id:base64,id:base64»), by id in the order given.

    The id `blind` is reserved for look-up hashes and does not rotate; of the others the first is in use, the rest
    only open what they once sealed. Raises ValueError with a Chinese message where the setting is malformed.
    """
    keys: dict[str, bytes] = {}
    for part in filter(None, (p.strip() for p in settings.FIELD_KEYS.split(","))):
        name, _, encoded = part.partition(":")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ValueError(f"FIELD_KEYS 中的密钥 {name} 不是 base64。") from error
        if len(secret) < 32:
            raise ValueError(f"FIELD_KEYS 中的密钥 {name} 不足 32 字节。")
        keys[name] = secret
    if "blind" not in keys or len(keys) < 2:
        raise ValueError("FIELD_KEYS 须含 blind 和至少一个加密密钥，形如 blind:…,k1:…。")
    return keys


def keyed_hash(value: str, *, purpose: str) -> str:
    """HMAC-SHA256 (hex, 64 characters) of a value for one purpose: equal values match, nothing can be read back."""
    key = hmac.digest(field_keys()["blind"], f"purpose:{purpose}".encode(), "sha256")
    return hmac.new(key, value.encode(), "sha256").hexdigest()
