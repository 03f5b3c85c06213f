// SPDX-License-Identifier: Apache-2.0
/*
 * The id maps of a new user namespace (user_namespaces(7)), decided from the configuration or, for
 * an ordinary user whose configuration has none, from /etc/subuid and /etc/subgid (subuid(5)).
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <string.h>

#include "fd.h"
#include "plan.h"

struct range {
	uint32_t start, count;
};

static const char *user_name(uint32_t uid, struct arena *a)
{
	struct err ignored;
	size_t len;
	char *text = fd_read_file(AT_FDCWD, "/etc/passwd", 16 << 20, a, &len, &ignored);

	for (char *line = text; line && *line;) {
		size_t n = strcspn(line, "\n");
		char *name_end = memchr(line, ':', n);
		char *id = name_end ? memchr(name_end + 1, ':', n - (size_t)(name_end + 1 - line))
				    : NULL;
		uint64_t v = 0;

		if (id) {
			for (id++; *id >= '0' && *id <= '9'; id++)
				v = v * 10 + (uint64_t)(*id - '0');
			if (*id == ':' && v == uid)
				return arena_strndup(a, line, (size_t)(name_end - line));
		}
		line += n + (line[n] == '\n');
	}
	return NULL;
}

/* The first range that the file gives to the user, by name or number. */
static bool sub_range(const char *file, uint32_t uid, const char *name, struct arena *a,
		      struct range *ret)
{
	struct err ignored;
	size_t len;
	char *text = fd_read_file(AT_FDCWD, file, 16 << 20, a, &len, &ignored);
	char number[16];

	fmt(number, sizeof(number), "%u", uid);
	for (char *line = text; line && *line;) {
		size_t n = strcspn(line, "\n");
		char *next = line + n + (line[n] == '\n');
		char *start;
		char *count;

		line[n] = '\0';
		start = strchr(line, ':');
		count = start ? strchr(start + 1, ':') : NULL;
		if (count) {
			*start++ = '\0';
			*count++ = '\0';
			if (((name && strcmp(line, name) == 0) || strcmp(line, number) == 0) &&
			    num_u32(start, &ret->start) && num_u32(count, &ret->count) &&
			    ret->count)
				return true;
		}
		line = next;
	}
	return false;
}

static char *maps_line(struct arena *a, const struct list *maps)
{
	struct buf b = BUF_INIT(a);

	for (uint32_t i = 0; i < maps->n; i++) {
		const struct id_mapping *m = list_at(*maps, struct id_mapping, i);

		buf_fmt(&b, "%u %u %u\n", m->containerID.v, m->hostID.v, m->size.v);
	}
	return b.data;
}

static uint32_t root_of(const struct list *maps)
{
	for (uint32_t i = 0; i < maps->n; i++) {
		const struct id_mapping *m = list_at(*maps, struct id_mapping, i);

		if (m->containerID.v == 0)
			return m->hostID.v;
	}
	return UINT32_MAX;
}

/* newuidmap(1) PID 0 1000 1 1 100000 65536; PID's place is filled when it is known. */
static char **helper_argv(struct arena *a, const char *program, const char *map)
{
	char **v = arena_array(a, char *, 4 + strlen(map) / 2);
	int n = 0;

	v[n++] = (char *)program;
	v[n++] = arena_alloc(a, 16);
	while (*map) {
		size_t len = strcspn(map, " \n");

		if (len)
			v[n++] = arena_strndup(a, map, len);
		map += len;
		map += strspn(map, " \n");
	}
	return v;
}

static bool single(const struct list *maps, uint32_t id)
{
	const struct id_mapping *m = maps->n == 1 ? list_at(*maps, struct id_mapping, 0) : NULL;

	return m && m->hostID.v == id && m->size.v == 1;
}

/* Nothing configured: the user's own id as root, and the subordinate ones behind it. */
static void automatic(struct plan *p, const struct facts *f, struct arena *a)
{
	const char *name = user_name(f->uid, a);
	struct range uids;
	struct range gids;

	p->ids.root_uid = f->uid;
	p->ids.root_gid = f->gid;
	if (!sub_range("/etc/subuid", f->uid, name, a, &uids) ||
	    !sub_range("/etc/subgid", f->uid, name, a, &gids)) {
		p->ids.uid = arena_fmt(a, "0 %u 1\n", f->uid);
		p->ids.gid = arena_fmt(a, "0 %u 1\n", f->gid);
		p->ids.deny_setgroups = true;
		plan_warn(
			&p->warnings, a,
			"user %s has no range in /etc/subuid and /etc/subgid: the container has one id "
			"only",
			name ? name : "?");
		return;
	}
	p->ids.uid = arena_fmt(a, "0 %u 1\n1 %u %u\n", f->uid, uids.start, uids.count);
	p->ids.gid = arena_fmt(a, "0 %u 1\n1 %u %u\n", f->gid, gids.start, gids.count);
	p->ids.uid_argv = helper_argv(a, "newuidmap", p->ids.uid);
	p->ids.gid_argv = helper_argv(a, "newgidmap", p->ids.gid);
}

static int check_maps(const struct list *maps, const char *name, struct err *err)
{
	for (uint32_t i = 0; i < maps->n; i++) {
		const struct id_mapping *m = list_at(*maps, struct id_mapping, i);

		if (m->size.v == 0 || (uint64_t)m->containerID.v + m->size.v > UINT32_MAX ||
		    (uint64_t)m->hostID.v + m->size.v > UINT32_MAX)
			return err_set(
				err, ERR_CONFIG,
				"/linux/%s/%u: the range of %u ids is empty or passes the last "
				"id",
				name, i, m->size.v);
	}
	return 0;
}

int ids_plan(const struct config *c, const struct facts *f, struct arena *a, struct plan *p,
	     struct err *err)
{
	const struct linux_config *l = c->linux;
	bool direct = facts_can(f, CAP_SETUID) && facts_can(f, CAP_SETGID);

	p->ids.root_uid = p->ids.root_gid = UINT32_MAX;
	if (!(p->ns_new & CLONE_NEWUSER)) {
		if (l && (l->uidMappings.n || l->gidMappings.n) && !(p->ns_all & CLONE_NEWUSER))
			return err_set(err, ERR_CONFIG,
				       "/linux/uidMappings: mappings need a user namespace in "
				       "linux.namespaces");
		return 0;
	}
	if (!l || (!l->uidMappings.n && !l->gidMappings.n)) {
		if (f->uid == 0)
			return err_set(
				err, ERR_CONFIG,
				"/linux/uidMappings: a new user namespace needs uidMappings and "
				"gidMappings");
		automatic(p, f, a);
		return 0;
	}
	if (!l->uidMappings.n || !l->gidMappings.n)
		return err_set(err, ERR_CONFIG,
			       "/linux: uidMappings and gidMappings must be given together");
	if (check_maps(&l->uidMappings, "uidMappings", err) < 0 ||
	    check_maps(&l->gidMappings, "gidMappings", err) < 0)
		return -1;
	p->ids.uid = maps_line(a, &l->uidMappings);
	p->ids.gid = maps_line(a, &l->gidMappings);
	p->ids.root_uid = root_of(&l->uidMappings);
	p->ids.root_gid = root_of(&l->gidMappings);
	if (direct)
		return 0;
	if (single(&l->uidMappings, f->uid) && single(&l->gidMappings, f->gid)) {
		p->ids.deny_setgroups = true;
		return 0;
	}
	p->ids.uid_argv = helper_argv(a, "newuidmap", p->ids.uid);
	p->ids.gid_argv = helper_argv(a, "newgidmap", p->ids.gid);
	return 0;
}
