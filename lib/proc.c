// SPDX-License-Identifier: Apache-2.0
#include "proc.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "fd.h"

/* A system call that comes back twice; the child must not return through this frame, since with
 * CLONE_VM it has another stack. */
static long call_twice(long nr, long a, long b, long c, void (*fn)(void *), void *arg)
{
	long r;

#if defined(__x86_64__)
	register void (*g)(void *) __asm__("r12") = fn;
	register void *h __asm__("r13") = arg;
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "and $-16, %%rsp\n\t"
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(r)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(g), "r"(h)
			 : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = 0;
	register long x4 __asm__("x4") = 0;
	register void (*g)(void *) __asm__("x19") = fn;
	register void *h __asm__("x20") = arg;

	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x20\n\t"
			 "blr x19\n\t"
			 "brk 0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(g), "r"(h)
			 : "memory", "cc");
	r = x0;
#else
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = 0;
	register long a4 __asm__("a4") = 0;
	register void (*g)(void *) __asm__("s2") = fn;
	register void *h __asm__("s3") = arg;

	__asm__ volatile("ecall\n\t"
			 "bnez a0, 1f\n\t"
			 "mv a0, s3\n\t"
			 "jalr s2\n\t"
			 "ebreak\n"
			 "1:"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(g), "r"(h)
			 : "memory");
	r = a0;
#endif
	return r;
}

long proc_clone(struct clone_args *args, void (*fn)(void *), void *arg)
{
	long r = call_twice(__NR_clone3, (long)args, sizeof(*args), 0, fn, arg);

	if (r != -ENOSYS || (args->flags & CLONE_INTO_CGROUP))
		return r;
	/* before Linux 5.3, and under the usual seccomp profiles, which cannot look into clone3's
	 * arguments: a hook that runs in the container is started under one */
	return call_twice(__NR_clone, (long)((args->flags & 0xffffffffULL) | args->exit_signal),
			  args->stack ? (long)(args->stack + args->stack_size) : 0,
			  (long)args->pidfd, fn, arg);
}

int proc_wait_raw(pid_t pid, int *ret_status)
{
	long r = SYS_RETRY(wait4, pid, ret_status, __WALL, NULL);

	return r < 0 ? (int)r : 0;
}

int proc_wait(pid_t pid)
{
	int status = 0;
	int r = proc_wait_raw(pid, &status);

	if (r < 0)
		return r;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int proc_wait_fd(int pidfd, int ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
	long r;

	/* ppoll writes the time that is left back, so a signal does not make the wait longer */
	do
		r = SYS(ppoll, &p, 1, ms < 0 ? NULL : &ts, NULL, 0);
	while (r == -EINTR);
	return r < 0 ? (int)r : r > 0;
}

int proc_stat(int proc_dir, pid_t pid, uint64_t *ret_start, char *ret_state)
{
	char path[32];
	char text[1024];
	ssize_t n;
	char *p;

	fmt(path, sizeof(path), "%d/stat", pid);
	n = fd_read_small(proc_dir, path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	p = strrchr(text, ')'); /* the command's name may hold anything */
	if (!p || p[1] != ' ')
		return -EIO;
	p += 2;
	*ret_state = *p;
	for (int field = 3; field < 22; field++) {
		p = strchr(p, ' ');
		if (!p)
			return -EIO;
		p++;
	}
	p[strcspn(p, " ")] = '\0';
	for (*ret_start = 0; *p >= '0' && *p <= '9'; p++)
		*ret_start = *ret_start * 10 + (uint64_t)(*p - '0');
	return 0;
}

const char *env_get(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

struct helper_child {
	const struct helper *h;
	int error; /* out: what execve said; shared memory, the parent waits */
};

/* Puts fd at `to`, without close-on-exec. */
static int place(int fd, int to)
{
	if (fd == to)
		return sys_fcntl(fd, F_SETFD, 0);
	return (int)SYS(dup3, fd, to, 0);
}

int helper_exec(const struct helper *h)
{
	static char *const nothing[] = {NULL};
	char *const *env = h->env ? h->env : nothing;
	char path[PATH_MAX];
	const char *dirs;
	int r;

	if (strchr(h->path, '/'))
		return (int)SYS(execve, h->path, h->argv, env);
	dirs = env_get(env, "PATH");
	if (!dirs)
		dirs = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	r = -ENOENT;
	while (*dirs) {
		size_t n = strcspn(dirs, ":");

		if (fmt(path, sizeof(path), "%.*s/%s", (int)n, dirs, h->path) < sizeof(path))
			r = (int)SYS(execve, path, h->argv, env);
		if (r != -ENOENT && r != -ENOTDIR && r != -EACCES)
			break;
		dirs += n;
		dirs += *dirs == ':';
	}
	return r;
}

static void helper_child(void *arg)
{
	struct helper_child *c = arg;
	const struct helper *h = c->h;
	uint64_t none = 0;
	int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);
	int in = h->in >= 0 ? h->in : null;
	int out = h->out >= 0 ? h->out : null;

	/* not with `out` below 3: it would be overwritten first; ours never are */
	if (in >= 0)
		place(in, 0);
	if (out >= 0) {
		place(out, 1);
		place(h->err ? h->err : out, 2);
	}
	if (h->cwd >= 0)
		sys_fchdir(h->cwd);
	SYS(close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
	SYS(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	c->error = helper_exec(h);
	sys_exit(127);
}

int helper_run(const struct helper *h)
{
	_Alignas(16) char stack[16384];
	struct helper_child c = {.h = h};
	int pidfd = -1;
	auto_fd owned = -1;
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof(stack),
	};
	long pid = proc_clone(&args, helper_child, &c);
	bool late = false;
	int status = 0;
	int r;

	if (pid < 0)
		return (int)pid;
	owned = pidfd;
	if (h->timeout_s > 0 && proc_wait_fd(owned, h->timeout_s * 1000) == 0) {
		late = true;
		sys_pidfd_send_signal(owned, SIGKILL);
	}
	r = proc_wait_raw((pid_t)pid, &status);
	if (c.error < 0)
		return c.error;
	return late ? HELPER_TIMED_OUT : r < 0 ? r : status;
}
