# Set-up is a dependency: every target makes .venv first if it is missing or older than what it is made from. Sweeps do
# not wait for the tools that only tests and linters need.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
TOOLS := $(VENV)/.tools
BENCH := $(VENV)/.bench
INSTALL = $(PY) -m pip install --quiet --no-compile --disable-pip-version-check
# every file is compared with its hash, but for torch, whose builds differ by machine: its version is pinned alone
HASHED = $(INSTALL) --require-hashes --no-deps -r
export MPLBACKEND := agg
# bytecode is kept even where the environment says not to: else every worker compiles all that it imports
export PYTHONDONTWRITEBYTECODE :=
# glibc keeps what is freed: enclosures make and drop arrays of megabytes, and getting each from the system costs a third
export MALLOC_MMAP_THRESHOLD_ := 33554432
export MALLOC_TRIM_THRESHOLD_ := 1073741824

CHAINS := depth,width,kernel
MODELS := downsampling,flowar,pyramid
STUDY := literal,heads,training,lipschitz,scale_map,positions,filtering
VAREXP := $(VENV)/bin/varexp
SAMPLE ?= 0
FULL ?= false
SWEEP := $(VAREXP) sweep tracking=wandb

.DEFAULT_GOAL := help
.PHONY: help sweep study models calculations dynamics results verify weights findings report docs audit recertify reproduce smoke figures test chaos
.PHONY: mutants lint bench paper clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 12

sweep: $(STAMP) ## the main job: depth, width and kernel sweeps, their tables and figures; resumes
	@$(SWEEP) 'experiment=[$(CHAINS)]'

calculations: $(TOOLS) ## what needs no training: interpolation orders, image operations, floors, contextual mappings
	@$(VAREXP) calculate

study: $(STAMP) ## what blocks are, what they are trained to do, other scale maps, constants; tables, figures
	@$(SWEEP) 'experiment=[$(STUDY)]' scale=draws

models: $(STAMP) ## the other models of the paper: pyramids, FlowAR, down-sampling, a decoder; tables, figures, samples
	@$(SWEEP) 'experiment=[$(MODELS)]' scale=draws
	@$(VAREXP) samples

dynamics: $(STAMP) ## networks on vector fields of the literature, their errors certified by the public call alone
	@$(VAREXP) dynamics

results: calculations sweep study models dynamics findings verify weights audit ## all of results/, from a clean tree

verify: $(STAMP) ## the ledger of claims: what the paper states, item by item, verdicts and evidence, in seconds
	@$(VAREXP) verify

findings: $(STAMP) ## results/FINDINGS.md from the tables
	@$(VAREXP) findings

report: $(TOOLS) ## results/report.html, one page with findings, ledger, charts and tables; opens without a network
	@$(VAREXP) report

docs: $(TOOLS) ## build/docs, the documentation; opens from disk
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build -f docs/mkdocs.yml
	@echo "wrote $(CURDIR)/build/docs/index.html"

weights: $(STAMP) ## chains of the tables with all that a proof of their rows needs, from the records of sweeps
	@$(VAREXP) weights

audit: $(STAMP) ## prove the rows of results/weights again by other code, in ball arithmetic; writes results/audit.json
	@$(PY) -m varexp.audit

recertify: $(STAMP) ## certify the rows of results/weights again from their weights, without training
	@$(VAREXP) recertify

reproduce: $(STAMP) ## run a part of the sweeps again and compare with results/tables; FULL=true for all
	@$(VAREXP) reproduce full=$(FULL)

smoke: $(STAMP) ## the whole path in seconds, written to build/smoke
	@$(SWEEP) 'experiment=[$(CHAINS),$(MODELS),$(STUDY)]' scale=smoke 'results="$(CURDIR)/build/smoke"'

figures: $(STAMP) ## redraw results/figures from results/tables, without training
	@$(VAREXP) figures

test: $(TOOLS) ## all tests
	@$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

chaos: $(TOOLS) ## faults by the hundred while sweeps run, and what they cost; a quarter of an hour; writes results/chaos.json
	@$(PY) -m tests.chaos.run

mutants: $(TOOLS) ## change the code that computes bounds, one place at a time: do the tests notice? hours; SAMPLE=400 for fewer
	@$(PY) -m tests.mutation sample=$(SAMPLE)

lint: $(TOOLS) ## ruff and mypy
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

bench: $(BENCH) ## speed, as ratios in one run, to results/benchmarks; AGAINST=REV compares with that commit
	@$(VAREXP) benchmark $(if $(AGAINST),against=$(AGAINST))

paper: $(STAMP) ## publication scale: ten draws, five seeds, 3.6 times the training, hours; says its cost; to build/paper
	@$(VAREXP) plan 'experiment=[$(CHAINS),$(STUDY),$(MODELS)]' scale=paper 'results="$(CURDIR)/build/paper"'
	@$(SWEEP) 'experiment=[$(CHAINS),$(STUDY),$(MODELS)]' scale=paper 'results="$(CURDIR)/build/paper"'

clean: ## delete .venv and build/, keep results/
	@rm -rf $(VENV) build

$(STAMP): pyproject.toml requirements.lock requirements-run.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else f"varexp needs Python 3.11 or newer, {sys.executable} is {sys.version.split()[0]}: run make PYTHON=/path/to/python3.11")'
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(HASHED) requirements-run.lock
	@$(INSTALL) -c requirements.lock torch
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(TOOLS): $(STAMP) requirements-dev.lock
	@echo "adding what tests and linters need (once)"
	@$(HASHED) requirements-dev.lock
	@touch $@

$(BENCH): $(STAMP)
	@echo "adding JAX, to compare with (once)"
	@$(INSTALL) -c requirements.lock --no-build-isolation -e '.[bench]'
	@touch $@
