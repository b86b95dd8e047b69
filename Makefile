# Two commands: `make demo` and `make test`. The others are their parts.
.DEFAULT_GOAL := help
.PHONY: help demo test lint deny check

CARGO ?= cargo

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Start the server on example data; prints a URL and a token per role
	$(CARGO) run --release --quiet -- demo $(ARGS)

# The tests come last, so that what they say is what is read last.
test: lint deny check ## Everything, on SQLite and PostgreSQL (started here on a free port)

lint: ## Formatting and lints
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings

deny: ## Licences, bans and sources of dependencies (gets cargo-deny once)
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny --log-level error check bans licenses sources

# In this order, so that the last line is the end-to-end tests'. One alone: tests/with-postgres.sh cargo test --test main NAME
check: ## The tests alone
	$(CARGO) test --workspace --quiet --doc
	tests/with-postgres.sh sh -ec '$(CARGO) test --workspace --lib --bins && $(CARGO) test --workspace --test "*"'
