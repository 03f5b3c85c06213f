/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's calls as inline functions that return -errno.
 *
 * Why not the C library's wrappers: the container's first process is a CLONE_VM child, which runs
 * beside its parent in the same memory and so shares its `errno`. Calls that return the error
 * instead of storing it are safe there, and they make it impossible to read a stale errno.
 * Each function is the man page of section 2 with the same name; negative results are -errno.
 */
#ifndef PROA_LIB_SYS_H
#define PROA_LIB_SYS_H

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif
#ifndef __NR_set_mempolicy_home_node
#define __NR_set_mempolicy_home_node 450
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

#if defined(__x86_64__)
static inline long sys_raw(long n, long a, long b, long c, long d, long e, long f)
{
	long r;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}
#elif defined(__aarch64__)
static inline long sys_raw(long n, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}
#elif defined(__riscv) && __riscv_xlen == 64
static inline long sys_raw(long n, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = n;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}
#else
#error "proa knows the system call convention of x86_64, aarch64 and riscv64; add yours to lib/sys.h"
#endif

#define SYS_ARG(x) ((long)(x))
#define SYS_(n, a, b, c, d, e, f, ...)                                                             \
	sys_raw(n, SYS_ARG(a), SYS_ARG(b), SYS_ARG(c), SYS_ARG(d), SYS_ARG(e), SYS_ARG(f))
#define SYS(name, ...) SYS_(__NR_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

/* Calls that a signal may interrupt are repeated here, in one place. */
#define SYS_RETRY(name, ...)                                                                       \
	({                                                                                         \
		long sys_ret_;                                                                     \
		do                                                                                 \
			sys_ret_ = SYS(name, ##__VA_ARGS__);                                       \
		while (sys_ret_ == -EINTR);                                                        \
		sys_ret_;                                                                          \
	})

static inline int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return (int)SYS_RETRY(openat, dirfd, path, flags | O_CLOEXEC, mode);
}
static inline int sys_openat2(int dirfd, const char *path, struct open_how *how)
{
	long r;

	/* EAGAIN: a rename somewhere raced with the scoped look-up (openat2(2)); it is rare. */
	for (int i = 0; i < 64; i++) {
		r = SYS(openat2, dirfd, path, how, sizeof(*how));
		if (r != -EAGAIN && r != -EINTR)
			break;
	}
	return (int)r;
}
static inline int sys_close(int fd)
{
	return (int)SYS(close, fd);
}
static inline ssize_t sys_read(int fd, void *buf, size_t len)
{
	return SYS_RETRY(read, fd, buf, len);
}
static inline ssize_t sys_write(int fd, const void *buf, size_t len)
{
	return SYS_RETRY(write, fd, buf, len);
}
static inline int sys_mount(const char *src, const char *target, const char *type,
			    unsigned long flags, const void *data)
{
	return (int)SYS(mount, src, target, type, flags, data);
}
static inline int sys_umount2(const char *target, int flags)
{
	return (int)SYS(umount2, target, flags);
}
static inline int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)SYS(open_tree, dirfd, path, flags | OPEN_TREE_CLOEXEC);
}
static inline int sys_open_tree_attr(int dirfd, const char *path, unsigned int flags,
				     struct mount_attr *attr)
{
	return (int)SYS(open_tree_attr, dirfd, path, flags | OPEN_TREE_CLOEXEC, attr,
			sizeof(*attr));
}
static inline int sys_mount_setattr(int dirfd, const char *path, unsigned int flags,
				    struct mount_attr *attr)
{
	return (int)SYS(mount_setattr, dirfd, path, flags, attr, sizeof(*attr));
}
static inline int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to,
				 unsigned int flags)
{
	return (int)SYS(move_mount, from_fd, from, to_fd, to, flags);
}
static inline int sys_fchdir(int fd)
{
	return (int)SYS(fchdir, fd);
}
static inline int sys_chdir(const char *path)
{
	return (int)SYS(chdir, path);
}
static inline int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return (int)SYS(mkdirat, dirfd, path, mode);
}
static inline int sys_unlinkat(int dirfd, const char *path, int flags)
{
	return (int)SYS(unlinkat, dirfd, path, flags);
}
static inline ssize_t sys_readlinkat(int dirfd, const char *path, char *buf, size_t len)
{
	return SYS(readlinkat, dirfd, path, buf, len);
}
static inline int sys_setns(int fd, int type)
{
	return (int)SYS(setns, fd, type);
}
static inline int sys_prctl(int op, unsigned long a, unsigned long b, unsigned long c,
			    unsigned long d)
{
	return (int)SYS(prctl, op, a, b, c, d);
}
static inline int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)SYS(pidfd_open, pid, flags);
}
static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)SYS(pidfd_send_signal, pidfd, sig, NULL, 0);
}
static inline int sys_fcntl(int fd, int cmd, long arg)
{
	return (int)SYS(fcntl, fd, cmd, arg);
}
static inline int sys_ioctl(int fd, unsigned long req, const void *arg)
{
	return (int)SYS(ioctl, fd, req, arg);
}
static inline pid_t sys_getpid(void)
{
	return (pid_t)SYS(getpid);
}
_Noreturn static inline void sys_exit(int status)
{
	for (;;)
		SYS(exit_group, status);
}

#endif
