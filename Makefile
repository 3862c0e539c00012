# Every target works on a clean clone with Go alone, unless it says otherwise.
GO ?= go
export CGO_ENABLED ?= 0
STATICCHECK = $(GO) tool -modfile=tools/go.mod staticcheck
FUZZTIME ?= 5m

.PHONY: build test race lint proofs fuzz budget bench bench-engine parity long interop

build: ## the stripped binary
	$(GO) build -trimpath -ldflags '-s -w' -o automl ./cmd/automl

test:
	$(GO) test ./...

race: ## needs a C compiler
	CGO_ENABLED=1 $(GO) test -race ./...

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || (gofmt -l $$(git ls-files '*.go'); exit 1)
	$(GO) vet ./...
	$(STATICCHECK) ./...

proofs: ## end to end: several processes, kill -9, REST by curl (needs curl and python3)
	bash proofs/all.sh

fuzz:
	FUZZTIME=$(FUZZTIME) bash proofs/fuzz.sh

budget: ## what the program costs beside training
	bash proofs/budget.sh

bench:
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...

bench-engine: ## the boosting engine beside its peers, into benchmarks/RESULTS.md (needs python3; QUICK=1: a minute)
	python3 benchmarks/engine.py

parity: ## models as good as LightGBM's, defaults better than the peers' (AUTOML_DATA, AUTOML_PORTFOLIO; hours; needs python3)
	$$(bash benchmarks/peers/setup.sh) benchmarks/parity/parity.py $(PARITY)

interop: ## a second module uses the library; a validator reads the OpenAPI document (needs python3)
	cd examples/consumer && $(GO) test ./...
	bash proofs/openapi.sh

long: fuzz proofs
