// SPDX-License-Identifier: Apache-2.0
/*
 * Attached clients that do anything: each byte of the input is a deed of one of two clients or of
 * the container. Whatever they do, who reads gets the container's bytes in order from when he came,
 * and the container gets the clients' bytes.
 */
#include "attach.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "streams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct client {
	int fd;
	uint8_t next; /* the byte that comes next in the container's output */
};

static void come(struct monitor *m, struct client *c, const struct sockaddr_un *sa, uint8_t now)
{
	if (c->fd >= 0)
		return;
	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	c->next = now;
	if (connect(c->fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0) {
		close(c->fd);
		c->fd = -1;
	}
	(void)m;
}

static void take(struct client *c)
{
	uint8_t packet[ATTACH_PACKET + 1];
	ssize_t n = c->fd < 0 ? 0 : recv(c->fd, packet, sizeof(packet), 0);

	if (n > 0 && packet[0] != 2)
		__builtin_trap();
	for (ssize_t i = 1; i < n; i++)
		if (packet[i] != c->next++)
			__builtin_trap();
}

static void one_round(struct monitor *m)
{
	struct polls p = {.a = m->a};

	attach_polls(m, &p);
	p.deadline = 1; /* long ago: no waiting */
	polls_wait(&p, m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *block;
	static struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = "\0proa-fuzz-attach"};
	struct arena a;
	struct monitor m;
	struct client c[2] = {{-1, 0}, {-1, 0}};
	static char out[SPOOL_READ];
	uint8_t now = 0;
	int in[2];

	if (!block)
		block = malloc(1 << 20);
	memset(block, 0, 1 << 16);
	snprintf(sa.sun_path + 1, sizeof(sa.sun_path) - 1, "proa-fuzz-%d", getpid());
	a = (struct arena){block, block + (1 << 20)};
	m = (struct monitor){.a = &a,
			     .args.raw.cid = "fuzz",
			     .args.raw.stdin_open = true,
			     .args.raw.full_attach = true,
			     .args.raw.bundle = "/proc/self",
			     .keeper = -1};
	m.attach_listen = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	if (bind(m.attach_listen, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(m.attach_listen, 8) < 0 || pipe2(in, O_NONBLOCK) < 0)
		__builtin_trap();
	m.in = in[1];
	m.spool.h = calloc(1, sizeof(*m.spool.h));
	for (size_t i = 0; i < size && i < 400; i++) {
		struct client *who = &c[data[i] & 1];
		size_t n = (size_t)(data[i] >> 4) * 900 + 1;

		switch (data[i] >> 1 & 7) {
		case 0:
			come(&m, who, &sa, now);
			/* it counts from when it is accepted */
			one_round(&m);
			break;
		case 1:
			if (who->fd >= 0)
				close(who->fd);
			who->fd = -1;
			break;
		case 2:
			if (who->fd >= 0)
				shutdown(who->fd, SHUT_WR);
			break;
		case 3:
			if (who->fd >= 0)
				(void)!send(who->fd, out, n % 3000, MSG_NOSIGNAL);
			break;
		case 4:
			take(who);
			break;
		case 5:
			(void)!read(in[0], out, n);
			break;
		default:
			if (!attach_room(&m))
				break;
			for (size_t k = 0; k < n; k++)
				out[k] = (char)now++;
			attach_send(&m, STREAM_OUT, out, n);
		}
		one_round(&m);
	}
	/* a client that goes on reading gets all that was queued for it */
	for (int i = 0; i < 4000 && !attach_flushed(&m); i++) {
		take(&c[0]);
		take(&c[1]);
		one_round(&m);
	}
	if (!attach_flushed(&m))
		__builtin_trap();
	for (int i = 0; i < 2; i++)
		if (c[i].fd >= 0)
			close(c[i].fd);
	attach_close(&m);
	free(m.spool.h);
	fd_drop(&m.in);
	close(in[0]);
	return 0;
}
