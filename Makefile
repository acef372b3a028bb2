# Each target calls a script of package.json. `make` and `make test` need Node >= 20.10, make and git.
ENV ?= dev

.PHONY: all build check diff size test lint format bench programs e2e faults compose apply
all: build

# Installs the packages again only after a change of the lock file.
node_modules/.package-lock.json: package-lock.json
	npm ci
	@touch $@

build: node_modules/.package-lock.json
	@npm run -s build

check: node_modules/.package-lock.json
	@npm run -s check:generated

# Differences by component if B replaces A: make diff A=dev B=demo ARGS="--format markdown".
diff: node_modules/.package-lock.json
	@npm run -s diff -- $(A) $(B) $(ARGS)

# Sizes for the environment's load, with the sums behind them: make size ENV=prod ARGS="--load logsGBPerDay=500".
size: node_modules/.package-lock.json
	@npm run -s size -- $(ENV) $(ARGS)

test: node_modules/.package-lock.json
	@npm run -s test

lint: node_modules/.package-lock.json
	@npm run -s lint

format: node_modules/.package-lock.json
	@npm run -s format

bench: node_modules/.package-lock.json
	@npm run -s bench

# Checks each configuration with its own program, if it is on the PATH. One program only: ARGS=kube-apiserver.
programs: node_modules/.package-lock.json
	@npm run -s programs -- $(ARGS)

# Tests an applied environment, in the cluster of kubectl's current context. Some checks only: ARGS="--only traces".
e2e: node_modules/.package-lock.json
	@npm run -s e2e -- $(ENV) $(ARGS)

# DELETES PODS of the current context, restarts workloads and cuts off the store, under a steady load. Takes an hour or more.
faults: node_modules/.package-lock.json
	@npm run -s faults -- $(ENV) $(ARGS)

# Starts the demo with Docker Compose and reads back the data of its generators.
compose: node_modules/.package-lock.json
	@npm run -s compose -- $(ARGS)

apply:
	@command -v kubectl >/dev/null || { echo "kubectl is missing: install it, or apply overlays/$(ENV) with your GitOps tool." >&2; exit 1; }
	kubectl apply -k overlays/$(ENV)
