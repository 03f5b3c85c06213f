// SPDX-License-Identifier: Apache-2.0
/* checkpoint and restore, by the criu program. */
#include <limits.h>
#include <linux/prctl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "attach.h"
#include "cgroup.h"
#include "cmd.h"
#include "config.h"
#include "create.h"
#include "criu_restore.h"
#include "fd.h"
#include "lifecycle.h"
#include "log.h"
#include "path.h"

/* What both verbs take; `at` gives a member's place in their structs of options. */
/* clang-format off */
#define COMMON(at)                                                                                 \
	{"work-path", 0, OPT_STR, at(work_path), "DIR",                                            \
	 "criu's log and statistics (--image-path)"},                                              \
	{"tcp-established", 0, OPT_FLAG, at(tcp_established), NULL, "with open TCP connections"},  \
	{"ext-unix-sk", 0, OPT_FLAG, at(ext_unix_sk), NULL, "with unix sockets to the outside"},   \
	{"shell-job", 0, OPT_FLAG, at(shell_job), NULL, "with a terminal of the outside"},         \
	{"file-locks", 0, OPT_FLAG, at(file_locks), NULL, "with file locks"},                      \
	{"link-remap", 0, OPT_FLAG, at(link_remap), NULL, "with open files that were unlinked"},   \
	{"manage-cgroups-mode", 0, OPT_STR, at(manage_cgroups), "MODE",                            \
	 "ignore, soft, full or strict (default: soft)"},                                          \
	{"empty-ns", 0, OPT_STR, at(empty_ns), "NAME",                                             \
	 "network: without what is in that namespace"},                                            \
	{"network-lock", 0, OPT_STR, at(network_lock), "METHOD", "iptables, nftables or skip"}
/* clang-format on */

#define K(m) offsetof(struct criu_flags, m)
const struct opt checkpoint_opts_table[] = {
	{"image-path", 0, OPT_STR, K(image_path), "DIR", "where the image goes (./checkpoint)"},
	COMMON(K),
	{"parent-path", 0, OPT_STR, K(parent_path), "DIR",
	 "an earlier pre-dump, relative to --image-path"},
	{"leave-running", 0, OPT_FLAG, K(leave_running), NULL, "let the container go on"},
	{"pre-dump", 0, OPT_FLAG, K(pre_dump), NULL,
	 "memory alone, the container goes on: a later checkpoint has less to write"},
	{"tcp-skip-in-flight", 0, OPT_FLAG, K(tcp_skip_in_flight), NULL,
	 "without TCP connections that are being made"},
	{"lazy-pages", 0, OPT_FLAG, K(lazy_pages), NULL, "serve memory later (criu lazy-pages)"},
	{"status-fd", 0, OPT_STR, K(status_fd), "FD", "gets a NUL when the page server is ready"},
	{"page-server", 0, OPT_STR, K(page_server), "ADDRESS:PORT", "send memory there"},
	{"auto-dedup", 0, OPT_FLAG, K(auto_dedup), NULL, "punch what is old out of parent images"},
	OPT_END,
};
const size_t checkpoint_opts_size = sizeof(struct criu_flags);

