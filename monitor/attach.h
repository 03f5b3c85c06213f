/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attached clients (`podman attach`, `podman run`): a SEQPACKET socket, output in packets of one
 * byte that names the stream (2 stdout, 3 stderr) and up to 8192 bytes, input raw.
 *
 * A client that is slower than the container has a queue of its own, and while that is full the
 * container's output waits: nothing is lost for who reads. Who reads nothing at all for
 * ATTACH_PATIENCE while it is full is dropped, with a note; logs and exit status never wait for it.
 */
#ifndef PROA_MONITOR_ATTACH_H
#define PROA_MONITOR_ATTACH_H

#include "monitor.h"

enum {
	ATTACH_PACKET = 8192,
	ATTACH_QUEUE = 4 * 1024 * 1024, /* bytes; address space, memory only while it is used */
	ATTACH_PATIENCE_MS = 3000
};

/* Listens on BUNDLE/attach, and makes the short link in --socket-dir-path. */
int attach_open(struct monitor *m, struct err *err) must_check;
void attach_polls(struct monitor *m, struct polls *p);
void attach_send(struct monitor *m, enum stream stream, const char *data, size_t len);
/* Is there room in all queues for a read's output? */
bool attach_room(const struct monitor *m);
bool attach_flushed(const struct monitor *m);
/* Closes all, and removes the socket's name and link. */
void attach_close(struct monitor *m);

#endif
