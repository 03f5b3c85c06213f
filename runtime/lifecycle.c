// SPDX-License-Identifier: Apache-2.0
#include "lifecycle.h"

#include <signal.h>
#include <string.h>

#include "cgroup.h"
#include "cgroup_systemd.h"
#include "fd.h"
#include "hooks.h"
#include "intelrdt.h"
#include "log.h"
#include "plan.h"
#include "proc.h"

#define BIT(s) (1U << STATUS_##s)

static const struct {
	uint32_t allowed; /* statuses */
	const char *text; /* what it must be; the id and the status are put in */
} rules[VERBS] = {
	[VERB_START] =
		{BIT(CREATED),
		 "cannot start container %s: it is %s, and only a created one can be started"},
	[VERB_KILL] = {BIT(CREATED) | BIT(RUNNING) | BIT(PAUSED),
		       "container not running: %s is %s"},
	[VERB_DELETE] = {BIT(STOPPED) | BIT(CREATED),
			 "cannot delete container %s: it is %s: stop it first, or use --force"},
	[VERB_EXEC] = {BIT(CREATED) | BIT(RUNNING),
		       "cannot exec in a container that is not running: "
		       "container not running: %s is %s"},
	[VERB_PAUSE] = {BIT(CREATED) | BIT(RUNNING),
			"cannot pause: container not running: %s is %s"},
	[VERB_RESUME] = {BIT(PAUSED), "container not paused: %s is %s"},
	[VERB_UPDATE] = {BIT(CREATED) | BIT(RUNNING) | BIT(PAUSED),
			 "cannot update: container not running: %s is %s"},
	[VERB_EVENTS] = {BIT(CREATED) | BIT(RUNNING) | BIT(PAUSED),
			 "no events: container not running: %s is %s"},
	[VERB_CHECKPOINT] = {BIT(RUNNING) | BIT(PAUSED),
			     "cannot checkpoint: container not running: %s is %s"},
	[VERB_MOUNTS] = {BIT(CREATED) | BIT(RUNNING) | BIT(PAUSED),
			 "cannot change the mounts: container not running: %s is %s"},
};

int lifecycle_check(enum verb verb, enum status status, const char *id, struct err *err)
{
	if (rules[verb].allowed >> status & 1)
		return 0;
	if (verb == VERB_EXEC && status == STATUS_PAUSED)
		return err_set(err, ERR_STATE,
			       "cannot exec in a paused container (--ignore-paused does): %s", id);
	if (status == STATUS_CREATING)
		return err_set(
			err, ERR_STATE,
			"container %s is still being created, or its creation was killed: proa "
			"delete --force %s removes it",
			id, id);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return err_set(err, ERR_STATE, rules[verb].text, id, status_names[status]);
#pragma GCC diagnostic pop
}

/*
 * The socket's end of file comes from execve or from death. execve gives the process its new memory
 * before it closes descriptors, and exit takes the memory away before that: so /proc/PID/exe is
 * there after the one and gone after the other. What is gone is waited for, since only then its
 * last name stays.
 */
bool lifecycle_died_before_exec(const struct facts *f, pid_t pid, int pidfd)
{
	auto_fd own = -1;
	char path[32];
	char text[64];

	if (f->proc < 0)
		return false;
	fmt(path, sizeof(path), "%d/exe", pid);
	if (sys_readlinkat(f->proc, path, text, sizeof(text)) != -ENOENT)
		return false;
	if (pidfd < 0)
		pidfd = own = sys_pidfd_open(pid, 0);
	if (pidfd >= 0)
		proc_wait_fd(pidfd, -1);
	fmt(path, sizeof(path), "%d/comm", pid);
	return fd_read_small(f->proc, path, text, sizeof(text)) > 0 &&
	       strncmp(text, "proa:[", 6) == 0;
}

/* 10 s: what is not gone after SIGKILL by then hangs in the kernel. */
enum { KILL_WAIT_MS = 10000 };

