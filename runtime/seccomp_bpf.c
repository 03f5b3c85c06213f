// SPDX-License-Identifier: Apache-2.0
/*
 * The program is written from its end to its start, so that every jump's target is known when the
 * jump is written, and its distance is the difference of two positions. A conditional jump reaches
 * 255 instructions: a farther verdict is simply written again (one instruction), a farther block
 * gets a trampoline.
 */
#include "seccomp_bpf.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_INSNS = BPF_MAXINSNS, REACH = 255 };

#if defined(__x86_64__)
static const uint32_t audit_arch[SECCOMP_ARCHS] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
						   AUDIT_ARCH_X86_64};
/* libseccomp compares only the low words of x32 arguments too, and so do we */
static const bool arch_is_32[SECCOMP_ARCHS] = {false, true, true};
#elif defined(__aarch64__)
static const uint32_t audit_arch[SECCOMP_ARCHS] = {AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM};
static const bool arch_is_32[SECCOMP_ARCHS] = {false, true};
#else
static const uint32_t audit_arch[SECCOMP_ARCHS] = {AUDIT_ARCH_RISCV64};
static const bool arch_is_32[SECCOMP_ARCHS] = {false};
#endif

enum { X32_BIT = 0x40000000 };

void bpf_input_known(struct bpf_input *in, int arch, int nr)
{
	/* kept as newest + 1, so that zeroed memory means none */
	if (nr >= 0 && nr + 1 > in->arch[arch].newest)
		in->arch[arch].newest = nr + 1;
}

void bpf_input_add(struct bpf_input *in, int arch, uint32_t nr, struct bpf_clause *clause,
		   struct arena *a)
{
	struct bpf_arch *t = &in->arch[arch];
	struct bpf_call *call = NULL;

	if (nr < 1024 && t->slot[nr])
		call = &t->calls[t->slot[nr] - 1];
	for (uint32_t i = 0; i < t->n && nr >= 1024 && !call; i++)
		if (t->calls[i].nr == nr)
			call = &t->calls[i];
	if (!call) {
		if (t->n == t->cap) {
			uint32_t cap = t->cap ? t->cap * 2 : 512;

			t->calls = arena_grow(a, t->calls, t->cap * sizeof(*t->calls),
					      cap * sizeof(*t->calls));
			t->cap = cap;
		}
		call = &t->calls[t->n++];
		*call = (struct bpf_call){.nr = nr};
		if (nr < 1024)
			t->slot[nr] = (int16_t)t->n;
	}
	/* libseccomp: an unconditional rule is the whole answer, and the first one stays */
	if (call->first && call->first->n == 0)
		return;
	if (clause->n == 0 || !call->first)
		call->first = clause;
	else
		call->last->next = clause;
	call->last = clause;
}

struct out {
	struct sock_filter *v; /* filled from the end */
	uint32_t pos;	       /* instructions written so far */
	uint32_t default_verdict;
	bool full;
	struct {
		uint32_t verdict, pos;
	} rets[32]; /* the newest return of each verdict */
	uint32_t n_rets;
};

static uint32_t put(struct out *o, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (o->pos == MAX_INSNS) {
		o->full = true;
		return o->pos;
	}
	o->v[MAX_INSNS - ++o->pos] = (struct sock_filter){code, jt, jf, k};
	return o->pos;
}

static uint32_t put_ret(struct out *o, uint32_t verdict)
{
	uint32_t i = 0;

	put(o, BPF_RET | BPF_K, 0, 0, verdict);
	while (i < o->n_rets && o->rets[i].verdict != verdict)
		i++;
	if (i == o->n_rets && i < 32)
		o->n_rets++;
	if (i < 32) {
		o->rets[i].verdict = verdict;
		o->rets[i].pos = o->pos;
	}
	return o->pos;
}

/* A return of the verdict that a jump among the next `near` instructions can reach. */
static uint32_t ret_near(struct out *o, uint32_t verdict, uint32_t near)
{
	for (uint32_t i = 0; i < o->n_rets; i++)
		if (o->rets[i].verdict == verdict && o->pos - o->rets[i].pos + near <= REACH)
			return o->rets[i].pos;
	return put_ret(o, verdict);
}

