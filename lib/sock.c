// SPDX-License-Identifier: Apache-2.0
#include "sock.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fd.h"

int sock_pair(int ret[static 2])
{
	return (int)SYS(socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret);
}

union control {
	struct cmsghdr align;
	char data[CMSG_SPACE(sizeof(int) * 4)];
};

ssize_t sock_send(int sock, const void *data, size_t len, int fd)
{
	struct iovec iov = {(void *)data, len};
	union control control = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.data;
		msg.msg_controllen = CMSG_SPACE(sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	return SYS_RETRY(sendmsg, sock, &msg, MSG_NOSIGNAL);
}

ssize_t sock_recv(int sock, void *data, size_t size, int *ret_fd)
{
	struct iovec iov = {data, size};
	union control control;
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.data,
			     .msg_controllen = sizeof(control.data)};
	ssize_t n = SYS_RETRY(recvmsg, sock, &msg, MSG_CMSG_CLOEXEC);

	*ret_fd = -1;
	if (n < 0)
		return n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (*ret_fd < 0)
				*ret_fd = fd;
			else
				sys_close(fd);
		}
	}
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		fd_drop(ret_fd);
		return -EMSGSIZE;
	}
	return n;
}

/* sun_path holds 108 bytes; a longer path is reached through its directory's descriptor. */
static int address(int dirfd, const char *path, struct sockaddr_un *sa, int *ret_dir)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];

	*ret_dir = -1;
	*sa = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((dirfd == AT_FDCWD || path[0] == '/') && strlen(path) < sizeof(sa->sun_path)) {
		memcpy(sa->sun_path, path, strlen(path));
		return 0;
	}
	fmt(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	*ret_dir = sys_openat(dirfd, dir, O_PATH | O_DIRECTORY, 0);
	if (*ret_dir < 0)
		return *ret_dir;
	if (fmt(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", *ret_dir,
		slash ? slash + 1 : path) >= sizeof(sa->sun_path)) {
		fd_drop(ret_dir);
		return -ENAMETOOLONG;
	}
	return 0;
}

int sock_listen(int dirfd, const char *path, int type)
{
	struct sockaddr_un sa;
	auto_fd dir = -1;
	int r = address(dirfd, path, &sa, &dir);
	int fd;

	if (r < 0)
		return r;
	fd = (int)SYS(socket, AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	r = (int)SYS(bind, fd, &sa, sizeof(sa));
	if (r == 0 && (type & 0xf) != SOCK_DGRAM)
		r = (int)SYS(listen, fd, 16);
	if (r < 0) {
		sys_close(fd);
		return r;
	}
	return fd;
}

int sock_connect(int dirfd, const char *path, int type)
{
	struct sockaddr_un sa;
	auto_fd dir = -1;
	int r = address(dirfd, path, &sa, &dir);
	int fd;

	if (r < 0)
		return r;
	fd = (int)SYS(socket, AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	r = (int)SYS_RETRY(connect, fd, &sa, sizeof(sa));
	if (r < 0) {
		sys_close(fd);
		return r;
	}
	return fd;
}