struct restore_opts {
	struct create_opts create;
	struct criu_flags criu;
};
#define C(m) offsetof(struct restore_opts, create.m)
#define R(m) offsetof(struct restore_opts, criu.m)
const struct opt restore_opts_table[] = {
	{"image-path", 0, OPT_STR, R(image_path), "DIR", "where the image is (./checkpoint)"},
	COMMON(R),
	{"bundle", 'b', OPT_STR, C(bundle), "DIR", "the bundle (default: the current directory)"},
	{"config", 'f', OPT_STR, C(config), "FILE", "config.json by another name"},
	{"console-socket", 0, OPT_STR, C(console_socket), "PATH",
	 "unix socket that gets the terminal's master"},
	{"pid-file", 0, OPT_STR, C(pid_file), "FILE", "write the pid of the container here"},
	{"detach", 'd', OPT_FLAG, C(detach), NULL, "do not wait for the container"},
	{"keep", 0, OPT_FLAG, C(keep), NULL, "keep its state when it has ended"},
	{"no-subreaper", 0, OPT_FLAG, C(no_subreaper), NULL,
	 "do not adopt the container's orphans"},
	{"no-pivot", 0, OPT_FLAG, C(no_pivot), NULL, "no effect: criu makes the root"},
	{"tcp-close", 0, OPT_FLAG, R(tcp_close), NULL, "with TCP connections closed"},
	{"lazy-pages", 0, OPT_FLAG, R(lazy_pages), NULL, "fetch memory later (criu lazy-pages)"},
	{"auto-dedup", 0, OPT_FLAG, R(auto_dedup), NULL, "punch restored pages out of the image"},
	{"lsm-profile", 0, OPT_STR, R(lsm_profile), "KIND:NAME", "another profile or label"},
	{"lsm-mount-context", 0, OPT_STR, R(lsm_mount_context), "LABEL", "another mount label"},
	OPT_END,
};
const size_t restore_opts_size = sizeof(struct restore_opts);

/* ---- directories ---- */

struct dirs {
	int images, work;
	const char *image_path, *work_path;
};

static int open_dir(const char *option, const char *path, bool make, int *ret, struct err *err)
{
	if (make)
		sys_mkdirat(AT_FDCWD, path, 0700);
	*ret = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	return *ret < 0 ? err_sys(err, *ret, "%s %s", option, path) : 0;
}

static void drop_dirs(struct dirs *d)
{
	fd_drop(&d->images);
	fd_drop(&d->work);
}

static int open_dirs(const struct criu_flags *o, bool make, struct dirs *d, struct err *err)
{
	*d = (struct dirs){.images = -1, .work = -1};
	d->image_path = o->image_path ? o->image_path : "checkpoint";
	d->work_path = o->work_path ? o->work_path : d->image_path;
	if (open_dir("--image-path", d->image_path, make, &d->images, err) < 0)
		return -1;
	return open_dir("--work-path", d->work_path, true, &d->work, err);
}

/* criu follows the symlink `parent` in the image: a path from elsewhere would lead nowhere. */
static int check_parent(const struct criu_flags *o, int images, struct err *err)
{
	struct stat st;
	int r;

	if (!o->parent_path)
		return 0;
	if (o->parent_path[0] == '/')
		return err_set(err, ERR_USAGE, "--parent-path %s: must be relative to --image-path",
			       o->parent_path);
	r = (int)SYS(newfstatat, images, o->parent_path, &st, 0);
	if (r < 0)
		return err_sys(err, r, "--parent-path %s (relative to --image-path)",
			       o->parent_path);
	return S_ISDIR(st.st_mode)
		       ? 0
		       : err_set(err, ENOTDIR, "--parent-path %s: not a directory", o->parent_path);
}

static int check_powers(const struct ctx *x, const char *verb, struct err *err)
{
	if (x->facts.uid == 0)
		return 0;
	return err_set(err, EPERM, "%s needs root: criu cannot do it for an ordinary user", verb);
}

/* ---- checkpoint: what the container is now ---- */

/* The plan of a container that exists. Its limits are not ours to judge again. */
static int plan_of(struct ctx *x, const struct container *c, struct plan *p, struct err *err)
{
	struct config *config = arena_new(x->arena, struct config);
	struct create_options o = {
		.id = c->s.id,
		.bundle = c->s.bundle,
		.no_cgroup = true,
		.run = true,
	};

	if (config_load(c->dir, "config.json", &config_fields, config, x->arena, err) < 0)
		return -1;
	if (config->linux)
		config->linux->resources = NULL;
	if (plan_build(config, &x->facts, &o, x->arena, p, err) < 0)
		return -1;
	p->cgroup.none = !c->s.cgroup_path;
	return 0;
}

