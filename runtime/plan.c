// SPDX-License-Identifier: Apache-2.0
#include "plan.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>

#include "path.h"
#include "sysctl.h"
#include "systemd_plan.h"

void plan_warn(struct strs *w, struct arena *a, const char *format, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, format);
	fmt_v(text, sizeof(text), format, ap);
	va_end(ap);
	w->v = arena_grow(a, w->v, sizeof(char *) * (w->n + 1), sizeof(char *) * (w->n + 2));
	w->v[w->n++] = arena_strdup(a, text);
	w->v[w->n] = NULL;
}

static bool list_number(const char **p, uint32_t *ret)
{
	const char *start = *p;

	for (*ret = 0; **p >= '0' && **p <= '9' && *ret < 65536; (*p)++)
		*ret = *ret * 10 + (uint32_t)(**p - '0');
	return *p > start && *ret < 65536;
}

/* "3" or "0-3", up to a comma or the end. */
static bool list_range(const char **p, uint32_t ret[static 2])
{
	if (!list_number(p, &ret[0]))
		return false;
	ret[1] = ret[0];
	if (**p == '-') {
		(*p)++;
		if (!list_number(p, &ret[1]))
			return false;
	}
	return ret[0] <= ret[1] && (!**p || (**p == ',' && (*p)[1]));
}

uint64_t *bitlist_parse(const char *text, uint32_t min_bits, struct arena *a, uint32_t *ret_bits,
			struct err *err)
{
	uint32_t bits = min_bits;
	uint64_t *v = NULL;

	/* twice: to see how many bits, then to set them */
	for (int pass = 0; pass < 2; pass++) {
		const char *p = text;

		while (*p) {
			uint32_t n[2];

			if (!list_range(&p, n)) {
				err_set(err, ERR_CONFIG, "\"%s\" is not a list like 0-3,7", text);
				return NULL;
			}
			if (n[1] + 1 > bits)
				bits = n[1] + 1;
			for (uint32_t b = n[0]; v && b <= n[1]; b++)
				v[b / 64] |= 1ULL << (b % 64);
			p += *p == ',';
		}
		if (!v)
			v = arena_array(a, uint64_t, (bits + 63) / 64);
	}
	*ret_bits = bits;
	return v;
}

/* ---- namespaces ---- */

static int plan_namespaces(const struct config *c, const struct facts *f, struct arena *a,
			   struct plan *p, struct err *err)
{
	const struct linux_config *l = c->linux;
	uint64_t joined = 0;

	p->joins = arena_array(a, struct ns_join, 8);
	for (uint32_t i = 0; l && i < l->namespaces.n; i++) {
		const struct namespace *n = list_at(l->namespaces, struct namespace, i);
		uint64_t type = (uint64_t)n->type->value;

		if (p->ns_all & type)
			return err_set(err, ERR_CONFIG,
				       "/linux/namespaces/%u: \"%s\" is there twice", i,
				       n->type->name);
		p->ns_all |= type;
		if (!n->path || !*n->path) {
			p->ns_new |= type;
			continue;
		}
		joined |= type;
		p->joins[p->n_joins++] = (struct ns_join){(int)type, n->path, -1};
	}
	/* an ordinary user can do nothing without a user namespace: crun and Podman's users expect
	 * it */
	if (f->uid != 0 && !(p->ns_all & CLONE_NEWUSER)) {
		p->ns_new |= CLONE_NEWUSER;
		p->ns_all |= CLONE_NEWUSER;
	}
	p->rootless = f->uid != 0;
	p->own_mounts = p->ns_all & CLONE_NEWNS;
	/* these can only be entered by a child of the one that joins; and what is joined beside a
	 * new user namespace is the caller's, out of its reach */
	p->middle = joined & (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME) ||
		    p->ns_new & CLONE_NEWTIME || (p->ns_new & CLONE_NEWUSER && joined);
	if (l && l->timeOffsets && (l->timeOffsets->monotonic || l->timeOffsets->boottime)) {
		const struct time_offset *t[] = {l->timeOffsets->monotonic,
						 l->timeOffsets->boottime};
		static const char *const names[] = {"monotonic", "boottime"};
		struct buf b = BUF_INIT(a);

		if (!(p->ns_new & CLONE_NEWTIME))
			return err_set(err, ERR_CONFIG,
				       "/linux/timeOffsets: need a new time namespace in "
				       "linux.namespaces%s",
				       joined & CLONE_NEWTIME ? ", not one by path" : "");
		for (int i = 0; i < 2; i++)
			if (t[i])
				buf_fmt(&b, "%s %ld %u\n", names[i], (long)t[i]->secs.v,
					t[i]->nanosecs.v);
		p->time_offsets = b.data;
	}
	p->loopback = p->ns_new & CLONE_NEWNET;
	return 0;
}

