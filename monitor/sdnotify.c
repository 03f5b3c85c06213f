// SPDX-License-Identifier: Apache-2.0
#include "sdnotify.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "dir.h"
#include "log.h"
#include "path.h"
#include "sock.h"

/* systemd's own limit of a notification is a page. */
enum { MESSAGE = 4096 };

struct rule {
	const char *text;
	bool whole; /* the line is exactly this; else it begins so */
	enum { PASS, BARRIER, READY, MAINPID } what;
};

static const struct rule rules[] = {
	{"READY=1", true, READY},
	{"RELOADING=1", true, PASS},
	{"STOPPING=1", true, PASS},
	{"WATCHDOG=1", true, PASS},
	{"WATCHDOG=trigger", true, PASS},
	{"BARRIER=1", true, BARRIER},
	{"STATUS=", false, PASS},
	{"ERRNO=", false, PASS},
	{"BUSERROR=", false, PASS},
	{"MONOTONIC_USEC=", false, PASS},
	{"EXTEND_TIMEOUT_USEC=", false, PASS},
	{"WATCHDOG_USEC=", false, PASS},
	{"MAINPID=", false, MAINPID},
	{NULL, false, PASS},
};

static const struct rule *find_rule(const char *line, size_t len)
{
	for (const struct rule *r = rules; r->text; r++) {
		size_t n = strlen(r->text);

		if (len >= n && memcmp(line, r->text, n) == 0 && (!r->whole || len == n))
			return r;
	}
	return NULL;
}

static int main_pid(const char *line, size_t len, sdnotify_pid_fn *pid, void *ctx)
{
	char digits[12];
	uint32_t v;
	const size_t skip = sizeof("MAINPID=") - 1;

	if (len - skip >= sizeof(digits))
		return 0;
	memcpy(digits, line + skip, len - skip);
	digits[len - skip] = '\0';
	return num_u32(digits, &v) && v > 0 && v <= INT32_MAX ? pid(ctx, (int)v) : 0;
}

struct sdnotify_lines sdnotify_filter(const char *in, size_t len, bool healthy,
				      sdnotify_pid_fn *pid, void *ctx, char *out, size_t size)
{
	struct sdnotify_lines ret = {0};

	while (len) {
		const char *nl = memchr(in, '\n', len);
		size_t n = nl ? (size_t)(nl - in) : len;
		const struct rule *r = find_rule(in, n);
		char mapped[32];
		const char *line = in;
		size_t line_len = n;

		in += n + (nl != NULL);
		len -= n + (nl != NULL);
		if (!r || memchr(line, '\0', n))
			continue;
		if (r->what == READY) {
			ret.ready = true;
			if (healthy)
				continue;
		} else if (r->what == BARRIER) {
			ret.barrier = true;
			continue; /* goes alone, with its descriptor */
		} else if (r->what == MAINPID) {
			int host = main_pid(line, n, pid, ctx);

			if (!host)
				continue;
			line = mapped;
			line_len = fmt(mapped, sizeof(mapped), "MAINPID=%d", host);
		}
		if (ret.len + line_len + 1 > size)
			break;
		memcpy(out + ret.len, line, line_len);
		ret.len += line_len;
		out[ret.len++] = '\n';
	}
	return ret;
}

/* ---------------------------------------------------------------- pids */

/*
 * A confined monitor may not look at the namespaces of other users' processes (that takes
 * CAP_SYS_PTRACE), so one of the container's is known by its cgroup and by the numbers in its
 * status file, which everybody may read.
 */
struct pid_search {
	struct monitor *m;
	char cgroup[1024]; /* the container's */
	int depth;	   /* of its pid namespace */
	int want;
	int found;
};

/* The pid in the innermost namespace: the last number of status's NSpid line. */
static int inner_pid(int proc, const char *pid, int *ret_depth)
{
	char path[32];
	char text[4096];
	char *p;
	int v = 0;

	*ret_depth = 0;
	fmt(path, sizeof(path), "%s/status", pid);
	if (fd_read_small(proc, path, text, sizeof(text)) <= 0)
		return 0;
	p = strstr(text, "\nNSpid:");
	if (!p)
		return 0;
	p += 7;
	p[strcspn(p, "\n")] = '\0';
	for (; *p; p++)
		if (*p == '\t' || *p == ' ') {
			v = 0;
			(*ret_depth)++;
		} else if (*p >= '0' && *p <= '9') {
			v = v * 10 + (*p - '0');
		}
	return v;
}

static bool cgroup_of(int proc, const char *pid, char *ret, size_t size)
{
	char path[32];
	char text[4096];
	const char *p;

	fmt(path, sizeof(path), "%s/cgroup", pid);
	if (fd_read_small(proc, path, text, sizeof(text)) <= 0)
		return false;
	p = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	p = p ? strchr(p, '/') : NULL;
	return p && fmt(ret, size, "%.*s", (int)strcspn(p, "\n"), p) < size;
}

