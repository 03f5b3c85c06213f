// SPDX-License-Identifier: Apache-2.0
#include "copyup.h"

#include <limits.h>
#include <sys/stat.h>

#include "dir.h"
#include "fd.h"

enum { MAX_DEPTH = 64 };

static int copy_file(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	auto_fd in = sys_openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	auto_fd out =
		in < 0 ? -1
		       : sys_openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL, st->st_mode & 07777);
	long n = 1;

	if (in < 0 || out < 0)
		return in < 0 ? in : out;
	while (n > 0)
		n = SYS_RETRY(sendfile, out, in, NULL, 1 << 20);
	if (n == 0)
		n = SYS(fchown, out, st->st_uid, st->st_gid);
	if (n == 0)
		n = SYS(fchmod, out, st->st_mode & 07777);
	return (int)n;
}

static int copy_link(int from_dir, int to_dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = sys_readlinkat(from_dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return (int)n;
	target[n] = '\0';
	return (int)SYS(symlinkat, target, to_dir, name);
}

static int copy_tree(int from, int to, int depth);

static int copy_directory(int from_dir, int to_dir, const char *name, const struct stat *st,
			  int depth)
{
	auto_fd in = -1;
	auto_fd out = -1;
	int r = sys_mkdirat(to_dir, name, 0700);

	if (r < 0)
		return r;
	in = sys_openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	out = sys_openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (in < 0 || out < 0)
		return in < 0 ? in : out;
	r = copy_tree(in, out, depth + 1);
	if (r == 0)
		r = (int)SYS(fchown, out, st->st_uid, st->st_gid);
	if (r == 0)
		r = (int)SYS(fchmod, out, st->st_mode & 07777);
	return r;
}

static int copy_entry(int from, int to, const char *name, int depth)
{
	struct timespec times[2];
	struct stat st;
	int r = (int)SYS(newfstatat, from, name, &st, AT_SYMLINK_NOFOLLOW);

	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode)) {
		r = copy_directory(from, to, name, &st, depth);
	} else if (S_ISREG(st.st_mode)) {
		r = copy_file(from, to, name, &st);
	} else {
		r = S_ISLNK(st.st_mode) ? copy_link(from, to, name)
					: (int)SYS(mknodat, to, name, st.st_mode, st.st_rdev);
		if (r == 0)
			r = (int)SYS(fchownat, to, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW);
	}
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (r == 0)
		r = (int)SYS(utimensat, to, name, times, AT_SYMLINK_NOFOLLOW);
	return r;
}

struct copy_ctx {
	int to, depth;
};

static int copy_each(int from, const struct dir_entry *e, void *ctx)
{
	const struct copy_ctx *c = ctx;

	return copy_entry(from, c->to, e->name, c->depth);
}

static int copy_tree(int from, int to, int depth)
{
	struct copy_ctx c = {to, depth};

	return depth > MAX_DEPTH ? -ELOOP : dir_each(from, copy_each, &c);
}

int copyup(int from, int to)
{
	auto_fd in = sys_openat(from, ".", O_RDONLY | O_DIRECTORY, 0);
	auto_fd out = sys_openat(to, ".", O_RDONLY | O_DIRECTORY, 0);

	if (in < 0 || out < 0)
		return in < 0 ? in : out;
	return copy_tree(in, out, 0);
}
