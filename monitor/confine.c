// SPDX-License-Identifier: Apache-2.0
#include "confine.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"

/* Every call of a monitor that serves. clone and execve are not among them. */
static const uint16_t allowed[] = {
	__NR_read,
	__NR_write,
	__NR_writev,
	__NR_close,
	__NR_splice,
	__NR_ppoll,
	__NR_nanosleep,
	__NR_clock_gettime,
	__NR_restart_syscall,
	__NR_pread64,
	/* logs, exit files, state files */
	__NR_openat,
	__NR_fstat,
	__NR_fstatfs,
	__NR_ftruncate,
	__NR_fsync,
	__NR_fdatasync,
	__NR_renameat2,
	__NR_unlinkat,
	__NR_readlinkat,
	__NR_getdents64,
	__NR_umask,
	/* clients, the journal, the service manager, the keeper */
	__NR_socket,
	__NR_connect,
	__NR_accept4,
	__NR_sendmsg,
	__NR_recvmsg,
	__NR_sendto,
	__NR_recvfrom,
	__NR_setsockopt,
	__NR_fcntl,
	__NR_ioctl,
	__NR_memfd_create,
	__NR_pipe2,
	/* memory for queues */
	__NR_mmap,
	__NR_munmap,
	__NR_madvise,
	/* the container */
	__NR_pidfd_send_signal,
	__NR_kill,
	__NR_getpgid,
	__NR_getpid,
	__NR_waitid,
	__NR_wait4,
	__NR_exit_group,
};

enum { CALLS = sizeof(allowed) / sizeof(allowed[0]) };

#if defined(__x86_64__)
enum { ARCH = (int)AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { ARCH = (int)AUDIT_ARCH_AARCH64 };
#else
enum { ARCH = (int)AUDIT_ARCH_RISCV64 };
#endif

static long filter(void)
{
	struct sock_filter f[CALLS + 6];
	struct sock_fprog prog = {.filter = f};
	unsigned short n = 0;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, arch));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)ARCH, 1, 0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, nr));
	/* the kernel remembers the verdict of calls whose arguments nobody looks at (5.11) */
	for (unsigned int i = 0; i < CALLS; i++)
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i],
						      (unsigned char)(CALLS - i), 0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	prog.len = n;
	return SYS(seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* May we, without capabilities, make and rename files in it? */
static bool writable(const char *dir)
{
	struct stat st;
	auto_fd fd = dir ? sys_openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY, 0) : -1;

	return !dir || fd < 0 || SYS(fstat, fd, &st) < 0 ||
	       (st.st_uid == (uid_t)SYS(geteuid) && (st.st_mode & 0300) == 0300) ||
	       (st.st_mode & 0003) == 0003;
}

static bool all_writable(struct monitor *m)
{
	const struct args_raw *r = &m->args.raw;
	bool yes = writable(r->bundle) && writable(r->exit_dir) && writable(r->persist_dir) &&
		   writable(r->full_attach ? NULL : r->socket_dir);

	for (uint32_t i = 0; yes && i < m->args.logs; i++) {
		const char *path = m->args.log[i].path;
		const char *slash = path ? strrchr(path, '/') : NULL;

		if (path &&
		    (m->args.log[i].driver == LOG_K8S || m->args.log[i].driver == LOG_JSON_FILE))
			yes = writable(slash ? arena_strndup(m->a, path, (size_t)(slash - path) + 1)
					     : ".");
	}
	return yes;
}

static long drop_capabilities(bool dac)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct now[2] = {0};
	uint32_t keep = 1U << CAP_KILL | (dac ? 1U << CAP_DAC_OVERRIDE : 0);
	long r = SYS(capget, &head, now);

	if (r < 0 || !(now[0].permitted | now[1].permitted))
		return r;
	keep &= now[0].permitted;
	now[0] = (struct __user_cap_data_struct){.effective = keep, .permitted = keep};
	now[1] = (struct __user_cap_data_struct){0};
	return SYS(capset, &head, now);
}

void confine(struct monitor *m)
{
	bool dac = !all_writable(m);
	char why[64];
	long r = sys_prctl(38 /* PR_SET_NO_NEW_PRIVS */, 1, 0, 0, 0);

	if (r == 0)
		r = drop_capabilities(dac);
	if (r == 0)
		r = filter();
	if (r < 0)
		log_warning("%s: the monitor could not confine itself: %s", m->args.raw.cid,
			    err_text(r, why));
}
