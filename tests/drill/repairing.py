"""The credit office in a process of its own: confirms the repair that it is told, and says when its commit was back.

`python -m tests.drill.repairing`: a line in, `application actor`; a line out, the clock of the machine before and after.
"""

import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "credit_portal.settings")

import django

django.setup()

from credit_portal.audit import clock  # noqa: E402
from credit_portal.registry.models import User  # noqa: E402
from repair import deciding  # noqa: E402


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        application, actor = (int(part) for part in line.split())
        user = User.objects.get(pk=actor)
        before = time.monotonic()
        deciding.confirm(application_id=application, expect="decided", actor=user, now=clock.now())
        # One clock for all processes of a machine (CLOCK_MONOTONIC).
        print(before, time.monotonic(), flush=True)


if __name__ == "__main__":
    main()
