# make demo       install, then run the made-up shop through the whole program, offline
# make test       install what tests need, check the code, run the suite
# make test-slow  the tests that take minutes: real footage, the built wheel
# make soak       the drop folder: 200 files with all that can go wrong and ten kills; memory over 1,000 jobs
# make soak-live  a live camera for half an hour, as fast as it goes, with breaks: memory and delay
# make bench      how long each stage takes, the maps of a day and the cells of a year
# make bench-motion  the detector without weights against PETS and ten films of the demo shop (half an hour)
# make bench-identity bench-demo  people against the truth on ten sequences, beside another tracker; how fast that is
# make bench-demo  people, returns and maps against the truth on ten films of the demo shop (half an hour)
# make bench-audit  the self-audit against the true identity switches of ten sequences
# make bench-compare  how often a comparison cries wolf, and how often it finds a moved shelf (20 minutes)
# make bench-report  a report on a year of 20 cameras, simulated (ten minutes and 2 GB of files)
# make bench-calibration  what calibrations state against what is found, on simulated cameras and PETS
# make bench-peers  how fast others are on the same footage with the same weights, and how right (an own environment)
# make lint       style, types, import directions
# make clean      remove everything that make made
#
# A fresh machine needs make, Python 3.11 or newer and a package registry; after the install no network.
# Variables: PYTHON (which Python builds .venv), WORKERS (parallel test processes), CI=true (nothing may skip).

# System packages that tests need, installed only in CI and only as root.
# GStreamer's RTSP server plays the camera in tests of live cameras; the system's Python runs it.
CI_SYSTEM_PACKAGES = chromium libgl1 xvfb libxtst6 gir1.2-gst-rtsp-server-1.0 python3-gi \
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad

WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
# Twice quiet: errors only.
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
PEERS := .venv-peers
SOURCES := tracker analytics calibration dwellmap
CHECKED := $(SOURCES) tests tools $(wildcard benchmarks)

# No part may send usage data, install or download behind the user's back, whatever its own default is.
export YOLO_OFFLINE = true
export YOLO_AUTOINSTALL = false
export DO_NOT_TRACK = 1

PYTEST := $(BIN)/python -m pytest
ifeq ($(CI),true)
  PYTEST += -p tools.noskip
endif

.PHONY: help demo test test-slow soak soak-live bench bench-motion bench-identity bench-demo bench-audit bench-calibration lint clean system-packages bench-report bench-compare bench-peers
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.installed
	@$(BIN)/dwellmap demo

test: lint
	$(PYTEST) -n $(WORKERS)

# Exit code 5 means that no test is marked slow, which is no failure.
test-slow: system-packages $(VENV)/.installed-test
	$(PYTEST) -m slow -n $(WORKERS) || [ $$? -eq 5 ]

soak: $(VENV)/.installed-test
	DWELLMAP_SOAK_FILES=200 DWELLMAP_SOAK_JOBS=1000 $(PYTEST) -m slow -s tests/dwellmap/watch/test_faults.py

soak-live: $(VENV)/.installed-test
	DWELLMAP_SOAK_LIVE_S=1800 $(PYTEST) -m slow -s tests/tracker/live/test_soak.py "tests/dwellmap/live/test_equal.py::test_memory_stays_flat"

bench: $(VENV)/.installed-test
	$(BIN)/python benchmarks/stages.py
	$(BIN)/python benchmarks/maps.py
	$(BIN)/python benchmarks/year.py --hourly

bench-motion: $(VENV)/.installed-test
	$(BIN)/python benchmarks/motion.py

bench-calibration: $(VENV)/.installed-test
	$(BIN)/python benchmarks/floor_truth.py

bench-compare: $(VENV)/.installed-test
	$(BIN)/python benchmarks/compare.py

bench-report: $(VENV)/.installed-test
	$(BIN)/python benchmarks/report.py

bench-identity: $(VENV)/.installed-test
	$(BIN)/python benchmarks/identity.py
	$(BIN)/python benchmarks/rates.py

bench-demo: $(VENV)/.installed-test
	$(BIN)/python benchmarks/demo.py

bench-peers: $(VENV)/.installed-test $(PEERS)/.installed
	$(BIN)/python benchmarks/peers.py --peers $(PEERS)/bin/python $(PEERS_ARGUMENTS)

bench-audit: $(VENV)/.installed-test
	$(BIN)/python benchmarks/audit.py

lint: system-packages $(VENV)/.installed-test
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) $(PEERS) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find $(SOURCES) tests tools -name __pycache__ -prune -exec rm -rf {} +

# The environment. Stamps come last, so that an interrupted install is done again.
$(VENV)/.created:
	@python=$$(PYTHON="$(PYTHON)" sh tools/find_python.sh) || exit 1; \
	echo "Making $(VENV) with $$python"; \
	rm -rf $(VENV); $$python -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	@echo "Installing Dwellmap and what it needs (about 2 GB, a minute or more)"
	@$(PIP) install --editable .
	@$(BIN)/python tools/fit_opencv.py
	@touch $@

$(VENV)/.installed-test: $(VENV)/.created pyproject.toml
	@echo "Installing Dwellmap and what its tests need (about 2 GB, a minute or more)"
	@$(PIP) install --editable '.[test]'
	@$(BIN)/python tools/fit_opencv.py
	@touch $(VENV)/.installed $@

# What others need, in ranges that were tried; lap and shapely are what ultralytics would install by itself.
$(PEERS)/.installed: $(VENV)/.created
	@echo "Installing the peers (about 2 GB, a minute or more)"
	@rm -rf $(PEERS); $(BIN)/python -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --quiet --quiet --disable-pip-version-check install 'ultralytics>=8.4.190,<8.5' \
	  'supervision>=0.31.2,<0.32' 'trackers>=2.6.1,<2.7' 'openvino>=2026.4,<2027' 'torch>=2.6,<2.14' \
	  'torchvision<0.29' 'opencv-python>=4.13.0.92,<5' 'lap>=0.5.12,<0.6' 'shapely>=2.0.6,<3'
	@touch $@

system-packages:
ifeq ($(CI),true)
ifneq ($(strip $(CI_SYSTEM_PACKAGES)),)
	@if [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y $(CI_SYSTEM_PACKAGES); \
	fi
endif
endif
