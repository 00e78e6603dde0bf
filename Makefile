# Short names for the tasks of a checkout; `make` alone lists them.
# For POSIX systems. On Windows run the commands behind the targets (README.md, "Install").

VENV := .venv
PY := $(VENV)/bin/python

# The first Python of 3.10 or later that can make virtual environments, or `make PYTHON=path`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10 python; do \
	$$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null \
	&& echo $$p && break; done)

# Tests that start servers and commands; the Hub that some talk to runs in their own process.
OFFLINE := tests/lsp tests/cli tests/test_demo.py tests/test_isolation.py

# Tests of a real Qwen2.5-Coder, whose file SIDELONG_QWEN names.
WITH_QWEN := tests/engine/families/test_qwen.py tests/engine/remote/test_qwen_server.py \
	tests/lsp/test_qwen.py tests/cli/test_qwen.py

# Tests of a model on another machine.
REMOTE := tests/engine/remote tests/lsp/test_remote.py tests/cli/test_remote.py

.PHONY: help demo test test-offline nightly test-qwen test-remote test-editors test-neovim test-vscode test-others vscode check fix bench model model-tiny clean set-up set-up-all

help:
	@grep -E '^## ' Makefile | cut -c4-

## make demo         set everything up, then complete real code; REPO=dir for code of your own
demo: set-up
	@$(PY) -m demo $(if $(REPO),--repo "$(REPO)") $(ARGS)

## make test         set everything up, then check and run the tests
test: check
	$(PY) -m pytest --ignore=tests/editors $(ARGS)

## make test-qwen    try a real Qwen2.5-Coder, QWEN=file.gguf; takes minutes
test-qwen: set-up-all
	@test -f "$(QWEN)" || { echo "error: name the GGUF: make test-qwen QWEN=file.gguf" >&2; exit 1; }
	SIDELONG_QWEN=$(abspath $(QWEN)) $(PY) -m pytest $(WITH_QWEN) $(ARGS)

## make test-remote  build llama-server, the first time for minutes, and try model.remote with it
test-remote: set-up-all
	$(PY) -m bench.peer.build
	$(PY) -m pytest $(REMOTE) $(ARGS)

## make test-editors test both extensions in the real editors, which it installs the first time
test-editors: test-neovim test-vscode

## make test-offline run the end-to-end tests where there is no network (Linux)
test-offline: set-up-all
	$(PY) tools/offline.py $(PY) -m pytest $(OFFLINE) $(ARGS)

## make nightly      the long checks, for hours; ARGS="messages=500 kills=5" for some of them
nightly: set-up-all
	@$(PY) -m tests.nightly $(ARGS); status=$$?; [ $$status -ne 130 ] || exit 130; \
	$(PY) tools/offline.py $(PY) -m pytest -q $(OFFLINE) || status=1; \
	{ $(PY) -m bench.peer.build && $(PY) -m pytest -q $(REMOTE); } || status=1; \
	test -z "$$SIDELONG_QWEN" || $(PY) -m pytest -q $(WITH_QWEN) || status=1; exit $$status

## make test-neovim  the Neovim plugin alone
test-neovim: set-up-all
	tests/editors/nvim/install.sh
	tests/editors/nvim/check.sh
	$(PY) -m pytest tests/editors/nvim $(ARGS)

## make test-vscode  the VS Code extension alone
test-vscode: set-up-all
	tests/editors/vscode/install.sh
	tests/editors/vscode/run.sh $(ARGS)

## make test-others  Emacs and Vim with the real server, not part of CI; installs them where it may
test-others: set-up-all
	tests/editors/others/install.sh
	$(PY) -m pytest tests/editors/others $(ARGS)

## make vscode       build the VS Code extension, editors/vscode/sidelong.vsix
vscode:
	cd editors/vscode && npm ci && npm run package

## make check        lint, formatting, types
check: set-up-all
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy

## make fix          let ruff mend lint and formatting
fix: set-up-all
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

## make bench        the measurements of bench/README.md, gathered in bench/results.json
bench: set-up-all
	@for program in busy keystrokes documents decoded overhead memory selective replay peer; do \
	echo "== bench.$$program"; $(PY) -m bench.$$program --results bench/results.json $(ARGS) || exit 1; \
	done
	@for program in abort index alternatives windows online.shapes held_out; do \
	echo "== bench.$$program"; $(PY) -m bench.$$program || exit 1; done

## make model        make the default model of SOURCE=qwen.gguf (one GPU and hours; see training/)
model: set-up-all
	bash training/runs/base.sh

## make model-tiny   nano's training stages on a toy scale, in three minutes
model-tiny: set-up-all
	bash training/runs/tiny.sh

## make clean        remove the leftovers of builds and checks; .venv stays
clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find server index training bench demo tests tools -name __pycache__ -prune -exec rm -rf {} +

set-up: need-python
	@"$(PYTHON)" tools/install.py

set-up-all: need-python
	@"$(PYTHON)" tools/install.py --extras dev,train,distributed

.PHONY: need-python
need-python:
	@test -n "$(PYTHON)" || { \
	echo "error: no Python 3.10 or later with its venv module was found." >&2; \
	echo "Install one (Debian, Ubuntu: apt install python3-venv; macOS: brew install python)," >&2; \
	echo "or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
