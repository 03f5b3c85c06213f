// SPDX-License-Identifier: Apache-2.0
#include "intelrdt.h"

#include <string.h>
#include <sys/vfs.h>

#include "fault.h"
#include "fd.h"
#include "path.h"

enum { RDTGROUP_MAGIC = 0x7655821 };

/* No machine of the tests has RDT: the test build takes a directory in its place. */
static const char *resctrl(void)
{
	const char *fake = fault_resctrl();

	return fake ? fake : "/sys/fs/resctrl";
}

bool rdt_available(void)
{
	struct statfs st;

	return fault_resctrl() || (SYS(statfs, resctrl(), &st) == 0 && st.f_type == RDTGROUP_MAGIC);
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

int rdt_write_schema(const char *group, const char *line, struct err *err)
{
	auto_fd dir = sys_openat(AT_FDCWD, group, O_RDONLY | O_DIRECTORY, 0);
	char text[1024];
	size_t n = fmt(text, sizeof(text), "%s\n", line);
	int r = dir < 0		   ? dir
		: n < sizeof(text) ? fd_write_file(dir, "schemata", text, n)
				   : -ENAMETOOLONG;

	return r < 0 ? err_sys(err, r, "linux.intelRdt: schema \"%s\" for %s", line, group) : 0;
}

static int make_group(const struct intel_rdt *r, struct rdt *ret, struct err *err)
{
	bool has_schema = r->l3CacheSchema || r->memBwSchema || r->schemata.n;
	int made = sys_mkdirat(AT_FDCWD, ret->group, 0755);

	if (made < 0 && made != -EEXIST)
		return err_sys(err, made, "linux.intelRdt: make %s", ret->group);
	if (made == 0)
		ret->made = ret->group;
	/* somebody's group, shared by its name: it is taken as it is */
	if (made == -EEXIST && r->closID && !has_schema)
		return 0;
	if (r->l3CacheSchema && rdt_write_schema(ret->group, r->l3CacheSchema, err) < 0)
		return -1;
	if (r->memBwSchema && rdt_write_schema(ret->group, r->memBwSchema, err) < 0)
		return -1;
	for (uint32_t i = 0; i < r->schemata.n; i++)
		if (rdt_write_schema(ret->group, r->schemata.v[i], err) < 0)
			return -1;
	return 0;
}

int rdt_make(const struct intel_rdt *r, const char *id, struct arena *a, struct rdt *ret,
	     struct err *err)
{
	const char *name = r->closID && *r->closID ? r->closID : id;
	const char *monitor;
	int made;

	*ret = (struct rdt){0};
	if (check_name(name, err) < 0)
		return -1;
	if (!rdt_available())
		return err_set(err, ENOENT,
			       "linux.intelRdt: resctrl is not mounted: mount -t resctrl resctrl "
			       "/sys/fs/resctrl (needs a CPU with RDT)");
	ret->group = strcmp(name, "/") == 0 ? resctrl() : arena_fmt(a, "%s/%s", resctrl(), name);
	if (make_group(r, ret, err) < 0)
		return -1;
	if (!r->enableMonitoring && !r->enableCMT && !r->enableMBM)
		return 0;
	monitor = arena_fmt(a, "%s/mon_groups/%s", ret->group, id);
	made = sys_mkdirat(AT_FDCWD, monitor, 0755);
	if (made < 0)
		return err_sys(err, made, "linux.intelRdt: make the monitoring group %s", monitor);
	ret->monitor = monitor;
	return 0;
}

static int join(const char *group, pid_t pid, struct err *err)
{
	auto_fd dir = sys_openat(AT_FDCWD, group, O_RDONLY | O_DIRECTORY, 0);
	char text[16];
	size_t n = fmt(text, sizeof(text), "%d", pid);
	int r = dir < 0 ? dir : fd_write_file(dir, "tasks", text, n);

	return r < 0 ? err_sys(err, r, "linux.intelRdt: write %s/tasks", group) : 0;
}

int rdt_join(const struct rdt *r, pid_t pid, struct err *err)
{
	if (join(r->group, pid, err) < 0)
		return -1;
	return r->monitor ? join(r->monitor, pid, err) : 0;
}

/* Only what is below resctrl, whatever a state file says. */
static void remove_one(const char *path)
{
	if (path && strcmp(path, resctrl()) != 0 && path_is_below(path, resctrl()) &&
	    !strstr(path, "/../"))
		sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

void rdt_remove(const struct rdt *r)
{
	remove_one(r->monitor);
	remove_one(r->made);
}
