// SPDX-License-Identifier: Apache-2.0
#include "store.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "config.h"
#include "dir.h"
#include "fd.h"
#include "hints.h"
#include "proc.h"

const char *const status_names[] = {"creating", "created", "running", "paused", "stopped"};

int id_check(const char *id, struct err *err)
{
	size_t n = strlen(id);

	if (n == 0)
		return err_set(err, ERR_USAGE, "the container id is empty");
	if (n > PROA_MAX_ID || n > NAME_MAX)
		return err_set(err, ERR_USAGE, "the container id is longer than %d characters",
			       NAME_MAX);
	if (strcmp(id, ".") == 0 || strcmp(id, "..") == 0 ||
	    id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-")])
		return err_set(
			err, ERR_USAGE,
			"invalid container id \"%s\": it may have letters, digits, and _ + - .",
			id);
	return 0;
}

int store_open(const char *path, const struct facts *f, bool make, struct arena *a,
	       struct store *ret, struct err *err)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	ret->is_default = !path;
	if (path)
		ret->path = path[0] == '/' ? path : arena_fmt(a, "%s/%s", f->cwd, path);
	else if ((f->uid != 0 || f->in_userns) && run && *run)
		ret->path = arena_fmt(a, "%s/proa", run);
	else if (f->uid != 0)
		ret->path = arena_fmt(a, "/tmp/proa-%u", f->uid);
	else
		ret->path = "/run/proa";
	ret->root = sys_openat(AT_FDCWD, ret->path, O_RDONLY | O_DIRECTORY, 0);
	if (ret->root == -ENOENT && make) {
		char up[PATH_MAX];

		fmt(up, sizeof(up), "%s", ret->path);
		for (char *p = up + 1; *p; p++) {
			if (*p != '/')
				continue;
			*p = '\0';
			sys_mkdirat(AT_FDCWD, up, 0711);
			*p = '/';
		}
		/* sticky in a user's runtime directory: systemd's clean-up leaves it alone */
		sys_mkdirat(AT_FDCWD, up, 0700);
		if (ret->is_default && f->uid != 0)
			SYS(fchmodat, AT_FDCWD, up, 01700);
		ret->root = sys_openat(AT_FDCWD, ret->path, O_RDONLY | O_DIRECTORY, 0);
	}
	if (ret->root == -ENOENT && !make) {
		ret->root = -1;
		return 0;
	}
	if (ret->root < 0)
		return err_sys(err, ret->root, "state root %s", ret->path);
	return 0;
}

int store_make(const struct store *s, const char *id, struct err *err)
{
	struct stat by_fd;
	struct stat by_name;
	int fd;
	int r = sys_mkdirat(s->root, id, 0700);

	if (r == -EEXIST)
		return err_set(err, EEXIST, "container with id %s already exists (in %s)", id,
			       s->path);
	if (r < 0) {
		err_sys(err, r, "make %s/%s", s->path, id);
		return r == -ENOSPC ? err_hint(err, HINT_SPACE) : -1;
	}
	fd = sys_openat(s->root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0) {
		sys_unlinkat(s->root, id, AT_REMOVEDIR);
		return err_sys(err, fd, "open %s/%s", s->path, id);
	}
	/* a `delete --force` may have seen the directory before it was locked */
	r = (int)SYS_RETRY(flock, fd, LOCK_EX);
	if (r == 0)
		r = (int)SYS(fstat, fd, &by_fd);
	if (r == 0)
		r = (int)SYS(newfstatat, s->root, id, &by_name, AT_SYMLINK_NOFOLLOW);
	if (r < 0 || by_fd.st_ino != by_name.st_ino) {
		sys_close(fd);
		return err_set(err, ENOENT, "container %s was deleted while it was created", id);
	}
	return fd;
}

