// SPDX-License-Identifier: Apache-2.0
#include "idmap.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "fd.h"
#include "hints.h"
#include "proc.h"

static int write_map(int proc, pid_t pid, const char *file, const char *text)
{
	char path[48];

	fmt(path, sizeof(path), "%d/%s", pid, file);
	return fd_write_file(proc, path, text, strlen(text));
}

static int run_newidmap(char **argv, pid_t pid, const char *which, struct err *err)
{
	char *env[] = {(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		       NULL};
	struct helper h = {
		.path = argv[0], .argv = argv, .env = env, .in = -1, .out = -1, .cwd = -1};
	int r;

	fmt(argv[1], 16, "%d", pid);
	r = helper_run(&h);
	if (r == -ENOENT) {
		err_set(err, ENOENT,
			"%s: not found, and only it may map more than one id for a user", argv[0]);
		return err_hint(err, HINT_NEWUIDMAP);
	}
	if (r < 0)
		return err_sys(err, r, "run %s", argv[0]);
	if (r != 0) {
		struct buf line = BUF_INIT(arena_main());

		for (int i = 2; argv[i]; i++)
			buf_fmt(&line, " %s", argv[i]);
		err_set(err, EPERM,
			"%s refused the map%s: a range of /etc/%s is missing or smaller than the "
			"container's %sMappings want",
			argv[0], line.data, which[0] == 'u' ? "subuid" : "subgid", which);
		return err_hint(err, HINT_SUBID);
	}
	return 0;
}

static int map_error(int r, const char *which, const char *text, struct err *err)
{
	err_sys(err, r, "write %s_map \"%.*s\"", which, (int)strcspn(text, "\n"), text);
	return r == -EPERM ? err_hint(err, HINT_SUBID) : -1;
}

int idmap_write(struct id_maps *m, const struct facts *f, pid_t pid, struct err *err)
{
	int r;

	if (f->proc < 0)
		return err_set(err, ENOENT,
			       "user namespace: the host has no /proc to write maps to");
	if (m->deny_setgroups) {
		r = write_map(f->proc, pid, "setgroups", "deny");
		if (r < 0 && r != -ENOENT)
			return err_sys(err, r, "write setgroups");
	}
	if (m->uid_argv) {
		if (run_newidmap(m->uid_argv, pid, "uid", err) < 0)
			return -1;
		return run_newidmap(m->gid_argv, pid, "gid", err);
	}
	r = write_map(f->proc, pid, "uid_map", m->uid);
	if (r < 0)
		return map_error(r, "uid", m->uid, err);
	r = write_map(f->proc, pid, "gid_map", m->gid);
	return r < 0 ? map_error(r, "gid", m->gid, err) : 0;
}

static void wait_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		SYS(pause);
}

/* A namespace needs a process to be made; it only lives until we have its descriptor. */
int idmap_userns(const struct idmap *m, struct err *err)
{
	static _Alignas(16) char stack[4096];
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_VM,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof(stack),
	};
	long pid = proc_clone(&args, wait_for_ever, NULL);
	char path[48];
	int r;

	if (pid < 0)
		return err_sys(err, pid, "user namespace for an id-mapped mount");
	fmt(path, sizeof(path), "/proc/%ld/uid_map", pid);
	r = fd_write_file(AT_FDCWD, path, m->uid_map, strlen(m->uid_map));
	fmt(path, sizeof(path), "/proc/%ld/gid_map", pid);
	if (r == 0)
		r = fd_write_file(AT_FDCWD, path, m->gid_map, strlen(m->gid_map));
	fmt(path, sizeof(path), "/proc/%ld/ns/user", pid);
	if (r == 0)
		r = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
	SYS(kill, pid, SIGKILL);
	(void)proc_wait((pid_t)pid);
	return r < 0 ? err_sys(err, r, "maps of an id-mapped mount") : r;
}

int idmap_open_all(struct plan *p, struct err *err)
{
	for (uint32_t i = 0; i < p->n_idmaps; i++) {
		struct idmap *m = &p->idmaps[i];

		if (m->container && !(p->ns_new & CLONE_NEWUSER)) {
			for (uint32_t j = 0; j < p->n_joins; j++)
				if (p->joins[j].type == CLONE_NEWUSER)
					m->fd = sys_fcntl(p->joins[j].fd, F_DUPFD_CLOEXEC, 3);
			if (m->fd < 0)
				return err_sys(err, m->fd, "the joined user namespace");
			continue;
		}
		m->fd = idmap_userns(m, err);
		if (m->fd < 0)
			return -1;
	}
	return 0;
}
