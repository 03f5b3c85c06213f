// SPDX-License-Identifier: Apache-2.0
/*
 * A device loses its addresses when it changes its namespace, so they are read before and put back
 * after, from a short-lived process that has entered the container's network namespace.
 */
#include "netdev.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
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

/* What a device has in one namespace and is to have in the other. */
struct move {
	const char *from, *to; /* its names */
	int ns;		       /* the namespace that it goes to */
	int index;
	bool was_up;
	struct address addrs[MAX_ADDRS];
	int n;
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

struct ifreq_int {
	char name[16];
	union {
		int index;
		short flags;
	};
	char pad[20];
};

static int ask_device(int s, unsigned int request, const char *name, struct ifreq_int *ret)
{
	*ret = (struct ifreq_int){{0}, {0}, {0}};
	fmt(ret->name, sizeof(ret->name), "%s", name);
	return sys_ioctl(s, request, ret);
}

static int find_index(int s, const char *name)
{
	struct ifreq_int q;
	int r = ask_device(s, SIOCGIFINDEX, name, &q);

	return r < 0 ? r : q.index;
}

static int set_link(int s, int index, unsigned int flags, unsigned int change, int ns,
		    const char *name)
{
	struct request q = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
				     .nlmsg_type = RTM_NEWLINK},
			    .link = {.ifi_index = index, .ifi_flags = flags, .ifi_change = change}};

	if (ns >= 0)
		put_attr(&q, IFLA_NET_NS_FD, &ns, sizeof(ns));
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

/* Where it is now: what it has is noted, and it goes, down. */
static int take(struct move *m)
{
	auto_fd s = netlink_open();
	struct ifreq_int q;
	int r;

	if (s < 0)
		return s;
	m->index = find_index(s, m->from);
	if (m->index < 0)
		return m->index;
	m->was_up = ask_device(s, SIOCGIFFLAGS, m->from, &q) == 0 && q.flags & IFF_UP;
	r = read_addresses(s, m);
	if (r == 0)
		r = set_link(s, m->index, 0, IFF_UP, -1, NULL);
	return r == 0 ? set_link(s, m->index, 0, 0, m->ns, m->to) : r;
}

/* Where it has come to: it gets that back. */
static int put(struct move *m)
{
	auto_fd s = netlink_open();
	int index = s < 0 ? s : find_index(s, m->to);
	int r = index < 0 ? index : 0;

	for (int i = 0; i < m->n && r == 0; i++)
		r = add_address(s, index, &m->addrs[i]);
	return r == 0 && m->was_up ? set_link(s, index, IFF_UP, IFF_UP, -1, NULL) : r;
}

/* One of the two in another network namespace, by a child that enters it. */
struct inside {
	struct move *m;
	int ns;
	int (*what)(struct move *m);
	int result;
};

static void inside_main(void *arg)
{
	struct inside *in = arg;

	in->result = sys_setns(in->ns, CLONE_NEWNET);
	if (in->result == 0)
		in->result = in->what(in->m);
	sys_exit(0);
}

static int inside(int ns, int (*what)(struct move *m), struct move *m)
{
	static _Alignas(16) char stack[32768];
	struct inside in = {m, ns, what, 0};
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK,
		.exit_signal = SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof(stack),
	};
	long child = proc_clone(&args, inside_main, &in);

	if (child < 0)
		return (int)child;
	(void)proc_wait((pid_t)child);
	return in.result;
}

static const char *new_name(const struct net_device *d)
{
	return d->name && *d->name ? d->name : d->key;
}

/* Ours again, from the name that it has in the container; with the addresses that it `had`, or
 * those that it has there. */
static void bring_back(const struct netdev_ns *ns, const struct net_device *d, const char *name,
		       bool up, const struct move *had)
{
	struct move m = {.from = name, .to = d->key, .ns = ns->home};

	if (inside(ns->there, take, &m) < 0)
		return;
	if (had) {
		memcpy(m.addrs, had->addrs, sizeof(m.addrs));
		m.n = had->n;
	}
	m.was_up = up;
	(void)put(&m);
}

static int move_one(const struct netdev_ns *ns, const struct net_device *d, bool *ret_was_up,
		    struct err *err)
{
	struct move m = {.from = d->key, .to = new_name(d), .ns = ns->there};
	int r = take(&m);

	*ret_was_up = m.was_up;
	if (m.index < 0)
		return err_sys(err, m.index, "linux.netDevices: device %s", m.from);
	if (r < 0) {
		err_sys(err, r, "linux.netDevices: move %s into the container as %s", m.from, m.to);
		/* the kernel moves first and renames then */
		bring_back(ns, d, d->key, m.was_up, &m);
		return -1;
	}
	m.was_up = true;
	r = inside(ns->there, put, &m);
	if (r < 0) {
		err_sys(err, r, "linux.netDevices: bring up %s in the container", m.to);
		bring_back(ns, d, m.to, *ret_was_up, &m);
		return -1;
	}
	return 0;
}

int netdev_move_all(struct netdev_ns *ns, const struct list *devices, int proc, pid_t pid,
		    struct err *err)
{
	char path[32];

	if (!devices->n)
		return 0;
	fmt(path, sizeof(path), "%d/ns/net", pid);
	ns->there = sys_openat(proc, path, O_RDONLY, 0);
	ns->home = sys_openat(proc, "self/ns/net", O_RDONLY, 0);
	if (ns->there < 0 || ns->home < 0)
		return err_sys(err, ns->there < 0 ? ns->there : ns->home,
			       "linux.netDevices: open the container's network namespace");
	for (uint32_t i = 0; i < devices->n; i++) {
		bool up = false;

		if (move_one(ns, list_at(*devices, struct net_device, i), &up, err) < 0)
			return -1;
		ns->moved++;
		if (i < 64)
			ns->was_up |= (uint64_t)up << i;
	}
	return 0;
}

void netdev_return_all(struct netdev_ns *ns, const struct list *devices)
{
	for (uint32_t i = 0; i < ns->moved; i++) {
		const struct net_device *d = list_at(*devices, struct net_device, i);

		bring_back(ns, d, new_name(d), i >= 64 || ns->was_up >> i & 1, NULL);
	}
	ns->moved = 0;
	fd_drop(&ns->there);
	fd_drop(&ns->home);
}