static int check_host_name(const struct config *c, struct plan *p, struct err *err)
{
	p->hostname = c->hostname && *c->hostname ? c->hostname : NULL;
	p->domainname = c->domainname && *c->domainname ? c->domainname : NULL;
	if ((p->hostname || p->domainname) && !(p->ns_all & CLONE_NEWUTS))
		return err_set(
			err, ERR_CONFIG,
			"/%s: needs a uts namespace in linux.namespaces, else it would rename the "
			"host",
			p->hostname ? "hostname" : "domainname");
	if (p->hostname && strlen(p->hostname) > 64)
		return err_set(err, ERR_CONFIG, "/hostname: longer than 64 bytes");
	if (p->domainname && strlen(p->domainname) > 64)
		return err_set(err, ERR_CONFIG, "/domainname: longer than 64 bytes");
	return 0;
}

/* ---- cgroup ---- */

static bool has_limits(const struct cgroup_plan *g)
{
	return g->n > 0;
}

/* crun's annotations: the limits are on the cgroup above, which is out of the container's reach. */
static int plan_sub_cgroup(const struct config *c, struct cgroup_plan *g, struct arena *a,
			   struct err *err)
{
	const char *key = "run.oci.delegate-cgroup";
	const char *sub = pairs_get(&c->annotations, key);
	char clean[PATH_MAX];

	if (!sub && g->unit) {
		key = "run.oci.systemd.subgroup";
		sub = pairs_get(&c->annotations, key);
	}
	if (!sub || !*sub)
		return 0;
	if (strstr(sub, "..") || !path_clean(sub, clean, sizeof(clean)) || !clean[1])
		return err_set(err, ERR_CONFIG,
			       "/annotations/%s: \"%s\" is not a path below the container's cgroup",
			       key, sub);
	g->sub = arena_strdup(a, clean + 1);
	return 0;
}

static int plan_cgroup(const struct config *c, const struct facts *f,
		       const struct create_options *o, struct arena *a, struct plan *p,
		       struct err *err)
{
	const struct linux_config *l = c->linux;
	const struct resources *r = l ? l->resources : NULL;
	static const struct list no_rules;
	struct cgroup_plan *g = &p->cgroup;
	const char *want = l ? l->cgroupsPath : NULL;
	char clean[PATH_MAX];
	char full[PATH_MAX];

	if (cgroup_knobs(r, a, &g->writes, &g->n, &p->warnings, err) < 0)
		return -1;
	g->none = o->no_cgroup;
	if (g->none && has_limits(g))
		return err_set(err, ERR_CONFIG,
			       "%s: a limit cannot be set with --cgroup-manager=disabled",
			       g->writes[0].where);
	if (g->none)
		return 0;
	g->mount = f->cgroup_mount;
	if (want && strchr(want, ':') && !o->systemd)
		return err_set(err, ERR_CONFIG,
			       "/linux/cgroupsPath: \"%s\" is for the systemd cgroup manager: give "
			       "--systemd-cgroup, or a path",
			       want);
	if (o->systemd) {
		if (!o->bus_program)
			return err_set(err, ENOENT,
				       "--systemd-cgroup: proa-bus is neither beside proa nor in "
				       "its libexec directory");
		if (!g->mount || f->proc < 0)
			return err_set(err, ENOENT,
				       "--systemd-cgroup: needs /proc and a cgroup2 mount");
		g->bus_program = o->bus_program;
		g->user_manager = f->uid != 0 || f->in_userns;
		if (systemd_plan(c, o->id, a, g, err) < 0)
			return -1;
		want = arena_fmt(a, "/%s/%s", g->slice, g->unit);
	}
	if (want && *want == '/') {
		fmt(full, sizeof(full), "%s", want);
	} else {
		/* beside our own cgroup: one with processes in it may have no children with limits
		 */
		const char *slash = strrchr(f->cgroup_self, '/');

		fmt(full, sizeof(full), "%.*s/%s", (int)(slash - f->cgroup_self), f->cgroup_self,
		    want && *want ? want : o->id);
	}
	if (!path_clean(full, clean, sizeof(clean)) || strcmp(clean, "/") == 0)
		return err_set(err, ERR_CONFIG,
			       "/linux/cgroupsPath: \"%s\" is not a path below the "
			       "cgroup root",
			       want);
	g->path = arena_strdup(a, clean);
	g->may_fail =
		!g->unit && !has_limits(g) &&
		(p->rootless || f->in_userns || (o->rootless && strcmp(o->rootless, "true") == 0));
	if (plan_sub_cgroup(c, g, a, err) < 0)
		return -1;
	g->check_memory = r && r->memory && r->memory->checkBeforeUpdate.v;
	/* loading the program needs CAP_BPF and CAP_NET_ADMIN in the first user namespace */
	g->devices = !p->rootless && !f->in_userns;
	if (g->devices && bpf_dev_build(r ? &r->devices : &no_rules, a, &g->program, err) < 0)
		return -1;
	g->delegate = (p->ns_new & CLONE_NEWUSER) && (p->ns_new & CLONE_NEWCGROUP);
	if (!g->mount && has_limits(g))
		return err_set(
			err, ERR_CONFIG,
			"%s: no cgroup2 file system is mounted, so no limit can be set: mount -t "
			"cgroup2 none /sys/fs/cgroup",
			g->writes[0].where);
	if (!g->mount)
		g->none = true;
	return 0;
}

