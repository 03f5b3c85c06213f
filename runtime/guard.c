// SPDX-License-Identifier: Apache-2.0
#include "guard.h"

#include <linux/magic.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "fd.h"

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static int open_self(void)
{
	int fd = sys_openat(AT_FDCWD, "/proc/self/exe", O_RDONLY, 0);

	/* a host without /proc */
	if (fd < 0)
		fd = sys_openat(AT_FDCWD, (const char *)getauxval(AT_EXECFN), O_RDONLY, 0);
	return fd;
}

/* An ordinary user's container can only write what the user can. */
static bool is_out_of_reach(int self)
{
	uint32_t uid = (uint32_t)getauxval(AT_EUID);
	struct stat st;

	return uid != 0 && SYS(fstat, self, &st) == 0 && st.st_uid != uid && !(st.st_mode & 022);
}

static int read_only_clone(int self)
{
	struct mount_attr ro = {.attr_set = MOUNT_ATTR_RDONLY};
	int fd = sys_open_tree_attr(self, "", OPEN_TREE_CLONE | AT_EMPTY_PATH, &ro);
	int r;

	if (fd != -ENOSYS)
		return fd;
	fd = sys_open_tree(self, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (fd < 0)
		return fd;
	r = sys_mount_setattr(fd, "", AT_EMPTY_PATH, &ro);
	if (r < 0)
		fd_drop(&fd);
	return r < 0 ? r : fd;
}

static int sealed_copy(int self)
{
	int fd = (int)SYS(memfd_create, "proa",
			  MFD_CLOEXEC | MFD_ALLOW_SEALING | 0x10 /* MFD_EXEC */);
	struct stat st;
	long n = 1;

	if (fd == -EINVAL) /* MFD_EXEC is of Linux 6.3 */
		fd = (int)SYS(memfd_create, "proa", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || SYS(fstat, self, &st) < 0)
		return fd;
	for (off_t left = st.st_size; left > 0 && n > 0; left -= n)
		n = SYS_RETRY(sendfile, fd, self, NULL, left);
	if (n <= 0 || sys_fcntl(fd, F_ADD_SEALS, SEALS) < 0) {
		sys_close(fd);
		return n < 0 ? (int)n : -EIO;
	}
	return fd;
}

int guard_executable(char **argv, char **env, struct err *err)
{
	auto_fd self = open_self();
	auto_fd safe = -1;
	struct statfs fs = {0};
	int r;

	/* without /proc: what was executed by descriptor was executed by us, below */
	if (self < 0 && strncmp((const char *)getauxval(AT_EXECFN), "/dev/fd/", 8) == 0)
		return 0;
	if (self < 0)
		return err_sys(err, self, "open our own executable, to protect it (CVE-2019-5736)");
	if ((SYS(fstatfs, self, &fs) == 0 && (fs.f_flags & ST_RDONLY)) || is_out_of_reach(self) ||
	    (fs.f_type == TMPFS_MAGIC && (sys_fcntl(self, F_GET_SEALS, 0) & SEALS) == SEALS))
		return 0;
	safe = read_only_clone(self);
	if (safe < 0)
		safe = sealed_copy(self);
	if (safe < 0)
		return err_sys(err, safe, "protect our own executable (CVE-2019-5736)");
	r = (int)SYS(execveat, safe, "", argv, env, AT_EMPTY_PATH);
	return err_sys(err, r, "run from a protected copy of ourselves (CVE-2019-5736)");
}
