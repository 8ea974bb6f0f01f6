"""Numbers of persons are sealed at rest with SM4-GCM (GB/T 32907), under a versioned key, bound to their record.

A token is `s1.<key id>.<base64url of nonce + ciphertext + tag>`. The associated data name the record and the field, so
that a token copied into another row does not open. Where the key lives is a provider's matter: the local one derives
from FIELD_KEYS; a deployment with a key service names its own class in settings.CRYPTO_PROVIDER.
"""

import base64
import hmac
import os
from functools import cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.module_loading import import_string

from credit_portal.audit.hashing import field_keys

NONCE_BYTES = 12
TAG_BYTES = 16


class SealBroken(Exception):
    """A sealed value does not open: another key, another record, or tampered bytes."""


class Provider(Protocol):
    def current_key_id(self) -> str: ...

    def data_key(self, key_id: str) -> bytes: ...

    def blind_key(self, purpose: str) -> bytes: ...


class LocalProvider:
    """Keys derived (HKDF-SHA256) from the secrets in FIELD_KEYS."""

    def __init__(self) -> None:
        self._secrets = field_keys()

    def current_key_id(self) -> str:
        return next(name for name in self._secrets if name != "blind")

    def data_key(self, key_id: str) -> bytes:
        if key_id == "blind" or key_id not in self._secrets:
            raise SealBroken(f"没有编号为 {key_id} 的密钥。")
        return HKDF(hashes.SHA256(), 16, None, b"sm4-gcm").derive(self._secrets[key_id])

    def blind_key(self, purpose: str) -> bytes:
        return HKDF(hashes.SHA256(), 32, None, f"blind:{purpose}".encode()).derive(self._secrets["blind"])


@cache
def provider() -> Provider:
    path = getattr(settings, "CRYPTO_PROVIDER", "credit_portal.registry.crypto.LocalProvider")
    made: Provider = import_string(path)()
    return made


@cache
def _data_key(key_id: str) -> bytes:
    return provider().data_key(key_id)


@cache
def _blind_key(purpose: str) -> bytes:
    return provider().blind_key(purpose)


def seal_bytes(plaintext: bytes, *, aad: bytes) -> bytes:
    """Seal bytes: `s1.<key id>.` followed by raw nonce, ciphertext and tag."""
    key_id = provider().current_key_id()
    nonce = os.urandom(NONCE_BYTES)
    encryptor = Cipher(algorithms.SM4(_data_key(key_id)), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    # In one piece at the end: a file of thirty megabytes is not copied five times.
    return b"".join(
        (
            f"s1.{key_id}.".encode(),
            nonce,
            encryptor.update(plaintext),
            encryptor.finalize(),
            encryptor.tag,
        )
    )


def open_bytes(token: bytes, *, aad: bytes) -> bytes:
    """Open what `seal_bytes` made. Raises SealBroken."""
    try:
        version, key_id, _ = token[:100].split(b".", 2)
    except ValueError as error:
        raise SealBroken("密文格式不对。") from error
    body = memoryview(token)[len(version) + len(key_id) + 2 :]
    if version != b"s1" or len(body) < NONCE_BYTES + TAG_BYTES:
        raise SealBroken("密文格式不对。")
    nonce, tag = bytes(body[:NONCE_BYTES]), bytes(body[-TAG_BYTES:])
    ciphertext = body[NONCE_BYTES:-TAG_BYTES]
    decryptor = Cipher(algorithms.SM4(_data_key(key_id.decode())), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(aad)
    try:
        return decryptor.update(ciphertext) + decryptor.finalize()
    except InvalidTag as error:
        raise SealBroken("密文与所属记录不符或已被改动。") from error


def seal(plaintext: str, *, aad: str) -> str:
    """Seal a text for one record and field (`aad`, e.g. «subject:<uuid>:id_number»). Empty stays empty."""
    if not plaintext:
        return ""
    token = seal_bytes(plaintext.encode(), aad=aad.encode())
    prefix, key_id, body = token.split(b".", 2)
    return f"{prefix.decode()}.{key_id.decode()}.{base64.urlsafe_b64encode(body).decode()}"


def open_sealed(token: str, *, aad: str) -> str:
    """Open what `seal` made. Raises SealBroken."""
    if not token:
        return ""
    try:
        prefix, key_id, body = token.split(".", 2)
        raw = f"{prefix}.{key_id}.".encode() + base64.urlsafe_b64decode(body)
    except ValueError as error:
        raise SealBroken("密文格式不对。") from error
    return open_bytes(raw, aad=aad.encode()).decode()


def blind_index(value: str, *, purpose: str) -> str:
    """HMAC-SHA256 (hex) for exact look-up of a sealed value; another purpose gives another hash."""
    return hmac.new(_blind_key(purpose), value.encode(), "sha256").hexdigest()
