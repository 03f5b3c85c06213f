// SPDX-License-Identifier: Apache-2.0
#include "cgroup.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "dir.h"
#include "fd.h"
#include "hints.h"
#include "path.h"

static int open_dir(int at, const char *path)
{
	return sys_openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
}

int cgroup_open(const char *mount, const char *path)
{
	char full[PATH_MAX];

	if (fmt(full, sizeof(full), "%s%s", mount, path) >= sizeof(full))
		return -ENAMETOOLONG;
	return open_dir(AT_FDCWD, full);
}

const char *cgroup_top(const char *mount, const char *path, struct arena *a)
{
	char full[PATH_MAX];
	size_t base = fmt(full, sizeof(full), "%s", mount);

	for (const char *p = path + 1; *p;) {
		size_t n = (size_t)(p - path) + strcspn(p, "/");

		if (base + n >= sizeof(full) || !path[n])
			break; /* the last is the top anyway */
		memcpy(full + base, path, n);
		full[base + n] = '\0';
		if (SYS(faccessat, AT_FDCWD, full, 0) == -ENOENT)
			return arena_strndup(a, path, n);
		p = path + n + (path[n] == '/');
	}
	return path;
}

static bool has_word(const char *list, const char *word, size_t len)
{
	while (*list) {
		size_t n = strcspn(list, " \n");

		if (n == len && memcmp(list, word, n) == 0)
			return true;
		list += n;
		list += strspn(list, " \n");
	}
	return false;
}

/* "+cpu +memory" for the words of want that have lacks. */
static size_t missing(const char *want, const char *have, char *out, size_t size)
{
	size_t len = 0;

	for (out[0] = '\0'; *want;) {
		size_t n = strcspn(want, " \n");

		if (n && !has_word(have, want, n))
			len += fmt(out + len, size - len, "%s+%.*s", len ? " " : "", (int)n, want);
		want += n;
		want += strspn(want, " \n");
	}
	return len;
}

/* Enables in dir's subtree all that dir itself has. What cannot be is found out by the write of a
 * limit that needs it. */
static void enable_below(int dir)
{
	char have[512];
	char on[512];
	char want[512];
	size_t n;

	if (fd_read_small(dir, "cgroup.controllers", have, sizeof(have)) < 0 ||
	    fd_read_small(dir, "cgroup.subtree_control", on, sizeof(on)) < 0)
		return;
	n = missing(have, on, want, sizeof(want));
	if (!n || fd_write_file(dir, "cgroup.subtree_control", want, n) == 0)
		return;
	/* one that is refused takes the others with it: one by one */
	for (char *p = want; *p;) {
		n = strcspn(p, " ");
		fd_write_file(dir, "cgroup.subtree_control", p, n);
		p += n + (p[n] == ' ');
	}
}

/* From the mount `top` down. *ret_new: the last one was not there before. */
static int make_path(int top, const char *path, bool enable, bool *ret_new)
{
	int dir = top;

	for (const char *p = path; *p && dir >= 0;) {
		char name[NAME_MAX + 1];
		size_t n = strcspn(p, "/");
		int next = -ENAMETOOLONG;

		if (n <= NAME_MAX) {
			memcpy(name, p, n);
			name[n] = '\0';
			if (enable)
				enable_below(dir);
			next = sys_mkdirat(dir, name, 0755);
			*ret_new = next == 0;
			next = next < 0 && next != -EEXIST ? next : open_dir(dir, name);
		}
		if (dir != top)
			sys_close(dir);
		dir = next;
		p += n + (p[n] == '/');
	}
	return dir;
}

int cgroup_make(const struct cgroup_plan *g, bool *ret_new, struct err *err)
{
	char root[512];
	char leaf[512];
	char lack[512];
	auto_fd top = open_dir(AT_FDCWD, g->mount);
	int fd = top < 0 ? top : make_path(top, g->path + 1, false, ret_new);

	if (fd < 0) {
		err_sys(err, fd, "cgroup %s%s", g->mount, g->path);
		return fd == -EACCES || fd == -EPERM ? err_hint(err, HINT_CGROUP_DELEGATE) : -1;
	}
	/* usually all of the root's controllers are on already: two reads, no walk */
	if (fd_read_small(top, "cgroup.controllers", root, sizeof(root)) < 0 ||
	    fd_read_small(fd, "cgroup.controllers", leaf, sizeof(leaf)) < 0)
		return fd;
	if (missing(root, leaf, lack, sizeof(lack))) {
		bool ignored;
		int again = make_path(top, g->path + 1, true, &ignored);

		if (again >= 0)
			sys_close(again);
	}
	return fd;
}

