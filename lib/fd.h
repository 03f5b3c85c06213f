/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: owned, close-on-exec from birth; whole-file reads and writes. */
#ifndef PROA_LIB_FD_H
#define PROA_LIB_FD_H

#include "arena.h"
#include "err.h"
#include "sys.h"

static inline void fd_drop(int *fd)
{
	if (*fd >= 0)
		sys_close(*fd);
	*fd = -1;
}
/* Closed when the scope ends. */
#define auto_fd __attribute__((cleanup(fd_drop))) int
static inline int fd_steal(int *fd)
{
	int r = *fd;

	*fd = -1;
	return r;
}

/* Writes all of it. 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);
/* Reads a whole file of at most `max` bytes below dirfd into the arena, with a NUL behind it that
 * *ret_len does not count. Fails with EFBIG when there is more. `what` names it in the sentence. */
char *fd_read_file(int dirfd, const char *path, size_t max, struct arena *a, size_t *ret_len,
		   struct err *err) must_check;
/* Reads at most size - 1 bytes of a small file, NUL-terminated. Length or -errno. */
ssize_t fd_read_small(int dirfd, const char *path, char *buf, size_t size);
/* Writes into an existing file (cgroup and proc files: one write). 0 or -errno. */
int fd_write_file(int dirfd, const char *path, const char *text, size_t len);
/* A file replaced in one step: temporary name, then rename. 0 or -errno. */
int fd_replace_file(int dirfd, const char *path, mode_t mode, const char *text, size_t len);

#endif
