// SPDX-License-Identifier: Apache-2.0
#include "intelrdt.h"

#include <limits.h>
#include <string.h>
#include <sys/vfs.h>

#include "fd.h"

#define RESCTRL "/sys/fs/resctrl"
enum { RDTGROUP_MAGIC = 0x7655821 };

bool rdt_available(void)
{
	struct statfs st;

	return SYS(statfs, RESCTRL, &st) == 0 && st.f_type == RDTGROUP_MAGIC;
}

static const char *group_name(const struct intel_rdt *r, const char *id)
{
	return r->closID && *r->closID ? r->closID : id;
}

static int check_name(const char *name, struct err *err)
{
	if (strcmp(name, "/") == 0)
		return 0;
	if (strchr(name, '/') || strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
		return err_set(err, ERR_CONFIG,
			       "/linux/intelRdt/closID: \"%s\" must be \"/\" or one name", name);
	return 0;
}

static int write_schema(int dir, const char *line, struct err *err)
{
	char text[1024];
	size_t n = fmt(text, sizeof(text), "%s\n", line);
	int r = n < sizeof(text) ? fd_write_file(dir, "schemata", text, n) : -ENAMETOOLONG;

	return r < 0 ? err_sys(err, r, "linux.intelRdt: schema \"%s\"", line) : 0;
}

int rdt_make(const struct intel_rdt *r, const char *id, struct arena *a, const char **ret_made,
	     struct err *err)
{
	const char *name = group_name(r, id);
	bool has_schema = r->l3CacheSchema || r->memBwSchema || r->schemata.n;
	const char *path = strcmp(name, "/") == 0 ? RESCTRL : arena_fmt(a, RESCTRL "/%s", name);
	auto_fd dir = -1;
	int made;

	*ret_made = NULL;
	if (check_name(name, err) < 0)
		return -1;
	if (!rdt_available())
		return err_set(err, ENOENT,
			       "linux.intelRdt: resctrl is not mounted: mount -t resctrl resctrl "
			       "" RESCTRL " (needs a CPU with RDT)");
	made = sys_mkdirat(AT_FDCWD, path, 0755);
	if (made < 0 && made != -EEXIST)
		return err_sys(err, made, "linux.intelRdt: make %s", path);
	if (made == -EEXIST && r->closID && !has_schema)
		return 0;
	if (made == 0)
		*ret_made = path;
	dir = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (dir < 0)
		return err_sys(err, dir, "linux.intelRdt: %s", path);
	if (r->l3CacheSchema && write_schema(dir, r->l3CacheSchema, err) < 0)
		return -1;
	if (r->memBwSchema && write_schema(dir, r->memBwSchema, err) < 0)
		return -1;
	for (uint32_t i = 0; i < r->schemata.n; i++)
		if (write_schema(dir, r->schemata.v[i], err) < 0)
			return -1;
	return 0;
}

int rdt_join(const struct intel_rdt *r, const char *id, pid_t pid, struct err *err)
{
	char path[PATH_MAX];
	char text[16];
	size_t n = fmt(text, sizeof(text), "%d", pid);
	int e;

	fmt(path, sizeof(path), RESCTRL "/%s/tasks",
	    strcmp(group_name(r, id), "/") == 0 ? "." : group_name(r, id));
	e = fd_write_file(AT_FDCWD, path, text, n);
	return e < 0 ? err_sys(err, e, "linux.intelRdt: write %s", path) : 0;
}

void rdt_remove(const char *path)
{
	/* only what is below resctrl, whatever a state file says */
	if (strncmp(path, RESCTRL "/", sizeof(RESCTRL)) == 0)
		sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