/* A delegated cgroup is the container's own only if the container can write to it. */
static void plan_delegation(struct plan *p)
{
	bool writable = false;

	for (uint32_t i = 0; i < p->n_mounts; i++)
		if (strcmp(p->mounts[i].dest, "/sys/fs/cgroup") == 0)
			writable = !(p->mounts[i].flags & MS_RDONLY) &&
				   !(p->mounts[i].attr_set & MOUNT_ATTR_RDONLY);
	p->cgroup.delegate &= writable;
}

static int plan_hooks(const struct config *c, struct plan *p, struct err *err)
{
	const struct hooks *h = c->hooks;
	static const struct list none;
	struct hook_list *lists[] = {&p->prestart,	  &p->create_runtime, &p->create_container,
				     &p->start_container, &p->poststart,      &p->poststop};
	const struct list *in[] = {h ? &h->prestart : &none,	    h ? &h->createRuntime : &none,
				   h ? &h->createContainer : &none, h ? &h->startContainer : &none,
				   h ? &h->poststart : &none,	    h ? &h->poststop : &none};
	static const char *const names[] = {"prestart",	      "createRuntime", "createContainer",
					    "startContainer", "poststart",     "poststop"};

	for (int i = 0; i < 6; i++) {
		*lists[i] = (struct hook_list){.name = names[i], .hooks = in[i]};
		for (uint32_t j = 0; j < in[i]->n; j++) {
			const struct hook *hook = list_at(*in[i], struct hook, j);

			if (hook->path[0] != '/')
				return err_set(err, ERR_CONFIG,
					       "/hooks/%s/%u/path: \"%s\" is not an absolute path",
					       names[i], j, hook->path);
			if (hook->timeout.set && hook->timeout.v <= 0)
				return err_set(err, ERR_CONFIG,
					       "/hooks/%s/%u/timeout: must be above 0, not %ld",
					       names[i], j, (long)hook->timeout.v);
		}
	}
	p->hooks_in_parent = p->prestart.hooks->n || p->create_runtime.hooks->n;
	return 0;
}

static int check_version(const struct config *c, struct plan *p, struct arena *a, struct err *err)
{
	const char *v = c->ociVersion;

	if (strncmp(v, "1.", 2) != 0 || v[2] < '0' || v[2] > '9')
		return err_set(err, ERR_CONFIG,
			       "/ociVersion: \"%s\" is not supported: proa knows 1.0.0 to %s", v,
			       OCI_VERSION);
	if (strncmp(v, "1.", 2) == 0 && v[2] > '3' && v[3] == '.')
		plan_warn(&p->warnings, a,
			  "/ociVersion: %s is newer than %s; properties new in it are ignored", v,
			  OCI_VERSION);
	return 0;
}

static int check_masks(const struct config *c, const struct plan *p, struct err *err)
{
	const struct linux_config *l = c->linux;

	if (!l || p->own_mounts)
		return 0;
	if (l->maskedPaths.n || l->readonlyPaths.n || l->rootfsPropagation)
		return err_set(err, ERR_CONFIG,
			       "/linux/%s: needs a mount namespace in linux.namespaces",
			       l->maskedPaths.n	    ? "maskedPaths"
			       : l->readonlyPaths.n ? "readonlyPaths"
						    : "rootfsPropagation");
	return 0;
}

static int plan_root(const struct config *c, const struct create_options *o, struct arena *a,
		     struct plan *p, struct err *err)
{
	char clean[PATH_MAX];
	char full[PATH_MAX];

	if (!c->root)
		return err_set(err, ERR_CONFIG,
			       "/root: missing: root.path names the root file system");
	if (!*c->root->path)
		return err_set(err, ERR_CONFIG, "/root/path: empty");
	fmt(full, sizeof(full), "%s%s%s", c->root->path[0] == '/' ? "" : o->bundle,
	    c->root->path[0] == '/' ? "" : "/", c->root->path);
	if (!path_clean(full, clean, sizeof(clean)))
		return err_sys(err, ENAMETOOLONG, "/root/path");
	p->rootfs = arena_strdup(a, clean);
	p->root_readonly = c->root->readonly;
	if (strcmp(clean, "/") == 0 && p->own_mounts)
		return err_set(
			err, ERR_CONFIG,
			"/root/path: \"/\" is the host's root: give the container a directory of "
			"its own");
	return 0;
}

