# `make` lists the targets. The first one that needs it builds .venv from the pinned versions.

PYTHON ?= $(shell python3.11 -c '' >/dev/null 2>&1 && echo python3.11 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
BASELINE := results/baseline
FIT := results/calibration
GALLERY := results/gallery
# The questions of experiments/, in the order of docs/experiments.md.
STUDIES := busan_truce what_decides choke_points terms agencies calendar soybeans negative_controls what_you_must_believe
PAGES := results/pages
WHATIFS := $(basename $(notdir $(wildcard configs/whatifs/*.yaml)))
WEEKS := --at 2025-04-07 --at 2025-10-06 --at 2025-10-27
WORKERS := -n logical --maxprocesses 8 --dist worksteal
RARE := levers.CHINA.rare_earths.irreplaceability

.DEFAULT_GOAL := help
.PHONY: help run sweep figures gallery calibration forecasts experiments pages dashboard \
    test e2e screenshots lint bench waits checks verify fuzz simulation mutants licences clean
.NOTPARALLEL:
.SECONDARY:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "%-11s %s\n", $$1, $$2 }' Makefile

# Each target installs what it needs from the file of its name in requirements/, where pip takes only
# files of known hashes. Packages that come as source are built with what build.txt holds. Python
# compiles what it imports, so pip need not compile everything (--no-compile saves half of the time).
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile --no-deps

$(VENV)/.installed-%: pyproject.toml $(wildcard requirements/*.txt)
	@echo "installing what \`make $*\` needs into $(VENV) (once, about a minute) ..."
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements/build.txt
	@$(PIP) --require-hashes --no-build-isolation -r requirements/$*.txt
	@$(PIP) --no-build-isolation -e .
	@touch $@

run: $(VENV)/.installed-run ## replay the 2025 record, run the baseline 10,000 times, plot both
	$(BIN)/negotiation-abm replay baseline_2025 --out $(BASELINE)
	$(BIN)/negotiation-abm run baseline_2025 --replicates 10000 --seed 1 --out $(BASELINE)
	$(BIN)/negotiation-abm plot $(BASELINE)

sweep: $(VENV)/.installed-run ## the example of the README: 90 points of 2,000 runs, and their figure
	$(BIN)/negotiation-abm sweep rare_earths_breach --out results/phase
	$(BIN)/negotiation-abm plot results/phase

figures: run sweep ## renew the figures of the README from `make run` and `make sweep`
	mkdir -p docs/figures
	cp $(BASELINE)/figures/*.png results/phase/figures/phase.png docs/figures/

gallery: figures ## renew the other figures of docs/gallery.md (minutes)
	$(BIN)/negotiation-abm run busan_2025 --out $(GALLERY)/as_is
	$(BIN)/negotiation-abm run busan_2025 --set breach_cost=1.5 --out $(GALLERY)/cheap_breach
	$(BIN)/negotiation-abm run busan_2025 --set $(RARE)=0.5 --out $(GALLERY)/less_rare
	$(BIN)/negotiation-abm run busan_2025 --set breach_cost=1.5 --set $(RARE)=0.5 --out $(GALLERY)/both
	$(BIN)/negotiation-abm survival $(addprefix $(GALLERY)/,as_is cheap_breach less_rare both) \
	    --regress --out $(GALLERY)/comparison
	$(BIN)/negotiation-abm plot $(GALLERY)/comparison
	$(BIN)/negotiation-abm sensitivity busan_drivers --out $(GALLERY)/drivers
	$(BIN)/negotiation-abm plot $(GALLERY)/drivers
	cp $(GALLERY)/comparison/figures/*.png $(GALLERY)/drivers/figures/*.png docs/figures/

calibration: $(VENV)/.installed-run ## fit the pool, validate, forecast, and write docs/calibration.md
	$(BIN)/negotiation-abm calibrate --pool seven --seed 1 --draws 1000 --out $(FIT)
	for name in calibrated_2025 calibrated_2025_alone calibrated_2026; do \
	    cp $(FIT)/$$name.yaml $(FIT)/$$name.parquet configs/parameters/; done
	$(BIN)/negotiation-abm validate --pool seven --out $(FIT)
	$(BIN)/negotiation-abm validate --params calibrated_2025 --runs 1 --out $(FIT)
	$(BIN)/negotiation-abm forecast busan_2025 --params calibrated_2025 --known 2025-12-31 \
	    --out $(FIT)
	cp experiments/calibration/sbc.csv $(FIT)/
	$(BIN)/negotiation-abm plot $(FIT)
	for name in identification patterns predictive lever_response sbc; do \
	    cp $(FIT)/figures/$$name.png docs/figures/; done
	$(BIN)/python experiments/calibration/write_up.py $(FIT) docs/calibration.md

forecasts: $(VENV)/.installed-run ## resolve and score the forecasts that were kept, and write their page
	$(BIN)/python experiments/forecasts/ledger.py docs/forecasts results/forecasts
	$(BIN)/negotiation-abm plot results/forecasts
	cp results/forecasts/figures/forecast_reliability.png docs/figures/

experiments: $(VENV)/.installed-run ## rebuild tables, figures and text of experiments/ (minutes)
	rm -rf results/experiments
	for name in $(STUDIES); do \
	    nice $(BIN)/python experiments/$$name/run.py results/experiments/$$name || exit 1; \
	    for file in README.md figure.png table.csv; do \
	        cp results/experiments/$$name/$$file experiments/$$name/ || exit 1; done; done
	$(BIN)/python experiments/list.py docs/experiments.md $(STUDIES)

pages: $(VENV)/.installed-run ## docs on what-ifs, tournament, equilibrium, modules: text, figures (minutes)
	for name in $(WHATIFS); do \
	    $(BIN)/negotiation-abm whatif $$name --out $(PAGES)/whatif/$$name || exit 1; done
	$(BIN)/negotiation-abm surprise baseline_2025 --out $(PAGES)/surprise
	$(BIN)/negotiation-abm tournament baseline_2025 --out $(PAGES)/tournament
	$(BIN)/negotiation-abm equilibrium baseline_2025 $(WEEKS) --out $(PAGES)/equilibrium
	$(BIN)/python experiments/foresight/run.py --out $(PAGES)/foresight
	$(BIN)/negotiation-abm mechanisms --replicates 50000 --seed 1 --out $(PAGES)/mechanisms
	for name in whatif/two_month_truce surprise tournament equilibrium; do \
	    $(BIN)/negotiation-abm plot $(PAGES)/$$name || exit 1; done
	cp $(PAGES)/whatif/two_month_truce/figures/whatif.png \
	    $(PAGES)/surprise/figures/surprise.png $(PAGES)/equilibrium/figures/equilibrium.png \
	    $(PAGES)/tournament/figures/tournament_payoffs.png \
	    $(PAGES)/tournament/figures/tournament_truces.png docs/figures/
	$(BIN)/python experiments/pages/write_up.py $(PAGES) docs

dashboard: $(VENV)/.installed-dashboard ## start the page
	$(BIN)/negotiation-abm dashboard

test: $(VENV)/.installed-test ## all tests but the statistical verification and those of speed
	$(BIN)/pytest -q $(WORKERS)

# The browser is the system's; where there is none, and we may, it is installed.
e2e: $(VENV)/.installed-e2e ## drive the page in a real browser (installs Debian's chromium if missing)
	command -v chromium >/dev/null || test -n "$$CHROMIUM" || \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; }
	$(BIN)/pytest -q -s -m e2e tests/e2e

screenshots: e2e ## renew the pictures of docs/dashboard.md from `make e2e`
	cp results/e2e/dashboard_*.png docs/figures/

lint: $(VENV)/.installed-lint ## style, format, types, import direction
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy src
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.installed-test ## speed, memory and growth (minutes)
	$(BIN)/python experiments/bench/run.py
	$(BIN)/pytest -q -m speed

waits: $(VENV)/.installed-test ## how long commands take, cold and warm: make waits ONLY="run plot" (all: an hour)
	$(BIN)/python experiments/bench/waits.py $(ONLY)

checks: $(VENV)/.installed-run ## what docs/sweeps.md says of sweeps, measured
	$(BIN)/python experiments/sweep/checks.py

verify: $(VENV)/.installed-test ## statistical verification (minutes)
	$(BIN)/pytest -q $(WORKERS) -m "verify or hypothesis" --hypothesis-profile=verify

SEED := 1
COUNT := 20000

fuzz: $(VENV)/.installed-test ## malformed input of every kind: make fuzz SEED=1 COUNT=20000 (half an hour)
	$(BIN)/python tests/fuzzing.py --seed $(SEED) --count $(COUNT)

simulation: COUNT := 10000
simulation: $(VENV)/.installed-test ## sweeps and steps on a disk and with workers that fail (minutes)
	$(BIN)/python tests/simulation.py --seed $(SEED) --count $(COUNT)

mutants: COUNT := 400
mutants: $(VENV)/.installed-mutants ## do tests notice when a rule changes? A sample of places (an hour)
	$(BIN)/python tests/mutants.py --seed $(SEED) --count $(COUNT)

licences: $(VENV)/.installed-test ## licences of what runs; fails on GPL
	$(BIN)/python experiments/robustness/licences.py

clean: ## remove builds and caches; .venv and results stay
	rm -rf build dist htmlcov .coverage .coverage.* coverage.xml \
	    .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./$(VENV) -prune -o -type d \( -name __pycache__ -o -name '*.egg-info' \) \
	    -prune -exec rm -rf {} +
