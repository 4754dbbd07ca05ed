# Hookswitch: what can be done with a checkout. `make demo` shows it at work; `make test` proves it.
#
# HOOKSWITCH_LAB_CACHE  where the trees with real Asterisk are kept (default /var/cache/hookswitch-lab)
# CONFIG                the configuration `make run` starts with
# DESTDIR, PREFIX       where `make install` puts things

SHELL = /bin/bash
.DEFAULT_GOAL = help
PREFIX ?= /usr/local
CONFIG ?= /etc/hookswitch/hookswitch.conf
IMPORT_CHECK = --explicit-target-dependency-import-check error
SOURCES = Package.swift Sources Examples Tests
BINARY = .build/release/hookswitch

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: setup
setup: ## install Debian's packages for the build
	@Tests/Lab/setup build

.PHONY: setup-lab
setup-lab: ## install Debian's packages for the lab and build the Asterisk trees
	@Tests/Lab/setup build lab
	@Tests/Lab/make-tree forky bullseye
	@Tests/Lab/make-verifiers >/dev/null
	@Tests/Lab/make-nginx >/dev/null

.PHONY: release
release: setup ## build .build/release/hookswitch
	swift build -c release --product hookswitch

.PHONY: demo
demo: ## six and more real calls through real Asterisk, each with its record and its signed webhook
	@Tests/Demo/demo

# The unit tests run side by side in one process, which has more than a thousand files open.
.PHONY: test
test: setup-lab ## unit, property, golden and interop tests (real Asterisk 22 and 16)
	swift build --build-tests $(IMPORT_CHECK)
	ulimit -S -n hard && Tests/tell-failures swift test --skip-build --skip InteropTests
	Tests/tell-failures swift test --skip-build --no-parallel --filter InteropTests

.PHONY: sanitize
sanitize: setup ## the unit tests under the thread sanitizer and under the address sanitizer
	@Tests/Sanitizers/run thread
	@Tests/Sanitizers/run address

.PHONY: fuzz
fuzz: setup ## every fuzzer five minutes under the address sanitizer (FUZZ_SECONDS, FUZZ_FILTER)
	@Tests/Sanitizers/run fuzz

.PHONY: lint
lint: ## formatting rules, as CI checks them
	swift format lint --strict --recursive $(SOURCES)

.PHONY: format
format: ## put the formatting right
	swift format --in-place --recursive $(SOURCES)

.PHONY: run
run: release ## run the daemon in the foreground with $(CONFIG)
	$(BINARY) run --config $(CONFIG)

.PHONY: bench
bench: setup ## load generators and C yardsticks; writes Benchmarks/results.md
	@Benchmarks/run

.PHONY: install
install: ## put the program, the samples and the scripts below $(DESTDIR)$(PREFIX)
	@test -x $(BINARY) || { echo "build it first: make release"; exit 1; }
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/hookswitch/asterisk-conf \
	    $(DESTDIR)$(PREFIX)/share/hookswitch/agi-bin $(DESTDIR)/etc/hookswitch \
	    $(DESTDIR)/var/lib/hookswitch $(DESTDIR)/var/log/hookswitch
	install -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/hookswitch
	cp -R asterisk-conf/. $(DESTDIR)$(PREFIX)/share/hookswitch/asterisk-conf/
	cp -R agi-bin/. $(DESTDIR)$(PREFIX)/share/hookswitch/agi-bin/
	@test -e $(DESTDIR)/etc/hookswitch/hookswitch.conf || test ! -e asterisk-conf/hookswitch.conf || \
	    install -m 640 asterisk-conf/hookswitch.conf $(DESTDIR)/etc/hookswitch/hookswitch.conf

.PHONY: deb
deb: release ## build a Debian package; .build/hookswitch_VERSION_ARCH.deb
	@Tests/Lab/setup package
	@packaging/deb

.PHONY: test-deb
test-deb: deb ## install, run, upgrade and remove that package in a Debian 12 of its own, under a live systemd
	@Tests/Lab/setup lab
	@packaging/test-deb

.PHONY: uninstall
uninstall: ## take away what `make install` put there; configuration, calls and logs stay
	rm -f $(DESTDIR)$(PREFIX)/bin/hookswitch
	rm -rf $(DESTDIR)$(PREFIX)/share/hookswitch
