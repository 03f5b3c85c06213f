// SPDX-License-Identifier: Apache-2.0
/*
 * linux.resources to writes into cgroup v2 files (cgroup-v2.rst). One row a file; the order of the
 * rows is the order of the writes. `update`, `explain` and create use the same rows.
 */
#include <string.h>

#include "plan.h"

struct knob_ctx {
	const struct resources *r;
	struct arena *arena;
	struct cgroup_write *v;
	uint32_t n, cap;
	struct strs *warnings;
};

static void add(struct knob_ctx *k, const char *controller, const char *file, const char *where,
		const char *text)
{
	if (k->n == k->cap) {
		uint32_t cap = k->cap ? k->cap * 2 : 16;

		k->v = arena_grow(k->arena, k->v, k->cap * sizeof(*k->v), cap * sizeof(*k->v));
		k->cap = cap;
	}
	k->v[k->n++] = (struct cgroup_write){
		.controller = controller, .file = file, .text = text, .where = where};
}

static char *max_or(struct arena *a, int64_t v)
{
	return v < 0 ? arena_strdup(a, "max") : arena_fmt(a, "%ld", (long)v);
}

/*
 * cpu.shares (2 to 262144, default 1024) to cpu.weight (1 to 10000, default 100): the curve of
 * runc 1.3.2 and crun 1.23, with the three points in their places:
 * log10(weight) = (l^2 + 125 l) / 612 - 7/34, where l = log2(shares). Fixed point, 16 bits.
 */
static uint64_t log2_fixed(uint64_t v)
{
	uint64_t whole = 63 - (uint64_t)__builtin_clzll(v);
	uint64_t x = whole >= 31 ? v >> (whole - 31)
				 : v << (31 - whole); /* 1.0 <= x < 2.0, 31 bits */
	uint64_t frac = 0;

	for (int i = 0; i < 32; i++) {
		x = x * x >> 31;
		frac <<= 1;
		if (x >> 32) {
			frac |= 1;
			x >>= 1;
		}
	}
	return whole << 32 | frac;
}

static uint64_t exp10_ceil(double e)
{
	/* 10^e for 0 <= e <= 4, by e = n/2^k squarings: no libm in a static runtime */
	static const double roots[] = {
		3.16227766016837933, 1.77827941003892280, 1.33352143216332402, 1.15478198468945817,
		1.07460782832131749, 1.03663292843769800, 1.01815172171818183, 1.00903504484144740,
		1.00450736425446250, 1.00225114829291290, 1.00112494139987900, 1.00056231260220880,
		1.00028111678778010, 1.00014054851694720, 1.00007027178941140, 1.00003513527746180,
		1.00001756748442260, 1.00000878370363460, 1.00000439184217320, 1.00000219591867560,
		1.00000109795873500, 1.00000054897921680, 1.00000027448957070, 1.00000013724477600};
	double v = 1;
	uint64_t i;

	for (; e >= 1; e--)
		v *= 10;
	for (size_t b = 0; b < sizeof(roots) / sizeof(roots[0]); b++) {
		e *= 2;
		if (e >= 1) {
			v *= roots[b];
			e--;
		}
	}
	i = (uint64_t)v;
	return v - (double)i > 1e-4 ? i + 1 : i;
}

static uint64_t weight_of_shares(uint64_t shares)
{
	double l;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = (double)log2_fixed(shares) / 4294967296.0;
	return exp10_ceil((l * l + 125 * l) / 612.0 - 7.0 / 34.0);
}

static void cpu_weight(struct knob_ctx *k)
{
	const struct cpu *c = k->r->cpu;

	if (c && c->shares.set && c->shares.v)
		add(k, "cpu", "cpu.weight", "/linux/resources/cpu/shares",
		    arena_fmt(k->arena, "%lu", (unsigned long)weight_of_shares(c->shares.v)));
}

static void cpu_idle(struct knob_ctx *k)
{
	const struct cpu *c = k->r->cpu;

	if (c && c->idle.set)
		add(k, "cpu", "cpu.idle", "/linux/resources/cpu/idle",
		    arena_fmt(k->arena, "%ld", (long)c->idle.v));
}

