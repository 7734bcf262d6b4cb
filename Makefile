# `make check` is what CI runs. The environment is ./.venv-dev, made by scripts/environment.
BIN ?= .venv-dev/bin

.PHONY: check format lint types contracts test test-fast e2e fresh bench redaction fuzz obedient audit-dependencies release environment

check: environment lint types contracts fresh test e2e

environment:
	@scripts/environment --dev $(CURDIR)/.venv-dev

format: environment
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: environment
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: environment
	$(BIN)/mypy

contracts: environment
	$(BIN)/lint-imports

# Generated files (help text, completions, docs tables) equal what the code says today.
fresh: environment
	$(BIN)/python scripts/generate.py --check

test:
	scripts/test

# What a person runs after each edit: under a minute, no process is started and nothing waits.
test-fast:
	scripts/test --fast -q

# On the simulator; with AGENTOPS_E2E=1 on the cluster of KUBECONFIG (docs/e2e.md). Its tests wait more than they work.
e2e: environment
	$(BIN)/python -m pytest tests/e2e --e2e -n 8

# How much the redactor hides, how much it eats, how fast it is: docs/redaction.md.
redaction: environment
	$(BIN)/python scripts/redaction_score.py --worst

# Known vulnerabilities in what is installed; needs the package index or a vulnerability service. pip-audit stays outside what it looks at.
audit-dependencies: environment
	tools=$$(mktemp -d) && $(BIN)/python -m pip install -q --target "$$tools" 'pip-audit>=2.10,<3' && \
	PYTHONPATH="$$tools" $(BIN)/python scripts/audit_dependencies.py

# What a release consists of: docs/releasing.md.
release:
	scripts/release

# A model that obeys every planted text: all payloads in all places, and what reached the world outside.
obedient: environment
	$(BIN)/python scripts/obedient_sweep.py

# The readers of foreign bytes for a few minutes; what breaks a law is kept under /tmp/agentops-fuzz-found.
fuzz: environment
	$(BIN)/python -m tests.fuzz --seconds 300

bench: environment
	$(BIN)/python -m tests.benchmarks
