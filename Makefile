# Each target calls a script of package.json. `make` and `make test` need Node >= 20.10, make and git.
# The words behind "##" are what `make help` prints.
ENV ?= dev
# The environment, if somebody named one.
named = $(if $(findstring command,$(origin ENV)),$(ENV))
# The programs speak of make to those who called make.
run = @KUBE_LGTM_CALLER=make npm run -s

.PHONY: all help node build check diff size test lint format bench programs fuzz e2e faults compose apply
all: build

help: ## this list
	@echo 'ENV=name chooses an environment, ARGS="..." passes options; ARGS=--help explains them. Exit codes: npm run -s TARGET -- keeps those that make does not.'
	@awk -f src/make.awk Makefile

# Says what is missing, where npm would only fail.
node:
	@version=$$(node --version 2>/dev/null) || { echo "Node >= 20.10 is needed, and there is none: https://nodejs.org/en/download" >&2; exit 1; }; \
	echo "$$version" | awk -F'[v.]' '{ exit !($$2 > 20 || $$2 == 20 && $$3 >= 10) }' || \
	{ echo "Node >= 20.10 is needed: this is $$version. https://nodejs.org/en/download" >&2; exit 1; }

# Installs the packages again only after a change of the lock file.
node_modules/.package-lock.json: package-lock.json | node
	npm ci
	@touch $@

build: node_modules/.package-lock.json ## write bases/, components/ and overlays/ (also: make)
	$(run) build -- $(named) $(ARGS)

check: node_modules/.package-lock.json ## say what a build would change, and change nothing
	$(run) check -- $(ARGS)

diff: node_modules/.package-lock.json ## differences by component if B replaces A: make diff A=dev B=demo
	$(run) diff -- $(A) $(B) $(ARGS)

size: node_modules/.package-lock.json ## sizes for an environment's load: make size ENV=prod LOAD="logsGBPerDay=500"
	$(run) size -- $(named) $(foreach field,$(LOAD),--load $(field)) $(ARGS)

test: node_modules/.package-lock.json ## unit tests and invariants
	@npm run -s test

lint: node_modules/.package-lock.json ## types, format and prose
	@npm run -s lint

format: node_modules/.package-lock.json ## mend the format
	@npm run -s format

bench: node_modules/.package-lock.json ## what a build costs
	@npm run -s bench

programs: node_modules/.package-lock.json ## each configuration through its own program, if it is here; ARGS=kube-apiserver for one
	@npm run -s programs -- $(ARGS)

fuzz: node_modules/.package-lock.json ## dirty trees by chance: make fuzz ARGS="trees 1000"
	@npm run -s fuzz -- $(ARGS)

e2e: node_modules/.package-lock.json ## test an applied environment in the cluster of kubectl's current context
	$(run) e2e -- $(ENV) $(ARGS)

# Takes an hour or more.
faults: node_modules/.package-lock.json ## DELETES PODS of that cluster and cuts off the store, under load; asks first, or YES=1
	$(run) faults -- $(ENV) $(if $(YES),--yes) $(ARGS)

compose: node_modules/.package-lock.json ## start the demo with Docker Compose, and read back its data
	@npm run -s compose -- $(ARGS)

apply: ## apply an environment to the cluster of kubectl's current context: make apply ENV=staging
	@test -f "overlays/$(ENV)/kustomization.yaml" || { echo "There is no overlay $(ENV). overlays/ holds $$(ls overlays | paste -sd ' ' -)." >&2; exit 1; }
	@command -v kubectl >/dev/null || { echo "kubectl is missing: install it, or apply overlays/$(ENV) with your GitOps tool." >&2; exit 1; }
	@echo "environment $(ENV), context $$(kubectl config current-context 2>/dev/null || echo none), namespaces $$(sed -n 's/^namespace: //p' overlays/$(ENV)/*/kustomization.yaml | paste -sd ' ' -)"
	kubectl apply -k overlays/$(ENV)

.DEFAULT:
	@awk -v wanted="$@" -f src/make.awk Makefile >&2; exit 2
