# `make demo` and `make test` are all that a newcomer needs: each first makes what is missing. See `make help`.
#
# Variables: INSTRUCTION, TASK, CLOUD (demo); SUITE, JSON (eval); ARGS (demo, test, eval, bench); DISTRO, PYTHON (env).

SHELL := /bin/bash
DISTRO ?=
PYTHON ?=
SUITE ?= single-step
JSON ?=
CLOUD ?=
TASK ?=
ARGS ?=
INSTRUCTION ?= put the red block in the green bowl

# The demo reads these from the environment; $(value ...) keeps make from expanding them, so that they may hold any
# character.
override export INSTRUCTION := $(value INSTRUCTION)
override export CLOUD := $(value CLOUD)
override export TASK := $(value TASK)
override export JSON := $(value JSON)
export ROS_DISTRIBUTION := $(DISTRO)
ifneq ($(PYTHON),)
export PYTHON
endif

# A Python that can run tools/environment.py, which then looks for the one to install with.
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11 python3.10
BOOTSTRAP := $(or $(PYTHON),$(firstword $(foreach name,$(PYTHONS),$(shell command -v $(name)))))
NO_PYTHON = $(error Python is missing, please run: sudo apt-get install -y python3 python3-venv)
ENVIRONMENT = $(or $(BOOTSTRAP),$(NO_PYTHON)) tools/environment.py

.PHONY: help env build demo test lint format docs eval bench clean distclean
.DEFAULT_GOAL := help

help:
	@echo "make demo    plan and execute in the embedded world: INSTRUCTION=\"...\"; a long task to its end: TASK=\"...\";"
	@echo "             or plan on a scan: CLOUD=scan.pcd"
	@echo "make test    run the tests (ARGS=\"-k voxels\", or without ROS: ARGS=\"-m 'not ros'\")"
	@echo "make lint    style, types and twins (make format mends the style); make docs: the documentation into build/site"
	@echo "make env     install the environment into .venv, locked packages and ROS 2 (DISTRO=jazzy or kilted, PYTHON=...)"
	@echo "make build   build the interfaces and programs into install/ (then: source install/setup.bash)"
	@echo "make eval    evaluate a checkpoint: SUITE=single-step JSON=out.json ARGS=\"...\""
	@echo "make bench   run what is in benchmarks/: ARGS=\"voxelizer\", or all but fuzz, fuzz_files and soak"
	@echo "make clean   remove what was built; make distclean: also .venv (its contents stay in ~/.cache/moe3d_ros)"

env:
	@$(ENVIRONMENT) create base-llm

build:
	@$(ENVIRONMENT) create base-llm build

demo: build
	@tools/run python -m moe3d_ros.demo $(ARGS)

# In two processes, each with a ROS domain of its own; in one: ARGS="-n 0".
test: build
	@tools/run python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: env
	@$(or $(BOOTSTRAP),$(NO_PYTHON)) tools/checks.py lint

format:
	@$(or $(BOOTSTRAP),$(NO_PYTHON)) tools/checks.py tool ruff check --fix .
	@$(or $(BOOTSTRAP),$(NO_PYTHON)) tools/checks.py tool ruff format .

docs:
	@$(or $(BOOTSTRAP),$(NO_PYTHON)) tools/checks.py docs

eval: build
	@tools/run python training/evaluate.py --suite "$(SUITE)" $${JSON:+--json "$$JSON"} $(ARGS)

bench: build
	@tools/run python -m benchmarks $(ARGS)

clean:
	rm -rf build install log out

distclean: clean
	rm -rf .venv .venv-checks