/* The path of what `fd` is, in its own mount namespace. */
static const char *real_path(const struct ctx *x, int fd)
{
	char name[32];
	char text[PATH_MAX];
	ssize_t n;

	fmt(name, sizeof(name), "self/fd/%d", fd);
	n = sys_readlinkat(x->facts.proc, name, text, sizeof(text));
	return n > 0 && (size_t)n < sizeof(text) ? arena_strndup(x->arena, text, (size_t)n) : NULL;
}

/* Where the container has the mounts of its plan: a destination may lead over symlinks. What hides
 * a directory is a tmpfs of the container's own. */
static int find_mounts(struct ctx *x, pid_t pid, struct criu_facts *f, struct err *err)
{
	const char **dests = arena_array(x->arena, const char *, f->plan->n_mounts + 1);
	auto_fd root = -1;
	char path[64];
	size_t len;
	char *text;

	fmt(path, sizeof(path), "%d/root", pid);
	root = sys_openat(x->facts.proc, path, O_PATH | O_DIRECTORY, 0);
	if (root < 0)
		return err_sys(err, root, "open /proc/%s", path);
	for (uint32_t i = 0; i < f->plan->n_mounts; i++) {
		const struct mount_op *op = &f->plan->mounts[i];
		auto_fd fd = path_open(root, op->dest, O_PATH);
		struct stat st;

		if (fd >= 0 && SYS(fstat, fd, &st) == 0 &&
		    !(op->kind == MOUNT_MASK && S_ISDIR(st.st_mode)))
			dests[i] = real_path(x, fd);
	}
	f->dests = dests;
	fmt(path, sizeof(path), "%d/mountinfo", pid);
	text = fd_read_file(x->facts.proc, path, 64 << 20, x->arena, &len, err);
	if (!text)
		return -1;
	f->mountpoints = criu_mountpoints(text, x->arena);
	return 0;
}

static int find_namespaces(struct ctx *x, struct criu_facts *f, struct err *err)
{
	f->ns_inodes = arena_array(x->arena, uint64_t, f->plan->n_joins + 1);
	for (uint32_t i = 0; i < f->plan->n_joins; i++) {
		struct stat st;
		int r = (int)SYS(newfstatat, AT_FDCWD, f->plan->joins[i].path, &st, 0);

		if (r < 0)
			return err_sys(err, r, "namespace %s", f->plan->joins[i].path);
		f->ns_inodes[i] = st.st_ino;
	}
	return 0;
}

/* Is the mount that a descriptor came by one of the container's? */
static bool is_own_mount(const struct ctx *x, pid_t pid, const char *id)
{
	struct err ignored = {0};
	char path[64];
	size_t len;
	const char *text;

	fmt(path, sizeof(path), "%d/mountinfo", pid);
	text = fd_read_file(x->facts.proc, path, 64 << 20, x->arena, &len, &ignored);
	return text && text_line(text, arena_fmt(x->arena, "%s ", id));
}

/* criu has ways of its own for these: tty, console, and the slaves of ptys */
static bool is_terminal(const struct stat *st)
{
	unsigned n = major(st->st_rdev);

	return S_ISCHR(st->st_mode) && (n == 4 || n == 5 || (n >= 136 && n <= 143));
}

/* One entry of descriptors.json: what the file is called; "file[MNT:INODE]", criu's name for one
 * that only the outside can open. */
