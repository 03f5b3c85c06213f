/* SPDX-License-Identifier: Apache-2.0 */
/* From verdicts by number to a classic BPF program. Pure. */
#ifndef PROA_RUNTIME_SECCOMP_BPF_H
#define PROA_RUNTIME_SECCOMP_BPF_H

#include <linux/filter.h>

#include "arena.h"
#include "config.h"
#include "err.h"

#if defined(__x86_64__)
enum { SECCOMP_ARCHS = 3 }; /* x86-64, i386, x32 */
#elif defined(__aarch64__)
enum { SECCOMP_ARCHS = 2 }; /* arm64, arm */
#else
enum { SECCOMP_ARCHS = 1 };
#endif

struct bpf_test {
	uint8_t index; /* which argument, 0-5 */
	uint8_t op;    /* enum seccomp_op */
	uint64_t value, value_two;
};

/* All of its tests hold: verdict. A call's clauses are tried in order. */
struct bpf_clause {
	struct bpf_clause *next;
	uint32_t verdict;
	uint32_t n;
	struct bpf_test *tests;
};

struct bpf_call {
	uint32_t nr;
	struct bpf_clause *first, *last;
};

struct bpf_arch {
	bool used;
	struct bpf_call *calls; /* unsorted until bpf_build */
	uint32_t n, cap;
	int newest;	    /* the largest number that the profile names; -1 = none */
	int16_t slot[1024]; /* number -> index + 1 in calls */
};

struct bpf_input {
	uint32_t default_verdict;
	uint32_t newer_verdict; /* for numbers beyond `newest` */
	struct bpf_arch arch[SECCOMP_ARCHS];
};

void bpf_input_add(struct bpf_input *in, int arch, uint32_t nr, struct bpf_clause *clause,
		   struct arena *a);
/* The profile names this number (whatever the verdict). */
void bpf_input_known(struct bpf_input *in, int arch, int nr);
int bpf_build(struct bpf_input *in, struct arena *a, struct sock_filter **ret, uint32_t *ret_len,
	      struct err *err) must_check;

#endif