static int kill_init(struct container *c, struct err *err)
{
	auto_fd pidfd = -1;

	if (c->status == STATUS_STOPPED || c->status == STATUS_CREATING)
		return 0;
	pidfd = sys_pidfd_open((pid_t)c->s.pid.v, 0);
	if (pidfd < 0)
		return 0;
	sys_pidfd_send_signal(pidfd, SIGKILL);
	if (proc_wait_fd(pidfd, KILL_WAIT_MS) == 0)
		return err_set(
			err, ETIMEDOUT,
			"container %s: pid %ld did not end %d s after SIGKILL: it hangs in the "
			"kernel",
			c->s.id, (long)c->s.pid.v, KILL_WAIT_MS / 1000);
	return 0;
}

/* Nobody is in it afterwards; mostly it is gone then. */
static int empty_cgroup(struct container *c, struct err *err)
{
	auto_fd fd = -1;

	if (!c->s.cgroup_path)
		return 0;
	if (cgroup_remove_empty(c->s.cgroup_mount, c->s.cgroup_path, c->s.cgroup_top)) {
		c->s.cgroup_path = NULL;
		return 0;
	}
	fd = cgroup_open(c->s.cgroup_mount, c->s.cgroup_path);
	/* without a pid namespace others may outlive init; and a frozen one would not die */
	if (fd >= 0 && cgroup_wait_empty(fd, 0) != 1) {
		cgroup_signal_all(fd, SIGKILL);
		if (cgroup_wait_empty(fd, KILL_WAIT_MS) == 0) {
			struct arena *a = arena_main();
			struct buf who = BUF_INIT(a);
			pid_t *pids = NULL;
			uint32_t n = 0;

			cgroup_pids(fd, a, &pids, &n);
			for (uint32_t i = 0; i < n && i < 10; i++)
				buf_fmt(&who, " %d", pids[i]);
			return err_set(err, EBUSY,
				       "container %s: still in its cgroup %d s after SIGKILL:%s",
				       c->s.id, KILL_WAIT_MS / 1000,
				       who.data ? who.data : " (nobody seen)");
		}
	}
	return 0;
}

void lifecycle_stop_scope(const struct state *s, const struct facts *f, struct arena *a)
{
	struct err err;

	if (s->systemd_unit && s->systemd_bus &&
	    systemd_stop(s->systemd_bus, s->systemd_user, s->systemd_unit, f->environ, a, &err) < 0)
		log_warning("%s", err.msg);
}

/* A failing poststop hook is a warning: the container is gone (runtime.md#lifecycle). */
static void run_poststop(const struct container *c, struct arena *a)
{
	struct config config = {0};
	struct err err;
	struct hook_list l = {.name = "poststop"};

	if (!c->s.poststop)
		return;
	if (config_load(c->dir, "config.json", &config_fields, &config, a, &err) < 0) {
		log_warning("poststop hooks of %s: %s", c->s.id, err.msg);
		return;
	}
	if (!config.hooks)
		return;
	l.hooks = &config.hooks->poststop;
	if (hooks_output(&l, &config.annotations, &err) < 0 ||
	    hooks_run(&l, hooks_state_head(c->s.id, c->s.bundle, &config.annotations, a), "stopped",
		      0, NULL, -1, &err) < 0)
		log_warning("%s", err.msg);
}

int lifecycle_delete(const struct store *s, struct container *c, const struct facts *f,
		     struct arena *a, struct err *err)
{
	if (kill_init(c, err) < 0 || empty_cgroup(c, err) < 0)
		return -1;
	lifecycle_stop_scope(&c->s, f, a);
	if (c->s.cgroup_path &&
	    cgroup_remove(c->s.cgroup_mount, c->s.cgroup_path, c->s.cgroup_top, err) < 0)
		return -1;
	rdt_remove(&(struct rdt){.made = c->s.rdt_path, .monitor = c->s.rdt_monitor});
	run_poststop(c, a);
	return store_remove(s, c->s.id, c->dir, err);
}