static const char *describe(struct ctx *x, pid_t pid, int fd)
{
	char path[64];
	char link[PATH_MAX];
	char info[1024];
	struct stat st;
	const char *id;
	uint32_t mount;
	ssize_t n;

	fmt(path, sizeof(path), "%d/fd/%d", pid, fd);
	n = sys_readlinkat(x->facts.proc, path, link, sizeof(link) - 1);
	if (n <= 0)
		return "";
	link[n] = '\0';
	if (link[0] != '/' || SYS(newfstatat, x->facts.proc, path, &st, 0) < 0 || is_terminal(&st))
		return arena_strdup(x->arena, link);
	fmt(path, sizeof(path), "%d/fdinfo/%d", pid, fd);
	if (fd_read_small(x->facts.proc, path, info, sizeof(info)) <= 0)
		return arena_strdup(x->arena, link);
	id = text_line(info, "mnt_id:\t");
	if (!id || !num_u32(arena_strndup(x->arena, id, strcspn(id, "\n")), &mount))
		return arena_strdup(x->arena, link);
	return is_own_mount(x, pid, arena_fmt(x->arena, "%u", mount))
		       ? arena_strdup(x->arena, link)
		       : arena_fmt(x->arena, "file[%x:%lx]", mount, (unsigned long)st.st_ino);
}

static int write_stdio(struct ctx *x, pid_t pid, int images, struct strs *ret, struct err *err)
{
	struct buf b = BUF_INIT(x->arena);
	int r;

	*ret = (struct strs){.v = arena_array(x->arena, char *, 4), .n = 3};
	for (int i = 0; i < 3; i++) {
		ret->v[i] = (char *)describe(x, pid, i);
		buf_str(&b, i ? "," : "[");
		buf_json_str(&b, ret->v[i]);
	}
	buf_str(&b, "]");
	r = fd_replace_file(images, "descriptors.json", 0600, b.data, b.len);
	return r < 0 ? err_sys(err, r, "write descriptors.json into --image-path") : 0;
}

static pid_t parent_of(const struct ctx *x, pid_t pid)
{
	char path[32];
	char text[4096];
	const char *line;
	int64_t n = 0;

	fmt(path, sizeof(path), "%d/status", pid);
	if (fd_read_small(x->facts.proc, path, text, sizeof(text)) <= 0)
		return 0;
	line = text_line(text, "PPid:\t");
	return line && num_i64(arena_strndup(x->arena, line, strcspn(line, "\n")), &n) ? (pid_t)n
										       : 0;
}

/* criu writes down init and what descends from it. What exec made descends from somebody outside;
 * criu freezes it, leaves it out, and says so in its log alone. */
static void warn_of_outsiders(struct ctx *x, const struct container *c)
{
	auto_fd cg = c->s.cgroup_path ? cgroup_open(c->s.cgroup_mount, c->s.cgroup_path) : -1;
	struct buf b = BUF_INIT(x->arena);
	pid_t *pids = NULL;
	uint32_t n = 0;

	if (cg < 0 || cgroup_pids(cg, x->arena, &pids, &n) < 0)
		return;
	for (uint32_t i = 0; i < n; i++) {
		pid_t parent = pids[i] == (pid_t)c->s.pid.v ? 0 : parent_of(x, pids[i]);
		uint32_t k = 0;

		while (k < n && pids[k] != parent)
			k++;
		if (parent > 0 && k == n)
			buf_fmt(&b, " %d", pids[i]);
	}
	if (b.len)
		log_warning("checkpoint %s: not in the image, because exec made them and their "
			    "parent is outside of the container: pid%s",
			    c->s.id, b.data);
}

static int dump(struct ctx *x, const struct criu_flags *o, const struct container *c,
		const struct dirs *d, struct err *err)
{
	struct criu_request request;
	struct plan p;
	struct criu_facts f = {
		.flags = o,
		.plan = &p,
		.images = d->images,
		.work = d->work,
		.pid = (pid_t)c->s.pid.v,
		.root = c->s.rootfs,
	};
	struct criu_call call = {
		.request = &request,
		.cgroup = -1,
		.work = d->work,
		.work_path = d->work_path,
		.env = x->facts.environ,
	};
	pid_t ignored;

	if (plan_of(x, c, &p, err) < 0)
		return -1;
	warn_of_outsiders(x, c);
	if (c->s.cgroup_path)
		f.cgroup = arena_fmt(x->arena, "%s%s", c->s.cgroup_mount, c->s.cgroup_path);
	f.config_file = criu_config_file(&c->s.annotations);
	if (find_mounts(x, f.pid, &f, err) < 0 || find_namespaces(x, &f, err) < 0 ||
	    write_stdio(x, f.pid, d->images, &f.stdio, err) < 0 ||
	    criu_plan(&f, x->arena, &request, err) < 0)
		return -1;
	return criu_run(&call, x->arena, &ignored, err);
}