int cgroup_make_sub(int fd, const char *sub, struct err *err)
{
	bool ignored;
	int leaf = make_path(fd, sub, true, &ignored);

	return leaf < 0 ? err_sys(err, leaf, "make the cgroup %s below the container's", sub)
			: leaf;
}

static bool event(int fd, const char *key)
{
	char text[256];
	const char *p;

	if (fd_read_small(fd, "cgroup.events", text, sizeof(text)) < 0)
		return false;
	p = strstr(text, key);
	return p && p[strlen(key)] == ' ' && p[strlen(key) + 1] == '1';
}

bool cgroup_is_frozen(int fd)
{
	return event(fd, "frozen");
}

int cgroup_check_fresh(int fd, const char *path, struct err *err)
{
	char text[16];

	if (event(fd, "populated"))
		return err_set(err, EBUSY,
			       "container's cgroup is not empty: processes are in %s already",
			       path);
	if (fd_read_small(fd, "cgroup.freeze", text, sizeof(text)) > 0 && text[0] == '1')
		return err_set(err, EBUSY, "container's cgroup unexpectedly frozen: %s", path);
	return 0;
}

static int write_error(int fd, const struct cgroup_write *w, int r, struct err *err)
{
	char have[512];

	if (r == -ENOENT && w->controller) {
		if (fd_read_small(fd, "cgroup.controllers", have, sizeof(have)) >= 0 &&
		    !has_word(have, w->controller, strlen(w->controller))) {
			err_set(err, ENOENT,
				"%s: the cgroup controller \"%s\" is not available here, so %s cannot "
				"be set",
				w->where, w->controller, w->file);
			return err_hint(err, HINT_CGROUP_DELEGATE);
		}
	}
	return err_sys(err, r, "%s: write \"%s\" to %s", w->where, w->text, w->file);
}

/* "= 100000": the period changes, the quota stays what it is. */
static const char *keep_quota(int fd, const struct cgroup_write *w, char *out, size_t size)
{
	char now[64];

	if (w->text[0] != '=')
		return w->text;
	if (fd_read_small(fd, w->file, now, sizeof(now)) <= 0)
		fmt(now, sizeof(now), "max");
	now[strcspn(now, " \n")] = '\0';
	fmt(out, size, "%s%s", now, w->text + 1);
	return out;
}

/* What a new group has anyway (cgroup-v2.rst), so that without the controller nothing is refused:
 * containerd and Docker ask for 1024 shares even where nobody gave any. */
static bool is_kernel_default(const struct cgroup_write *w)
{
	static const char *const defaults[][2] = {
		{"cpu.weight", "100"},	    {"cpu.idle", "0"},	    {"cpu.max", "max"},
		{"cpu.max", "max 100000"},  {"cpu.max.burst", "0"}, {"memory.max", "max"},
		{"memory.swap.max", "max"}, {"pids.max", "max"},
	};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (!strcmp(w->file, defaults[i][0]) && !strcmp(w->text, defaults[i][1]))
			return true;
	return false;
}

int cgroup_write(int fd, const struct cgroup_write *w, uint32_t n, struct err *err)
{
	char made[128];

	for (uint32_t i = 0; i < n; i++) {
		const char *text = keep_quota(fd, &w[i], made, sizeof(made));
		int r = fd_write_file(fd, w[i].file, text, strlen(text));

		if (r == -ENOENT && (w[i].optional || is_kernel_default(&w[i])))
			continue;
		if (r < 0)
			return write_error(fd, &w[i], r, err);
	}
	return 0;
}