static void cpu_burst(struct knob_ctx *k)
{
	const struct cpu *c = k->r->cpu;

	if (c && c->burst.set)
		add(k, "cpu", "cpu.max.burst", "/linux/resources/cpu/burst",
		    arena_fmt(k->arena, "%lu", (unsigned long)c->burst.v));
}

/* A burst may not exceed the quota: the kernel refuses either order when both change, so the old
 * burst goes first and the new one is written after cpu.max. */
static void cpu_burst_reset(struct knob_ctx *k)
{
	const struct cpu *c = k->r->cpu;

	if (c && c->burst.set && c->quota.set)
		add(k, "cpu", "cpu.max.burst", "/linux/resources/cpu/burst",
		    arena_strdup(k->arena, "0"));
}

static void cpu_max(struct knob_ctx *k)
{
	const struct cpu *c = k->r->cpu;
	char quota[24];

	if (!c || (!c->quota.set && !(c->period.set && c->period.v)))
		return;
	/* "max" for no limit; a period alone keeps the quota: written as $PERIOD by the executor */
	if (c->quota.set && c->quota.v > 0)
		fmt(quota, sizeof(quota), "%ld", (long)c->quota.v);
	else
		fmt(quota, sizeof(quota), c->quota.set ? "max" : "=");
	if (c->period.set && c->period.v)
		add(k, "cpu", "cpu.max", "/linux/resources/cpu/quota",
		    arena_fmt(k->arena, "%s %lu", quota, (unsigned long)c->period.v));
	else
		add(k, "cpu", "cpu.max", "/linux/resources/cpu/quota",
		    arena_strdup(k->arena, quota));
}

static void cpuset(struct knob_ctx *k)
{
	const struct cpu *c = k->r->cpu;

	if (c && c->cpus && *c->cpus)
		add(k, "cpuset", "cpuset.cpus", "/linux/resources/cpu/cpus",
		    arena_strdup(k->arena, c->cpus));
	if (c && c->mems && *c->mems)
		add(k, "cpuset", "cpuset.mems", "/linux/resources/cpu/mems",
		    arena_strdup(k->arena, c->mems));
}

static void memory_max(struct knob_ctx *k)
{
	const struct memory *m = k->r->memory;

	if (m && m->limit.set && m->limit.v)
		add(k, "memory", "memory.max", "/linux/resources/memory/limit",
		    max_or(k->arena, m->limit.v));
}

/* The configuration counts memory and swap together, the file swap alone. */
static void memory_swap(struct knob_ctx *k)
{
	const struct memory *m = k->r->memory;

	if (!m || !m->swap.set || (m->swap.v == 0 && !m->limit.set))
		return;
	if (m->swap.v < 0)
		add(k, "memory", "memory.swap.max", "/linux/resources/memory/swap",
		    arena_strdup(k->arena, "max"));
	else if (m->swap.v > 0)
		add(k, "memory", "memory.swap.max", "/linux/resources/memory/swap",
		    arena_fmt(k->arena, "%ld", (long)(m->swap.v - m->limit.v)));
}

static void memory_low(struct knob_ctx *k)
{
	const struct memory *m = k->r->memory;

	if (m && m->reservation.set && m->reservation.v)
		add(k, "memory", "memory.low", "/linux/resources/memory/reservation",
		    max_or(k->arena, m->reservation.v));
}

static void pids_max(struct knob_ctx *k)
{
	const struct pids *p = k->r->pids;

	/* with 0 the kernel would refuse the container's first process itself (EAGAIN from clone)
	 */
	if (p && p->limit.set)
		add(k, "pids", "pids.max", "/linux/resources/pids/limit",
		    p->limit.v == 0 ? arena_strdup(k->arena, "1") : max_or(k->arena, p->limit.v));
}

static unsigned long io_weight_of(uint32_t weight)
{
	return weight <= 10 ? 1 : 1 + (weight - 10UL) * 9999 / 990;
}

