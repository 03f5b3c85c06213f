// SPDX-License-Identifier: Apache-2.0
#include "fd.h"

#include <string.h>
#include <sys/stat.h>

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = sys_write(fd, p, len);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

char *fd_read_file(int dirfd, const char *path, size_t max, struct arena *a, size_t *ret_len,
		   struct err *err)
{
	auto_fd fd = sys_openat(dirfd, path, O_RDONLY, 0);
	size_t len = 0;
	size_t cap;
	char *data;
	struct stat st;

	if (fd < 0) {
		err_sys(err, fd, "open %s", path);
		return NULL;
	}
	if (SYS(fstat, fd, &st) < 0 || st.st_size < 0)
		st.st_size = 0;
	if ((size_t)st.st_size > max) {
		err_set(err, EFBIG, "%s: larger than %zu bytes", path, max);
		return NULL;
	}
	/* one more than the size, so that one read sees the end; pipes and proc files say 0 */
	cap = st.st_size ? (size_t)st.st_size + 1 : 8192;
	data = arena_alloc(a, cap + 1);
	for (;;) {
		ssize_t n = sys_read(fd, data + len, cap - len);

		if (n < 0) {
			err_sys(err, n, "read %s", path);
			return NULL;
		}
		len += (size_t)n;
		if (n == 0 || ((size_t)st.st_size == len && len < cap))
			break;
		if (len == cap) {
			if (cap > max) {
				err_set(err, EFBIG, "%s: larger than %zu bytes", path, max);
				return NULL;
			}
			data = arena_grow(a, data, cap + 1, cap * 2 + 1);
			cap *= 2;
		}
	}
	data[len] = '\0';
	*ret_len = len;
	return data;
}

ssize_t fd_read_small(int dirfd, const char *path, char *buf, size_t size)
{
	auto_fd fd = sys_openat(dirfd, path, O_RDONLY, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = sys_read(fd, buf, size - 1);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

int fd_write_file(int dirfd, const char *path, const char *text, size_t len)
{
	auto_fd fd = sys_openat(dirfd, path, O_WRONLY, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = sys_write(fd, text, len);
	return n < 0 ? (int)n : 0;
}

int fd_replace_file(int dirfd, const char *path, mode_t mode, const char *text, size_t len)
{
	char temp[4096];
	int r;
	int fd;

	if (fmt(temp, sizeof(temp), "%s.%d.tmp", path, sys_getpid()) >= sizeof(temp))
		return -ENAMETOOLONG;
	fd = sys_openat(dirfd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
	if (fd < 0)
		return fd;
	r = fd_write_all(fd, text, len);
	sys_close(fd);
	if (r == 0)
		r = (int)SYS(renameat2, dirfd, temp, dirfd, path, 0);
	if (r < 0)
		sys_unlinkat(dirfd, temp, 0);
	return r;
}
