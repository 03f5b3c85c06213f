// SPDX-License-Identifier: Apache-2.0
/* `process` of the configuration as a plan, for the container's program and for exec. Pure. */
#include <limits.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <string.h>

#include "notify.h"
#include "plan.h"

/* Each variable once, the last wins (runc). */
static int plan_env(const struct strs *in, struct arena *a, struct proc_plan *ret, struct err *err)
{
	uint32_t n = 0;

	ret->env = arena_array(a, char *, in->n + 8);
	for (uint32_t i = 0; i < in->n; i++) {
		const char *eq = strchr(in->v[i], '=');
		size_t len = eq ? (size_t)(eq - in->v[i]) + 1 : 0;
		uint32_t j = i + 1;

		if (!eq || eq == in->v[i])
			return err_set(err, ERR_CONFIG, "/process/env/%u: \"%s\" is not NAME=VALUE",
				       i, in->v[i]);
		while (j < in->n && strncmp(in->v[j], in->v[i], len) != 0)
			j++;
		if (j < in->n)
			continue;
		if (strncmp(in->v[i], "HOME=", 5) == 0) {
			if (!in->v[i][5])
				continue;
			ret->has_home = true;
		}
		ret->env[n++] = in->v[i];
	}
	if (!ret->has_home) {
		ret->home = arena_alloc(a, PATH_MAX);
		ret->env[n] = NULL; /* the slot; init fills it from the container's /etc/passwd */
	}
	return 0;
}

static int plan_rlimits(const struct list *in, struct arena *a, struct proc_plan *ret,
			struct err *err)
{
	ret->rlimits = arena_array(a, struct rlimit_op, in->n);
	for (uint32_t i = 0; i < in->n; i++) {
		const struct rlimit_config *r = list_at(*in, struct rlimit_config, i);
		const struct name *n = name_find(rlimit_names, r->type);

		if (!n)
			return err_set(err, ERR_CONFIG,
				       "/process/rlimits/%u/type: \"%s\" is not a resource limit",
				       i, r->type);
		if (r->soft.v > r->hard.v)
			return err_set(err, ERR_CONFIG,
				       "/process/rlimits/%u/soft: %lu is above hard (%lu)", i,
				       (unsigned long)r->soft.v, (unsigned long)r->hard.v);
		for (uint32_t j = 0; j < i; j++)
			if (ret->rlimits[j].resource == (int)n->value)
				return err_set(err, ERR_CONFIG,
					       "/process/rlimits/%u/type: %s is there twice", i,
					       r->type);
		ret->rlimits[i] = (struct rlimit_op){(int)n->value, r->soft.v, r->hard.v};
	}
	ret->n_rlimits = in->n;
	return 0;
}

static int plan_scheduler(const struct process *p, const struct config *c, struct proc_plan *ret,
			  struct err *err)
{
	const struct scheduler *s = p->scheduler;

	ret->ioprio = -1;
	if (p->ioPriority) {
		int64_t level = p->ioPriority->priority.set ? p->ioPriority->priority.v : 0;

		if (level < 0 || level > 7)
			return err_set(err, ERR_CONFIG,
				       "/process/ioPriority/priority: must be 0 to 7, not %ld",
				       (long)level);
		ret->ioprio = IOPRIO_PRIO_VALUE((int)p->ioPriority->class->value, (int)level);
	}
	if (!s)
		return 0;
	if (s->nice.set && (s->nice.v < -20 || s->nice.v > 19))
		return err_set(err, ERR_CONFIG,
			       "/process/scheduler/nice: must be -20 to 19, not %ld",
			       (long)s->nice.v);
	if (s->policy->value == 6 && c && c->linux && c->linux->resources &&
	    c->linux->resources->cpu && c->linux->resources->cpu->cpus &&
	    *c->linux->resources->cpu->cpus)
		return err_set(err, ERR_CONFIG,
			       "/process/scheduler: SCHED_DEADLINE process scheduler can't be used "
			       "together with AllowedCPUs (linux.resources.cpu.cpus)");
	ret->sched = (struct sched_op){
		.set = true,
		.policy = (uint32_t)s->policy->value,
		.nice = (int32_t)s->nice.v,
		.priority = (uint32_t)s->priority.v,
		.runtime = s->runtime.v,
		.deadline = s->deadline.v,
		.period = s->period.v,
	};
	for (uint32_t i = 0; i < s->flags.n; i++)
		ret->sched.flags |= (uint64_t)list_at(s->flags, const struct name, i)->value;
	return 0;
}

