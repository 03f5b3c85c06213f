// SPDX-License-Identifier: Apache-2.0
/* events: what the container uses, every so often, and each out-of-memory kill as it happens. */
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "cgroup.h"
#include "cmd.h"
#include "fd.h"
#include "lifecycle.h"
#include "names.h"
#include "stats.h"

struct events_opts {
	const char *interval;
	bool stats;
};
const struct opt events_opts_table[] = {
	{"interval", 0, OPT_STR, offsetof(struct events_opts, interval), "DURATION",
	 "time between two statistics: 5s, 500ms (default: 5s)"},
	{"stats", 0, OPT_FLAG, offsetof(struct events_opts, stats), NULL,
	 "print the statistics once and end"},
	OPT_END,
};
const size_t events_opts_size = sizeof(struct events_opts);

static const char *read_file(const struct stats_source *s, const char *file)
{
	struct err ignored = {0};
	size_t len;

	return fd_read_file(s->cgroup, file, 1 << 20, s->arena, &len, &ignored);
}

static int print_stats(struct ctx *x, int cgroup, const char *id, struct err *err)
{
	struct stats_source s = {.read = read_file, .cgroup = cgroup, .arena = x->arena};
	struct arena mark = *x->arena;
	struct buf b = BUF_INIT(x->arena);
	int r;

	stats_json(&s, id, &b);
	r = cmd_print(&b, err);
	arena_rewind(x->arena, mark);
	return r;
}

static int print_oom(struct ctx *x, const char *id, struct err *err)
{
	struct arena mark = *x->arena;
	struct buf b = BUF_INIT(x->arena);
	int r;

	buf_str(&b, "{\"type\":\"oom\",\"id\":");
	buf_json_str(&b, id);
	buf_str(&b, "}\n");
	r = cmd_print(&b, err);
	arena_rewind(x->arena, mark);
	return r;
}

static int64_t now_ns(void)
{
	struct timespec ts = {0};

	SYS(clock_gettime, CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Both files tell of a change by POLLPRI. fd's text, or NULL when the cgroup is gone. */
static const char *text_of(int fd, char *text, size_t size)
{
	ssize_t n = fd < 0 ? -1 : SYS(pread64, fd, text, size - 1, 0);

	if (n < 0)
		return NULL;
	text[n] = '\0';
	return text;
}

/* Until nobody is in the cgroup any more. */
static int watch(struct ctx *x, int cgroup, const char *id, int64_t interval, struct err *err)
{
	auto_fd life = sys_openat(cgroup, "cgroup.events", O_RDONLY, 0);
	auto_fd memory = sys_openat(cgroup, "memory.events", O_RDONLY, 0);
	struct pollfd p[2] = {{.fd = life, .events = POLLPRI}, {.fd = memory, .events = POLLPRI}};
	char text[512];
	uint64_t oom = stats_oom(text_of(memory, text, sizeof(text)));
	int64_t next = now_ns() + interval;

	for (;;) {
		int64_t left = next - now_ns();
		struct timespec ts = {left / 1000000000, left % 1000000000};
		const char *events;
		uint64_t n;

		if (left > 0)
			SYS(ppoll, p, 2, &ts, NULL, 0);
		n = stats_oom(text_of(memory, text, sizeof(text)));
		if (n > oom && print_oom(x, id, err) < 0)
			return -1;
		oom = n > oom ? n : oom;
		events = text_of(life, text, sizeof(text));
		if (!events || !strstr(events, "populated 1"))
			return 0;
		if (now_ns() < next)
			continue;
		next = now_ns() + interval;
		if (print_stats(x, cgroup, id, err) < 0)
			return -1;
	}
}

int cmd_events(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct events_opts *o = opts;
	int64_t interval = 5000000000;
	struct container c;
	auto_fd dir = -1;
	auto_fd cgroup = -1;

	if (o->interval && (!num_duration(o->interval, &interval) || interval <= 0))
		return err_set(err, ERR_USAGE,
			       "--interval: \"%s\" is not a duration above 0 such as 5s or 500ms",
			       o->interval);
	if (store_get(&x->store, args->v[0], &x->facts, false, x->arena, &c, err) < 0)
		return -1;
	dir = c.dir;
	if (lifecycle_check(VERB_EVENTS, c.status, args->v[0], err) < 0)
		return -1;
	if (c.s.cgroup_path)
		cgroup = cgroup_open(c.s.cgroup_mount, c.s.cgroup_path);
	if (cgroup < 0)
		return err_set(err, ENOENT,
			       "container %s has no cgroup, which is what tells of its use",
			       args->v[0]);
	return o->stats ? print_stats(x, cgroup, args->v[0], err)
			: watch(x, cgroup, args->v[0], interval, err);
}
