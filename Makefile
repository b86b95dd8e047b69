# Two commands: `make demo` and `make test`. The others are their parts.
.DEFAULT_GOAL := help
.PHONY: help demo test lint deny clients check graphiql bench peers

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

# A database as one would trust with data, and with the memory that this data wants.
DURABLE := -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=1GB -c effective_cache_size=3GB \
  -c work_mem=16MB -c maintenance_work_mem=512MB -c max_wal_size=8GB -c checkpoint_timeout=15min -c random_page_cost=1.1

# In /var/tmp, because /tmp may be memory: ten times the data takes some 40 GB while it is made.
bench: peers ## Speed beside the peers, into bench/RESULTS.md: hours; in minutes: make bench ARGS=--quick (see bench/README.md)
	$(CARGO) build --release --quiet --package kim --package kim-bench
	TMPDIR=$${TMPDIR:-/var/tmp} KIM_TEST_POSTGRES_SETTINGS='$(DURABLE)' \
	  tests/with-postgres.sh $${CARGO_TARGET_DIR:-target}/release/kim-bench run \
	  --kim $${CARGO_TARGET_DIR:-target}/release/kim $(ARGS)

peers: bench/peers/postgraphile/node_modules/.package-lock.json bench/.peers/postrust/bin/postrust ## Those that kim is measured beside (from npm and crates.io, once)
	@command -v wrk >/dev/null || { command -v apt-get >/dev/null && test "$$(id -u)" -eq 0 && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk; } || \
	  { echo "The benchmark needs wrk." >&2; exit 1; }

# Not with --locked: its lock file names versions that crates.io no longer gives out.
bench/.peers/postrust/bin/postrust:
	@echo "Building postrust, once; this takes minutes ..."
	@$(CARGO) install --quiet --root bench/.peers/postrust --version 3.1.0 --features graphql postrust-server
