# SPDX-License-Identifier: Apache-2.0
# proa. `make` builds, `make demo` shows a container, `make check` tests. See README.md.

VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= gcc

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wformat-nonliteral -Wnull-dereference \
	-Wimplicit-fallthrough -Wno-unused-result
# Not position independent: a static program that relocates itself pays for it at every start, and
# proa starts for every verb.
# -Os: most of it runs once, and pages that are not touched cost nothing.
CFLAGS ?= -Os
override CFLAGS += -std=gnu17 -D_GNU_SOURCE -g $(WARN) -fno-pie -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fstack-protector-strong -Ilib -Ispec -I$(BUILD) \
	-DPROA_COMMIT='"$(COMMIT)"' -DPROA_LIBEXECDIR='"$(PREFIX)/libexec/proa"'
# No C library at all: start/start.c says why.
override LDFLAGS += -static -no-pie -nostdlib -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack

LIB_C := $(wildcard lib/*.c)
SPEC_C := $(wildcard spec/*.c)
RUNTIME_C := $(wildcard runtime/*.c)
MONITOR_C := $(wildcard monitor/*.c)
START_C := $(wildcard start/*.c)

objs = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))
PROA_O := $(call objs,obj,$(START_C) $(LIB_C) $(SPEC_C) $(RUNTIME_C))
PROAMON_O := $(call objs,obj,$(START_C) $(LIB_C) $(MONITOR_C))
TEST_O := $(call objs,obj-test,$(START_C) $(LIB_C) $(SPEC_C) $(RUNTIME_C))

.PHONY: all clean check check-sid demo bench bench-engines lint static install deb fuzz faults unit deps
all: $(BUILD)/proa $(BUILD)/proamon $(BUILD)/proa-bus

# ---- tables from libseccomp and libcap ----
$(BUILD)/gen/tables: gen/tables.c
	@mkdir -p $(@D)
	$(CC) -O1 -Wall -Wextra -o $@ $< -lseccomp -lcap
$(BUILD)/gen/%.h: $(BUILD)/gen/tables
	$< $* > $@.tmp && mv $@.tmp $@
GEN := $(BUILD)/gen/syscalls.h $(BUILD)/gen/capabilities.h $(BUILD)/gen/errors.h

# ---- programs ----
$(BUILD)/obj/%.o: %.c $(GEN)
	@mkdir -p $(@D)
	@echo "  CC $<"; $(CC) $(CFLAGS) -I$(<D) -MMD -MP -c -o $@ $<
# the test build: faults on demand
$(BUILD)/obj-test/%.o: %.c $(GEN)
	@mkdir -p $(@D)
	@echo "  CC $< (test)"; $(CC) $(CFLAGS) -DPROA_FAULTS -I$(<D) -MMD -MP -c -o $@ $<

$(BUILD)/obj/start/%.o $(BUILD)/obj-test/start/%.o: override CFLAGS += -ffreestanding \
	-fno-tree-loop-distribute-patterns -Wno-redundant-decls

$(BUILD)/proa: $(PROA_O)
	@echo "  LD $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@.debug $^ -lyajl_s -lgcc
	strip -o $@ $@.debug
$(BUILD)/proamon: $(PROAMON_O)
	@echo "  LD $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@.debug $^ -lyajl_s -lgcc
	strip -o $@ $@.debug
$(BUILD)/proa-test: $(TEST_O)
	@echo "  LD $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lyajl_s -lgcc

# the one program with a C library: libdbus needs it
$(BUILD)/proa-bus: bus/bus.c
	@mkdir -p $(@D)
	@echo "  LD $@"; $(CC) -Os -std=gnu17 -g $(WARN) -ffunction-sections -fdata-sections $(DBUS_INCLUDE) -static \
		-Wl,--gc-sections -o $@.debug $< -l:libdbus-1.a -lpthread 2>$@.log || { cat $@.log; exit 1; }
	strip -o $@ $@.debug
DBUS_INCLUDE := $(addprefix -isystem ,/usr/include/dbus-1.0 $(wildcard /usr/lib/*/dbus-1.0/include))

# where the bytes of every container pass through
$(BUILD)/obj/monitor/log_format.o: override CFLAGS += -O3

-include $(PROA_O:.o=.d) $(PROAMON_O:.o=.d) $(TEST_O:.o=.d)

clean:
	rm -rf $(BUILD)