static int plan_mempolicy(const struct config *c, struct arena *a, struct proc_plan *ret,
			  struct err *err)
{
	const struct memory_policy *m = c && c->linux ? c->linux->memoryPolicy : NULL;
	int64_t mode;
	bool needs;

	if (!m)
		return 0;
	mode = m->mode->value;
	needs = mode != MPOL_DEFAULT && mode != MPOL_LOCAL && mode != MPOL_PREFERRED;
	if (m->nodes && *m->nodes) {
		ret->mempolicy_nodes = bitlist_parse(m->nodes, 0, a, &ret->mempolicy_bits, err);
		if (!ret->mempolicy_nodes)
			return err_ctx(err,
				       "/linux/memoryPolicy/nodes: invalid memory policy node");
	}
	if ((mode == MPOL_DEFAULT || mode == MPOL_LOCAL) && ret->mempolicy_nodes)
		return err_set(
			err, ERR_CONFIG,
			"/linux/memoryPolicy/nodes: invalid memory policy: mode requires 0 nodes "
			"but got %s",
			m->nodes);
	if (needs && !ret->mempolicy_nodes)
		return err_set(err, ERR_CONFIG,
			       "/linux/memoryPolicy/nodes: invalid memory policy: %s needs nodes",
			       m->mode->name);
	ret->mempolicy = true;
	ret->mempolicy_mode = (int)mode;
	for (uint32_t i = 0; i < m->flags.n; i++)
		ret->mempolicy_mode |= (int)list_at(m->flags, const struct name, i)->value;
	return 0;
}

static int plan_affinity(const struct process *p, struct arena *a, struct proc_plan *ret,
			 struct err *err)
{
	const struct cpu_affinity *c = p->execCPUAffinity;
	uint32_t bits = 0;

	/* the kernel takes any length and cuts it; 8192 CPUs is its own largest configuration */
	ret->affinity_bytes = 1024;
	if (c && c->initial && *c->initial) {
		ret->affinity_initial = bitlist_parse(c->initial, 8192, a, &bits, err);
		if (!ret->affinity_initial)
			return err_ctx(err, "/process/execCPUAffinity/initial");
	}
	if (c && c->final && *c->final) {
		ret->affinity_final = bitlist_parse(c->final, 8192, a, &bits, err);
		if (!ret->affinity_final)
			return err_ctx(err, "/process/execCPUAffinity/final");
	}
	return 0;
}

static int plan_user(const struct process *p, struct arena *a, struct proc_plan *ret,
		     struct err *err)
{
	const struct user *u = p->user;

	(void)a;
	ret->umask = 0022;
	if (!u)
		return 0;
	ret->uid = u->uid.v;
	ret->gid = u->gid.v;
	if (u->umask.set && u->umask.v > 0777)
		return err_set(err, ERR_CONFIG, "/process/user/umask: %u is more than 0777 (511)",
			       u->umask.v);
	if (u->umask.set)
		ret->umask = u->umask.v;
	ret->groups = u->additionalGids.v;
	ret->n_groups = u->additionalGids.n;
	return 0;
}

/* crun's annotations: a program that somebody else compiled, an agent for profiles from before
 * listenerPath, and no indulgence for unknown names. */
