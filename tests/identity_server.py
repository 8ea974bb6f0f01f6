"""An OpenID Connect provider on the loopback: description, token endpoint, keys; signed tokens, PKCE checked."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote_plus, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "credit-portal", "a secret & long enough for a key of its own"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """`granted`: code → what was asked for and which claims are given for it."""

    address: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    granted: dict[str, tuple[dict[str, str], dict[str, Any]]] = field(default_factory=dict)
    signing: rsa.RSAPrivateKey | None = None
    algorithm: str = "RS256"
    down: bool = False

    def log_in(self, asked_by: str, **claims: Any) -> str:
        """As the provider's own page would: the person logs in, the browser is sent back. Gives that address."""
        parts = urlsplit(asked_by)
        assert asked_by.startswith(f"{self.address}/authorize?")
        asked = dict(parse_qsl(parts.query))
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (
            CLIENT,
            "code",
            "S256",
        )
        code = f"code{len(self.granted)}"
        self.granted[code] = (asked, claims)
        return f"{urlsplit(asked['redirect_uri']).path}?code={code}&state={asked['state']}"

    def token(self, asked: dict[str, str], claims: dict[str, Any]) -> str:
        values = {"iss": self.address, "aud": CLIENT, "sub": "1", "nonce": asked["nonce"]} | claims
        if self.algorithm == "none":
            return jwt.encode(values, "", algorithm="none")
        if self.algorithm == "HS256":
            return jwt.encode(values, SECRET, algorithm="HS256", headers={"kid": "k1"})
        return jwt.encode(values, self.signing or self.key, algorithm=self.algorithm, headers={"kid": "k1"})


class Handler(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, *_args: object) -> None:
        """Nothing on the terminal."""

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        own = self.provider
        if own.down:
            return self._answer(503, {})
        if self.path == "/.well-known/openid-configuration":
            return self._answer(
                200,
                {
                    "issuer": own.address, "authorization_endpoint": f"{own.address}/authorize",
                    "token_endpoint": f"{own.address}/token", "jwks_uri": f"{own.address}/keys",
                },
            )  # fmt: skip
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(own.key.public_key()))
        return self._answer(200, {"keys": [public | {"kid": "k1", "use": "sig", "alg": "RS256"}]})

    def do_POST(self) -> None:
        sent = {
            name: values[0]
            for name, values in parse_qs(
                self.rfile.read(int(self.headers["Content-Length"])).decode()
            ).items()
        }
        basic = base64.b64encode(f"{CLIENT}:{quote_plus(SECRET)}".encode()).decode()
        granted = self.provider.granted.pop(sent.get("code", ""), None)
        if granted is None or self.headers.get("Authorization", "") != f"Basic {basic}":
            return self._answer(400, {"error": "invalid_grant"})
        asked, claims = granted
        proof = (
            base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest())
            .rstrip(b"=")
            .decode()
        )
        if proof != asked["code_challenge"] or sent["redirect_uri"] != asked["redirect_uri"]:
            return self._answer(400, {"error": "invalid_grant"})
        return self._answer(
            200, {"access_token": "x", "token_type": "Bearer", "id_token": self.provider.token(asked, claims)}
        )


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    handler = type("Handler", (Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
