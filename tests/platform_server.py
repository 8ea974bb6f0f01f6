"""A city platform to talk to, with its own ledger: what it holds by key, what it was sent, and ways of being difficult."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Platform:
    """`held`: the record by its key. `arrivals`: how often each key was stored (with `knows_keys` off, twice is seen).
    `mode`: ok, error, silent (stores, then never answers), late (answers after a while), twice (the line delivers what
    it was given two times)."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.knows_keys = True
        self.refuses: Callable[[dict[str, Any]], list[dict[str, str]]] = lambda record: []
        self.held: dict[str, dict[str, Any]] = {}
        self.arrivals: Counter[str] = Counter()
        self.batches: dict[str, list[dict[str, Any]]] = {}
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.address = ""

    def take(self, batch: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        with self.lock:
            results = []
            for record in records:
                reasons = self.refuses(record)
                if not reasons and not (self.knows_keys and record["key"] in self.held):
                    self.held[record["key"]] = record
                    self.arrivals[record["key"]] += 1
                results.append(
                    {
                        "key": record["key"],
                        "accepted": not reasons,
                        "reasons": reasons,
                        "reference": f"P{record['key']}",
                    }
                )
            if self.knows_keys:
                self.batches[batch] = results
            return results

    def now_holds(self) -> dict[str, dict[str, Any]]:
        """By commitment: the last version that was accepted, without those that were withdrawn."""
        last: dict[str, dict[str, Any]] = {}
        for record in self.held.values():
            before = last.get(record["code"])
            if before is None or _version(before) < _version(record):
                last[record["code"]] = record
        return {code: record for code, record in last.items() if record["operation"] == "put"}


def _version(record: dict[str, Any]) -> int:
    return int(record["key"].rsplit("-", 1)[1])


@contextmanager
def platform() -> Iterator[Platform]:
    """A platform on a free port of this machine."""
    one = Platform()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            one.requests.append(("POST", sent["batch"]))
            if one.mode == "error":
                return self.answer(500, {"error": "busy"})
            if one.mode == "late":
                time.sleep(0.3)
            if one.mode == "twice":
                one.take(sent["batch"], sent["records"])
            results = one.take(sent["batch"], sent["records"])
            if one.mode == "silent":
                # Stored, and the line goes dead before the answer.
                self.close_connection = True
                self.connection.close()
                return None
            return self.answer(200, {"receipt": f"R-{sent['batch']}", "results": results})

        def do_GET(self) -> None:
            batch = self.path.rsplit("/", 1)[1]
            one.requests.append(("GET", batch))
            if one.mode == "error":
                return self.answer(500, {"error": "busy"})
            if batch not in one.batches:
                return self.answer(404, {"error": "unknown"})
            return self.answer(200, {"receipt": f"R-{batch}", "results": one.batches[batch]})

        def answer(self, status: int, what: dict[str, Any]) -> None:
            content = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            # Whoever asked may have been killed meanwhile.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