/* An abstract socket is in the host's network namespace: a container with its own cannot reach it,
 * one without needs no mount. A variable of the configuration is somebody's decision and stays. */
static void plan_notify_socket(const struct config *c, const struct create_options *o,
			       struct plan *p)
{
	for (uint32_t i = 0; c->process && i < c->process->env.n; i++)
		if (strncmp(c->process->env.v[i], "NOTIFY_SOCKET=", 14) == 0)
			return;
	if (o->notify_socket && o->notify_socket[0] == '/' && p->own_mounts && c->process)
		p->notify_socket = o->notify_socket;
}

/* In front: the last slot is kept for HOME. */
static void add_env(struct proc_plan *q, struct arena *a, const char *text)
{
	uint32_t n = 0;
	char **env;

	while (q->env[n])
		n++;
	env = arena_array(a, char *, n + 4);
	env[0] = (char *)text;
	memcpy(env + 1, q->env, sizeof(char *) * n);
	q->env = env;
}

int plan_build(const struct config *c, const struct facts *f, const struct create_options *o,
	       struct arena *a, struct plan *ret, struct err *err)
{
	struct plan *p = ret;

	*p = (struct plan){.config = c, .id = o->id, .bundle = o->bundle, .no_pivot = o->no_pivot};
	if (check_version(c, p, a, err) < 0 || plan_namespaces(c, f, a, p, err) < 0 ||
	    plan_root(c, o, a, p, err) < 0 || ids_plan(c, f, a, p, err) < 0 ||
	    check_host_name(c, p, err) < 0 || check_masks(c, p, err) < 0 ||
	    plan_hooks(c, p, err) < 0 || plan_cgroup(c, f, o, a, p, err) < 0)
		return -1;
	plan_notify_socket(c, o, p);
	if (mount_plan_build(c, f, a, p, err) < 0 ||
	    proc_plan_build(c->process, c, f, a, &p->proc, &p->warnings, err) < 0)
		return -1;
	plan_delegation(p);
	/* config.md#linux-process: "not applicable to the container's init process" */
	p->proc.affinity_initial = p->proc.affinity_final = NULL;
	p->proc.n_keep_fds = o->preserve_fds;
	if (o->listen_fds && num_u32(o->listen_fds, &p->proc.n_keep_fds)) {
		p->proc.listen_fds = true;
		p->proc.n_keep_fds += o->preserve_fds;
	}
	if (p->notify_socket)
		add_env(&p->proc, a, "NOTIFY_SOCKET=" PLAN_NOTIFY_SOCKET);
	if (p->proc.listen_fds) {
		add_env(&p->proc, a, arena_fmt(a, "LISTEN_FDS=%s", o->listen_fds));
		add_env(&p->proc, a, "LISTEN_PID=1");
	}
	if (c->process && !p->proc.args)
		return err_set(err, ERR_CONFIG, "/process/args: missing: the program to start");
	if (c->process && !p->proc.args[0])
		return err_set(err, ERR_CONFIG, "/process/args: empty: the program to start");
	if (o->run && !c->process)
		return err_set(err, ERR_CONFIG, "/process: missing, so there is nothing to run");
	p->leave_ramfs = f->rootfs_is_ramfs;
	p->root_propagation = MS_REC | MS_SLAVE;
	if (c->linux && c->linux->rootfsPropagation) {
		p->root_propagation_end = (unsigned long)c->linux->rootfsPropagation->value;
		/* pivot_root wants no shared mount around; what shares with the host is cloned
		 * before */
		if (p->root_propagation_end & MS_PRIVATE)
			p->root_propagation = p->root_propagation_end | MS_REC;
	}
	p->proc.keep_groups |= p->ids.deny_setgroups;
	if (!o->no_new_keyring)
		p->proc.keyring = arena_fmt(a, "_ses.%s", o->id);
	if (c->linux) {
		p->sysctl = c->linux->sysctl;
		p->net_devices = c->linux->netDevices;
		p->intel_rdt = c->linux->intelRdt != NULL;
		if (p->net_devices.n && !(p->ns_all & CLONE_NEWNET))
			return err_set(err, ERR_CONFIG,
				       "/linux/netDevices: need a network namespace in "
				       "linux.namespaces");
		if (p->net_devices.n && p->rootless)
			return err_set(err, ERR_CONFIG,
				       "/linux/netDevices: an ordinary user cannot move network "
				       "devices: run as root");
	}
	return sysctl_check(&p->sysctl, p->ns_all, err);
}
