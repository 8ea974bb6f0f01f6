"""What an identity service says of a person: its signed token checked, the number and the name taken out. Pure.

OpenID Connect Core 1.0, 3.1.3.7: signature by a key of the issuer, issuer, audience, time, nonce.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from . import codes

# Signatures that only the issuer can make; never a shared secret, never none.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384"]
LEEWAY = 120  # seconds that the two clocks may differ
LONGEST = 24 * 3600


class TokenRefused(ValueError):
    """The token is not what it should be; the message is for the log, not for people."""


@dataclass(frozen=True)
class Person:
    """A natural person as the identity service knows it."""

    number: str
    name: str


def check(
    token: str, *, keys: Mapping[str, Any], issuer: str, client_id: str, nonce: str, now: datetime
) -> Mapping[str, Any]:
    """The claims of a token that is genuine, meant for us, for this login and of this moment. Raises TokenRefused.

    `keys`: the issuer's JSON Web Key Set.
    """
    try:
        wanted = jwt.get_unverified_header(token).get("kid")
        known = [key for key in jwt.PyJWKSet.from_dict(dict(keys)).keys if wanted in (None, key.key_id)]
        if not known:
            raise TokenRefused("no key of this number")
        claims: dict[str, Any] = jwt.decode(
            token,
            known[0].key,
            algorithms=ALGORITHMS,
            audience=client_id,
            issuer=issuer,
            # The portal has one clock: times are compared below.
            options={
                "require": ["exp", "iat", "sub"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise TokenRefused(type(error).__name__) from error
    moment = now.timestamp()
    expires, issued = claims["exp"], claims["iat"]
    if not all(isinstance(one, int | float) for one in (expires, issued)):
        raise TokenRefused("times")
    if moment > expires + LEEWAY or not moment - LONGEST < issued < moment + LEEWAY:
        raise TokenRefused("expired")
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client_id:
        raise TokenRefused("azp")
    if not nonce or claims.get("nonce") != nonce:
        raise TokenRefused("nonce")
    return claims


def person_in(claims: Mapping[str, Any], *, number_claim: str, name_claim: str) -> Person:
    """Number and name of the person. Raises TokenRefused where the service does not give both, well formed."""
    number, name = claims.get(number_claim), claims.get(name_claim)
    if not isinstance(number, str) or not isinstance(name, str):
        raise TokenRefused("claims")
    try:
        return Person(codes.check_id_number(number), codes.normalise_name(name))
    except codes.CodeError as error:
        raise TokenRefused("number or name") from error
