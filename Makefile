# Every target works on a clean clone with Go alone, unless it says otherwise.
GO ?= go
export CGO_ENABLED ?= 0
STATICCHECK = $(GO) tool -modfile=tools/go.mod staticcheck

.PHONY: build test purego race lint proofs fuzz budget bench bench-engine bench-learners bench-quality bench-ablation bench-simulator parity long interop

build: ## the stripped binary
	$(GO) build -trimpath -ldflags '-s -w' -o automl ./cmd/automl

test:
	$(GO) test ./...

race: ## needs a C compiler
	CGO_ENABLED=1 $(GO) test -race ./...

purego: ## the packages that have assembly, without it
	$(GO) test -tags purego ./algos/predictor/... ./algos/mlp ./algos/gbdt

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || (gofmt -l $$(git ls-files '*.go'); exit 1)
	$(GO) vet ./...
	$(STATICCHECK) ./...

proofs: ## end to end: several processes, kill -9, REST by curl (needs curl and python3)
	bash proofs/all.sh

fuzz: ## FUZZTIME=30s for less than the usual minutes
	bash proofs/fuzz.sh

budget: ## what the program costs beside training
	bash proofs/budget.sh

bench:
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...

bench-engine: ## the boosting engine beside its peers, into benchmarks/RESULTS.md (needs python3; QUICK=1: a minute)
	python3 benchmarks/engine.py

parity: ## models as good as LightGBM's, defaults better than the peers' (AUTOML_DATA, AUTOML_PORTFOLIO; hours; needs python3)
	$$(bash benchmarks/peers/setup.sh) benchmarks/parity/parity.py $(PARITY)

bench-learners: ## every learner beside its scikit-learn counterpart (AUTOML_DATA, AUTOML_PORTFOLIO; hours; needs python3; QUICK=1: minutes)
	python3 benchmarks/learners/learners.py

bench-quality: ## beside FLAML, H2O, AutoGluon: BUDGET=60 DATA=DIR SYSTEMS=automl,flaml,h2o,autogluon (needs python3 and Java)
	python3 benchmarks/quality/quality.py

bench-ablation: ## what the parts of the search are worth: BUDGET=10 DATA=DIR SPLITS=3 PARTS=stacking,mlp (needs python3)
	python3 benchmarks/quality/ablation.py

bench-simulator: ## samplers beside Optuna's, many workers in virtual time (needs python3; QUICK=1: a minute)
	python3 benchmarks/simulator/simulator.py

interop: ## a second module, an OpenAPI validator, LightGBM and XGBoost meet ours (needs python3; QUICK=1: smaller models)
	cd examples/consumer && $(GO) test ./...
	bash proofs/openapi.sh
	bash proofs/formats.sh

long: fuzz proofs