static int save(int dir, const struct state *s, bool first, struct arena *a, struct err *err)
{
	struct buf b = BUF_INIT(a);
	auto_fd fd = -1;
	int r;

	encode(&state_file_fields, s, 0, &b);
	buf_str(&b, "\n");
	if (first) {
		/* nobody reads it before the lock is free */
		fd = sys_openat(dir, "state.json", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
		r = fd < 0 ? fd : fd_write_all(fd, b.data, b.len);
	} else {
		r = fd_replace_file(dir, "state.json", 0600, b.data, b.len);
	}
	if (r < 0) {
		err_sys(err, r, "write state.json of container %s", s->id);
		return r == -ENOSPC ? err_hint(err, HINT_SPACE) : -1;
	}
	return 0;
}

int store_save_first(int dir, const struct state *s, struct arena *a, struct err *err)
{
	return save(dir, s, true, a, err);
}

int store_save(int dir, const struct state *s, struct arena *a, struct err *err)
{
	return save(dir, s, false, a, err);
}

static bool has_start_socket(int dir)
{
	return SYS(faccessat, dir, START_SOCKET, 0) == 0;
}

static bool is_paused(const struct state *s)
{
	char path[PATH_MAX];
	char text[256];

	if (!s->cgroup_path || fmt(path, sizeof(path), "%s%s/cgroup.events", s->cgroup_mount,
				   s->cgroup_path) >= sizeof(path))
		return false;
	return fd_read_small(AT_FDCWD, path, text, sizeof(text)) > 0 && strstr(text, "frozen 1");
}

/* A pid is not a name: only with its start time it is that process and no later one. */
static void find_out(struct container *c, const struct facts *f)
{
	uint64_t start = 0;
	char letter = '?';

	c->status = STATUS_STOPPED;
	c->pidfd = -1;
	if (!c->s.pid.v) {
		c->status = STATUS_CREATING;
		return;
	}
	if (proc_stat(f->proc, (pid_t)c->s.pid.v, &start, &letter) < 0 ||
	    start != c->s.init_start.v || letter == 'Z' || letter == 'X')
		return;
	c->status = has_start_socket(c->dir) ? STATUS_CREATED
		    : is_paused(&c->s)	     ? STATUS_PAUSED
					     : STATUS_RUNNING;
}

int store_get(const struct store *s, const char *id, const struct facts *f, bool lock,
	      struct arena *a, struct container *ret, struct err *err)
{
	struct stat st;
	size_t len = 0;
	char *text;
	int r;

	*ret = (struct container){.dir = -1, .pidfd = -1};
	if (id_check(id, err) < 0)
		return -1;
	ret->dir = s->root < 0 ? -ENOENT
			       : sys_openat(s->root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (ret->dir == -ENOENT)
		return err_set(err, ENOENT, "container \"%s\" does not exist (in %s)", id, s->path);
	if (ret->dir < 0)
		return err_sys(err, ret->dir, "open %s/%s", s->path, id);
	if (lock) {
		r = (int)SYS_RETRY(flock, ret->dir, LOCK_EX);
		if (r == 0)
			r = (int)SYS(fstat, ret->dir, &st);
		if (r < 0 || st.st_nlink == 0) {
			fd_drop(&ret->dir);
			return r < 0 ? err_sys(err, r, "lock %s/%s", s->path, id)
				     : err_set(err, ENOENT,
					       "container \"%s\" does not exist (in %s)", id,
					       s->path);
		}
	}
	ret->s.id = arena_strdup(a, id);
	text = fd_read_file(ret->dir, "state.json", 16 << 20, a, &len, err);
	if (!text && err->code == ENOENT) {
		/* half-made by a create that was killed: only delete --force can use it */
		ret->status = STATUS_CREATING;
		ret->s.bundle = "";
		ret->s.ociVersion = OCI_VERSION;
		return 0;
	}
	if (!text || decode(&state_file_fields, &ret->s, text, len, 0, a, err) < 0) {
		fd_drop(&ret->dir);
		err_ctx(err, "%s/%s/state.json", s->path, id);
		return err_hint(err, HINT_DELETE);
	}
	if (ret->s.cgroup_path && !ret->s.cgroup_mount)
		ret->s.cgroup_path = NULL;
	find_out(ret, f);
	return 0;
}

static int remove_name(int dir, const struct dir_entry *e, void *ctx)
{
	(void)ctx;
	sys_unlinkat(dir, e->name, 0);
	return 0;
}

int store_remove(const struct store *s, const char *id, int dir, struct err *err)
{
	auto_fd own = -1;
	int r;

	if (dir < 0)
		dir = own = sys_openat(s->root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return err_sys(err, dir, "open %s/%s", s->path, id);
	/* the names are few and flat; the usual ones without reading the directory */
	sys_unlinkat(dir, "state.json", 0);
	sys_unlinkat(dir, "config.json", 0);
	r = sys_unlinkat(s->root, id, AT_REMOVEDIR);
	if (r == -ENOTEMPTY) {
		dir_each(dir, remove_name, NULL);
		r = sys_unlinkat(s->root, id, AT_REMOVEDIR);
	}
	return r < 0 && r != -ENOENT ? err_sys(err, r, "remove %s/%s", s->path, id) : 0;
}

struct list_ctx {
	struct arena *arena;
	struct strs *out;
	uint32_t cap;
};

static int add_name(int dir, const struct dir_entry *e, void *ctx)
{
	struct list_ctx *l = ctx;
	struct err ignored;

	(void)dir;
	if (id_check(e->name, &ignored) < 0)
		return 0;
	if (l->out->n + 1 >= l->cap) {
		uint32_t cap = l->cap ? l->cap * 2 : 64;

		l->out->v = arena_grow(l->arena, l->out->v, l->cap * sizeof(char *),
				       cap * sizeof(char *));
		l->cap = cap;
	}
	l->out->v[l->out->n++] = arena_strdup(l->arena, e->name);
	l->out->v[l->out->n] = NULL;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int store_list(const struct store *s, struct arena *a, struct strs *ret, struct err *err)
{
	struct list_ctx l = {a, ret, 0};
	int r;

	*ret = (struct strs){.v = arena_array(a, char *, 1)};
	r = dir_each(s->root, add_name, &l);
	if (r < 0)
		return err_sys(err, r, "read %s", s->path);
	qsort(ret->v, ret->n, sizeof(char *), by_text);
	return 0;
}