static int look(int dir, const struct dir_entry *e, void *ctx)
{
	struct pid_search *s = ctx;
	char cgroup[sizeof(s->cgroup)];
	uint32_t pid;
	int depth;

	if (!num_u32(e->name, &pid) || inner_pid(dir, e->name, &depth) != s->want ||
	    depth != s->depth || !cgroup_of(dir, e->name, cgroup, sizeof(cgroup)) ||
	    !path_is_below(cgroup, s->cgroup))
		return 0;
	s->found = (int)pid;
	return -1;
}

/* A pid in the container's pid namespace to ours. The container's own process is represented by us:
 * the manager can wait for us, we end with its status, and a process that is not its child it could
 * only watch. */
static int host_pid(void *ctx, int pid)
{
	struct pid_search s = {.m = ctx, .want = pid};
	auto_fd proc = sys_openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY, 0);
	char container[16];

	fmt(container, sizeof(container), "%d", s.m->spool.h->container);
	if (proc < 0 || !s.m->spool.h->container)
		return 0;
	if (inner_pid(proc, container, &s.depth) == pid)
		return sys_getpid();
	if (cgroup_of(proc, container, s.cgroup, sizeof(s.cgroup)))
		(void)dir_each(proc, look, &s);
	return s.found;
}

/* ---------------------------------------------------------------- sockets */

static int connect_host(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	int fd;
	int r;

	if (*path != '@')
		return sock_connect(AT_FDCWD, path, SOCK_DGRAM);
	if (n >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path + 1, path + 1, n - 1); /* abstract: a NUL, then the name */
	fd = (int)SYS(socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	r = (int)SYS(connect, fd, &sa, (long)(offsetof(struct sockaddr_un, sun_path) + n));
	if (r < 0)
		fd_drop(&fd);
	return r < 0 ? r : fd;
}

int sdnotify_open(struct monitor *m, struct err *err)
{
	const char *host = m->args.raw.sdnotify_socket;
	auto_fd dir = -1;
	int fd;

	if (!host)
		return 0;
	m->notify_host = connect_host(host);
	if (m->notify_host < 0) {
		char why[64];

		log_warning("%s: connect to the service manager's %s: %s", m->args.raw.cid, host,
			    err_text(m->notify_host, why));
		m->notify_host = -1;
	}
	if (m->resumed)
		return 0;
	dir = sys_openat(AT_FDCWD, m->args.raw.bundle, O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return err_sys(err, dir, "open the bundle %s", m->args.raw.bundle);
	sys_mkdirat(dir, "notify", 0755);
	sys_unlinkat(dir, "notify/notify.sock", 0);
	/* any user of the container writes to it */
	SYS(umask, 0);
	fd = sock_listen(dir, "notify/notify.sock", SOCK_DGRAM | SOCK_NONBLOCK);
	SYS(umask, 0022);
	if (fd < 0)
		return err_sys(err, fd, "bind %s/notify/notify.sock", m->args.raw.bundle);
	m->notify = fd;
	return 0;
}

void sdnotify_say(struct monitor *m, const char *text)
{
	if (m->notify_host >= 0)
		(void)sock_send(m->notify_host, text, strlen(text), -1);
}

static void readable(struct monitor *m, void *arg, short revents)
{
	char in[MESSAGE];
	char out[MESSAGE + 32];
	struct sdnotify_lines l;
	int fd = -1;
	ssize_t n = sock_recv(m->notify, in, sizeof(in), &fd);
	auto_fd got = fd;

	(void)arg;
	(void)revents;
	if (n <= 0)
		return;
	l = sdnotify_filter(in, (size_t)n, m->args.ready_on_healthy, host_pid, m, out, sizeof(out));
	if (m->notify_host < 0)
		return;
	if (l.len)
		(void)sock_send(m->notify_host, out, l.len, -1);
	/* the descriptor is closed by the manager once it has read all that was sent before */
	if (l.barrier && got >= 0)
		(void)sock_send(m->notify_host, "BARRIER=1", 9, got);
}

void sdnotify_polls(struct monitor *m, struct polls *p)
{
	polls_add(p, m->notify, POLLIN, readable, NULL);
}

void sdnotify_close(struct monitor *m)
{
	char path[4096];

	if (m->notify < 0)
		return;
	/* what was sent last is still there to be read */
	for (int i = 0; i < 64; i++) {
		struct pollfd p = {.fd = m->notify, .events = POLLIN};

		if (SYS(ppoll, &p, 1, &(struct timespec){0}, NULL, 0) <= 0)
			break;
		readable(m, NULL, POLLIN);
	}
	fd_drop(&m->notify);
	fmt(path, sizeof(path), "%s/notify/notify.sock", m->args.raw.bundle);
	sys_unlinkat(AT_FDCWD, path, 0);
}
