# Commands for a person; .ci/run is the one for a machine. Settings: PORT, HOST, DATA_DIR, DEMO, DATABASE_URL,
# REDIS_URL (docs/operations.md). Without make: the recipes below are all there is to it.
PYTHON ?= python3
DATA_DIR ?= .data
export DATA_DIR
LOCAL := .venv/bin/python -m credit_portal.local
BOOTSTRAP := $(PYTHON) credit_portal/local/bootstrap.py
# Tests and checks have a database of their own, which may lie beside a running portal.
FOR_TESTS := DATA_DIR="$(DATA_DIR)/test"

.PHONY: setup run test lint bench drill fuzz check-deploy clean
.DEFAULT_GOAL := setup

setup:
	@$(BOOTSTRAP) dev

run:
	@$(BOOTSTRAP) run
	@exec $(LOCAL) run

test:
	@$(BOOTSTRAP) dev
	@$(FOR_TESTS) sh .ci/test

lint:
	@$(BOOTSTRAP) dev
	@$(FOR_TESTS) $(LOCAL) exec --throwaway -- sh .ci/lint

bench:
	@$(BOOTSTRAP) dev
	@DATA_DIR="$(DATA_DIR)/bench" $(LOCAL) exec -- .venv/bin/python -m tests.bench

drill:
	@$(BOOTSTRAP) dev
	@DATA_DIR="$(DATA_DIR)/drill" .venv/bin/python -m tests.drill

# Made-up requests to every address of the API, EXAMPLES for each beside those at the limits of fields; every naughty string
# in every text of every body, paper and writer; every odd value at every address; then every string in every field of every
# form of the demonstration for MINUTES, from the string SEED on (one by chance, which is printed): an hour and a half or so
# with the defaults.
fuzz:
	@$(BOOTSTRAP) dev
	@$(FOR_TESTS) $(LOCAL) exec --throwaway -- env FUZZ_EXAMPLES="$${EXAMPLES:-500}" NAUGHTY_EACH=1 \
	  NAUGHTY_MINUTES="$${MINUTES:-20}" NAUGHTY_SEED="$${SEED:-}" .venv/bin/python -m pytest --quiet -rP \
	  tests/test_api_fuzz.py tests/test_naughty_strings.py tests/test_naughty_api.py tests/test_hostile_uploads.py \
	  tests/test_odd_input.py tests/test_late_pages.py::test_every_address_of_late_materials_survives_odd_input \
	  tests/test_demo.py::TheDemonstration::test_every_field_of_every_form_keeps_naughty_strings_or_refuses_them_by_name

check-deploy:
	@$(BOOTSTRAP) run
	@.venv/bin/python manage.py check --deploy --database default --fail-level WARNING

# Your data stays: docs/operations.md says how to remove that.
clean:
	@if [ -x .venv/bin/python ]; then for kind in test bench drill; do \
	  DATA_DIR="$(DATA_DIR)/$$kind" $(LOCAL) drop --yes || exit 1; done; fi
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis screenshots
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