/* Positions count from the end: a jump at `pos + 1` over `pos - target` instructions. */
static uint32_t put_jump(struct out *o, uint16_t op, uint32_t k, uint32_t yes, uint32_t no)
{
	/* at most one of the two was not written just now, but either may be too far */
	if (o->pos - yes > REACH - 1)
		yes = put(o, BPF_JMP | BPF_JA, 0, 0, o->pos - yes);
	if (o->pos - no > REACH - 1)
		no = put(o, BPF_JMP | BPF_JA, 0, 0, o->pos - no);
	return put(o, (uint16_t)(BPF_JMP | op | BPF_K), (uint8_t)(o->pos - yes),
		   (uint8_t)(o->pos - no), k);
}

static uint32_t put_load(struct out *o, uint32_t offset)
{
	return put(o, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

static uint32_t arg_offset(uint8_t index, bool high)
{
	/* low word first on the little-endian machines that sys.h knows */
	return (uint32_t)(offsetof(struct seccomp_data, args) + index * 8U + (high ? 4 : 0));
}

/* One word: ((word & mask) op value) ? yes : no. */
static uint32_t put_word(struct out *o, uint8_t index, bool high, uint32_t mask, uint16_t op,
			 uint32_t value, uint32_t yes, uint32_t no)
{
	put_jump(o, op, value, yes, no);
	if (mask != UINT32_MAX)
		put(o, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
	return put_load(o, arg_offset(index, high));
}

/* A test of 64 bits is one of the low words, behind one of the high words. */
static uint32_t put_test(struct out *o, const struct bpf_test *t, bool is_32, uint32_t yes,
			 uint32_t no)
{
	uint32_t hi = (uint32_t)(t->value >> 32);
	uint32_t lo = (uint32_t)t->value;
	uint32_t low;

	switch (t->op) {
	case OP_EQ:
	case OP_NE:
		if (t->op == OP_NE) {
			uint32_t swap = yes;

			yes = no;
			no = swap;
		}
		low = put_word(o, t->index, false, UINT32_MAX, BPF_JEQ, lo, yes, no);
		return is_32 ? low : put_word(o, t->index, true, UINT32_MAX, BPF_JEQ, hi, low, no);
	case OP_MASKED_EQ: {
		uint32_t mask_hi = hi;
		uint32_t mask_lo = lo;

		hi = (uint32_t)(t->value_two >> 32);
		lo = (uint32_t)t->value_two;
		low = put_word(o, t->index, false, mask_lo, BPF_JEQ, lo, yes, no);
		if (is_32 || (mask_hi == 0 && hi == 0))
			return low;
		return put_word(o, t->index, true, mask_hi, BPF_JEQ, hi, low, no);
	}
	default:
		break;
	}
	/* GT and GE by themselves; LE is not GT, LT is not GE */
	if (t->op == OP_LE || t->op == OP_LT) {
		uint32_t swap = yes;

		yes = no;
		no = swap;
	}
	low = put_word(o, t->index, false, UINT32_MAX,
		       t->op == OP_GT || t->op == OP_LE ? BPF_JGT : BPF_JGE, lo, yes, no);
	if (is_32)
		return low;
	put_jump(o, BPF_JEQ, hi, low, no);
	put_jump(o, BPF_JGT, hi, yes, o->pos);
	return put_load(o, arg_offset(t->index, true));
}

/* The block of a call whose verdict depends on its arguments. Its position. */
static uint32_t put_clauses(struct out *o, const struct bpf_clause *first, bool is_32)
{
	/* a clause takes four instructions at least: no program has room for more */
	const struct bpf_clause *all[MAX_INSNS / 4] = {first};
	uint32_t n = 0;
	uint32_t next;

	for (const struct bpf_clause *c = first; c && n < MAX_INSNS / 4; c = c->next) {
		o->full |= n + 1 == MAX_INSNS / 4;
		all[n++] = c;
	}
	next = put_ret(o, o->default_verdict);
	while (n--) {
		const struct bpf_clause *c = all[n];
		uint32_t yes = ret_near(o, c->verdict, 40);

		for (uint32_t t = c->n; t--;)
			yes = put_test(o, &c->tests[t], is_32, yes, next);
		next = yes;
	}
	return next;
}

/* Numbers from `start` up to the next range share this leaf. */
struct range {
	uint32_t start;
	uint32_t verdict;
	const struct bpf_clause *clauses; /* NULL: the verdict alone */
};

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct bpf_call *)a)->nr;
	uint32_t y = ((const struct bpf_call *)b)->nr;

	return x < y ? -1 : x > y;
}

