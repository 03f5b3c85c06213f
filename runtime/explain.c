// SPDX-License-Identifier: Apache-2.0
/*
 * explain: what create or run would do with this bundle here, and where in config.json it comes
 * from. Touches nothing. Text for people, --json for programs; both are walks over the same plan.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "explain.h"
#include "create.h"
#include "hints.h"
#include "plan.h"

/* A row of the output: kind, what, and where it comes from. Both formats come from these. */
struct out {
	struct buf *b;
	bool json;
	bool first_section, first_row;
};

static void section(struct out *o, const char *name, const char *title)
{
	if (o->json) {
		buf_fmt(o->b, "%s\n \"%s\": [", o->first_section ? "" : "\n ],", name);
		o->first_row = true;
	} else {
		buf_fmt(o->b, "%s%s\n", o->first_section ? "" : "\n", title);
	}
	o->first_section = false;
}

static void row(struct out *o, const char *what, const char *detail, const char *from)
{
	if (!o->json) {
		buf_fmt(o->b, "  %-22s %s", what, detail ? detail : "");
		if (from && *from)
			buf_fmt(o->b, "  [%s]", from);
		buf_str(o->b, "\n");
		return;
	}
	buf_fmt(o->b, "%s\n  {\"what\": ", o->first_row ? "" : ",");
	buf_json_str(o->b, what);
	if (detail) {
		buf_str(o->b, ", \"detail\": ");
		buf_json_str(o->b, detail);
	}
	if (from && *from) {
		buf_str(o->b, ", \"from\": ");
		buf_json_str(o->b, from);
	}
	buf_str(o->b, "}");
	o->first_row = false;
}

static void show_process(struct out *o, const struct plan *p, struct arena *a)
{
	const struct proc_plan *q = &p->proc;
	struct buf args = BUF_INIT(a);

	section(o, "process", "Process");
	for (char **v = q->args; v && *v; v++) {
		buf_str(&args, v == q->args ? "" : " ");
		buf_shell(&args, *v);
	}
	row(o, "program", args.data, "process.args");
	row(o, "cwd", q->cwd, "process.cwd");
	row(o, "user",
	    arena_fmt(a, "%u:%u, umask 0%o, %u more groups", q->uid, q->gid, q->umask, q->n_groups),
	    "process.user");
	row(o, "no_new_privs", q->no_new_privs ? "yes" : "no", "process.noNewPrivileges");
	row(o, "terminal", q->terminal ? "yes" : "no", "process.terminal");
	for (int bit = 0; bit < 64; bit++) {
		uint64_t m = 1ULL << bit;

		if (q->caps.bounding & m)
			row(o, "capability",
			    arena_fmt(a, "%s%s%s%s%s", caps_name(bit),
				      q->caps.permitted & m ? " permitted" : "",
				      q->caps.effective & m ? " effective" : "",
				      q->caps.inheritable & m ? " inheritable" : "",
				      q->caps.ambient & m ? " ambient" : ""),
			    "process.capabilities");
	}
	for (uint32_t i = 0; i < q->n_rlimits; i++)
		row(o, "rlimit",
		    arena_fmt(a, "%s %lu %lu", name_of(rlimit_names, q->rlimits[i].resource),
			      (unsigned long)q->rlimits[i].soft, (unsigned long)q->rlimits[i].hard),
		    "process.rlimits");
}

static void show_namespaces(struct out *o, const struct plan *p, struct arena *a)
{
	section(o, "namespaces", "Namespaces");
	for (const struct name *n = namespace_names; n->name; n++)
		if (p->ns_new & (uint64_t)n->value)
			row(o, "new", n->name, "linux.namespaces");
	for (uint32_t i = 0; i < p->n_joins; i++)
		row(o, "join",
		    arena_fmt(a, "%s %s", name_of(namespace_names, p->joins[i].type),
			      p->joins[i].path),
		    "linux.namespaces");
	if (p->ids.uid)
		row(o, p->ids.uid_argv ? "uid map (newuidmap)" : "uid map", p->ids.uid,
		    p->config->linux && p->config->linux->uidMappings.n ? "linux.uidMappings"
									: "/etc/subuid");
	if (p->ids.gid)
		row(o, p->ids.gid_argv ? "gid map (newgidmap)" : "gid map", p->ids.gid,
		    p->config->linux && p->config->linux->gidMappings.n ? "linux.gidMappings"
									: "/etc/subgid");
}

