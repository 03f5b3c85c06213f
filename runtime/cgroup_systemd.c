// SPDX-License-Identifier: Apache-2.0
#include "cgroup_systemd.h"

#include <linux/memfd.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "fd.h"
#include "hints.h"
#include "names.h"
#include "proc.h"

#ifndef PROA_LIBEXECDIR
#define PROA_LIBEXECDIR "/usr/local/libexec/proa"
#endif

const char *systemd_program(const char *argv0, struct arena *a)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *places[] = {
		slash ? arena_fmt(a, "%.*s/proa-bus", (int)(slash - argv0), argv0) : NULL,
		PROA_LIBEXECDIR "/proa-bus",
		"/usr/libexec/proa/proa-bus",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i] && SYS(faccessat, AT_FDCWD, places[i], 1 /* X_OK */) == 0)
			return places[i];
	return NULL;
}

static char **command(const char *program, bool user, const char *verb, const char *unit,
		      const struct strs *properties, struct arena *a)
{
	struct strs v = {.v = arena_array(a, char *, 5 + (properties ? properties->n : 0))};

	v.v[v.n++] = (char *)program;
	if (user)
		v.v[v.n++] = (char *)"--user";
	v.v[v.n++] = (char *)verb;
	v.v[v.n++] = (char *)unit;
	for (uint32_t i = 0; properties && i < properties->n; i++)
		v.v[v.n++] = properties->v[i];
	return v.v;
}

/* Its sentence, which it has written into `out`. */
static int own_words(int out, const char *what, struct err *err)
{
	char text[400];
	long n = SYS(pread64, out, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return err_set(err, ECHILD, "%s", *text ? text : what);
}

static int run(char **argv, char **env, struct err *err)
{
	auto_fd out = (int)SYS(memfd_create, "proa-bus", MFD_CLOEXEC);
	struct helper h = {.path = argv[0],
			   .argv = argv,
			   .env = env,
			   .in = -1,
			   .out = out,
			   .timeout_s = 60,
			   .cwd = -1};
	int status = helper_run(&h);

	if (status < 0)
		return err_sys(err, status, "systemd cgroup manager: run %s", argv[0]);
	return status ? own_words(out, "systemd: proa-bus failed and did not say why", err) : 0;
}

/* ---- start: it stays ---- */

struct child {
	char **argv, **env;
	int in, out, err;
};

static void child_main(void *arg)
{
	struct child *c = arg;
	uint64_t none = 0;
	int fd[] = {c->in, c->out, c->err};
	int high[3];

	for (int i = 0; i < 3; i++)
		high[i] = sys_fcntl(fd[i], F_DUPFD_CLOEXEC, 3);
	for (int i = 0; i < 3; i++)
		SYS(dup3, high[i], i, 0);
	SYS(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	SYS(execve, c->argv[0], c->argv, c->env);
	sys_exit(127);
}

static int read_cgroup(int proc, pid_t pid, struct arena *a, const char **ret, struct err *err)
{
	char file[32];
	char text[4096];
	const char *p;
	ssize_t n;

	fmt(file, sizeof(file), "%d/cgroup", pid);
	n = fd_read_small(proc, file, text, sizeof(text));
	p = n > 0 ? text_line(text, "0::") : NULL;
	if (!p)
		return err_set(err, ENOENT,
			       "systemd cgroup manager: the scope's cgroup is not in /proc/%s",
			       file);
	*ret = arena_strndup(a, p, strcspn(p, "\n"));
	return 0;
}

int systemd_start(const struct cgroup_plan *g, int proc, char **env, struct arena *a,
		  struct scope *ret, const char **ret_path, struct err *err)
{
	auto_fd words = (int)SYS(memfd_create, "proa-bus", MFD_CLOEXEC);
	struct clone_args args = {.exit_signal = SIGCHLD};
	int in[2] = {-1, -1};
	int out[2] = {-1, -1};
	struct child c;
	char answer[8];
	ssize_t n;
	long pid = SYS(pipe2, in, O_CLOEXEC);

	if (pid == 0)
		pid = SYS(pipe2, out, O_CLOEXEC);
	c = (struct child){
		command(g->bus_program, g->user_manager, "start", g->unit, &g->properties, a), env,
		in[0], out[1], words};
	if (pid == 0)
		pid = proc_clone(&args, child_main, &c);
	fd_drop(&in[0]);
	fd_drop(&out[1]);
	if (pid < 0) {
		fd_drop(&in[1]);
		fd_drop(&out[0]);
		return err_sys(err, pid, "systemd cgroup manager: run %s", g->bus_program);
	}
	*ret = (struct scope){(pid_t)pid, in[1]};
	n = sys_read(out[0], answer, sizeof(answer));
	fd_drop(&out[0]);
	if (n == 3 && memcmp(answer, "ok\n", 3) == 0)
		return read_cgroup(proc, ret->pid, a, ret_path, err);
	systemd_release(ret);
	own_words(words, "systemd: proa-bus ended and did not say why", err);
	return err_hint(err, HINT_SYSTEMD);
}

void systemd_release(struct scope *s)
{
	if (!s->pid)
		return;
	fd_drop(&s->hold);
	/* the container's first process may still have a copy of the pipe's end */
	SYS(kill, s->pid, SIGKILL);
	(void)proc_wait(s->pid);
	s->pid = 0;
}

int systemd_attach(const struct cgroup_plan *g, pid_t pid, char **env, struct arena *a,
		   struct err *err)
{
	char *pids[] = {arena_fmt(a, "%d", pid), NULL};
	struct strs one = {.v = pids, .n = 1};

	return run(command(g->bus_program, g->user_manager, "attach", g->unit, &one, a), env, err);
}

int systemd_set(const char *program, bool user, const char *unit, const struct strs *properties,
		char **env, struct arena *a, struct err *err)
{
	return properties->n ? run(command(program, user, "set", unit, properties, a), env, err)
			     : 0;
}

int systemd_stop(const char *program, bool user, const char *unit, char **env, struct arena *a,
		 struct err *err)
{
	return run(command(program, user, "stop", unit, NULL, a), env, err);
}