static void io_weight(struct knob_ctx *k)
{
	const struct block_io *b = k->r->blockIO;

	if (!b)
		return;
	/* where the bfq scheduler is, its file has the same scale as the configuration */
	if (b->weight.set && b->weight.v) {
		add(k, "io", "io.bfq.weight", "/linux/resources/blockIO/weight",
		    arena_fmt(k->arena, "%u", b->weight.v));
		k->v[k->n - 1].optional = true;
		add(k, "io", "io.weight", "/linux/resources/blockIO/weight",
		    arena_fmt(k->arena, "default %lu", io_weight_of(b->weight.v)));
		k->v[k->n - 1].optional = true;
	}
	for (uint32_t i = 0; i < b->weightDevice.n; i++) {
		const struct weight_device *d = list_at(b->weightDevice, struct weight_device, i);

		if (!d->weight.set)
			continue;
		add(k, "io", "io.bfq.weight", "/linux/resources/blockIO/weightDevice",
		    arena_fmt(k->arena, "%ld:%ld %u", (long)d->major.v, (long)d->minor.v,
			      d->weight.v));
		k->v[k->n - 1].optional = true;
	}
}

static void throttle(struct knob_ctx *k, const struct list *l, const char *key, const char *where)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct throttle_device *d = list_at(*l, struct throttle_device, i);

		add(k, "io", "io.max", where,
		    d->rate.v ? arena_fmt(k->arena, "%ld:%ld %s=%lu", (long)d->major.v,
					  (long)d->minor.v, key, (unsigned long)d->rate.v)
			      : arena_fmt(k->arena, "%ld:%ld %s=max", (long)d->major.v,
					  (long)d->minor.v, key));
	}
}

static void io_max(struct knob_ctx *k)
{
	const struct block_io *b = k->r->blockIO;

	if (!b)
		return;
	throttle(k, &b->throttleReadBpsDevice, "rbps",
		 "/linux/resources/blockIO/throttleReadBpsDevice");
	throttle(k, &b->throttleWriteBpsDevice, "wbps",
		 "/linux/resources/blockIO/throttleWriteBpsDevice");
	throttle(k, &b->throttleReadIOPSDevice, "riops",
		 "/linux/resources/blockIO/throttleReadIOPSDevice");
	throttle(k, &b->throttleWriteIOPSDevice, "wiops",
		 "/linux/resources/blockIO/throttleWriteIOPSDevice");
}

static void hugetlb(struct knob_ctx *k)
{
	for (uint32_t i = 0; i < k->r->hugepageLimits.n; i++) {
		const struct hugepage_limit *h =
			list_at(k->r->hugepageLimits, struct hugepage_limit, i);
		char *text = arena_fmt(k->arena, "%lu", (unsigned long)h->limit.v);

		add(k, "hugetlb", arena_fmt(k->arena, "hugetlb.%s.max", h->pageSize),
		    "/linux/resources/hugepageLimits", text);
		add(k, "hugetlb", arena_fmt(k->arena, "hugetlb.%s.rsvd.max", h->pageSize),
		    "/linux/resources/hugepageLimits", text);
		k->v[k->n - 1].optional = true;
	}
}

static void rdma(struct knob_ctx *k)
{
	for (uint32_t i = 0; i < k->r->rdma.n; i++) {
		const struct rdma *r = list_at(k->r->rdma, struct rdma, i);
		struct buf b = BUF_INIT(k->arena);

		buf_str(&b, r->key);
		if (r->hcaHandles.set)
			buf_fmt(&b, " hca_handle=%u", r->hcaHandles.v);
		if (r->hcaObjects.set)
			buf_fmt(&b, " hca_object=%u", r->hcaObjects.v);
		add(k, "rdma", "rdma.max", "/linux/resources/rdma", b.data);
	}
}

static void (*const knobs[])(struct knob_ctx *) = {
	cpuset,	 memory_max, memory_swap, memory_low, cpu_idle, cpu_weight, cpu_burst_reset,
	cpu_max, cpu_burst,  pids_max,	  io_weight,  io_max,	hugetlb,    rdma,
};

