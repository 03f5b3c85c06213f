/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.devices to a program of type BPF_PROG_TYPE_CGROUP_DEVICE. Pure.
 *
 * The last rule that speaks of an access decides it; what no rule allows is denied. The default
 * devices and mknod of everything are appended, as runc does and users rely on.
 */
#ifndef PROA_RUNTIME_BPF_DEV_H
#define PROA_RUNTIME_BPF_DEV_H

#include <linux/bpf.h>

#include "config.h"

struct bpf_dev {
	struct bpf_insn *insns;
	uint32_t len;
};

int bpf_dev_build(const struct list *rules, struct arena *a, struct bpf_dev *ret,
		  struct err *err) must_check;
/* What the program answers, by the rules themselves: for explain and the tests. */
bool bpf_dev_allows(const struct list *rules, char type, int64_t major, int64_t minor,
		    const char *access);
/* Loads it and attaches it to the cgroup. */
int bpf_dev_attach(const struct bpf_dev *p, int cgroup, struct err *err) must_check;
/* Replaces what bpf_dev_attach left there, without a moment in which nothing is denied. */
int bpf_dev_replace(const struct bpf_dev *p, int cgroup, struct err *err) must_check;

#endif
