# Two commands: `make demo` and `make test`. The others are their parts.
.DEFAULT_GOAL := help
.PHONY: help demo test lint deny clients check graphiql

CARGO ?= cargo

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Without npm the demo starts all the same; the page then says what is missing.
demo: ## Start the server on example data; prints a URL and a token per role
	@$(MAKE) --no-print-directory graphiql || echo "GraphiQL could not be fetched; the API works without it." >&2
	$(CARGO) run --release --quiet -- demo $(ARGS)

GRAPHIQL := web/graphiql/dist/graphiql.min.js

graphiql: $(GRAPHIQL) ## GraphiQL's browser files, for the program to serve (from npm, once)

# Copied, not bundled: the packages ship files for browsers.
$(GRAPHIQL): web/graphiql/package-lock.json
	@echo "Fetching GraphiQL's browser files, once ..."
	@npm --prefix web/graphiql ci --silent --no-progress
	@cd web/graphiql && cp node_modules/react/umd/react.production.min.js \
	  node_modules/react-dom/umd/react-dom.production.min.js \
	  node_modules/graphiql/graphiql.min.css node_modules/graphiql/graphiql.min.js dist/
	@touch $@

# The tests come last, so that what they say is what is read last.
test: lint deny check ## Everything, on SQLite and PostgreSQL (started here on a free port)

lint: ## Formatting and lints
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings

deny: ## Licences, bans and sources of dependencies (gets cargo-deny once)
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny --log-level error check bans licenses sources

# What the clients that we document and the audits of GraphQL over HTTP need; tests/clients.rs runs them.
clients: tests/http/node_modules/.package-lock.json clients/typescript/node_modules/.package-lock.json ## Their packages (from npm, once)
	@missing=; for program in curl python3; do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	  test -z "$$missing" || { command -v apt-get >/dev/null && test "$$(id -u)" -eq 0 && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; } || \
	  { echo "The documented clients need$$missing." >&2; exit 1; }

%/node_modules/.package-lock.json: %/package-lock.json
	@echo "Fetching the packages of $*, once ..."
	@npm --prefix $* ci --silent --no-progress
	@touch $@

# In this order, so that the last line is the end-to-end tests'. One alone: tests/with-postgres.sh cargo test --test main NAME
check: clients ## The tests alone
	$(CARGO) test --workspace --quiet --doc
	tests/with-postgres.sh sh -ec '$(CARGO) test --workspace --lib --bins && $(CARGO) test --workspace --test "*"'