int cgroup_check_memory(int fd, const struct resources *r, struct err *err)
{
	const struct memory *m = r->memory;
	uint64_t now[2] = {0, 0};
	static const char *const files[] = {"memory.current", "memory.swap.current"};

	if (!m || !m->checkBeforeUpdate.v)
		return 0;
	for (int i = 0; i < 2; i++) {
		char text[32];

		if (fd_read_small(fd, files[i], text, sizeof(text)) <= 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (!num_u64(text, &now[i]))
			now[i] = 0;
	}
	if (m->limit.set && m->limit.v > 0 && now[0] > (uint64_t)m->limit.v)
		return err_set(
			err, EBUSY,
			"rejecting memory limit %ld: the container uses %lu bytes now (checked "
			"because of memory.checkBeforeUpdate)",
			(long)m->limit.v, (unsigned long)now[0]);
	if (m->swap.set && m->swap.v > 0 && now[0] + now[1] > (uint64_t)m->swap.v)
		return err_set(err, EBUSY,
			       "rejecting memory+swap limit %ld: the container uses %lu bytes now "
			       "(checked because of memory.checkBeforeUpdate)",
			       (long)m->swap.v, (unsigned long)(now[0] + now[1]));
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits for a change of cgroup.events until `key` has the value. 1, 0 when late, -errno. */
static int wait_event(int fd, const char *key, bool value, int ms)
{
	auto_fd events = sys_openat(fd, "cgroup.events", O_RDONLY, 0);
	int64_t end = now_ms() + ms;

	if (events < 0)
		return events == -ENODEV || events == -ENOENT ? 1 : events;
	for (;;) {
		struct pollfd p = {.fd = events, .events = POLLPRI};
		int64_t left = end - now_ms();
		struct timespec ts = {left / 1000, left % 1000 * 1000000};
		char text[256];
		ssize_t n = SYS(pread64, events, text, sizeof(text) - 1, 0);
		const char *at;

		if (n < 0)
			return n == -ENODEV ? 1 : (int)n;
		text[n] = '\0';
		at = strstr(text, key);
		if (at && (at[strlen(key) + 1] == '1') == value)
			return 1;
		if (left <= 0)
			return 0;
		SYS(ppoll, &p, 1, &ts, NULL, 0);
	}
}

int cgroup_wait_empty(int fd, int ms)
{
	return wait_event(fd, "populated", false, ms);
}

int cgroup_freeze(int fd, bool freeze, int ms, struct err *err)
{
	int r = fd_write_file(fd, "cgroup.freeze", freeze ? "1" : "0", 1);

	if (r < 0)
		return err_sys(err, r, "write cgroup.freeze");
	r = wait_event(fd, "frozen", freeze, ms);
	if (r == 1)
		return 0;
	/* never left half frozen */
	fd_write_file(fd, "cgroup.freeze", "0", 1);
	return r < 0 ? err_sys(err, r, "wait for cgroup.events")
		     : err_set(err, ETIMEDOUT,
			       "the container was not %s within %d ms: a process of it is in an "
			       "uninterruptible wait",
			       freeze ? "frozen" : "thawed", ms);
}

/* ---- all below a cgroup ---- */

static int add_pids(int fd, struct arena *a, pid_t **v, uint32_t *n, uint32_t *cap)
{
	struct err ignored;
	size_t len;
	char *text = fd_read_file(fd, "cgroup.procs", 64 << 20, a, &len, &ignored);

	/* ENOTSUP: a threaded cgroup lists its processes in the domain above */
	for (char *p = text; p && *p; p++) {
		pid_t pid = 0;

		for (; *p >= '0' && *p <= '9'; p++)
			pid = pid * 10 + (*p - '0');
		if (*n == *cap) {
			uint32_t more = *cap ? *cap * 2 : 64;

			*v = arena_grow(a, *v, *cap * sizeof(pid_t), more * sizeof(pid_t));
			*cap = more;
		}
		(*v)[(*n)++] = pid;
		if (!*p)
			break;
	}
	return 0;
}

struct pids_ctx {
	struct arena *arena;
	pid_t *v;
	uint32_t n, cap;
};

static int pids_below(int parent, const struct dir_entry *e, void *ctx)
{
	struct pids_ctx *p = ctx;
	auto_fd child = e->is_dir ? open_dir(parent, e->name) : -1;

	if (child < 0)
		return 0;
	add_pids(child, p->arena, &p->v, &p->n, &p->cap);
	return dir_each(child, pids_below, ctx);
}

static int pids_all(int fd, struct pids_ctx *p)
{
	add_pids(fd, p->arena, &p->v, &p->n, &p->cap);
	return dir_each(fd, pids_below, p);
}

int cgroup_pids(int fd, struct arena *a, pid_t **ret, uint32_t *ret_n)
{
	struct pids_ctx p = {.arena = a};
	int r = pids_all(fd, &p);

	*ret = p.v;
	*ret_n = p.n;
	return r;
}

int cgroup_signal_all(int fd, int sig)
{
	struct pids_ctx p = {.arena = arena_main()};
	int r = sig == SIGKILL ? fd_write_file(fd, "cgroup.kill", "1", 1) : -ENOENT;

	if (r != -ENOENT)
		return r == -ENODEV ? 0 : r;
	/* frozen, nobody can fork away from the list */
	if (sig == SIGKILL)
		fd_write_file(fd, "cgroup.freeze", "1", 1);
	pids_all(fd, &p);
	for (uint32_t i = 0; i < p.n; i++)
		SYS(kill, p.v[i], sig);
	if (sig == SIGKILL)
		fd_write_file(fd, "cgroup.freeze", "0", 1);
	return 0;
}

static int remove_child(int parent, const struct dir_entry *e, void *ctx)
{
	auto_fd child = e->is_dir ? open_dir(parent, e->name) : -1;

	if (child < 0)
		return 0;
	dir_each(child, remove_child, ctx);
	sys_unlinkat(parent, e->name, AT_REMOVEDIR);
	return 0;
}

static int remove_one(const char *mount, const char *path)
{
	char full[PATH_MAX];

	fmt(full, sizeof(full), "%s%s", mount, path);
	return sys_unlinkat(AT_FDCWD, full, AT_REMOVEDIR);
}

/* Those above it that were made for it; one that others use by now is not empty and stays. */
static void remove_above(const char *mount, const char *path, const char *top)
{
	char up[PATH_MAX];

	if (!top || fmt(up, sizeof(up), "%s", path) >= sizeof(up))
		return;
	while (strlen(up) > strlen(top)) {
		*strrchr(up, '/') = '\0';
		if (!*up || !path_is_below(up, top) || remove_one(mount, up) < 0)
			break;
	}
}

bool cgroup_remove_empty(const char *mount, const char *path, const char *top)
{
	if (remove_one(mount, path) < 0)
		return false;
	remove_above(mount, path, top);
	return true;
}

int cgroup_remove(const char *mount, const char *path, const char *top, struct err *err)
{
	int r = remove_one(mount, path);

	for (int i = 0; (r == -EBUSY || r == -ENOTEMPTY) && i < 5; i++) {
		auto_fd fd = cgroup_open(mount, path);

		if (fd < 0)
			break;
		cgroup_wait_empty(fd, 2000);
		dir_each(fd, remove_child, NULL);
		r = remove_one(mount, path);
		if (r == -EBUSY)
			cgroup_signal_all(fd, SIGKILL);
	}
	if (r < 0 && r != -ENOENT && r != -ENODEV)
		return err_sys(err, r, "remove cgroup %s%s", mount, path);
	remove_above(mount, path, top);
	return 0;
}

int cgroup_delegate(int fd, uint32_t uid, uint32_t gid, struct err *err)
{
	static const char fallback[] = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control\n";
	char list[2048];
	int r = (int)SYS(fchown, fd, uid, gid);

	if (fd_read_small(AT_FDCWD, "/sys/kernel/cgroup/delegate", list, sizeof(list)) <= 0)
		memcpy(list, fallback, sizeof(fallback));
	for (char *p = list; *p && r == 0;) {
		size_t n = strcspn(p, "\n");
		bool last = p[n] == '\0';

		p[n] = '\0';
		if (n)
			r = (int)SYS(fchownat, fd, p, uid, gid, AT_SYMLINK_NOFOLLOW);
		if (r == -ENOENT)
			r = 0; /* a controller that is off */
		p += n + !last;
	}
	return r < 0 ? err_sys(err, r, "give the cgroup to uid %u", uid) : 0;
}