static int plan_seccomp(const struct config *c, const struct facts *f, struct arena *a,
			struct proc_plan *ret, struct err *err)
{
	const char *raw = pairs_get(&c->annotations, "run.oci.seccomp_bpf_data");
	const char *strict = pairs_get(&c->annotations, "run.oci.seccomp_fail_unknown_syscall");
	struct seccomp s = {0};

	if (c->linux->seccomp)
		s = *c->linux->seccomp;
	s.listenerPath = notify_path(c, f->environ);
	if (raw ? seccomp_raw(raw, a, &ret->seccomp, err) < 0
		: c->linux->seccomp && seccomp_compile(&s, strict && strcmp(strict, "0") != 0, a,
						       &ret->seccomp, err) < 0)
		return -1;
	ret->listener_path = s.listenerPath;
	ret->listener_metadata = s.listenerMetadata;
	if (ret->seccomp.notify && (!s.listenerPath || s.listenerPath[0] != '/'))
		return err_set(err, ERR_CONFIG,
			       "/linux/seccomp/listenerPath: \"%s\" is not an absolute path",
			       s.listenerPath ? s.listenerPath : "");
	return 0;
}

/* In a user namespace of its own the container's root has all that there are. */
static uint64_t grantable(const struct config *c, const struct facts *f)
{
	if (f->uid != 0 || !f->caps)
		return ~0ULL;
	for (uint32_t i = 0; c && c->linux && i < c->linux->namespaces.n; i++)
		if (list_at(c->linux->namespaces, struct namespace, i)->type->value ==
		    CLONE_NEWUSER)
			return ~0ULL;
	return f->caps;
}

int proc_plan_build(const struct process *p, const struct config *c, const struct facts *f,
		    struct arena *a, struct proc_plan *ret, struct strs *warnings, struct err *err)
{
	*ret = (struct proc_plan){.ioprio = -1, .personality = -1};
	if (!p)
		return 0;
	if (!p->cwd || p->cwd[0] != '/')
		return err_set(err, ERR_CONFIG, "/process/cwd: \"%s\" is not an absolute path",
			       p->cwd ? p->cwd : "");
	ret->args = p->args.v;
	ret->cwd = p->cwd;
	ret->terminal = p->terminal.v;
	if (p->consoleSize && ret->terminal) {
		ret->rows = (uint16_t)p->consoleSize->height.v;
		ret->columns = (uint16_t)p->consoleSize->width.v;
	}
	ret->no_new_privs = p->noNewPrivileges;
	ret->oom_score_adj = p->oomScoreAdj;
	if (p->oomScoreAdj.set && (p->oomScoreAdj.v < -1000 || p->oomScoreAdj.v > 1000))
		return err_set(err, ERR_CONFIG,
			       "/process/oomScoreAdj: must be -1000 to 1000, not %ld",
			       (long)p->oomScoreAdj.v);
	if (plan_env(&p->env, a, ret, err) < 0 || plan_user(p, a, ret, err) < 0 ||
	    plan_rlimits(&p->rlimits, a, ret, err) < 0 || plan_scheduler(p, c, ret, err) < 0 ||
	    plan_mempolicy(c, a, ret, err) < 0 || plan_affinity(p, a, ret, err) < 0)
		return -1;
	caps_plan(p->capabilities, f->last_cap, grantable(c, f), a, &ret->caps, warnings);
	if (p->apparmorProfile && *p->apparmorProfile)
		ret->apparmor = arena_fmt(a, "exec %s", p->apparmorProfile);
	if (p->selinuxLabel && *p->selinuxLabel)
		ret->selinux = p->selinuxLabel;
	if (c && c->linux && c->linux->personality)
		ret->personality = (int)c->linux->personality->domain->value;
	if (c && c->linux && c->linux->personality && c->linux->personality->flags.n)
		return err_set(
			err, ERR_CONFIG,
			"/linux/personality/flags: no flag is supported (the spec has none)");
	if (c && pairs_get(&c->annotations, "run.oci.keep_original_groups"))
		ret->keep_groups = true;
	return c && c->linux ? plan_seccomp(c, f, a, ret, err) : 0;
}
