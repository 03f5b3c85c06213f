// SPDX-License-Identifier: Apache-2.0
#include "facts.h"

#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/prctl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "fd.h"
#include "names.h"

static long fs_type(const char *path)
{
	struct statfs st;

	return SYS(statfs, path, &st) < 0 ? 0 : (long)st.f_type;
}

/* procfs(5), and its root: an overmounted or faked /proc would let writes be led astray. */
static int open_proc(void)
{
	struct statfs fs;
	struct stat st;
	int fd = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);

	if (fd < 0)
		return -1;
	if (SYS(fstatfs, fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC || SYS(fstat, fd, &st) < 0 ||
	    st.st_ino != 1)
		fd_drop(&fd);
	return fd;
}

/* A cgroup2 mount that is in neither usual place: the field before " - cgroup2 ". */
static const char *cgroup_from_mountinfo(const struct facts *f, struct arena *a)
{
	struct err ignored;
	size_t len = 0;
	char *text = f->proc < 0
			     ? NULL
			     : fd_read_file(f->proc, "self/mountinfo", 16 << 20, a, &len, &ignored);

	for (char *line = text; line && *line;) {
		size_t n = strcspn(line, "\n");
		char *mark = memmem(line, n, " - cgroup2 ", 11);

		if (mark) {
			char *p = line;

			for (int i = 0; i < 4; i++)
				p = strchr(p, ' ') + 1;
			return arena_strndup(a, p, strcspn(p, " "));
		}
		line += n + (line[n] == '\n');
	}
	return NULL;
}

static void probe_cgroup(struct facts *f, struct arena *a)
{
	char text[PATH_MAX];
	const char *p;
	ssize_t n;

	if (fs_type("/sys/fs/cgroup") == CGROUP2_SUPER_MAGIC)
		f->cgroup_mount = "/sys/fs/cgroup";
	else if (fs_type("/sys/fs/cgroup/unified") == CGROUP2_SUPER_MAGIC)
		f->cgroup_mount = "/sys/fs/cgroup/unified";
	else
		f->cgroup_mount = cgroup_from_mountinfo(f, a);
	f->cgroup_self = "/";
	if (!f->cgroup_mount || f->proc < 0)
		return;
	n = fd_read_small(f->proc, "self/cgroup", text, sizeof(text));
	p = n > 0 ? text_line(text, "0::") : NULL;
	if (p)
		f->cgroup_self = arena_strndup(a, p, strcspn(p, "\n"));
}

/* The first user namespace's inode has been the same since Linux 3.8 (USER_NS_INIT_INO). */
static bool probe_userns(const struct facts *f)
{
	struct stat st;

	return f->proc >= 0 && SYS(newfstatat, f->proc, "self/ns/user", &st, 0) == 0 &&
	       st.st_ino != 0xEFFFFFFDU;
}

static int probe_last_cap(void)
{
	int last = CAP_LAST_CAP;

	/* headers and kernel may differ by a few either way */
	while (last < 62 && sys_prctl(PR_CAPBSET_READ, (unsigned long)last + 1, 0, 0, 0) >= 0)
		last++;
	while (last > 0 && sys_prctl(PR_CAPBSET_READ, (unsigned long)last, 0, 0, 0) < 0)
		last--;
	return last;
}

int facts_probe(struct arena *a, struct facts *ret, struct err *err)
{
	char cwd[PATH_MAX];
	long r;

	*ret = (struct facts){.uid = (uint32_t)getauxval(AT_EUID),
			      .gid = (uint32_t)getauxval(AT_EGID)};
	ret->proc = open_proc();
	ret->in_userns = probe_userns(ret);
	if (ret->in_userns) {
		char map[1024];

		if (fd_read_small(ret->proc, "self/gid_map", map, sizeof(map)) > 0)
			ret->gid_map = arena_strdup(a, map);
	}
	r = SYS(getcwd, cwd, sizeof(cwd));
	if (r < 0)
		return err_sys(err, r, "current directory");
	ret->cwd = arena_strdup(a, cwd);
	return 0;
}

void facts_probe_host(struct arena *a, struct facts *f)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0}};
	long r = fs_type("/");

	if (SYS(capget, &head, data) == 0)
		f->caps = data[0].effective | (uint64_t)data[1].effective << 32;
	f->last_cap = probe_last_cap();
	/* an initramfs is tmpfs or ramfs; a real root of that type is told by pivot_root itself */
	f->rootfs_is_ramfs = r == RAMFS_MAGIC || r == TMPFS_MAGIC;
	probe_cgroup(f, a);
}

bool facts_can(const struct facts *f, int cap)
{
	return f->caps >> cap & 1;
}
