# The two main targets are `make demo` and `make test`. The others are parts of them.
.DEFAULT_GOAL := help
.PHONY: help demo test lint deny clients check graphiql bench peers

CARGO ?= cargo

# The command that installs those of the given programs that are missing, where it may.
need = missing=; for program in $(1); do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
  test -z "$$missing" || { command -v apt-get >/dev/null && test "$$(id -u)" -eq 0 && apt-get update -qq && \
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; } || \
  { echo "Missing programs, to be installed first:$$missing." >&2; exit 1; }

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The demo also starts without npm. Then the GraphiQL page says what is missing.
demo: ## Start the server with example data; prints a URL and a token per role
	@$(MAKE) --no-print-directory graphiql || echo "GraphiQL could not be fetched; the API works without it." >&2
	@test -x $${CARGO_TARGET_DIR:-target}/demo/kim || echo "Compiling the program, once: about 5 minutes on two free cores. Later starts take seconds." >&2
	$(CARGO) run --profile demo -- demo $(ARGS)

GRAPHIQL := web/graphiql/dist/graphiql.min.js

graphiql: $(GRAPHIQL) ## Fetch GraphiQL's browser files for the program (from npm, once)

# The files are copied and not bundled, because the packages contain browser builds.
$(GRAPHIQL): web/graphiql/package-lock.json
	@echo "Fetching GraphiQL's browser files, once ..."
	@npm --prefix web/graphiql ci --silent --no-progress
	@cd web/graphiql && cp node_modules/react/umd/react.production.min.js \
	  node_modules/react-dom/umd/react-dom.production.min.js \
	  node_modules/graphiql/graphiql.min.css node_modules/graphiql/graphiql.min.js dist/
	@touch $@

# The tests run last, so that their result is the last output.
test: lint deny check ## Run everything, on SQLite and PostgreSQL (started on a free port)

lint: ## Check formatting, lints, the direction of imports, the ways into the database, and the length of files
	@$(call need,python3)
	$(CARGO) fmt --all -- --check
	python3 tests/imports.py
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings

deny: ## Check licences, bans and sources of dependencies (installs cargo-deny once)
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny --log-level error check bans licenses sources

# Packages for the documented clients and for the GraphQL over HTTP audits, which tests/clients.rs runs, and for the
# issuer of tests/issuers.rs.
PACKAGES := tests/http tests/issuers/provider clients/typescript clients/browser
clients: $(PACKAGES:%=%/node_modules/.package-lock.json) ## Fetch the packages of the example clients (from npm, once)
	@$(call need,curl python3)

%/node_modules/.package-lock.json: %/package-lock.json
	@echo "Fetching the packages of $*, once ..."
	@npm --prefix $* ci --silent --no-progress
	@touch $@

# The end-to-end tests run last. To run one test: tests/with-postgres.sh cargo test --test main NAME
check: clients ## Run the tests only
	@$(call need,pgbouncer)
	$(CARGO) test --workspace --quiet --doc
	tests/with-postgres.sh sh -ec '$(CARGO) test --workspace --lib --bins && $(CARGO) test --workspace --test "*"'

# Durable settings as in production, and enough memory for the benchmark's data.
DURABLE := -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=1GB -c effective_cache_size=3GB \
  -c work_mem=16MB -c maintenance_work_mem=512MB -c max_wal_size=8GB -c checkpoint_timeout=15min -c random_page_cost=1.1

# The program is built by itself: built together with the benchmark it would have the feature `raw`.
# Uses /var/tmp, because /tmp may be in memory: creating ten times the data takes about 40 GB.
bench: peers ## Benchmark against the peers into bench/RESULTS.md, takes hours; a check in minutes: make bench ARGS=--quick (see bench/README.md)
	$(CARGO) build --release --quiet --package kim
	$(CARGO) build --release --quiet --package kim-bench
	TMPDIR=$${TMPDIR:-/var/tmp} KIM_TEST_POSTGRES_SETTINGS='$(DURABLE)' \
	  tests/with-postgres.sh $${CARGO_TARGET_DIR:-target}/release/kim-bench run \
	  --kim $${CARGO_TARGET_DIR:-target}/release/kim $(ARGS)

peers: bench/peers/postgraphile/node_modules/.package-lock.json bench/.peers/postrust/bin/postrust ## Install the peers of the benchmark (from npm and crates.io, once)
	@$(call need,wrk)

# Without --locked, because its lock file names versions that crates.io no longer provides.
bench/.peers/postrust/bin/postrust:
	@echo "Building postrust, once; this takes minutes ..."
	@$(CARGO) install --quiet --root bench/.peers/postrust --version 3.1.0 --features graphql postrust-server