static void add_range(struct range *v, uint32_t *n, struct range r)
{
	struct range *last = *n ? &v[*n - 1] : NULL;

	if (last && last->start == r.start)
		*last = r;
	else if (!last || last->clauses || r.clauses || last->verdict != r.verdict)
		v[(*n)++] = r;
}

static uint32_t ranges_of(struct bpf_arch *t, const struct bpf_input *in, struct range *v)
{
	uint32_t n = 0;
	uint32_t next = 0;

	qsort(t->calls, t->n, sizeof(*t->calls), by_number);
	add_range(v, &n, (struct range){0, in->default_verdict, NULL});
	for (uint32_t i = 0; i < t->n; i++) {
		const struct bpf_call *c = &t->calls[i];

		if (c->nr > next)
			add_range(v, &n, (struct range){next, in->default_verdict, NULL});
		add_range(v, &n,
			  (struct range){c->nr, c->first->verdict, c->first->n ? c->first : NULL});
		next = c->nr + 1;
	}
	if (next < (uint32_t)t->newest || t->newest == 0)
		add_range(v, &n, (struct range){next, in->default_verdict, NULL});
	if (t->newest > 0 && in->newer_verdict != in->default_verdict)
		add_range(v, &n, (struct range){(uint32_t)t->newest, in->newer_verdict, NULL});
	else
		add_range(v, &n, (struct range){next, in->default_verdict, NULL});
	return n;
}

static uint32_t put_leaf(struct out *o, const struct range *r, bool is_32)
{
	return r->clauses ? put_clauses(o, r->clauses, is_32) : ret_near(o, r->verdict, 3);
}

static uint32_t put_tree(struct out *o, const struct range *v, uint32_t n, uint32_t bias,
			 bool is_32)
{
	uint32_t half = n / 2;
	uint32_t high;
	uint32_t low;

	if (n == 1)
		return put_leaf(o, v, is_32);
	high = put_tree(o, v + half, n - half, bias, is_32);
	low = put_tree(o, v, half, bias, is_32);
	/* a verdict found behind may have gone out of reach while the other half was written */
	if (n - half == 1 && !v[half].clauses)
		high = ret_near(o, v[half].verdict, 3);
	return put_jump(o, BPF_JGE, v[half].start | bias, high, low);
}

/* The number is loaded and its tree entered. On x86-64 the x32 calls are told by a bit of it. */
static uint32_t put_entry(struct out *o, uint32_t tree, uint32_t x32)
{
	if (x32)
		put_jump(o, BPF_JGE, X32_BIT, x32, tree);
	else if (tree != o->pos)
		put(o, BPF_JMP | BPF_JA, 0, 0, o->pos - tree);
	return put_load(o, offsetof(struct seccomp_data, nr));
}

int bpf_build(struct bpf_input *in, struct arena *a, struct sock_filter **ret, uint32_t *ret_len,
	      struct err *err)
{
	struct out o = {.v = arena_array(a, struct sock_filter, MAX_INSNS),
			.default_verdict = in->default_verdict};
	uint32_t x32 = 0;
	uint32_t next = 0;

	/* the machine's own architecture comes last here: first, and nearest, when it runs */
	for (int i = SECCOMP_ARCHS - 1; i >= 0; i--) {
		struct bpf_arch *t = &in->arch[i];
		struct range *v;
		uint32_t entry;

		if (!t->used)
			continue;
		v = arena_array(a, struct range, t->n * 2 + 4);
		entry = put_tree(&o, v, ranges_of(t, in, v), i == 2 ? X32_BIT : 0, arch_is_32[i]);
		if (i == 2) {
			x32 = entry;
			continue;
		}
		/* libseccomp kills the thread for an architecture that the profile does not list */
		if (!next)
			next = put_ret(&o, SECCOMP_RET_KILL_THREAD);
		if (i == 0 && SECCOMP_ARCHS == 3 && !x32)
			x32 = ret_near(&o, SECCOMP_RET_KILL_THREAD, 8);
		entry = put_entry(&o, entry, i == 0 ? x32 : 0);
		next = put_jump(&o, BPF_JEQ, audit_arch[i], entry, next);
	}
	put_load(&o, offsetof(struct seccomp_data, arch));
	if (o.full)
		return err_set(
			err, ERR_CONFIG,
			"/linux/seccomp: the program is larger than the kernel's limit of %d "
			"instructions",
			MAX_INSNS);
	*ret = o.v + MAX_INSNS - o.pos;
	*ret_len = o.pos;
	return 0;
}