int cmd_checkpoint(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct criu_flags *o = opts;
	struct container c;
	__attribute__((cleanup(drop_dirs))) struct dirs d = {.images = -1, .work = -1};
	auto_fd dir = -1;

	if (check_powers(x, "checkpoint", err) < 0 ||
	    store_get(&x->store, args->v[0], &x->facts, true, x->arena, &c, err) < 0)
		return -1;
	dir = c.dir;
	if (lifecycle_check(VERB_CHECKPOINT, c.status, c.s.id, err) < 0)
		return -1;
	if (open_dirs(o, true, &d, err) < 0 || check_parent(o, d.images, err) < 0 ||
	    dump(x, o, &c, &d, err) < 0)
		return err_ctx(err, "checkpoint %s", c.s.id);
	/* criu has ended the processes; what was around them goes as with delete */
	if (o->leave_running || o->pre_dump)
		return 0;
	return lifecycle_delete(&x->store, &c, &x->facts, x->arena, err);
}

/* ---- restore ---- */

struct list_text {
	struct strs v;
};
static const struct field list_rows[] = {F(struct list_text, v)};
static const struct fields list_fields = FIELDS(struct list_text, list_rows);

/* An image without the file (criu's own) has nothing to hand in. */
static int read_stdio(struct ctx *x, int images, struct strs *ret, struct err *err)
{
	struct list_text list = {0};
	size_t len = 0;
	char *text = fd_read_file(images, "descriptors.json", 1 << 20, x->arena, &len, err);

	if (!text && err->code == ENOENT) {
		*err = (struct err){0};
		return 0;
	}
	if (!text)
		return -1;
	text = arena_fmt(x->arena, "{\"v\":%s}", text);
	if (decode(&list_fields, &list, text, strlen(text), 0, x->arena, err) < 0)
		return err_ctx(err, "descriptors.json");
	*ret = list.v;
	return 0;
}

static int open_image(struct ctx *x, const struct criu_flags *o, struct restore *r, struct err *err)
{
	struct dirs d;

	if (open_dirs(o, false, &d, err) < 0)
		return -1;
	if (SYS(faccessat, d.images, "inventory.img", 0) < 0)
		return err_set(err, ENOENT,
			       "--image-path %s: no checkpoint is there (no inventory.img)",
			       d.image_path);
	*r = (struct restore){.flags = o,
			      .images = d.images,
			      .work = d.work,
			      .image_path = d.image_path,
			      .work_path = d.work_path};
	return read_stdio(x, d.images, &r->stdio, err);
}

int cmd_restore(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct restore_opts *o = opts;
	struct attach t = {.signals = -1};
	struct create_options co;
	struct restore image;
	struct create c;
	struct plan p;
	uint64_t old = 0;

	if (check_powers(x, "restore", err) < 0 ||
	    cmd_prepare(x, &o->create, args->v[0], true, &c, &co, &p, err) < 0)
		return -1;
	if (open_image(x, &o->criu, &image, err) < 0 || (!co.detach && attach_prepare(&t, err) < 0))
		return err_ctx(err, "restore %s", args->v[0]);
	c.restore = &image;
	if (co.detach)
		cmd_block_signals(&old);
	else if (!co.no_subreaper)
		sys_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (create_run(&c, restore_steps, err) < 0)
		return err_ctx(err, "restore %s", args->v[0]);
	if (create_poststart(&c, err) < 0) {
		create_undo(&c, restore_steps);
		return err_ctx(err, "restore %s", args->v[0]);
	}
	return co.detach ? 0 : cmd_foreground(x, &c, &t, err);
}
