// SPDX-License-Identifier: Apache-2.0
/*
 * mounts, devices, masked and read-only paths as one list of operations, in the order in which
 * they are done. Pure.
 */
#include <limits.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "path.h"
#include "plan.h"
#include "mount_options.h"
#include "sys.h"

#define ATIME MOUNT_ATTR__ATIME

/*
 * A word of mounts[].options (config.md#posix-platform-mounts): what it sets and clears, as MS_*
 * for a file system that is mounted new, and as MOUNT_ATTR_* for a bind. `rec`: the attributes are
 * for the whole tree.
 */
const struct mount_option mount_options[] = {
	{.name = "defaults"},
	{.name = "async", .clr = MS_SYNCHRONOUS},
	{.name = "sync", .set = MS_SYNCHRONOUS},
	{.name = "dirsync", .set = MS_DIRSYNC},
	{.name = "iversion", .set = MS_I_VERSION},
	{.name = "noiversion", .clr = MS_I_VERSION},
	{.name = "lazytime", .set = MS_LAZYTIME},
	{.name = "nolazytime", .clr = MS_LAZYTIME},
	{.name = "loud", .clr = MS_SILENT},
	{.name = "silent", .set = MS_SILENT},
	{.name = "mand", .set = MS_MANDLOCK},
	{.name = "nomand", .clr = MS_MANDLOCK},
	{.name = "atime", .clr = MS_NOATIME, .attr_clr = ATIME},
	{.name = "noatime", .set = MS_NOATIME, .attr_set = MOUNT_ATTR_NOATIME, .attr_clr = ATIME},
	{.name = "relatime", .set = MS_RELATIME, .attr_clr = ATIME},
	{.name = "norelatime", .clr = MS_RELATIME},
	{.name = "strictatime",
	 .set = MS_STRICTATIME,
	 .attr_set = MOUNT_ATTR_STRICTATIME,
	 .attr_clr = ATIME},
	{.name = "nostrictatime", .clr = MS_STRICTATIME, .attr_clr = ATIME},
	{.name = "diratime", .clr = MS_NODIRATIME, .attr_clr = MOUNT_ATTR_NODIRATIME},
	{.name = "nodiratime", .set = MS_NODIRATIME, .attr_set = MOUNT_ATTR_NODIRATIME},
	{.name = "dev", .clr = MS_NODEV, .attr_clr = MOUNT_ATTR_NODEV},
	{.name = "nodev", .set = MS_NODEV, .attr_set = MOUNT_ATTR_NODEV},
	{.name = "exec", .clr = MS_NOEXEC, .attr_clr = MOUNT_ATTR_NOEXEC},
	{.name = "noexec", .set = MS_NOEXEC, .attr_set = MOUNT_ATTR_NOEXEC},
	{.name = "suid", .clr = MS_NOSUID, .attr_clr = MOUNT_ATTR_NOSUID},
	{.name = "nosuid", .set = MS_NOSUID, .attr_set = MOUNT_ATTR_NOSUID},
	{.name = "rw", .clr = MS_RDONLY, .attr_clr = MOUNT_ATTR_RDONLY},
	{.name = "ro", .set = MS_RDONLY, .attr_set = MOUNT_ATTR_RDONLY},
	{.name = "symfollow", .clr = MS_NOSYMFOLLOW, .attr_clr = MOUNT_ATTR_NOSYMFOLLOW},
	{.name = "nosymfollow", .set = MS_NOSYMFOLLOW, .attr_set = MOUNT_ATTR_NOSYMFOLLOW},
	{.name = "ratime", .rec = true, .attr_clr = ATIME},
	{.name = "rnoatime", .rec = true, .attr_set = MOUNT_ATTR_NOATIME, .attr_clr = ATIME},
	{.name = "rrelatime", .rec = true, .attr_clr = ATIME},
	{.name = "rnorelatime", .rec = true},
	{.name = "rstrictatime",
	 .rec = true,
	 .attr_set = MOUNT_ATTR_STRICTATIME,
	 .attr_clr = ATIME},
	{.name = "rnostrictatime", .rec = true, .attr_clr = ATIME},
	{.name = "rdiratime", .rec = true, .attr_clr = MOUNT_ATTR_NODIRATIME},
	{.name = "rnodiratime", .rec = true, .attr_set = MOUNT_ATTR_NODIRATIME},
	{.name = "rdev", .rec = true, .attr_clr = MOUNT_ATTR_NODEV},
	{.name = "rnodev", .rec = true, .attr_set = MOUNT_ATTR_NODEV},
	{.name = "rexec", .rec = true, .attr_clr = MOUNT_ATTR_NOEXEC},
	{.name = "rnoexec", .rec = true, .attr_set = MOUNT_ATTR_NOEXEC},
	{.name = "rsuid", .rec = true, .attr_clr = MOUNT_ATTR_NOSUID},
	{.name = "rnosuid", .rec = true, .attr_set = MOUNT_ATTR_NOSUID},
	{.name = "rrw", .rec = true, .attr_clr = MOUNT_ATTR_RDONLY},
	{.name = "rro", .rec = true, .attr_set = MOUNT_ATTR_RDONLY},
	{.name = "rsymfollow", .rec = true, .attr_clr = MOUNT_ATTR_NOSYMFOLLOW},
	{.name = "rnosymfollow", .rec = true, .attr_set = MOUNT_ATTR_NOSYMFOLLOW},
	{.name = "shared", .propagation = MS_SHARED},
	{.name = "rshared", .propagation = MS_SHARED, .rec = true},
	{.name = "slave", .propagation = MS_SLAVE},
	{.name = "rslave", .propagation = MS_SLAVE, .rec = true},
	{.name = "private", .propagation = MS_PRIVATE},
	{.name = "rprivate", .propagation = MS_PRIVATE, .rec = true},
	{.name = "unbindable", .propagation = MS_UNBINDABLE},
	{.name = "runbindable", .propagation = MS_UNBINDABLE, .rec = true},
	{.name = "bind", .word = WORD_BIND},
	{.name = "rbind", .word = WORD_BIND, .rec = true},
	{.name = "remount", .word = WORD_REMOUNT},
	{.name = "tmpcopyup", .word = WORD_COPYUP},
	{.name = "idmap", .word = WORD_IDMAP},
	{.name = "ridmap", .word = WORD_IDMAP, .rec = true},
	{.name = "src-nofollow", .word = WORD_SRC_NOFOLLOW},
	{.name = "copy-symlink", .word = WORD_SRC_NOFOLLOW},
	{0},
};

