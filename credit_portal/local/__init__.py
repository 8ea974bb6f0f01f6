"""The embedded PostgreSQL and Redis-protocol server behind `make run`, and the one command that starts everything.

Used only to try the portal out, to develop and to test. It names no room and no setting of Django:
everything it hands on goes through the environment (`DATABASE_URL`, `REDIS_URL`, `SECRET_KEY`, `FIELD_KEYS`).
"""
