# Every target installs what it needs (Debian packages as root or with sudo) and says what it does.
.PHONY: help run test test-long test-arm test-vm bench bench-dsp fuzz lint image check-buildroot

help:
	@echo "make run        build the daemon and its web admin, and start it on ./var; BOARD=sim gives it lines"
	@echo "make test       every test but the long ones: units, scenarios, real peers, browser, faults"
	@echo "make test-long  the same with the heavy loops at full length, and drivers on a 64-bit ARM"
	@echo "make test-arm   the signal processing's tests as a 64-bit ARM runs them, in an emulator"
	@echo "make test-vm    drivers against a real kernel and a carrier, in virtual machines; part of make test"
	@echo "make fuzz       ten minutes of each fuzz target"
	@echo "make lint       formats, lints, documents, licences"
	@echo "make bench      measure beside the rivals, and write docs/bench"
	@echo "make bench-dsp  the same for codecs, echo cancelling and tones: docs/bench/dsp.md"
	@echo "make image  the firmware of a BOARD, with Buildroot's sources in BUILDROOT"
	@echo "make check-buildroot  what is wrong with that firmware's settings"

run:
	@tests/setup/run.sh $(if $(BOARD),--board $(BOARD)) $(ARGS)

test:
	@tests/setup/test.sh

test-long:
	@tests/setup/test.sh --long

test-arm:
	@tests/setup/arm.sh

test-vm:
	@tests/vm/run.sh

bench:
	@tests/bench/run.sh

bench-dsp:
	@tests/bench/dsp.sh

fuzz:
	@tests/fuzz/run.sh --long

lint:
	@tests/setup/lint.sh

image:
	@BOARD='$(BOARD)' BUILDROOT='$(BUILDROOT)' OUT='$(OUT)' buildroot/scripts/image.sh

check-buildroot:
	@BUILDROOT='$(BUILDROOT)' KERNEL='$(KERNEL)' buildroot/scripts/check.sh