struct mount_ctx {
	const struct config *c;
	const struct facts *f;
	struct arena *arena;
	struct plan *p;
	uint32_t cap;
	struct err *err;
};

static struct mount_op *add(struct mount_ctx *m, struct mount_op op)
{
	struct plan *p = m->p;

	if (p->n_mounts == m->cap) {
		uint32_t cap = m->cap ? m->cap * 2 : 64;

		p->mounts = arena_grow(m->arena, p->mounts, m->cap * sizeof(op), cap * sizeof(op));
		m->cap = cap;
	}
	op.fd = -1;
	p->mounts[p->n_mounts] = op;
	return &p->mounts[p->n_mounts++];
}

static const struct mount_option *find_option(const char *name)
{
	/* most begin with "no": the third letter tells more than the first */
	char third = '\0';

	if (name[0] && name[1])
		third = name[2];
	for (const struct mount_option *o = mount_options; o->name; o++)
		if (o->name[2] == third && strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

struct words {
	bool bind, idmap;
	const char *idmap_spec; /* behind "idmap=" */
	struct buf data;
};

static void apply_option(struct mount_op *op, struct words *w, const struct mount_option *o)
{
	uint64_t *set = o->rec && !o->word ? &op->rattr_set : &op->attr_set;
	uint64_t *clr = o->rec && !o->word ? &op->rattr_clr : &op->attr_clr;

	op->flags = (op->flags & ~o->clr) | o->set;
	*set = (*set & ~o->attr_clr) | o->attr_set;
	*clr = (*clr & ~o->attr_set) | o->attr_clr;
	if (o->propagation) {
		op->propagation = o->propagation;
		op->propagation_rec = o->rec;
	}
	switch (o->word) {
	case WORD_NONE:
		break;
	case WORD_BIND:
		w->bind = true;
		op->recursive = o->rec;
		break;
	case WORD_REMOUNT:
		op->kind = MOUNT_REMOUNT;
		break;
	case WORD_COPYUP:
		op->copyup = true;
		break;
	case WORD_IDMAP:
		w->idmap = true;
		op->idmap_rec = o->rec;
		break;
	case WORD_SRC_NOFOLLOW:
		op->follow_source = false;
		break;
	}
}

static void parse_options(struct mount_ctx *m, const struct mount *in, struct mount_op *op,
			  struct words *w)
{
	w->data = BUF_INIT(m->arena);
	for (uint32_t i = 0; i < in->options.n; i++) {
		const char *text = in->options.v[i];
		const struct mount_option *o = find_option(text);

		if (o) {
			apply_option(op, w, o);
			continue;
		}
		if (strncmp(text, "idmap=", 6) == 0) {
			w->idmap = true;
			w->idmap_spec = text + 6;
			continue;
		}
		buf_fmt(&w->data, "%s%s", w->data.len ? "," : "", text);
	}
	op->data = w->data.data;
}

static const char *maps_text(struct arena *a, const struct list *maps)
{
	struct buf b = BUF_INIT(a);

	for (uint32_t i = 0; i < maps->n; i++) {
		const struct id_mapping *m = list_at(*maps, struct id_mapping, i);

		buf_fmt(&b, "%u %u %u\n", m->containerID.v, m->hostID.v, m->size.v);
	}
	return b.data ? b.data : "";
}

/* crun's "idmap=uids=0-1000-10#11-2000-1;gids=...": '#' parts ranges, '-' numbers. */
static const char *spec_part(struct arena *a, const char *spec, const char *key)
{
	const char *p = strstr(spec, key);
	char *text;

	if (!p)
		return "";
	p += strlen(key);
	text = arena_fmt(a, "%.*s\n", (int)strcspn(p, ";"), p);
	for (char *c = text; *c; c++)
		*c = (char)(*c == '-' ? ' ' : *c == '#' ? '\n' : *c);
	return text;
}

static int plan_idmap(struct mount_ctx *m, const struct mount *in, struct mount_op *op,
		      const struct words *w)
{
	struct plan *p = m->p;
	struct idmap want = {.fd = -1};

	if (in->uidMappings.n || in->gidMappings.n) {
		want.uid_map = maps_text(m->arena, &in->uidMappings);
		want.gid_map = maps_text(m->arena, &in->gidMappings);
	} else if (w->idmap_spec) {
		want.uid_map = spec_part(m->arena, w->idmap_spec, "uids=");
		want.gid_map = spec_part(m->arena, w->idmap_spec, "gids=");
	} else {
		if (!(p->ns_all & CLONE_NEWUSER))
			return err_set(
				m->err, ERR_CONFIG,
				"%s: idmap needs uidMappings and gidMappings, or a container "
				"with a user namespace",
				op->where);
		want.container = true;
		want.uid_map = p->ids.uid;
		want.gid_map = p->ids.gid;
	}
	if (!want.container && (!*want.uid_map || !*want.gid_map))
		return err_set(m->err, ERR_CONFIG,
			       "%s: uidMappings and gidMappings must be given together", op->where);
	for (uint32_t i = 0; i < p->n_idmaps; i++) {
		if (p->idmaps[i].container == want.container &&
		    (want.container || (strcmp(p->idmaps[i].uid_map, want.uid_map) == 0 &&
					strcmp(p->idmaps[i].gid_map, want.gid_map) == 0))) {
			op->idmap = (int)i;
			return 0;
		}
	}
	p->idmaps = arena_grow(m->arena, p->idmaps, p->n_idmaps * sizeof(want),
			       (p->n_idmaps + 1) * sizeof(want));
	op->idmap = (int)p->n_idmaps;
	p->idmaps[p->n_idmaps++] = want;
	return 0;
}

/* What may be put on procfs: the files that lxcfs and the like replace. CVE-2019-16884, -19921. */
static bool proc_file_allowed(const char *dest)
{
	static const char *const allowed[] = {
		"/proc/cpuinfo",
		"/proc/diskstats",
		"/proc/meminfo",
		"/proc/stat",
		"/proc/swaps",
		"/proc/uptime",
		"/proc/loadavg",
		"/proc/slabinfo",
		"/proc/net/dev",
		"/proc/sys/kernel/ns_last_pid",
		"/proc/sys/crypto/fips_enabled",
	};

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (strcmp(dest, allowed[i]) == 0)
			return true;
	return false;
}

static void make_bind(struct mount_op *op, const char *source, bool recursive)
{
	op->kind = MOUNT_BIND;
	op->source = source;
	op->recursive = recursive;
	op->data = NULL;
}

static void plan_cgroup_mount(struct mount_ctx *m, struct mount_op *op)
{
	bool own = m->p->ns_all & CLONE_NEWCGROUP;

	op->data = NULL;
	op->type = "cgroup2";
	op->source = "cgroup";
	if (own)
		return;
	/* A new cgroup2 mount from the host's cgroup namespace takes 6 to 25 ms, a clone of the one
	 * that is there 0.05; and in a user namespace it must not be writable (CVE-2023-25809). */
	make_bind(op, m->f->cgroup_mount ? m->f->cgroup_mount : "/sys/fs/cgroup", true);
	if (m->p->ns_all & CLONE_NEWUSER) {
		op->attr_set |= MOUNT_ATTR_RDONLY;
		op->attr_clr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
}

static bool takes_label(const char *type)
{
	static const char *const without[] = {"proc", "sysfs", "cgroup", "cgroup2", "mqueue"};

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (strcmp(type, without[i]) == 0)
			return false;
	return true;
}

/* devpts gid=5 where group 5 has no mapping would be refused with EINVAL. */
static bool gid_is_mapped(const char *maps, uint32_t gid)
{
	while (maps && *maps) {
		uint64_t n[3] = {0};

		for (int i = 0; i < 3; i++) {
			maps += strspn(maps, " ");
			for (; *maps >= '0' && *maps <= '9'; maps++)
				n[i] = n[i] * 10 + (uint64_t)(*maps - '0');
		}
		if (gid >= n[0] && gid < n[0] + n[2])
			return true;
		maps += strcspn(maps, "\n");
		maps += *maps == '\n';
	}
	return false;
}

static const char *without_option(struct arena *a, const char *data, const char *key)
{
	struct buf b = BUF_INIT(a);

	while (data && *data) {
		size_t n = strcspn(data, ",");

		if (strncmp(data, key, strlen(key)) != 0)
			buf_fmt(&b, "%s%.*s", b.len ? "," : "", (int)n, data);
		data += n + (data[n] == ',');
	}
	return b.data;
}

static void plan_new(struct mount_ctx *m, struct mount_op *op)
{
	uint64_t ns = m->p->ns_all;
	bool user = ns & CLONE_NEWUSER;
	const char *gids = m->p->ids.gid ? m->p->ids.gid : m->f->gid_map;

	op->must_be_plain = strcmp(op->type, "proc") == 0 || strcmp(op->type, "sysfs") == 0;
	op->proc_allowed = strcmp(op->type, "proc") == 0 && strcmp(op->dest, "/proc") == 0;
	if (strcmp(op->type, "cgroup") == 0 || strcmp(op->type, "cgroup2") == 0) {
		plan_cgroup_mount(m, op);
	} else if (user && strcmp(op->type, "sysfs") == 0 && !(ns & CLONE_NEWNET)) {
		/* the kernel gives a new sysfs only to the owner of the network namespace */
		make_bind(op, "/sys", true);
		/* with the host's mounts below it, which are nobody's to write to either */
		op->rattr_set |= op->flags & MS_RDONLY ? MOUNT_ATTR_RDONLY : 0;
	} else if (user && strcmp(op->type, "proc") == 0 && !(ns & CLONE_NEWPID)) {
		make_bind(op, "/proc", true);
	} else if (user && strcmp(op->type, "mqueue") == 0 && !(ns & CLONE_NEWIPC)) {
		make_bind(op, "/dev/mqueue", false);
	} else if (strcmp(op->type, "devpts") == 0 && gids && !gid_is_mapped(gids, 5)) {
		op->data = without_option(m->arena, op->data, "gid=");
	} else if (strcmp(op->type, "tmpfs") == 0) {
		op->inherit_mode = !op->data || (strncmp(op->data, "mode=", 5) != 0 &&
						 !strstr(op->data, ",mode="));
	}
	if (op->kind == MOUNT_NEW && m->c->linux && m->c->linux->mountLabel &&
	    *m->c->linux->mountLabel && takes_label(op->type)) {
		const char *kind = pairs_get(&m->c->annotations, "run.oci.mount_context_type");

		op->data = arena_fmt(m->arena, "%s%s%s=\"%s\"", op->data ? op->data : "",
				     op->data ? "," : "", kind ? kind : "context",
				     m->c->linux->mountLabel);
	}
}

static int plan_mount(struct mount_ctx *m, const struct mount *in, uint32_t index)
{
	char clean[PATH_MAX];
	struct words w = {0};
	struct mount_op op = {.kind = MOUNT_NEW, .follow_source = true, .idmap = -1};

	op.where = arena_fmt(m->arena, "mounts[%u] %s", index, in->destination);
	if (!*in->destination || !path_clean(in->destination, clean, sizeof(clean)))
		return err_set(m->err, ERR_CONFIG, "/mounts/%u/destination: \"%s\" is not a path",
			       index, in->destination);
	if (in->destination[0] != '/')
		plan_warn(&m->p->warnings, m->arena,
			  "/mounts/%u/destination: \"%s\" is relative; taken from the root", index,
			  in->destination);
	op.dest = arena_strdup(m->arena, clean);
	op.type = in->type ? in->type : "none";
	op.source = in->source;
	op.propagation = 0;
	parse_options(m, in, &op, &w);
	/* a bind is told by its option; a type "bind" alone means the same (runc accepts it) */
	if (strcmp(op.type, "bind") == 0)
		w.bind = true;
	if (w.bind && op.kind != MOUNT_REMOUNT) {
		if (!in->source || !*in->source)
			return err_set(m->err, ERR_CONFIG,
				       "/mounts/%u/source: a bind needs a source", index);
		if (op.data)
			plan_warn(&m->p->warnings, m->arena,
				  "%s: option \"%s\" has no meaning for a bind; ignored", op.where,
				  op.data);
		op.kind = MOUNT_BIND;
		op.data = NULL;
		op.source = in->source[0] == '/'
				    ? in->source
				    : arena_fmt(m->arena, "%s/%s", m->p->bundle, in->source);
		op.proc_allowed = proc_file_allowed(op.dest);
		op.source_in_root = path_clean(op.source, clean, sizeof(clean)) &&
				    path_is_below(clean, m->p->rootfs);
		if (op.source_in_root)
			op.source = arena_strdup(m->arena, clean + strlen(m->p->rootfs));
	} else if (op.kind == MOUNT_NEW) {
		if (!in->type || !*in->type)
			return err_set(m->err, ERR_CONFIG,
				       "/mounts/%u/type: missing, and the options have no bind",
				       index);
		plan_new(m, &op);
	}
	if (w.idmap || in->uidMappings.n || in->gidMappings.n) {
		if (op.kind != MOUNT_BIND)
			return err_set(m->err, ERR_CONFIG,
				       "%s: only a bind can have its own id mappings", op.where);
		if (m->p->rootless)
			return err_set(m->err, ERR_CONFIG,
				       "%s: an ordinary user cannot make id-mapped mounts: run as "
				       "root, or drop idmap",
				       op.where);
		if (plan_idmap(m, in, &op, &w) < 0)
			return -1;
	}
	add(m, op);
	return 0;
}

/* ---- devices ---- */

static const struct {
	const char *path;
	unsigned int major, minor;
} default_nodes[] = {
	{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
	{"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

static const struct {
	const char *path, *target;
} links[] = {
	{"/dev/fd", "/proc/self/fd"},	    {"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/core", "/proc/kcore"},	    {"/dev/ptmx", "pts/ptmx"},
};

/* /dev bound from somewhere is somebody else's: nothing is made in it. */
static bool dev_is_bound(const struct plan *p)
{
	for (uint32_t i = 0; i < p->n_mounts; i++)
		if (p->mounts[i].kind == MOUNT_BIND && strcmp(p->mounts[i].dest, "/dev") == 0)
			return true;
	return false;
}

static void add_node(struct mount_ctx *m, const char *path, mode_t mode, uint64_t dev, uint32_t uid,
		     uint32_t gid, const char *where)
{
	add(m, (struct mount_op){
		       .kind = MOUNT_NODE,
		       .dest = path,
		       .source = path,
		       .mode = mode,
		       .dev = dev,
		       .uid = uid,
		       .gid = gid,
		       .idmap = -1,
		       .bind_node = (m->p->ns_all & CLONE_NEWUSER) || m->f->in_userns ||
				    !facts_can(m->f, CAP_MKNOD),
		       .where = where,
	       });
}

static bool config_has_device(const struct config *c, const char *path)
{
	for (uint32_t i = 0; c->linux && i < c->linux->devices.n; i++)
		if (strcmp(list_at(c->linux->devices, struct device, i)->path, path) == 0)
			return true;
	return false;
}

static int plan_devices(struct mount_ctx *m)
{
	const struct linux_config *l = m->c->linux;

	for (uint32_t i = 0; l && i < l->devices.n; i++) {
		const struct device *d = list_at(l->devices, struct device, i);
		const char *where = arena_fmt(m->arena, "linux.devices[%u] %s", i, d->path);
		char clean[PATH_MAX];

		if (d->path[0] != '/' || !path_clean(d->path, clean, sizeof(clean)))
			return err_set(m->err, ERR_CONFIG,
				       "/linux/devices/%u/path: \"%s\" is not an absolute path", i,
				       d->path);
		if (d->type->value != S_IFIFO && (!d->major.set || !d->minor.set))
			return err_set(m->err, ERR_CONFIG,
				       "/linux/devices/%u: a device needs major and minor", i);
		/* these are links in every container, whatever the list says */
		if (strcmp(clean, "/dev/ptmx") == 0 || strcmp(clean, "/dev/console") == 0)
			continue;
		add_node(m, arena_strdup(m->arena, clean),
			 (mode_t)d->type->value | (d->fileMode.set ? d->fileMode.v & 07777 : 0666),
			 d->type->value == S_IFIFO
				 ? 0
				 : makedev((unsigned int)d->major.v, (unsigned int)d->minor.v),
			 d->uid.set ? d->uid.v : 0, d->gid.set ? d->gid.v : 0, where);
	}
	for (size_t i = 0; i < sizeof(default_nodes) / sizeof(default_nodes[0]); i++)
		if (!config_has_device(m->c, default_nodes[i].path))
			add_node(m, default_nodes[i].path, S_IFCHR | 0666,
				 makedev(default_nodes[i].major, default_nodes[i].minor), 0, 0,
				 "default device");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		add(m, (struct mount_op){.kind = MOUNT_LINK,
					 .dest = links[i].path,
					 .source = links[i].target,
					 .idmap = -1,
					 .where = "default link"});
	return 0;
}

static int plan_paths(struct mount_ctx *m, const struct strs *paths, enum mount_kind kind,
		      const char *name)
{
	size_t *len = arena_array(m->arena, size_t, paths->n + 1);

	for (uint32_t i = 0; i < paths->n; i++) {
		char clean[PATH_MAX];
		bool twice = false;

		len[i] = strlen(paths->v[i]);
		if (paths->v[i][0] != '/' || !path_clean(paths->v[i], clean, sizeof(clean)))
			return err_set(m->err, ERR_CONFIG,
				       "/linux/%s/%u: \"%s\" is not an absolute path", name, i,
				       paths->v[i]);
		for (uint32_t j = 0; j < i && !twice; j++)
			twice = len[j] == len[i] && memcmp(paths->v[j], paths->v[i], len[i]) == 0;
		if (twice)
			continue;
		add(m,
		    (struct mount_op){
			    .kind = (uint8_t)kind,
			    .dest = arena_strdup(m->arena, clean),
			    .optional = true,
			    .idmap = -1,
			    .where = arena_fmt(m->arena, "linux.%s[%u] %s", name, i, paths->v[i]),
		    });
	}
	return 0;
}

/* The socket that systemd gave our caller: the program says itself that it is ready. */
static void plan_notify(struct mount_ctx *m)
{
	if (!m->p->notify_socket)
		return;
	add(m, (struct mount_op){.kind = MOUNT_BIND,
				 .dest = PLAN_NOTIFY_SOCKET,
				 .source = m->p->notify_socket,
				 .follow_source = true,
				 .idmap = -1,
				 .where = "NOTIFY_SOCKET"});
}

int mount_plan_build(const struct config *c, const struct facts *f, struct arena *a, struct plan *p,
		     struct err *err)
{
	struct mount_ctx m = {.c = c, .f = f, .arena = a, .p = p, .err = err};

	for (uint32_t i = 0; i < c->mounts.n; i++)
		if (plan_mount(&m, list_at(c->mounts, struct mount, i), i) < 0)
			return -1;
	if (!p->own_mounts) {
		if (p->n_mounts)
			return err_set(err, ERR_CONFIG,
				       "/mounts: need a mount namespace in linux.namespaces");
		return 0;
	}
	plan_notify(&m);
	if (!dev_is_bound(p) && plan_devices(&m) < 0)
		return -1;
	if (!c->linux)
		return 0;
	if (plan_paths(&m, &c->linux->readonlyPaths, MOUNT_READONLY, "readonlyPaths") < 0)
		return -1;
	return plan_paths(&m, &c->linux->maskedPaths, MOUNT_MASK, "maskedPaths");
}
