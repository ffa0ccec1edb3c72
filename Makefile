# Everything a person or a CI machine does with the project. `make help` lists it.
SHELL := /bin/sh
VENV := .venv/bin
SETUP := $(or $(shell command -v python3),python) scripts/setup.py
COMPILE := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

# Homebrew's libraries are not on the path that macOS searches.
ifeq ($(shell uname -s),Darwin)
export DYLD_FALLBACK_LIBRARY_PATH := $(DYLD_FALLBACK_LIBRARY_PATH):/opt/homebrew/lib:/usr/local/lib
endif

.DEFAULT_GOAL := help
.PHONY: help run test chaos check setup lint types imports schema-check licences format lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

run: setup ## set up, start everything, tailor the sample résumé (RESUME=file POSTING=file for your own), keep serving
	@$(VENV)/jobwise up --tailor-sample $(if $(RESUME),--resume '$(RESUME)') $(if $(POSTING),--posting '$(POSTING)')

test: setup ## set up and run all tests (ARGS=... goes to pytest)
	@$(VENV)/pytest $(ARGS)

N ?= 1000
SEED ?= 1
chaos: ## kill and stop everything while N=1000 generations run (SEED=1); the table goes to build/chaos.md
	@$(SETUP) dev
	@$(VENV)/python -m tests.faults --amount $(N) --seed $(SEED)

check: lint types imports schema-check licences ## everything but the tests

# One set-up for both commands: after either of them, both work without a network.
setup: ## only the set-up: packages, native libraries, GraphiQL's files
	@$(SETUP) dev
	@$(SETUP) run

lint: ## style and common mistakes
	@$(SETUP) dev
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .

types: ## strict type checking
	@$(SETUP) dev
	@$(VENV)/mypy

imports: ## who may import whom (the contracts are in pyproject.toml)
	@$(SETUP) dev
	@$(VENV)/lint-imports

schema-check: ## the committed schema/schema.graphql is what the code serves
	@$(SETUP) dev
	@$(VENV)/jobwise schema --check

licences: ## only licences that allow this project's own
	@$(SETUP) dev
	@$(VENV)/pip-licenses --from=mixed --partial-match --summary \
		--allow-only 'MIT;BSD;Apache;MPL;Mozilla Public License;PSF;Python Software Foundation;ISC'

format: ## rewrite the code in the house style
	@$(SETUP) dev
	@$(VENV)/ruff check --fix-only --quiet .
	@$(VENV)/ruff format .

lock: ## resolve the dependencies of pyproject.toml anew
	@$(COMPILE) pyproject.toml --group build -o requirements.lock
	@$(COMPILE) pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock
	@echo uv | $(COMPILE) - -o requirements-tools.lock
	@! grep -nE '://|^-' requirements.lock requirements-dev.lock requirements-tools.lock

clean: ## remove what the set-up and the tools made; data in .jobwise stays
	rm -rf .venv .jobwise-tools schema/static/graphiql .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
