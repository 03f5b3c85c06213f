/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp to a BPF program (seccomp(2)).
 *
 * The program is a binary search over the ranges of numbers that share a verdict, one tree for
 * each architecture of the machine's family; a call whose verdict depends on arguments has a block
 * of tests as its leaf. Against the usual list of comparisons that is 600 instructions for 1,100
 * and a load of 0.15 ms for 0.75 ms, because the kernel runs the program once for each number when
 * it is loaded; and it is built by one sort and one pass, so there is no cache of programs.
 *
 * The verdicts are libseccomp's (the unit tests prove it call by call), with what runc adds: a
 * number newer than all that the profile knows gives ENOSYS, so that programs fall back.
 */
#ifndef PROA_RUNTIME_SECCOMP_PROFILE_H
#define PROA_RUNTIME_SECCOMP_PROFILE_H

#include <linux/filter.h>

#include "config.h"

struct seccomp_prog {
	struct sock_filter *insns;
	uint32_t len;
	uint32_t flags; /* SECCOMP_FILTER_FLAG_* */
	bool notify;	/* has a verdict USER_NOTIF */
};

/* Pure. Names that this build does not know are skipped (a debug line says so), or with `strict` an
 * error. */
int seccomp_compile(const struct seccomp *s, bool strict, struct arena *a, struct seccomp_prog *ret,
		    struct err *err) must_check;
/* A program that is there already, as base64 of its struct sock_filter. */
int seccomp_raw(const char *base64, struct arena *a, struct seccomp_prog *ret,
		struct err *err) must_check;
/* The number of a call on the machine's own architecture; -1 if it has none. */
int seccomp_number(const char *name);
/* What a profile denies that every program needs: one sentence a finding. */
void seccomp_lint(const struct seccomp *s, struct arena *a, struct strs *ret);

extern const char *const seccomp_arch_names[]; /* the family's, NULL-terminated */
extern const char seccomp_library_version[];

#endif
