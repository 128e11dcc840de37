# `make help` lists what there is.

SHELL  := bash
TARGET := $(or $(CARGO_TARGET_DIR),target)
# mold links a debug build in half the time, where it is installed; it changes nothing else.
LINK   := $(if $(shell command -v mold),mold -run)

define say
@printf '\033[1m==> %s\033[0m\n' "$(1)"
endef

.DEFAULT_GOAL := help
.PHONY: help dev test check bench seed soak test-clients coverage docs fmt \
        postgres fmt-check clippy docs-check schema-check migrations-check audit

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: postgres ## Build and run the server, with a private PostgreSQL where DATABASE_URL names none
	$(call say,Building (the first time takes some minutes))
	$(LINK) cargo build
	$(call say,Starting Orion; Ctrl-C stops it)
	ORION_ENV=$${ORION_ENV:-development} exec $(TARGET)/debug/orion serve --demo

test: postgres ## Run all tests; they start their own PostgreSQL
	$(call say,Building the tests (the first time takes some minutes))
	$(LINK) cargo test --no-run
	$(call say,Running the tests)
	cargo test --no-fail-fast

check: fmt-check clippy docs-check schema-check migrations-check audit ## Everything that must hold before a change is merged, but for the tests
	$(call say,All checks passed)

bench: postgres ## Measure, and print the physical limit beside it
	scripts/bench.sh

seed: postgres ## Fill the development database with demo vendors, products and orders
	$(LINK) cargo build
	ORION_ENV=$${ORION_ENV:-development} $(TARGET)/debug/orion seed

soak: postgres ## Run the long tests: random histories, kills, a million rows
	$(LINK) cargo test --no-run
	cargo test --no-fail-fast -- --ignored soak --nocapture

test-clients: postgres ## Test from browsers and other languages
	scripts/test-clients.sh

coverage: postgres ## Report which lines the tests reach
	@command -v cargo-llvm-cov >/dev/null || { echo 'Install it first: cargo install cargo-llvm-cov --locked'; exit 1; }
	cargo llvm-cov --workspace --html
	@echo "See $(TARGET)/llvm-cov/html/index.html"

docs: ## Build the Rust documentation, and the book where mdbook is installed
	cargo doc --no-deps --workspace
	@echo "See $(TARGET)/doc/orion/index.html"
	@if [ ! -f docs/book.toml ]; then :; elif command -v mdbook >/dev/null; then mdbook build docs; \
	  else echo 'The book was not built: cargo install mdbook --locked'; fi

fmt: ## Format the code
	cargo fmt --all

postgres:
	@scripts/install-postgres.sh

fmt-check:
	$(call say,Format)
	cargo fmt --all --check

clippy:
	$(call say,Clippy)
	cargo clippy --workspace --all-targets --locked -- -D warnings

docs-check:
	$(call say,Documentation)
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --workspace --locked

schema-check:
	$(call say,GraphQL schema (to accept a change: cargo run -- schema > schema.graphql))
	$(LINK) cargo build --locked
	@set -o pipefail; $(TARGET)/debug/orion schema | diff -u schema.graphql -

migrations-check: postgres
	$(call say,Migrations up and down and up again)
	$(LINK) cargo test --locked --test it migrations

audit:
	$(call say,Dependencies)
	@if command -v cargo-deny >/dev/null; then cargo deny --locked check; \
	  else echo 'SKIPPED: cargo-deny is not installed (cargo install cargo-deny --locked)'; fi
