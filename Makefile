# Everything here only calls the scripts of package.json; `make` and `make test` need Node >= 20.10, make and git.
ENV ?= dev

.PHONY: all build check diff size test lint format bench programs e2e faults compose apply
all: build

# One install for each state of the lock file.
node_modules/.package-lock.json: package-lock.json
	npm ci
	@touch $@

build: node_modules/.package-lock.json
	@npm run -s build

check: node_modules/.package-lock.json
	@npm run -s check:generated

# What differs by component when B takes the place of A: make diff A=dev B=demo ARGS="--format markdown".
diff: node_modules/.package-lock.json
	@npm run -s diff -- $(A) $(B) $(ARGS)

# Sizes for the environment's load, and the sums that they come of: make size ENV=prod ARGS="--load logsGBPerDay=500".
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

# Every configuration through its own program, where that is on the PATH; ARGS=kube-apiserver for that program alone.
programs: node_modules/.package-lock.json
	@npm run -s programs -- $(ARGS)

# Against whatever cluster kubectl points at; the environment has been applied before. ARGS="--only traces" and the like.
e2e: node_modules/.package-lock.json
	@npm run -s e2e -- $(ENV) $(ARGS)

# The same cluster under a steady load, while its pods are killed, its workloads restarted and its store cut off: an hour and more.
faults: node_modules/.package-lock.json
	@npm run -s faults -- $(ENV) $(ARGS)

# The demo with Docker Compose: starts it and reads back what its generators send.
compose: node_modules/.package-lock.json
	@npm run -s compose -- $(ARGS)

apply:
	@command -v kubectl >/dev/null || { echo "kubectl is missing: install it, or apply overlays/$(ENV) with your GitOps tool." >&2; exit 1; }
	kubectl apply -k overlays/$(ENV)
