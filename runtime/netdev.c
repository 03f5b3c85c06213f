// SPDX-License-Identifier: Apache-2.0
/*
 * A device loses its addresses when it changes its namespace, so they are read before and put back
 * after, from a short-lived process that has entered the container's network namespace.
 */
#include "netdev.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "fd.h"
#include "proc.h"

enum { MAX_ADDRS = 64, BUFFER = 16384 };

struct address {
	uint8_t family, prefix;
	uint8_t bytes[16], broadcast[16];
	bool has_broadcast;
};

struct move {
	const char *from, *to;
	pid_t pid;
	int index;
	struct address addrs[MAX_ADDRS];
	int n;
	struct err *err;
	int result;
};

struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
	};
	char attrs[256];
};

static void put_attr(struct request *q, uint16_t type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)((char *)q + NLMSG_ALIGN(q->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	q->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(q->head.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

static int netlink_open(void)
{
	return (int)SYS(socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* Sends and waits for the acknowledgement. 0 or -errno. */
static int talk(int s, struct request *q)
{
	char answer[1024];
	const struct nlmsghdr *h = (const struct nlmsghdr *)answer;
	ssize_t n;

	q->head.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	n = SYS_RETRY(sendto, s, q, q->head.nlmsg_len, 0, NULL, 0);
	if (n < 0)
		return (int)n;
	n = SYS_RETRY(recvfrom, s, answer, sizeof(answer), 0, NULL, NULL);
	if (n < (ssize_t)sizeof(*h) || h->nlmsg_type != NLMSG_ERROR)
		return n < 0 ? (int)n : -EPROTO;
	return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
}

static void keep_address(struct move *m, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *ifa = NLMSG_DATA(h);
	size_t left = h->nlmsg_len - NLMSG_LENGTH(sizeof(*ifa));
	struct address a = {.family = ifa->ifa_family, .prefix = ifa->ifa_prefixlen};
	bool local = false;

	if ((int)ifa->ifa_index != m->index || ifa->ifa_scope != RT_SCOPE_UNIVERSE ||
	    !(ifa->ifa_flags & IFA_F_PERMANENT) || m->n == MAX_ADDRS)
		return;
	for (const struct rtattr *r = IFA_RTA(ifa); RTA_OK(r, left); r = RTA_NEXT(r, left)) {
		size_t len = RTA_PAYLOAD(r);

		if (len > sizeof(a.bytes))
			continue;
		/* IFA_LOCAL is the address itself where IFA_ADDRESS is the peer's */
		if (r->rta_type == IFA_LOCAL || (r->rta_type == IFA_ADDRESS && !local))
			memcpy(a.bytes, RTA_DATA(r), len);
		local |= r->rta_type == IFA_LOCAL;
		if (r->rta_type == IFA_BROADCAST) {
			memcpy(a.broadcast, RTA_DATA(r), len);
			a.has_broadcast = true;
		}
	}
	m->addrs[m->n++] = a;
}

static int read_addresses(int s, struct move *m)
{
	static _Alignas(8) char buffer[BUFFER];
	struct request q = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
				     .nlmsg_type = RTM_GETADDR,
				     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	ssize_t n = SYS_RETRY(sendto, s, &q, q.head.nlmsg_len, 0, NULL, 0);

	while (n >= 0) {
		size_t left;

		n = SYS_RETRY(recvfrom, s, buffer, sizeof(buffer), 0, NULL, NULL);
		left = n > 0 ? (size_t)n : 0;
		for (struct nlmsghdr *h = (struct nlmsghdr *)buffer; NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return -EPROTO;
			keep_address(m, h);
		}
		if (n == 0)
			return -EPROTO;
	}
	return (int)n;
}

static int find_index(int s, const char *name)
{
	struct {
		char name[16];
		int index;
		char pad[20];
	} ifr = {{0}, 0, {0}};
	int r;

	fmt(ifr.name, sizeof(ifr.name), "%s", name);
	r = sys_ioctl(s, 0x8933 /* SIOCGIFINDEX */, &ifr);
	return r < 0 ? r : ifr.index;
}

static int set_link(int s, int index, unsigned int flags, unsigned int change, pid_t pid,
		    const char *name)
{
	struct request q = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
				     .nlmsg_type = RTM_NEWLINK},
			    .link = {.ifi_index = index, .ifi_flags = flags, .ifi_change = change}};

	if (pid)
		put_attr(&q, IFLA_NET_NS_PID, &pid, sizeof(pid));
	if (name)
		put_attr(&q, IFLA_IFNAME, name, strlen(name) + 1);
	return talk(s, &q);
}

static int add_address(int s, int index, const struct address *a)
{
	size_t len = a->family == AF_INET ? 4 : 16;
	struct request q = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
				     .nlmsg_type = RTM_NEWADDR,
				     .nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE},
			    .addr = {.ifa_family = a->family,
				     .ifa_prefixlen = a->prefix,
				     .ifa_flags = IFA_F_PERMANENT,
				     .ifa_index = (uint32_t)index}};

	put_attr(&q, IFA_LOCAL, a->bytes, len);
	put_attr(&q, IFA_ADDRESS, a->bytes, len);
	if (a->has_broadcast)
		put_attr(&q, IFA_BROADCAST, a->broadcast, len);
	return talk(s, &q);
}

/* In the container's network namespace: addresses back, and up. */
static void inside(void *arg)
{
	struct move *m = arg;
	char path[32];
	int ns;
	int s;
	int index;
	int r;

	fmt(path, sizeof(path), "/proc/%d/ns/net", m->pid);
	ns = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
	r = ns < 0 ? ns : sys_setns(ns, CLONE_NEWNET);
	s = r < 0 ? r : netlink_open();
	index = s < 0 ? s : find_index(s, m->to);
	r = index < 0 ? index : 0;
	for (int i = 0; i < m->n && r == 0; i++)
		r = add_address(s, index, &m->addrs[i]);
	if (r == 0)
		r = set_link(s, index, IFF_UP, IFF_UP, 0, NULL);
	m->result = r;
	sys_exit(0);
}

static int finish_inside(struct move *m)
{
	static _Alignas(16) char stack[16384];
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof(stack),
	};
	long pid = proc_clone(&args, inside, m);

	if (pid < 0)
		return (int)pid;
	(void)proc_wait((pid_t)pid);
	return m->result;
}

static int move_one(const struct net_device *d, pid_t pid, struct err *err)
{
	struct move m = {.from = d->key, .to = d->name && *d->name ? d->name : d->key, .pid = pid};
	auto_fd s = netlink_open();
	int r;

	if (s < 0)
		return err_sys(err, s, "linux.netDevices: netlink socket");
	m.index = find_index(s, m.from);
	if (m.index < 0)
		return err_sys(err, m.index, "linux.netDevices: device %s", m.from);
	r = read_addresses(s, &m);
	/* a device is moved while it is down */
	if (r == 0)
		r = set_link(s, m.index, 0, IFF_UP, 0, NULL);
	if (r == 0)
		r = set_link(s, m.index, 0, 0, pid, m.to);
	if (r < 0)
		return err_sys(err, r, "linux.netDevices: move %s into the container as %s", m.from,
			       m.to);
	r = finish_inside(&m);
	return r < 0 ? err_sys(err, r, "linux.netDevices: bring up %s in the container", m.to) : 0;
}

int netdev_move_all(const struct list *devices, pid_t pid, struct err *err)
{
	for (uint32_t i = 0; i < devices->n; i++)
		if (move_one(list_at(*devices, struct net_device, i), pid, err) < 0)
			return -1;
	return 0;
}
