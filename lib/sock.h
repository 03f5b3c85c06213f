/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets: one datagram is one message; descriptors travel with it. */
#ifndef PROA_LIB_SOCK_H
#define PROA_LIB_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A SOCK_SEQPACKET pair, close-on-exec. 0 or -errno. */
int sock_pair(int ret[static 2]);
/* Sends data with `fd` (-1 = none). A peer that is gone is -EPIPE, never a signal. */
ssize_t sock_send(int sock, const void *data, size_t len, int fd);
/* Receives one message; *ret_fd gets its descriptor or -1 (more than one are closed). Length, 0 at
 * end of file, -errno. A message larger than `size` is -EMSGSIZE. */
ssize_t sock_recv(int sock, void *data, size_t size, int *ret_fd);
/* Listens on (SOCK_DGRAM: binds) / connects to `path` of any length relative to dirfd. `type` is
 * SOCK_*, may have SOCK_NONBLOCK. fd or -errno. */
int sock_listen(int dirfd, const char *path, int type);
int sock_connect(int dirfd, const char *path, int type);

#endif