static int check(const struct resources *r, struct err *err)
{
	const struct memory *m = r->memory;
	const struct cpu *c = r->cpu;

	if (m && m->swap.set && m->swap.v > 0 && !m->limit.set)
		return err_set(err, ERR_CONFIG,
			       "/linux/resources/memory/swap: is memory and swap together, so "
			       "memory.limit must be given too");
	if (m && m->swap.set && m->swap.v > 0 && m->limit.v > m->swap.v)
		return err_set(
			err, ERR_CONFIG,
			"/linux/resources/memory/swap: %ld is less than memory.limit (%ld); it "
			"counts memory and swap together",
			(long)m->swap.v, (long)m->limit.v);
	if (m && m->swap.set && m->swap.v > 0 && m->limit.set && m->limit.v < 0)
		return err_set(err, ERR_CONFIG,
			       "/linux/resources/memory/swap: must be -1 when memory.limit is -1");
	if (c && c->idle.set && c->idle.v != 0 && c->idle.v != 1)
		return err_set(err, ERR_CONFIG,
			       "/linux/resources/cpu/idle: must be 0 or 1, not %ld",
			       (long)c->idle.v);
	for (uint32_t i = 0; i < r->hugepageLimits.n; i++) {
		const char *s = list_at(r->hugepageLimits, struct hugepage_limit, i)->pageSize;
		size_t digits = strspn(s, "0123456789");

		if (!digits || *s == '0' || !strchr("KMG", s[digits]) || !s[digits] ||
		    strcmp(s + digits + 1, "B") != 0)
			return err_set(
				err, ERR_CONFIG,
				"/linux/resources/hugepageLimits/%u/pageSize: \"%s\" is not a "
				"size like 2MB or 1GB",
				i, s);
	}
	return 0;
}

static const char *controller_of(struct arena *a, const char *file)
{
	size_t n = strcspn(file, ".");
	const char *name = arena_strndup(a, file, n);

	return strcmp(name, "cgroup") == 0 ? NULL : name;
}

/* `unified` is written as it is and wins over the typed value of the same file. */
static int unified(struct knob_ctx *k, struct err *err)
{
	for (uint32_t i = 0; i < k->r->unified.n; i++) {
		const struct pair *p = &k->r->unified.v[i];
		uint32_t kept = 0;

		if (strchr(p->key, '/') || strcmp(p->key, "..") == 0 || !strchr(p->key, '.'))
			return err_set(
				err, ERR_CONFIG,
				"/linux/resources/unified: \"%s\" is not the name of a cgroup "
				"file",
				p->key);
		for (uint32_t j = 0; j < k->n; j++)
			if (strcmp(k->v[j].file, p->key) != 0)
				k->v[kept++] = k->v[j];
		k->n = kept;
		for (const char *line = p->value; *line;) {
			size_t n = strcspn(line, "\n");

			if (n)
				add(k, controller_of(k->arena, p->key), p->key,
				    "/linux/resources/unified", arena_strndup(k->arena, line, n));
			line += n + (line[n] == '\n');
		}
	}
	return 0;
}

int cgroup_knobs(const struct resources *r, struct arena *a, struct cgroup_write **ret,
		 uint32_t *ret_n, struct strs *warnings, struct err *err)
{
	struct knob_ctx k = {.r = r, .arena = a, .warnings = warnings};

	*ret = NULL;
	*ret_n = 0;
	if (!r)
		return 0;
	if (check(r, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++)
		knobs[i](&k);
	if (unified(&k, err) < 0)
		return -1;
	if (r->memory && r->memory->swappiness.set)
		plan_warn(
			warnings, a,
			"/linux/resources/memory/swappiness: cgroup v2 has no such file; ignored");
	if (r->cpu && (r->cpu->realtimeRuntime.set || r->cpu->realtimePeriod.set))
		plan_warn(
			warnings, a,
			"/linux/resources/cpu/realtimeRuntime: cgroup v2 has no such file; ignored");
	*ret = k.v;
	*ret_n = k.n;
	return 0;
}
