# Every target installs what it needs (Debian packages as root or with sudo) and says what it does.
.PHONY: help run test test-long bench fuzz lint

help:
	@echo "make run        build the daemon and its web admin, and start it on ./var"
	@echo "make test       every test but the long ones: units, scenarios, real peers, browser, faults"
	@echo "make test-long  the same with the heavy loops at full length"
	@echo "make fuzz       ten minutes of each fuzz target"
	@echo "make lint       formats, lints, documents, licences"
	@echo "make bench      measure beside the rivals, and write docs/bench"

run:
	@tests/setup/run.sh $(ARGS)

test:
	@tests/setup/test.sh

test-long:
	@tests/setup/test.sh --long

bench:
	@tests/bench/run.sh

fuzz:
	@tests/fuzz/run.sh --long

lint:
	@tests/setup/lint.sh