static const char *const kind_words[MOUNT_KINDS] = {
	[MOUNT_NEW] = "mount",		[MOUNT_BIND] = "bind", [MOUNT_REMOUNT] = "remount",
	[MOUNT_NODE] = "device",	[MOUNT_LINK] = "link", [MOUNT_MASK] = "hide",
	[MOUNT_READONLY] = "read-only",
};

static const struct name attr_names[] = {
	{"ro", MOUNT_ATTR_RDONLY},
	{"nosuid", MOUNT_ATTR_NOSUID},
	{"nodev", MOUNT_ATTR_NODEV},
	{"noexec", MOUNT_ATTR_NOEXEC},
	{"noatime", MOUNT_ATTR_NOATIME},
	{"strictatime", MOUNT_ATTR_STRICTATIME},
	{"nodiratime", MOUNT_ATTR_NODIRATIME},
	{"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW},
	{NULL, 0},
};

static const struct name ms_names[] = {
	{"ro", MS_RDONLY},
	{"nosuid", MS_NOSUID},
	{"nodev", MS_NODEV},
	{"noexec", MS_NOEXEC},
	{"sync", MS_SYNCHRONOUS},
	{"dirsync", MS_DIRSYNC},
	{"noatime", MS_NOATIME},
	{"nodiratime", MS_NODIRATIME},
	{"relatime", MS_RELATIME},
	{"strictatime", MS_STRICTATIME},
	{"lazytime", MS_LAZYTIME},
	{"iversion", MS_I_VERSION},
	{"silent", MS_SILENT},
	{"nosymfollow", MS_NOSYMFOLLOW},
	{NULL, 0},
};

static void add_flags(struct buf *b, const struct name *t, uint64_t flags, const char *mark)
{
	for (; t->name; t++)
		if (flags & (uint64_t)t->value)
			buf_fmt(b, " %s%s", mark, t->name);
}

static const char *mount_text(const struct mount_op *op, struct arena *a)
{
	struct buf b = BUF_INIT(a);

	buf_str(&b, op->dest);
	switch (op->kind) {
	case MOUNT_NEW:
		buf_fmt(&b, " type %s", op->type);
		add_flags(&b, ms_names, op->flags, "");
		if (op->data)
			buf_fmt(&b, " data %s", op->data);
		break;
	case MOUNT_BIND:
	case MOUNT_REMOUNT:
		if (op->source)
			buf_fmt(&b, " from %s%s", op->source,
				op->recursive ? " (with submounts)" : "");
		add_flags(&b, attr_names, op->attr_set, "");
		add_flags(&b, attr_names, op->attr_clr & ~(uint64_t)MOUNT_ATTR__ATIME, "-");
		break;
	case MOUNT_NODE:
		buf_fmt(&b, " %s %u:%u mode 0%o%s",
			S_ISCHR(op->mode)   ? "c"
			: S_ISBLK(op->mode) ? "b"
					    : "p",
			major(op->dev), minor(op->dev), op->mode & 07777U,
			op->bind_node ? " (the host's, bound)" : "");
		break;
	case MOUNT_LINK:
		buf_fmt(&b, " -> %s", op->source);
		break;
	default:
		break;
	}
	add_flags(&b, attr_names, op->rattr_set, "r:");
	add_flags(&b, attr_names, op->rattr_clr & ~(uint64_t)MOUNT_ATTR__ATIME, "r:-");
	if (op->propagation)
		buf_fmt(&b, " %s%s", op->propagation_rec ? "r" : "",
			op->propagation == MS_SHARED	? "shared"
			: op->propagation == MS_SLAVE	? "slave"
			: op->propagation == MS_PRIVATE ? "private"
							: "unbindable");
	if (op->idmap >= 0)
		buf_fmt(&b, " idmap %d", op->idmap);
	return b.data;
}

static void show_mounts(struct out *o, const struct plan *p, struct arena *a)
{
	section(o, "mounts", "File system");
	row(o, "root", arena_fmt(a, "%s%s", p->rootfs, p->root_readonly ? " read-only" : ""),
	    "root.path");
	for (uint32_t i = 0; i < p->n_mounts; i++)
		row(o, kind_words[p->mounts[i].kind], mount_text(&p->mounts[i], a),
		    p->mounts[i].where);
}

static void show_cgroup(struct out *o, const struct plan *p, struct arena *a)
{
	const struct cgroup_plan *g = &p->cgroup;

	section(o, "cgroup", "Cgroup");
	if (g->none) {
		row(o, "none", "the caller's cgroup is kept", NULL);
		return;
	}
	if (g->unit)
		row(o, "scope",
		    arena_fmt(a, "%s in %s of the %s manager", g->unit, g->slice,
			      g->user_manager ? "user's" : "system's"),
		    "linux.cgroupsPath");
	else
		row(o, "path", arena_fmt(a, "%s%s", g->mount, g->path), "linux.cgroupsPath");
	for (uint32_t i = 0; i < g->properties.n; i++)
		row(o, "property", g->properties.v[i], NULL);
	for (uint32_t i = 0; i < g->n; i++)
		row(o, g->writes[i].file, g->writes[i].text, g->writes[i].where);
	if (g->devices)
		row(o, "device program", arena_fmt(a, "%u instructions", g->program.len),
		    "linux.resources.devices");
	if (g->delegate)
		row(o, "delegate", arena_fmt(a, "to uid %u", p->ids.root_uid), "linux.uidMappings");
}

static void show_seccomp(struct out *o, const struct plan *p, struct arena *a)
{
	const struct seccomp *s = p->config->linux ? p->config->linux->seccomp : NULL;
	struct strs lint;

	section(o, "seccomp", "Seccomp");
	if (!s) {
		row(o, "none", "every system call is allowed", NULL);
		return;
	}
	row(o, "default", s->defaultAction->name, "linux.seccomp.defaultAction");
	row(o, "program",
	    arena_fmt(a, "%u instructions, flags %u", p->proc.seccomp.len, p->proc.seccomp.flags),
	    "linux.seccomp.syscalls");
	seccomp_lint(s, a, &lint);
	for (uint32_t i = 0; i < lint.n; i++)
		row(o, "warning", lint.v[i], "linux.seccomp");
}

static void show_hooks(struct out *o, const struct plan *p, struct arena *a)
{
	const struct hook_list *all[] = {&p->prestart,	       &p->create_runtime,
					 &p->create_container, &p->start_container,
					 &p->poststart,	       &p->poststop};

	section(o, "hooks", "Hooks");
	for (int i = 0; i < 6; i++)
		for (uint32_t j = 0; j < all[i]->hooks->n; j++)
			row(o, all[i]->name, list_at(*all[i]->hooks, struct hook, j)->path,
			    arena_fmt(a, "hooks.%s[%u]", all[i]->name, j));
	for (uint32_t i = 0; i < p->sysctl.n; i++)
		row(o, "sysctl", arena_fmt(a, "%s = %s", p->sysctl.v[i].key, p->sysctl.v[i].value),
		    "linux.sysctl");
	for (uint32_t i = 0; i < p->net_devices.n; i++)
		row(o, "net device", list_at(p->net_devices, struct net_device, i)->key,
		    "linux.netDevices");
}

static void show_order(struct out *o)
{
	section(o, "steps", "Steps of the runtime (each is undone if a later one fails)");
	for (const struct step *s = create_steps; s->name; s++)
		row(o, s->name, s->what, NULL);
	section(o, "stages", "Stages of the container's first process");
	for (const struct stage *s = init_stages; s->name; s++)
		row(o, s->name, s->what, NULL);
}

static void show_warnings(struct out *o, const struct plan *p)
{
	section(o, "warnings", "Warnings");
	for (uint32_t i = 0; i < p->warnings.n; i++)
		row(o, "warning", p->warnings.v[i], NULL);
}

void explain_plan(const struct plan *p, bool json, struct arena *a, struct buf *b)
{
	struct out out = {.b = b, .json = json, .first_section = true};

	if (json)
		buf_str(b, "{");
	show_process(&out, p, a);
	show_namespaces(&out, p, a);
	show_mounts(&out, p, a);
	show_cgroup(&out, p, a);
	show_seccomp(&out, p, a);
	show_hooks(&out, p, a);
	show_order(&out);
	show_warnings(&out, p);
	if (json)
		buf_str(b, "\n ]\n}\n");
}
