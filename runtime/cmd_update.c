// SPDX-License-Identifier: Apache-2.0
/* update: other limits for a running container. */
#include <stddef.h>
#include <string.h>

#include "bpf_dev.h"
#include "cgroup.h"
#include "cgroup_systemd.h"
#include "cmd.h"
#include "config.h"
#include "fd.h"
#include "intelrdt.h"
#include "json.h"
#include "lifecycle.h"
#include "log.h"
#include "plan.h"
#include "systemd_plan.h"

struct update_opts {
	const char *resources;
	const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_share, *cpu_rt_period,
		*cpu_rt_runtime, *cpu_burst, *cpu_idle, *cpuset_cpus, *cpuset_mems, *memory,
		*memory_reservation, *memory_swap, *pids_limit, *kernel_memory, *kernel_memory_tcp,
		*l3, *mb;
};
#define O(m) offsetof(struct update_opts, m)
const struct opt update_opts_table[] = {
	{"resources", 'r', OPT_STR, O(resources), "FILE",
	 "linux.resources as JSON from FILE, - is stdin; the other options are ignored then"},
	{"blkio-weight", 0, OPT_STR, O(blkio_weight), "N", "block IO weight, 10 to 1000"},
	{"cpu-period", 0, OPT_STR, O(cpu_period), "US", "CPU period in microseconds"},
	{"cpu-quota", 0, OPT_STR, O(cpu_quota), "US", "CPU quota in microseconds, -1 for none"},
	{"cpu-share", 0, OPT_STR, O(cpu_share), "N", "CPU shares, 2 to 262144"},
	{"cpu-burst", 0, OPT_STR, O(cpu_burst), "US", "CPU burst in microseconds"},
	{"cpu-idle", 0, OPT_STR, O(cpu_idle), "0|1", "scheduled only when nothing else is"},
	{"cpu-rt-period", 0, OPT_STR, O(cpu_rt_period), "US",
	 "cgroup v1 only: ignored with a warning"},
	{"cpu-rt-runtime", 0, OPT_STR, O(cpu_rt_runtime), "US",
	 "cgroup v1 only: ignored with a warning"},
	{"cpuset-cpus", 0, OPT_STR, O(cpuset_cpus), "LIST", "CPUs, as 0-3,7"},
	{"cpuset-mems", 0, OPT_STR, O(cpuset_mems), "LIST", "memory nodes"},
	{"memory", 0, OPT_STR, O(memory), "BYTES", "memory limit (50M and the like; -1 for none)"},
	{"memory-reservation", 0, OPT_STR, O(memory_reservation), "BYTES", "memory.low"},
	{"memory-swap", 0, OPT_STR, O(memory_swap), "BYTES", "memory and swap together"},
	{"pids-limit", 0, OPT_STR, O(pids_limit), "N", "number of processes, -1 for no limit"},
	{"kernel-memory", 0, OPT_STR, O(kernel_memory), "BYTES", "obsolete, ignored"},
	{"kernel-memory-tcp", 0, OPT_STR, O(kernel_memory_tcp), "BYTES", "obsolete, ignored"},
	{"l3-cache-schema", 0, OPT_STR, O(l3), "TEXT", "resctrl L3 schema"},
	{"mem-bw-schema", 0, OPT_STR, O(mb), "TEXT", "resctrl MB schema"},
	OPT_END,
};
const size_t update_opts_size = sizeof(struct update_opts);

static int bad(const char *option, const char *text, struct err *err)
{
	return err_set(err, ERR_USAGE, "--%s: \"%s\" is not a number it takes", option, text);
}

static int get_i64(const char *option, const char *text, struct opt_i64 *ret, struct err *err)
{
	if (!text)
		return 0;
	ret->set = true;
	return num_i64(text, &ret->v) ? 0 : bad(option, text, err);
}

static int get_u64(const char *option, const char *text, struct opt_u64 *ret, struct err *err)
{
	if (!text)
		return 0;
	ret->set = true;
	return num_u64(text, &ret->v) ? 0 : bad(option, text, err);
}

static int get_bytes(const char *option, const char *text, struct opt_i64 *ret, struct err *err)
{
	if (!text)
		return 0;
	ret->set = true;
	return num_bytes(text, &ret->v) ? 0 : bad(option, text, err);
}

