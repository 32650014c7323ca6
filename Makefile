# Everything is done by dev.py, which also runs where there is no make: `python3 dev.py test`, on Windows `py dev.py test`.
# Arguments: make demo ARGS="--port 8000 some/folder"
PYTHON ?= python3

help:
	@$(PYTHON) dev.py help

demo test lint types format bench results mutants:
	@$(PYTHON) dev.py $@ $(ARGS)

.PHONY: help demo test lint types format bench results mutants
