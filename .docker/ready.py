"""Health check of the web container: 0 when `/readyz` answers 200 under one of the names that the portal has."""

import os
import sys
import urllib.request

name = (os.environ.get("ALLOWED_HOSTS") or "localhost").split(",")[0].strip().lstrip(".")
request = urllib.request.Request("http://127.0.0.1:8000/readyz", headers={"Host": name})
try:
    with urllib.request.urlopen(request, timeout=4) as answer:
        sys.exit(0 if answer.status == 200 else 1)
except OSError:
    sys.exit(1)
