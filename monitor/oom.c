// SPDX-License-Identifier: Apache-2.0
#include "oom.h"

#include <poll.h>
#include <string.h>
#include <sys/vfs.h>

#include "log.h"

enum { CGROUP2_MAGIC = 0x63677270 };

static int open_cgroup2(void)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

	for (size_t i = 0; i < 2; i++) {
		auto_fd fd = sys_openat(AT_FDCWD, places[i], O_PATH | O_DIRECTORY, 0);
		struct statfs fs;

		if (fd >= 0 && SYS(fstatfs, fd, &fs) == 0 && fs.f_type == CGROUP2_MAGIC)
			return fd_steal(&fd);
	}
	return -1;
}

bool oom_value(const char *text, const char *name, uint64_t *ret)
{
	size_t n = strlen(name);

	while (*text) {
		size_t line = strcspn(text, "\n");

		if (line > n && text[n] == ' ' && strncmp(text, name, n) == 0) {
			*ret = 0;
			for (const char *p = text + n + 1; *p >= '0' && *p <= '9'; p++)
				*ret = *ret * 10 + (uint64_t)(*p - '0');
			return true;
		}
		text += line + (text[line] == '\n');
	}
	return false;
}

static bool value_of_file(int dir, const char *file, const char *name, uint64_t *ret)
{
	char text[1024];

	return dir >= 0 && fd_read_small(dir, file, text, sizeof(text)) > 0 &&
	       oom_value(text, name, ret);
}

void oom_open(struct monitor *m)
{
	char path[40];
	char text[4096];
	auto_fd root = open_cgroup2();
	char *p;

	fmt(path, sizeof(path), "/proc/%d/cgroup", m->spool.h->container);
	if (root < 0 || fd_read_small(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return;
	/* only the v2 line counts, also where v1 controllers are mounted beside it */
	p = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!p)
		return;
	p = strchr(p, '/');
	if (!p)
		return;
	p[strcspn(p, "\n")] = '\0';
	/* the root cgroup tells nothing about one container */
	if (!p[1])
		return;
	m->cgroup = sys_openat(root, p + 1, O_PATH | O_DIRECTORY, 0);
	if (m->cgroup < 0)
		return;
	m->oom_events = sys_openat(m->cgroup, "memory.events", O_RDONLY, 0);
	value_of_file(m->cgroup, "memory.events", "oom_kill", &m->oom_kills);
	value_of_file(m->cgroup, "memory.events", "oom", &m->ooms);
}

static void touch(const char *dir, const char *name)
{
	auto_fd fd = -1;
	auto_fd d = dir ? sys_openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY, 0) : -1;

	if (d >= 0)
		fd = sys_openat(d, name, O_WRONLY | O_CREAT | O_NOFOLLOW, 0666);
}

void oom_check(struct monitor *m)
{
	uint64_t kills = m->oom_kills;
	uint64_t ooms = m->ooms;

	if (m->cgroup < 0)
		return;
	value_of_file(m->cgroup, "memory.events", "oom_kill", &kills);
	value_of_file(m->cgroup, "memory.events", "oom", &ooms);
	if (kills == m->oom_kills && ooms == m->ooms)
		return;
	m->oom_kills = kills;
	m->ooms = ooms;
	if (!m->spool.h->oom)
		log_msg(LOG_INFO, "%s: out of memory", m->args.raw.cid);
	m->spool.h->oom = 1;
	touch(m->args.raw.bundle, "oom");
	touch(m->args.raw.persist_dir, "oom");
}

static void changed(struct monitor *m, void *arg, short revents)
{
	char text[512];

	(void)arg;
	(void)revents;
	/* reading arms the next notice (kernfs); a removed cgroup would be told for ever */
	if (SYS(pread64, m->oom_events, text, sizeof(text), 0) < 0)
		fd_drop(&m->oom_events);
	else
		oom_check(m);
}

void oom_polls(struct monitor *m, struct polls *p)
{
	polls_add(p, m->oom_events, POLLPRI, changed, NULL);
}

struct oom_figures oom_read(const struct monitor *m)
{
	struct oom_figures f = {0};
	char text[64];
	int64_t peak;

	f.has_memory = value_of_file(m->cgroup, "memory.events", "oom_kill", &f.oom_kill);
	value_of_file(m->cgroup, "memory.events", "oom", &f.oom);
	value_of_file(m->cgroup, "memory.events", "oom_group_kill", &f.oom_group_kill);
	f.has_pids = value_of_file(m->cgroup, "pids.events", "max", &f.pids_max);
	f.has_cpu = value_of_file(m->cgroup, "cpu.stat", "usage_usec", &f.cpu_us);
	if (m->cgroup >= 0 && fd_read_small(m->cgroup, "memory.peak", text, sizeof(text)) > 0) {
		text[strcspn(text, "\n")] = '\0';
		f.has_peak = num_i64(text, &peak);
		f.memory_peak = f.has_peak ? (uint64_t)peak : 0;
	}
	return f;
}