# ---- tests ----
SAN := -O1 -fsanitize=address,undefined -fno-omit-frame-pointer
UNIT_FLAGS := -std=gnu17 -D_GNU_SOURCE -g -Wall -Wextra $(SAN) -Ilib -Ispec -Iruntime -I$(BUILD) -DPROA_COMMIT='"test"'
UNIT_C := $(LIB_C) $(SPEC_C) $(filter-out runtime/main.c runtime/cmd_%,$(RUNTIME_C))
UNIT_O := $(call objs,obj-san,$(UNIT_C))
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c tests/unit/monitor/*.c))
# the monitor and the runtime have modules of the same names, so each has programs of its own
MONITOR_UNIT_C := $(LIB_C) $(filter-out monitor/main.c,$(MONITOR_C))
MONITOR_UNIT_O := $(call objs,obj-san,$(MONITOR_UNIT_C))

$(BUILD)/obj-san/%.o: %.c $(GEN)
	@mkdir -p $(@D)
	@echo "  CC $< (sanitizers)"; $(CC) $(UNIT_FLAGS) -MMD -MP -c -o $@ $<
$(filter $(BUILD)/unit/monitor/%,$(UNITS)): $(BUILD)/unit/monitor/%: tests/unit/monitor/%.c tests/tap.h $(MONITOR_UNIT_O)
	@mkdir -p $(@D)
	@echo "  LD $@"; $(CC) -Imonitor $(UNIT_FLAGS) -o $@ $< $(MONITOR_UNIT_O) -lyajl
$(filter-out $(BUILD)/unit/monitor/%,$(UNITS)): $(BUILD)/unit/%: tests/unit/%.c tests/tap.h $(UNIT_O)
	@mkdir -p $(@D)
	@echo "  LD $@"; $(CC) $(UNIT_FLAGS) -o $@ $< $(UNIT_O) -lyajl -lseccomp -lcap
-include $(UNIT_O:.o=.d) $(MONITOR_UNIT_O:.o=.d)

# an engine and a container's program for the monitor's tests
ENGINE := $(BUILD)/engine $(BUILD)/spew
$(BUILD)/engine: tests/engine/engine.c
	@mkdir -p $(@D)
	@echo "  LD $@"; $(CC) -O1 -g -Wall -Wextra -Werror -o $@ $<
$(BUILD)/spew: tests/engine/spew.c
	@mkdir -p $(@D)
	@echo "  LD $@"; $(CC) -O1 -g -static -Wall -Wextra -Werror -o $@ $<

unit: $(UNITS)
	tests/check.sh unit

check:
	tests/deps.sh test
	$(MAKE) all $(BUILD)/proa-test $(UNITS) $(FUZZERS) $(ENGINE)
	tests/check.sh

# the engines of Debian's unstable: a report
check-sid: all
	tests/deps.sh test
	tests/check.sh sid

# ---- fuzzers (libFuzzer) ----
FUZZ_CC ?= clang-14
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZ_FLAGS := -std=gnu17 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -w -Ilib -Ispec -I$(BUILD) \
	-DPROA_COMMIT='"fuzz"'
$(filter-out $(BUILD)/fuzz/monitor_%,$(FUZZERS)): $(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/common.h $(UNIT_C) $(GEN)
	@mkdir -p $(@D)
	@echo "  LD $@"; $(FUZZ_CC) $(FUZZ_FLAGS) -Iruntime -o $@ $< $(UNIT_C) -lyajl
$(filter $(BUILD)/fuzz/monitor_%,$(FUZZERS)): $(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/common.h $(MONITOR_UNIT_C) $(GEN)
	@mkdir -p $(@D)
	@echo "  LD $@"; $(FUZZ_CC) $(FUZZ_FLAGS) -Imonitor -o $@ $< $(MONITOR_UNIT_C) -lyajl
SECONDS ?= 60
fuzz:
	tests/deps.sh test
	$(MAKE) $(FUZZERS)
	tests/fuzz/run.sh $(SECONDS)

# each system call of run, each error; the sampled form is in bats/faults.bats
faults:
	tests/deps.sh test
	$(MAKE) all
	tests/faults.sh

# ---- the rest ----
static: all
	@for f in $(BUILD)/proa $(BUILD)/proamon $(BUILD)/proa-bus; do \
		if readelf -d $$f | grep NEEDED; then exit 1; fi; \
		ldd $$f 2>&1 | grep -q 'not a dynamic' && echo "$$f: static, $$(stat -c %s $$f) bytes" || exit 1; done

demo:
	tests/deps.sh demo
	$(MAKE) all
	tests/demo.sh

bench:
	tests/deps.sh bench
	$(MAKE) all $(BUILD)/floor $(BUILD)/engine
	tests/bench/bench.sh
	tests/bench/monitor.sh
# Podman on the pair, and on crun and conmon
bench-engines:
	tests/deps.sh test
	$(MAKE) all
	tests/bench/engines.sh
$(BUILD)/floor: tests/bench/floor.c
	$(CC) -O2 -static -nostdlib -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -w -o $@ $<

lint:
	tests/deps.sh test
	$(MAKE) all
	tests/check.sh lint

# build/deb/*.deb, from the files that git knows, as they are now
DEB := $(BUILD)/deb
deb:
	tests/deps.sh build deb
	rm -rf $(DEB)
	mkdir -p $(DEB)/proa-$(VERSION)
	git ls-files -z | xargs -0 cp --parents -t $(DEB)/proa-$(VERSION)
	cp -r contrib/debian $(DEB)/proa-$(VERSION)/debian
	printf 'proa (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- The proa maintainers <maintainers@proa.invalid>  %s\n' \
		$(VERSION) "$$(date -R -u -d @$$(git log -1 --format=%ct))" >$(DEB)/proa-$(VERSION)/debian/changelog
	cd $(DEB)/proa-$(VERSION) && env -u MAKEFLAGS -u BUILD dpkg-buildpackage -us -uc -b --no-sign
	@ls $(DEB)/*.deb

install: all
	install -D -m 755 $(BUILD)/proa $(DESTDIR)$(PREFIX)/bin/proa
	install -D -m 755 $(BUILD)/proamon $(DESTDIR)$(PREFIX)/bin/proamon
	install -D -m 755 $(BUILD)/proa-bus $(DESTDIR)$(PREFIX)/libexec/proa/proa-bus
	install -D -m 644 runtime/proa.8 $(DESTDIR)$(PREFIX)/share/man/man8/proa.8
	install -D -m 644 monitor/proamon.8 $(DESTDIR)$(PREFIX)/share/man/man8/proamon.8
	install -d $(DESTDIR)$(PREFIX)/share/proa/seccomp-profiles
	install -m 644 seccomp-profiles/*.json $(DESTDIR)$(PREFIX)/share/proa/seccomp-profiles/
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	$(BUILD)/proa completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/proa
	$(BUILD)/proa completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_proa
