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
CFLAGS ?= -O2
override CFLAGS += -std=gnu17 -D_GNU_SOURCE -g $(WARN) -fno-pie -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fstack-protector-strong -Ilib -Ispec -I$(BUILD) \
	-DPROA_COMMIT='"$(COMMIT)"'
override LDFLAGS += -static -no-pie -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack

LIB_C := $(wildcard lib/*.c)
SPEC_C := $(wildcard spec/*.c)
RUNTIME_C := $(wildcard runtime/*.c)

objs = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))
PROA_O := $(call objs,obj,$(LIB_C) $(SPEC_C) $(RUNTIME_C))
TEST_O := $(call objs,obj-test,$(LIB_C) $(SPEC_C) $(RUNTIME_C))

.PHONY: all clean check demo bench lint static install fuzz faults unit deps
all: $(BUILD)/proa

# ---- tables from libseccomp and libcap ----
$(BUILD)/gen/tables: gen/tables.c
	@mkdir -p $(@D)
	$(CC) -O1 -Wall -Wextra -o $@ $< -lseccomp -lcap
$(BUILD)/gen/%.h: $(BUILD)/gen/tables
	$< $* > $@.tmp && mv $@.tmp $@
GEN := $(BUILD)/gen/syscalls.h $(BUILD)/gen/capabilities.h

# ---- programs ----
$(BUILD)/obj/%.o: %.c $(GEN)
	@mkdir -p $(@D)
	@echo "  CC $<"; $(CC) $(CFLAGS) -I$(<D) -MMD -c -o $@ $<
# the test build: faults on demand
$(BUILD)/obj-test/%.o: %.c $(GEN)
	@mkdir -p $(@D)
	@echo "  CC $< (test)"; $(CC) $(CFLAGS) -DPROA_FAULTS -I$(<D) -MMD -c -o $@ $<

$(BUILD)/proa: $(PROA_O)
	@echo "  LD $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@.debug $^ -lyajl_s
	strip -o $@ $@.debug
$(BUILD)/proa-test: $(TEST_O)
	@echo "  LD $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lyajl_s

-include $(PROA_O:.o=.d) $(TEST_O:.o=.d)

clean:
	rm -rf $(BUILD)