static int from_options(const struct update_opts *o, struct arena *a, struct resources *r,
			struct err *err)
{
	r->memory = arena_new(a, struct memory);
	r->cpu = arena_new(a, struct cpu);
	r->pids = arena_new(a, struct pids);
	r->blockIO = arena_new(a, struct block_io);
	r->cpu->cpus = o->cpuset_cpus;
	r->cpu->mems = o->cpuset_mems;
	if (o->blkio_weight) {
		r->blockIO->weight.set = true;
		if (!num_u32(o->blkio_weight, &r->blockIO->weight.v))
			return bad("blkio-weight", o->blkio_weight, err);
	}
	if (get_u64("cpu-period", o->cpu_period, &r->cpu->period, err) < 0 ||
	    get_i64("cpu-quota", o->cpu_quota, &r->cpu->quota, err) < 0 ||
	    get_u64("cpu-share", o->cpu_share, &r->cpu->shares, err) < 0 ||
	    get_u64("cpu-burst", o->cpu_burst, &r->cpu->burst, err) < 0 ||
	    get_i64("cpu-idle", o->cpu_idle, &r->cpu->idle, err) < 0 ||
	    get_u64("cpu-rt-period", o->cpu_rt_period, &r->cpu->realtimePeriod, err) < 0 ||
	    get_i64("cpu-rt-runtime", o->cpu_rt_runtime, &r->cpu->realtimeRuntime, err) < 0 ||
	    get_bytes("memory", o->memory, &r->memory->limit, err) < 0 ||
	    get_bytes("memory-reservation", o->memory_reservation, &r->memory->reservation, err) <
		    0 ||
	    get_bytes("memory-swap", o->memory_swap, &r->memory->swap, err) < 0 ||
	    get_i64("pids-limit", o->pids_limit, &r->pids->limit, err) < 0)
		return -1;
	return 0;
}

static int from_file(const char *path, struct arena *a, struct resources *r, struct err *err)
{
	size_t len = 0;
	char *text;

	if (strcmp(path, "-") == 0)
		path = "/proc/self/fd/0";
	text = fd_read_file(AT_FDCWD, path, JSON_MAX_BYTES, a, &len, err);
	if (!text)
		return -1;
	/* callers send Go's capital letters (CPU, Cpus) */
	return decode(&resources_fields, r, text, len, DECODE_ANY_CASE, a, err) < 0
		       ? err_ctx(err, "%s", path)
		       : 0;
}

/* memory.swap counts both together: the limit that is not given is the one that is in force. */
static void fill_memory(int cg, struct memory *m)
{
	char text[32];

	if (!m || !m->swap.set || m->swap.v <= 0 || m->limit.set)
		return;
	if (fd_read_small(cg, "memory.max", text, sizeof(text)) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (num_i64(text, &m->limit.v))
		m->limit.set = true;
}

static int apply(struct ctx *x, const struct container *c, struct resources *r, struct err *err)
{
	struct strs properties = {0};
	struct strs warnings = {0};
	struct cgroup_write *w = NULL;
	struct bpf_dev program;
	auto_fd cg = -1;
	uint32_t n = 0;

	if (!c->s.cgroup_path)
		return err_set(err, ERR_STATE, "%s has no cgroup of its own to be limited",
			       c->s.id);
	cg = cgroup_open(c->s.cgroup_mount, c->s.cgroup_path);
	if (cg < 0)
		return err_sys(err, cg, "open cgroup %s", c->s.cgroup_path);
	fill_memory(cg, r->memory);
	if (cgroup_knobs(r, x->arena, &w, &n, &warnings, err) < 0)
		return -1;
	for (uint32_t i = 0; i < warnings.n; i++)
		log_warning("%s", warnings.v[i]);
	if (cgroup_check_memory(cg, r, err) < 0)
		return -1;
	/* systemd first: what it is told it writes too, and the files have the last word */
	if (c->s.systemd_unit && c->s.systemd_bus &&
	    (systemd_limits(w, n, x->arena, &properties, err) < 0 ||
	     systemd_set(c->s.systemd_bus, c->s.systemd_user, c->s.systemd_unit, &properties,
			 x->facts.environ, x->arena, err) < 0))
		return -1;
	if (cgroup_write(cg, w, n, err) < 0)
		return -1;
	if (!r->devices.n)
		return 0;
	return bpf_dev_build(&r->devices, x->arena, &program, err) < 0
		       ? -1
		       : bpf_dev_replace(&program, cg, err);
}

int cmd_update(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct update_opts *o = opts;
	struct resources r = {0};
	struct container c;
	auto_fd dir = -1;

	if ((o->resources ? from_file(o->resources, x->arena, &r, err)
			  : from_options(o, x->arena, &r, err)) < 0 ||
	    store_get(&x->store, args->v[0], &x->facts, true, x->arena, &c, err) < 0)
		return -1;
	dir = c.dir;
	if (lifecycle_check(VERB_UPDATE, c.status, c.s.id, err) < 0)
		return -1;
	if (o->kernel_memory || o->kernel_memory_tcp)
		log_warning("--kernel-memory is obsolete and has no effect");
	if ((o->l3 || o->mb) && !c.s.rdt_group)
		return err_set(
			err, ERR_USAGE,
			"--l3-cache-schema and --mem-bw-schema: the container has no resctrl "
			"group: it was made without linux.intelRdt");
	if ((o->l3 && rdt_write_schema(c.s.rdt_group, o->l3, err) < 0) ||
	    (o->mb && rdt_write_schema(c.s.rdt_group, o->mb, err) < 0))
		return err_ctx(err, "update %s", c.s.id);
	if (apply(x, &c, &r, err) < 0)
		return err_ctx(err, "update %s", c.s.id);
	return 0;
}
