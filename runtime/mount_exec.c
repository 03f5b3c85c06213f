// SPDX-License-Identifier: Apache-2.0
#include "mount_exec.h"

#include <dirent.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "copyup.h"
#include "fault.h"
#include "fd.h"
#include "hints.h"
#include "mount_nodes.h"
#include "path.h"

int mount_attach(int tree, int dest)
{
	return sys_move_mount(tree, "", dest, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int mount_clone(int fd, bool recursive, uint64_t attr)
{
	unsigned int flags = OPEN_TREE_CLONE | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
	struct mount_attr a = {.attr_set = attr};
	int tree = attr ? sys_open_tree_attr(fd, "", flags, &a) : sys_open_tree(fd, "", flags);
	int r;

	if (tree != -ENOSYS && !(tree == -EPERM && attr))
		return tree;
	/* before Linux 6.15 (or filtered): in two calls */
	tree = sys_open_tree(fd, "", flags);
	if (tree < 0)
		return tree;
	r = sys_mount_setattr(tree, "", AT_EMPTY_PATH | (flags & AT_RECURSIVE), &a);
	if (r < 0) {
		sys_close(tree);
		return r;
	}
	return tree;
}

/* The errors that mean: this kernel has no such call, do it the old way. */
static bool is_missing(int r)
{
	return r == -ENOSYS;
}

enum { CLOSE_FROM = 150 }; /* operations */

static int keep(struct mount_env *env, int fd)
{
	if (fd >= 0 && env->n_open < (int)(sizeof(env->open) / sizeof(env->open[0])))
		env->open[env->n_open++] = fd;
	return fd;
}

static void end_operation(const struct plan *p, struct mount_env *env)
{
	for (int i = 0; i < env->n_open && p->n_mounts > CLOSE_FROM; i++)
		sys_close(env->open[i]);
	env->n_open = 0;
}

/* ---- destinations ---- */

/* The directory of `path`, opened (made if need be, with `make`), and the last component's name. It
 * is env's, not the caller's. fd or -errno. */
static int parent_of(struct mount_env *env, const char *path, bool make, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	int fd;

	if (env->parent >= 0 && len == env->parent_len &&
	    memcmp(env->parent_path, path, len) == 0 && slash && slash[1]) {
		*ret_name = slash + 1;
		return env->parent;
	}
	fd = path_parent(env->root, path, make, ret_name);
	if (fd < 0)
		return fd;
	fd_drop(&env->parent);
	env->parent = fd;
	env->parent_len = len < sizeof(env->parent_path) ? len : SIZE_MAX; /* too long: not again */
	memcpy(env->parent_path, path, len < sizeof(env->parent_path) ? len : 0);
	return fd;
}

/* Something was mounted at `dest`: what is open at or below it is hidden now. */
static void forget_parent(struct mount_env *env, const char *dest)
{
	size_t n = strlen(dest);

	if (env->parent >= 0 && (n == 1 || (n <= env->parent_len && env->parent_len != SIZE_MAX &&
					    memcmp(env->parent_path, dest, n) == 0)))
		fd_drop(&env->parent);
}

/* Only a few files may be put on procfs: a mount there could lead our own writes to labels and
 * sysctls astray (CVE-2019-16884, CVE-2019-19921). */
static int check_dest(const struct mount_op *op, int dest, struct err *err)
{
	struct statfs fs;

	if (op->proc_allowed || SYS(fstatfs, dest, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	return err_set(err, EPERM,
		       "%s: the destination is inside /proc: only procfs itself and files like "
		       "/proc/cpuinfo may be mounted there",
		       op->where);
}

/* Usually only the last component is missing, in a directory that is at hand. */
static int make_dest(struct mount_env *env, const struct mount_op *op, enum path_kind kind,
		     bool *ret_made)
{
	const char *name;
	int dir = parent_of(env, op->dest, false, &name);
	int fd = dir < 0 ? dir : path_make_at(dir, name, kind, ret_made);

	return fd >= 0 ? fd : path_make(env->root, op->dest, kind, ret_made);
}

static int open_dest(struct mount_env *env, const struct mount_op *op, enum path_kind kind,
		     bool *ret_made, struct err *err)
{
	int fd = -ENOENT;

	*ret_made = false;
	if (op->must_be_plain) {
		/* CVE-2023-27561, CVE-2023-28642 */
		fd = path_open_no_symlinks(env->root, op->dest, O_PATH | O_DIRECTORY);
		if (fd == -ELOOP || fd == -ENOTDIR)
			return err_set(
				err, EPERM,
				"%s: %s must be mounted on ordinary directory, but a symlink or "
				"file is in its place in the image",
				op->where, op->type);
	}
	if (!op->must_be_plain)
		fd = path_open(env->root, op->dest, O_PATH);
	if (fd == -ENOENT)
		fd = make_dest(env, op, kind, ret_made);
	if (fd < 0) {
		err_sys(err, fd, "%s: %s mount point", op->where,
			fd == -EEXIST || fd == -ENOTDIR ? "open" : "make");
		return fd == -EROFS ? err_hint(err, HINT_READONLY_ROOT) : -1;
	}
	if (op->kind != MOUNT_REMOUNT && check_dest(op, fd, err) < 0) {
		sys_close(fd);
		return -1;
	}
	return fd;
}

/* What a mount is given after it is there: recursive attributes and propagation. */
static int set_attributes(const struct mount_op *op, int tree, bool own, struct err *err)
{
	struct mount_attr a = {.attr_set = own ? op->attr_set : 0,
			       .attr_clr = own ? op->attr_clr : 0};
	struct mount_attr rec = {.attr_set = op->rattr_set, .attr_clr = op->rattr_clr};
	int r = 0;

	if (op->propagation && op->propagation_rec)
		rec.propagation = op->propagation;
	else
		a.propagation = op->propagation;
	if (a.attr_set || a.attr_clr || a.propagation)
		r = sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a);
	if (r == 0 && (rec.attr_set || rec.attr_clr || rec.propagation))
		r = sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &rec);
	if (r == 0)
		return 0;
	if (r == -EPERM && (a.attr_clr || rec.attr_clr)) {
		err_sys(err, r, "%s: clear flags that the source's mount has", op->where);
		return err_hint(err, HINT_LOCKED_FLAGS);
	}
	err_sys(err, r, "%s: set mount attributes", op->where);
	return is_missing(r) ? err_hint(err, HINT_MOUNT_SETATTR) : -1;
}

/* ---- one function for each kind ---- */

/* mount(2) refuses a file system over itself (EBUSY), as where /sys with the host's cgroup2 below
 * it was bound: the mount API does not. */
static int mount_over(const struct mount_op *op, int dest, const char *data)
{
	struct mount_attr a = {.attr_set = op->attr_set, .attr_clr = op->attr_clr};
	auto_fd fs = (int)SYS(fsopen, op->type, FSOPEN_CLOEXEC);
	auto_fd tree = -1;
	char word[256];
	long r = fs < 0 ? fs : 0;

	if (r == 0 && op->source)
		r = SYS(fsconfig, fs, FSCONFIG_SET_STRING, "source", op->source, 0);
	while (r == 0 && data && *data) {
		size_t n = strcspn(data, ",");
		char *value;

		if (fmt(word, sizeof(word), "%.*s", (int)n, data) >= sizeof(word))
			return -ENAMETOOLONG;
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		r = SYS(fsconfig, fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, word, value,
			0);
		data += n + (data[n] == ',');
	}
	if (r == 0)
		r = SYS(fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r == 0)
		r = tree = (int)SYS(fsmount, fs, FSMOUNT_CLOEXEC, 0);
	if (r >= 0 && (a.attr_set || a.attr_clr))
		r = sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a);
	return r < 0 ? (int)r : mount_attach(tree, dest);
}

static int exec_new(const struct plan *p, struct mount_env *env, const struct mount_op *op,
		    struct err *err)
{
	unsigned long flags = op->flags;
	bool made;
	int dest = keep(env, open_dest(env, op, PATH_DIR, &made, err));
	const char *data = op->data;
	char with_mode[1024];
	int r;

	(void)p;
	if (dest < 0)
		return -1;
	if (op->inherit_mode) {
		struct stat st;

		r = (int)SYS(fstat, dest, &st);
		fmt(with_mode, sizeof(with_mode), "%s%smode=%o", data ? data : "", data ? "," : "",
		    made || r < 0 ? 01777U : st.st_mode & 07777U);
		data = with_mode;
	}
	/* a tmpfs becomes read-only when all that belongs in it is there: see late_readonly */
	if (op->type[0] == 't' && strcmp(op->type, "tmpfs") == 0)
		flags &= ~(unsigned long)MS_RDONLY;
	r = sys_fchdir(dest);
	if (r == 0)
		r = sys_mount(op->source ? op->source : op->type, ".", op->type, flags, data);
	if (r == -EBUSY)
		r = mount_over(op, dest, data);
	if (r < 0) {
		err_sys(err, r, "%s: mount %s", op->where, op->type);
		return err_hint(err, hint_for_mount(op->type, r));
	}
	if (!op->copyup && !op->rattr_set && !op->rattr_clr && !op->propagation)
		return 0;

	int tree = keep(env, path_open(env->root, op->dest, O_PATH));

	if (tree < 0)
		return err_sys(err, tree, "%s: open what was mounted", op->where);
	if (op->copyup) {
		r = copyup(dest, tree);
		if (r < 0)
			return err_sys(err, r, "%s: copy the directory's contents up", op->where);
	}
	return set_attributes(op, tree, false, err);
}

int mount_open_source(const struct plan *p, const struct mount_op *op, int root, struct err *err)
{
	unsigned int flags = OPEN_TREE_CLONE | (op->recursive ? AT_RECURSIVE : 0U) |
			     (op->follow_source ? 0U : AT_SYMLINK_NOFOLLOW);
	auto_fd source = -1;
	int tree;

	if (op->source_in_root) {
		source = path_open(root, op->source, O_PATH);
		if (source < 0)
			return err_sys(err, source, "%s: source %s in the root file system",
				       op->where, op->source);
		tree = sys_open_tree(source, "", flags | AT_EMPTY_PATH);
	} else {
		tree = sys_open_tree(AT_FDCWD, op->source, flags);
	}
	if (tree < 0) {
		if (is_missing(tree))
			return err_sys(err, tree, "%s: open_tree", op->where);
		err_sys(err, tree, "%s: source %s", op->where, op->source);
		return tree == -ENOENT	 ? err_hint(err, HINT_SOURCE_MISSING)
		       : tree == -EACCES ? err_hint(err, HINT_SOURCE_ACCESS)
					 : -1;
	}
	if (op->idmap >= 0) {
		struct mount_attr a = {.attr_set = MOUNT_ATTR_IDMAP,
				       .userns_fd = (uint64_t)p->idmaps[op->idmap].fd};
		int r = sys_mount_setattr(tree, "",
					  AT_EMPTY_PATH | (op->idmap_rec ? AT_RECURSIVE : 0U), &a);

		if (r < 0) {
			sys_close(tree);
			err_sys(err, r, "%s: id-map the mount", op->where);
			return err_hint(err, HINT_IDMAP);
		}
	}
	return tree;
}

/* Before Linux 5.2: bind over the destination by its /proc/self/fd name, then remount with the
 * flags that it has and those that are asked for. */
static int bind_old_way(struct mount_env *env, const struct mount_op *op, struct err *err)
{
	int root = env->root;
	static const struct {
		unsigned long st, ms;
		uint64_t attr;
	} same[] = {{ST_RDONLY, MS_RDONLY, MOUNT_ATTR_RDONLY},
		    {ST_NOSUID, MS_NOSUID, MOUNT_ATTR_NOSUID},
		    {ST_NODEV, MS_NODEV, MOUNT_ATTR_NODEV},
		    {ST_NOEXEC, MS_NOEXEC, MOUNT_ATTR_NOEXEC},
		    {ST_NOATIME, MS_NOATIME, MOUNT_ATTR_NOATIME},
		    {ST_NODIRATIME, MS_NODIRATIME, MOUNT_ATTR_NODIRATIME}};
	auto_fd source = op->source_in_root ? path_open(root, op->source, O_PATH)
					    : sys_openat(AT_FDCWD, op->source, O_PATH, 0);
	unsigned long flags = MS_BIND | MS_REMOUNT;
	auto_fd dest = -1;
	char from[32];
	char to[32];
	struct stat st;
	struct statfs fs;
	bool made;
	int r;

	if (source < 0 || SYS(fstat, source, &st) < 0)
		return err_sys(err, source, "%s: source %s", op->where, op->source);
	dest = open_dest(env, op, S_ISDIR(st.st_mode) ? PATH_DIR : PATH_FILE, &made, err);
	if (dest < 0)
		return -1;
	fmt(from, sizeof(from), "/proc/self/fd/%d", source);
	fmt(to, sizeof(to), "/proc/self/fd/%d", dest);
	r = sys_mount(from, to, NULL, MS_BIND | (op->recursive ? MS_REC : 0U), NULL);
	if (r < 0)
		return err_sys(err, r, "%s: bind %s", op->where, op->source);
	fd_drop(&dest);
	dest = path_open(root, op->dest, O_PATH);
	fmt(to, sizeof(to), "/proc/self/fd/%d", dest);
	if (dest < 0 || SYS(fstatfs, dest, &fs) < 0)
		return err_sys(err, dest, "%s: open what was bound", op->where);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if ((((unsigned long)fs.f_flags & same[i].st) || (op->attr_set & same[i].attr) ||
		     (op->rattr_set & same[i].attr)) &&
		    !(op->attr_clr & same[i].attr))
			flags |= same[i].ms;
	if (op->attr_set || op->attr_clr || op->rattr_set) {
		r = sys_mount(NULL, to, NULL, flags, NULL);
		if (r < 0)
			return err_sys(err, r, "%s: remount with flags", op->where);
	}
	if (op->propagation) {
		r = sys_mount(NULL, to, NULL, op->propagation | (op->propagation_rec ? MS_REC : 0U),
			      NULL);
		if (r < 0)
			return err_sys(err, r, "%s: set propagation", op->where);
	}
	return 0;
}

static int copy_symlink(const struct mount_op *op, int root, int link, struct err *err)
{
	char target[PATH_MAX];
	ssize_t n = sys_readlinkat(link, "", target, sizeof(target) - 1);
	const char *name;
	auto_fd dir = path_parent(root, op->dest, true, &name);
	int r;

	if (n < 0 || dir < 0)
		return err_sys(err, n < 0 ? n : dir, "%s: copy the symlink", op->where);
	target[n] = '\0';
	r = (int)SYS(symlinkat, target, dir, name);
	return r < 0 && r != -EEXIST ? err_sys(err, r, "%s: copy the symlink", op->where) : 0;
}

static int exec_bind(const struct plan *p, struct mount_env *env, const struct mount_op *op,
		     struct err *err)
{
	int tree = keep(env, fault_no_mount_api() ? -1
			     : op->fd >= 0	  ? op->fd
						  : mount_open_source(p, op, env->root, err));
	int dest = -1;
	struct stat st;
	bool made;
	int r;

	if (tree < 0) {
		if ((fault_no_mount_api() || err->code == ENOSYS) && op->idmap < 0)
			return bind_old_way(env, op, err);
		return -1;
	}
	r = (int)SYS(fstat, tree, &st);
	if (r < 0)
		return err_sys(err, r, "%s: source %s", op->where, op->source);
	if (S_ISLNK(st.st_mode))
		return copy_symlink(op, env->root, tree, err);
	dest = keep(env,
		    open_dest(env, op, S_ISDIR(st.st_mode) ? PATH_DIR : PATH_FILE, &made, err));
	if (dest < 0 || set_attributes(op, tree, true, err) < 0)
		return -1;
	r = mount_attach(tree, dest);
	if (r == -ENOTDIR)
		return err_set(err, ENOTDIR,
			       "%s: the source is a %s but the destination is not: %s", op->where,
			       S_ISDIR(st.st_mode) ? "directory" : "file", op->source);
	return r < 0 ? err_sys(err, r, "%s: attach %s", op->where, op->source) : 0;
}

static int exec_remount(const struct plan *p, struct mount_env *env, const struct mount_op *op,
			struct err *err)
{
	auto_fd dest = path_open(env->root, op->dest, O_PATH);
	int r;

	(void)p;
	if (dest < 0)
		return err_sys(err, dest, "%s: remount", op->where);
	if (!op->data && !(op->flags & (MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME)))
		return set_attributes(op, dest, true, err);
	r = sys_fchdir(dest);
	if (r == 0)
		r = sys_mount(NULL, ".", NULL, MS_REMOUNT | op->flags, op->data);
	if (r < 0)
		return err_sys(err, r, "%s: remount", op->where);
	return set_attributes(op, dest, false, err);
}

/* One look-up of the directory, the node or link relative to it: CVE-2026-41579, CVE-2026-47766. */
static int exec_node(const struct plan *p, struct mount_env *env, const struct mount_op *op,
		     struct err *err)
{
	const char *name;
	int dir = -1;

	(void)p;
	if (op->kind == MOUNT_NODE && op->bind_node && !S_ISFIFO(op->mode))
		return mount_bind_node(op, env->root, err);
	dir = parent_of(env, op->dest, true, &name);
	if (dir < 0)
		return err_sys(err, dir, "%s %s: open the directory", op->where, op->dest);
	return op->kind == MOUNT_NODE ? mount_make_node(dir, name, op, err)
				      : mount_make_link(dir, name, op, err);
}

static bool is_absent(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -EACCES;
}

static int open_null(struct mount_env *env, struct err *err)
{
	struct stat st;

	if (env->null >= 0)
		return 0;
	/* the host's, before pivot_root: what the image has there is not to be trusted
	 * (CVE-2025-31133) */
	env->null = sys_openat(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW, 0);
	if (env->null < 0)
		return err_sys(err, env->null, "open the host's /dev/null");
	if (SYS(fstat, env->null, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(err, ENODEV, "the host's /dev/null is not the null device (1:3)");
	return 0;
}

/* The first directory gets a tmpfs, the others clones of it: one superblock for all of them. */
static int mask_directory(struct mount_env *env, const struct mount_op *op, int dest,
			  struct err *err)
{
	int tree = -1;
	int r;

	if (env->empty < 0) {
		r = sys_fchdir(dest);
		if (r == 0)
			r = sys_mount("tmpfs", ".", "tmpfs",
				      MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
				      "nr_blocks=1,nr_inodes=1,mode=755");
		if (r < 0)
			return err_sys(err, r, "%s: mount an empty tmpfs", op->where);
		env->empty = path_open(env->root, op->dest, O_PATH);
		return env->empty < 0 ? err_sys(err, env->empty, "%s", op->where) : 0;
	}
	tree = keep(env, mount_clone(env->empty, false, 0));
	r = tree < 0 ? tree : mount_attach(tree, dest);
	if (is_missing(r)) {
		r = sys_fchdir(dest);
		if (r == 0)
			r = sys_mount("tmpfs", ".", "tmpfs", MS_RDONLY, "nr_blocks=1,nr_inodes=1");
	}
	return r < 0 ? err_sys(err, r, "%s: hide", op->where) : 0;
}

static int exec_mask(const struct plan *p, struct mount_env *env, const struct mount_op *op,
		     struct err *err)
{
	int dest = keep(env, path_open(env->root, op->dest, O_PATH));
	int tree = -1;
	struct stat st;
	int r;

	(void)p;
	if (dest < 0)
		return is_absent(dest) ? 0 : err_sys(err, dest, "%s", op->where);
	r = (int)SYS(fstat, dest, &st);
	if (r < 0)
		return err_sys(err, r, "%s", op->where);
	if (S_ISDIR(st.st_mode))
		return mask_directory(env, op, dest, err);
	if (open_null(env, err) < 0)
		return err_ctx(err, "%s", op->where);
	tree = keep(env, mount_clone(env->null, false, MOUNT_ATTR_RDONLY));
	r = tree < 0 ? tree : mount_attach(tree, dest);
	if (is_missing(r)) {
		char to[32];

		fmt(to, sizeof(to), "/proc/self/fd/%d", dest);
		r = sys_mount("/dev/null", to, NULL, MS_BIND, NULL);
	}
	return r < 0 ? err_sys(err, r, "%s: hide", op->where) : 0;
}

static int readonly_old_way(struct mount_env *env, const struct mount_op *op, struct err *err)
{
	struct mount_op bind = *op;

	bind.source = op->dest;
	bind.source_in_root = true;
	bind.proc_allowed = true;
	bind.recursive = true;
	bind.attr_set = MOUNT_ATTR_RDONLY;
	return bind_old_way(env, &bind, err);
}

static int exec_readonly(const struct plan *p, struct mount_env *env, const struct mount_op *op,
			 struct err *err)
{
	int dest = keep(env, path_open(env->root, op->dest, O_PATH));
	int tree = -1;
	int r;

	(void)p;
	if (dest < 0)
		return is_absent(dest) ? 0 : err_sys(err, dest, "%s", op->where);
	tree = keep(env,
		    fault_no_mount_api() ? -ENOSYS : mount_clone(dest, true, MOUNT_ATTR_RDONLY));
	r = tree < 0 ? tree : mount_attach(tree, dest);
	if (is_missing(r))
		return readonly_old_way(env, op, err);
	return r < 0 ? err_sys(err, r, "%s: make read-only", op->where) : 0;
}

static int (*const execs[MOUNT_KINDS])(const struct plan *, struct mount_env *,
				       const struct mount_op *, struct err *) = {
	[MOUNT_NEW] = exec_new,		  [MOUNT_BIND] = exec_bind, [MOUNT_REMOUNT] = exec_remount,
	[MOUNT_NODE] = exec_node,	  [MOUNT_LINK] = exec_node, [MOUNT_MASK] = exec_mask,
	[MOUNT_READONLY] = exec_readonly,
};

static int late_readonly(const struct plan *p, struct mount_env *env, struct err *err)
{
	for (uint32_t i = 0; i < p->n_mounts; i++) {
		const struct mount_op *op = &p->mounts[i];
		struct mount_attr a = {.attr_set = MOUNT_ATTR_RDONLY};
		auto_fd fd = -1;
		int r;

		if (op->kind != MOUNT_NEW || !(op->flags & MS_RDONLY) ||
		    strcmp(op->type, "tmpfs") != 0)
			continue;
		fd = path_open(env->root, op->dest, O_PATH);
		r = fd < 0 ? fd : sys_mount_setattr(fd, "", AT_EMPTY_PATH, &a);
		if (r == -ENOSYS)
			r = sys_fchdir(fd) < 0 ? -ENOSYS
					       : sys_mount(NULL, ".", NULL,
							   MS_REMOUNT | MS_BIND | op->flags, NULL);
		if (r < 0)
			return err_sys(err, r, "%s: make read-only", op->where);
	}
	return 0;
}

int mount_exec_all(const struct plan *p, struct mount_env *env, struct err *err)
{
	for (uint32_t i = 0; i < p->n_mounts; i++) {
		const struct mount_op *op = &p->mounts[i];

		if (execs[op->kind](p, env, op, err) < 0)
			return -1;
		if (op->kind != MOUNT_NODE && op->kind != MOUNT_LINK)
			forget_parent(env, op->dest);
		end_operation(p, env);
	}
	return late_readonly(p, env, err);
}

int mount_make_points(const struct plan *p, struct mount_env *env, struct err *err)
{
	for (uint32_t i = 0; i < p->n_mounts; i++) {
		struct mount_op op = p->mounts[i];
		bool made;
		int fd;

		op.idmap = op.fd = -1;
		op.attr_set = op.attr_clr = op.rattr_set = op.rattr_clr = 0;
		op.flags &= ~(unsigned long)MS_RDONLY;
		if (op.kind == MOUNT_BIND ||
		    (op.kind == MOUNT_NEW && strcmp(op.type, "tmpfs") == 0)) {
			if (execs[op.kind](p, env, &op, err) < 0)
				return -1;
		} else if (op.kind == MOUNT_NEW) {
			fd = open_dest(env, &op, PATH_DIR, &made, err);
			if (fd < 0)
				return -1;
			fd_drop(&fd);
		} else {
			continue;
		}
		forget_parent(env, op.dest);
		end_operation(p, env);
	}
	return 0;
}
