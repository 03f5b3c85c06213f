// SPDX-License-Identifier: Apache-2.0
/*
 * Order, and why:
 *   labels and /proc writes first, while /proc can be written;
 *   bounding set before the user changes (CAP_SETPCAP), groups before ids (CAP_SETGID);
 *   chdir before the ids change (root may reach it) or else after (only the user may);
 *   without no_new_privs the filter needs CAP_SYS_ADMIN, so there the capabilities come after it,
 *   and only capset, write, close and execve are called under the filter.
 */
#include "process.h"

#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/sched/types.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "fd.h"
#include "hints.h"
#include "proc.h"
#include "sock.h"

/* ---- /proc/self, through the host's verified procfs ---- */

static int self_open(int proc, const char *file, int flags)
{
	struct open_how how = {.flags = (unsigned int)flags | O_CLOEXEC,
			       .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS};
	char path[64];
	int fd;

	if (proc < 0)
		return -ENOENT;
	fmt(path, sizeof(path), "self/%s", file);
	fd = sys_openat2(proc, path, &how);
	return fd == -ENOSYS ? sys_openat(proc, path, flags, 0) : fd;
}

static int self_write(int proc, const char *file, const char *text)
{
	auto_fd fd = self_open(proc, file, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = sys_write(fd, text, strlen(text));
	return n < 0 ? (int)n : 0;
}

/* ---- signals ---- */

uint64_t process_ignored_signals(int proc)
{
	char text[4096];
	uint64_t v = 0;
	const char *p;

	if (proc < 0 || fd_read_small(proc, "self/status", text, sizeof(text)) <= 0)
		return ~0ULL;
	p = text_line(text, "SigIgn:\t");
	if (!p)
		return ~0ULL;
	for (; *p && *p != '\n'; p++)
		v = v << 4 | (uint64_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
	return v;
}

struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

void process_reset_signals(uint64_t ignored)
{
	struct kernel_sigaction by_default = {0};
	uint64_t none = 0;

	for (int sig = 1; sig <= 64; sig++)
		if (ignored >> (sig - 1) & 1)
			SYS(rt_sigaction, sig, &by_default, NULL, sizeof(uint64_t));
	SYS(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

/* ---- limits ---- */

int process_oom(const struct proc_plan *p, const struct process_env *e, struct err *err)
{
	char text[16];
	char now[16];
	int r;

	if (!p->oom_score_adj.set)
		return 0;
	fmt(text, sizeof(text), "%d", (int)p->oom_score_adj.v);
	r = self_write(e->proc, "oom_score_adj", text);
	if (r == -EACCES || r == -EPERM) {
		/* an ordinary user may not lower it; Podman asks for the value that is there anyway
		 */
		auto_fd fd = self_open(e->proc, "oom_score_adj", O_RDONLY);
		ssize_t n = fd < 0 ? fd : sys_read(fd, now, sizeof(now) - 1);

		if (n > 0) {
			now[n] = '\0';
			now[strcspn(now, "\n")] = '\0';
			if (strcmp(now, text) == 0)
				return 0;
		}
	}
	if (r < 0)
		err_sys(err, r, "process.oomScoreAdj %s", text);
	return r == -EACCES || r == -EPERM ? err_hint(err, HINT_OOM) : r < 0 ? -1 : 0;
}

static int set_rlimits(const struct proc_plan *p, struct err *err)
{
	for (uint32_t i = 0; i < p->n_rlimits; i++) {
		const struct rlimit_op *r = &p->rlimits[i];
		uint64_t want[2] = {r->soft, r->hard};
		uint64_t now[2] = {0, 0};
		long e = SYS(prlimit64, 0, r->resource, want, NULL);

		if (e == 0)
			continue;
		if (e == -EPERM && SYS(prlimit64, 0, r->resource, NULL, now) == 0 &&
		    now[1] < r->hard) {
			err_sys(err, e,
				"process.rlimits %s: hard %lu is above this process's own, %lu",
				name_of(rlimit_names, r->resource), (unsigned long)r->hard,
				(unsigned long)now[1]);
			return err_hint(err, HINT_RLIMIT);
		}
		return err_sys(err, e, "process.rlimits %s: soft %lu, hard %lu",
			       name_of(rlimit_names, r->resource), (unsigned long)r->soft,
			       (unsigned long)r->hard);
	}
	return 0;
}

struct sched_attr_v1 {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int set_scheduler(const struct proc_plan *p, struct err *err)
{
	struct sched_attr_v1 a = {
		.size = sizeof(a),
		.policy = p->sched.policy,
		.flags = p->sched.flags,
		.nice = p->sched.nice,
		.priority = p->sched.priority,
		.runtime = p->sched.runtime,
		.deadline = p->sched.deadline,
		.period = p->sched.period,
	};
	long r;

	if (p->sched.set) {
		r = SYS(sched_setattr, 0, &a, 0);
		if (r < 0)
			return err_sys(err, r, "process.scheduler: policy %u", p->sched.policy);
	}
	if (p->ioprio >= 0) {
		r = SYS(ioprio_set, IOPRIO_WHO_PROCESS, 0, p->ioprio);
		if (r < 0)
			return err_sys(err, r, "process.ioPriority");
	}
	return 0;
}

/* The caller may be pinned to a CPU; the container is not (runc, crun). */
static int set_affinity(const struct proc_plan *p, struct err *err)
{
	uint64_t all[128];
	long r;

	if (p->affinity_final) {
		r = SYS(sched_setaffinity, 0, p->affinity_bytes, p->affinity_final);
		return r < 0 ? err_sys(err, r, "process.execCPUAffinity.final") : 0;
	}
	if (p->sched.set && p->sched.policy == 6)
		return 0; /* SCHED_DEADLINE refuses any affinity but the one it has */
	memset(all, 0xff, sizeof(all));
	SYS(sched_setaffinity, 0, sizeof(all), all);
	return 0;
}

int process_limits(const struct proc_plan *p, struct err *err)
{
	long r;

	if (set_affinity(p, err) < 0 || set_scheduler(p, err) < 0)
		return -1;
	if (p->mempolicy) {
		r = SYS(set_mempolicy, p->mempolicy_mode, p->mempolicy_nodes,
			p->mempolicy_nodes ? p->mempolicy_bits + 1 : 0);
		if (r < 0)
			return err_sys(err, r, "linux.memoryPolicy");
	}
	if (p->personality >= 0) {
		r = SYS(personality, p->personality);
		if (r < 0)
			return err_sys(err, r, "linux.personality");
	}
	return 0;
}

/* ---- user ---- */

/* The home directory that a line of passwd(5) gives to uid; its length, 0 if it is not that. */
static size_t passwd_home(const char *line, size_t n, uint32_t uid, const char **ret)
{
	const char *field[7] = {line};
	uint64_t v = 0;
	int count = 1;

	for (size_t i = 0; i < n && count < 7; i++)
		if (line[i] == ':')
			field[count++] = line + i + 1;
	if (count < 7 || field[2] == field[3] - 1)
		return 0;
	for (const char *p = field[2]; *p != ':'; p++) {
		if (*p < '0' || *p > '9' || v > UINT32_MAX)
			return 0;
		v = v * 10 + (uint64_t)(*p - '0');
	}
	if (v != uid)
		return 0;
	*ret = field[5];
	return (size_t)(field[6] - 1 - field[5]);
}

/* HOME where the configuration has none: the container's own idea of the user. */
static void set_home(struct proc_plan *p)
{
	auto_fd fd = -1;
	char text[4096];
	size_t have = 0;
	struct stat st;
	char **slot = p->env;

	if (p->has_home || !p->home)
		return;
	while (*slot)
		slot++;
	memcpy(p->home, "HOME=/", 7);
	slot[0] = p->home;
	slot[1] = NULL;
	fd = sys_openat(AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0 || SYS(fstat, fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	for (;;) {
		ssize_t n = sys_read(fd, text + have, sizeof(text) - have);
		char *end;

		if (n <= 0)
			return;
		have += (size_t)n;
		for (char *line = text;; line = end + 1) {
			const char *home;
			size_t len;

			end = memchr(line, '\n', have - (size_t)(line - text));
			if (!end) {
				have -= (size_t)(line - text);
				memmove(text, line, have);
				break;
			}
			len = passwd_home(line, (size_t)(end - line), p->uid, &home);
			if (len) {
				memcpy(p->home + 5, home, len);
				p->home[5 + len] = '\0';
				return;
			}
		}
		if (have == sizeof(text))
			have = 0; /* a line of 4 KiB is nobody's */
	}
}

/* CVE-2024-21626: a cwd like /proc/self/fd/7 may lead to a directory of the host. */
static int check_cwd(const char *cwd, struct err *err)
{
	char now[4096];
	long r = SYS(getcwd, now, sizeof(now));

	if (r < 0 || now[0] != '/')
		return err_set(err, EPERM, "process.cwd %s: leads out of the container's root",
			       cwd);
	return 0;
}

static int make_cwd(const char *cwd)
{
	char path[4096];
	size_t n = strlen(cwd);

	if (n >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, cwd, n + 1);
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		sys_mkdirat(AT_FDCWD, path, 0755);
		*p = '/';
	}
	return sys_mkdirat(AT_FDCWD, path, 0755);
}

static int set_ids(const struct proc_plan *p, struct err *err)
{
	long r = 0;

	if (!p->keep_groups) {
		r = SYS(setgroups, p->n_groups, p->groups);
		/* denied for good in this user namespace (user_namespaces(7)): we have CAP_SETGID
		 */
		if (r < 0 && !(r == -EPERM && p->n_groups == 0))
			return err_sys(err, r, "process.user.additionalGids: set %u groups",
				       p->n_groups);
	}
	r = SYS(setresgid, p->gid, p->gid, p->gid);
	if (r < 0)
		return err_sys(err, r, "process.user.gid %u%s", p->gid,
			       r == -EINVAL ? " has no mapping in linux.gidMappings" : "");
	r = SYS(setresuid, p->uid, p->uid, p->uid);
	if (r < 0)
		return err_sys(err, r, "process.user.uid %u%s", p->uid,
			       r == -EINVAL ? " has no mapping in linux.uidMappings" : "");
	return 0;
}

/* Does the filter have to be loaded with CAP_SYS_ADMIN, so before the capabilities go? */
static bool filter_before_caps(const struct proc_plan *p)
{
	return p->seccomp.len && !p->no_new_privs;
}

int process_user(struct proc_plan *p, struct process_env *e, struct err *err)
{
	bool later = false;
	bool at_root;
	struct caps keep;
	int r;

	/* not before the mounts: a small RLIMIT_NOFILE is the program's, not ours */
	if (set_rlimits(p, err) < 0)
		return -1;
	set_home(p);
	/* at "/" we are since the root was changed */
	at_root = p->cwd[0] == '/' && !p->cwd[1];
	r = at_root ? 0 : sys_chdir(p->cwd);
	if (r == -ENOENT && make_cwd(p->cwd) == 0)
		r = sys_chdir(p->cwd);
	later = r == -EACCES; /* root may be nobody here, e.g. on NFS: the user gets a try */
	if (r < 0 && !later)
		return err_sys(err, r, "process.cwd %s", p->cwd);
	r = caps_drop_bounding(p->caps.bounding, e->last_cap);
	if (r < 0)
		return err_sys(err, r, "drop the bounding capabilities");
	/* root keeps them anyway */
	r = p->uid == 0 ? 0 : sys_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (r < 0)
		return err_sys(err, r, "keep capabilities over the change of user");
	if (set_ids(p, err) < 0)
		return -1;
	SYS(umask, p->umask);
	if (filter_before_caps(p)) {
		/* the effective set was cleared by setresuid; CAP_SYS_ADMIN goes after the filter
		 */
		keep = p->caps;
		keep.permitted |= 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SETPCAP;
		keep.effective |= 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SETPCAP;
		keep.ambient = 0;
		r = caps_apply(&keep);
	} else {
		r = caps_apply(&p->caps);
	}
	if (r < 0)
		return err_sys(err, r, "set the capabilities");
	if (p->no_new_privs) {
		r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (r < 0)
			return err_sys(err, r, "process.noNewPrivileges");
	}
	if (later) {
		r = sys_chdir(p->cwd);
		if (r < 0) {
			err_sys(err, r, "process.cwd %s", p->cwd);
			return err_hint(err, HINT_CWD_ACCESS);
		}
	}
	return at_root ? 0 : check_cwd(p->cwd, err);
}

/* ---- the program ---- */

static int not_found(const struct proc_plan *p, int r, const char *file, struct err *err)
{
	const char *name = p->args[0];

	if (r == -EACCES) {
		err_set(err, EACCES, "exec: \"%s\": permission denied%s%s", name, file ? ": " : "",
			file ? file : "");
		return err_hint(err, HINT_EXEC_ACCESS);
	}
	if (strchr(name, '/'))
		return err_sys(err, r, "exec %s", name);
	return err_set(err, ENOENT, "exec: \"%s\": executable file not found in $PATH", name);
}

static int try_program(const char *path)
{
	struct stat st;
	int r = (int)SYS(newfstatat, AT_FDCWD, path, &st, 0);

	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	/* with the effective ids and capabilities, as execve will look at it */
	r = (int)SYS(faccessat2, AT_FDCWD, path, 1 /* X_OK */, AT_EACCESS);
	return r == -ENOSYS || r == -EPERM ? (st.st_mode & 0111 ? 0 : -EACCES) : r;
}

int process_find(const struct proc_plan *p, struct process_env *e, struct err *err)
{
	const char *name = p->args[0];
	const char *dirs;
	int r;

	if (!*name)
		return err_set(err, ENOENT, "exec: \"\": executable file not found in $PATH");
	if (strchr(name, '/')) {
		if (fmt(e->path, sizeof(e->path), "%s", name) >= sizeof(e->path))
			return err_sys(err, ENAMETOOLONG, "exec");
		r = try_program(e->path);
		return r < 0 ? not_found(p, r, NULL, err) : 0;
	}
	dirs = env_get(p->env, "PATH");
	if (!dirs) /* ctr gives no environment at all */
		dirs = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	r = -ENOENT;
	while (*dirs) {
		size_t n = strcspn(dirs, ":");
		int one = -ENAMETOOLONG;

		if (fmt(e->path, sizeof(e->path), "%.*s%s%s", (int)n, dirs, n ? "/" : "./", name) <
		    sizeof(e->path))
			one = try_program(e->path);
		if (one == 0)
			return 0;
		if (one == -EACCES)
			r = one;
		dirs += n;
		dirs += *dirs == ':';
	}
	return not_found(p, r, NULL, err);
}

int process_exec(const struct proc_plan *p, const struct process_env *e, struct err *err)
{
	struct stat st;
	int r;

	r = (int)SYS(execve, e->path, p->args, p->env);
	/* the words "no such file or directory" and "permission denied" are an ABI to engines */
	err_sys(err, r, "exec %s", e->path);
	if (r == -ENOENT && SYS(newfstatat, AT_FDCWD, e->path, &st, 0) == 0)
		return err_hint(err, HINT_INTERPRETER);
	if (r == -ENOEXEC)
		return err_hint(err, HINT_ARCH);
	if (r == -EACCES)
		return err_hint(err, HINT_NOEXEC);
	return -1;
}

/* ---- confinement ---- */

int process_labels(const struct proc_plan *p, const struct process_env *e, struct err *err)
{
	int r;

	if (p->apparmor) {
		r = self_write(e->proc, "attr/apparmor/exec", p->apparmor);
		if (r == -ENOENT)
			r = self_write(e->proc, "attr/exec", p->apparmor);
		if (r < 0)
			return err_sys(err, r,
				       "process.apparmorProfile %s: write `/proc/self/attr/exec`%s",
				       p->apparmor + 5,
				       r == -ENOENT   ? " (is the profile loaded?)"
				       : r == -EINVAL ? " (AppArmor is not enabled on this host)"
						      : "");
	}
	if (p->selinux) {
		r = self_write(e->proc, "attr/exec", p->selinux);
		if (r < 0)
			return err_sys(
				err, r, "process.selinuxLabel %s: write `/proc/self/attr/exec`%s",
				p->selinux,
				r == -EINVAL ? " (SELinux is not enabled, or has no such type)"
					     : "");
		/* keyrings and sockets made later carry the label too */
		self_write(e->proc, "attr/keycreate", p->selinux);
		self_write(e->proc, "attr/sockcreate", p->selinux);
	}
	return 0;
}

/*
 * The listener must be handed over before any call that the filter reports can be waited for. So a
 * thread that was made before the filter, and is not under it, sends the descriptor; the filtered
 * one only stores a number and watches a word, without a system call.
 */
struct notify {
	int agent;
	const char *state;
	int listener; /* -1 = not yet, below -1: seccomp(2) failed */
	int done;     /* 0 = not yet, 1 = sent, < 0: -errno */
};

static void notify_thread(void *arg)
{
	struct notify *n = arg;
	struct timespec pause = {0, 50000};
	ssize_t r;
	int fd;

	while ((fd = __atomic_load_n(&n->listener, __ATOMIC_ACQUIRE)) == -1)
		SYS(nanosleep, &pause, NULL);
	r = fd < 0 ? 0 : sock_send(n->agent, n->state, strlen(n->state), fd);
	if (fd >= 0) {
		sys_close(fd);
		sys_close(n->agent);
	}
	__atomic_store_n(&n->done, r < 0 ? (int)r : 1, __ATOMIC_RELEASE);
	for (;;)
		SYS(exit, 0);
}

static int load_with_listener(const struct seccomp_prog *s, struct sock_fprog *prog, int agent,
			      const char *state, struct err *err)
{
	_Alignas(16) char stack[8192];
	struct notify n = {.agent = agent, .state = state, .listener = -1};
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			 CLONE_SYSVSEM,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof(stack),
	};
	/* all threads would get the filter with TSYNC, the helper as well */
	uint32_t flags = (s->flags & ~(uint32_t)SECCOMP_FILTER_FLAG_TSYNC) |
			 SECCOMP_FILTER_FLAG_NEW_LISTENER;
	long r = proc_clone(&args, notify_thread, &n);

	if (r < 0)
		return err_sys(err, r, "linux.seccomp: make a thread for the listener");
	r = SYS(seccomp, SECCOMP_SET_MODE_FILTER, flags, prog);
	__atomic_store_n(&n.listener, r < 0 ? -2 : (int)r, __ATOMIC_RELEASE);
	while (__atomic_load_n(&n.done, __ATOMIC_ACQUIRE) == 0)
		__asm__ volatile("" ::: "memory");
	if (r < 0)
		return err_sys(err, r, "linux.seccomp: load the filter of %u instructions", s->len);
	if (n.done < 0)
		return err_sys(err, n.done, "linux.seccomp: send the listener to the agent");
	return 0;
}

int process_confine(const struct proc_plan *p, int agent, const char *state, struct err *err)
{
	struct sock_fprog prog = {(unsigned short)p->seccomp.len, p->seccomp.insns};
	long r;

	if (p->seccomp.len && p->seccomp.notify) {
		if (load_with_listener(&p->seccomp, &prog, agent, state, err) < 0)
			return -1;
	} else if (p->seccomp.len) {
		r = SYS(seccomp, SECCOMP_SET_MODE_FILTER, p->seccomp.flags, &prog);
		if (r < 0)
			return err_sys(err, r, "linux.seccomp: load the filter of %u instructions",
				       p->seccomp.len);
	}
	if (filter_before_caps(p)) {
		r = caps_apply(&p->caps);
		if (r < 0)
			return err_sys(err, r, "set the capabilities, under the seccomp filter");
	}
	return 0;
}
