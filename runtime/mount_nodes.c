// SPDX-License-Identifier: Apache-2.0
#include "mount_nodes.h"

#include <string.h>
#include <sys/stat.h>

#include "fd.h"
#include "mount_exec.h"
#include "path.h"

int mount_make_node(int dir, const char *name, const struct mount_op *op, struct err *err)
{
	struct stat st;
	int r = (int)SYS(mknodat, dir, name, op->mode, op->dev);

	if (r == -EEXIST) {
		r = (int)SYS(newfstatat, dir, name, &st, AT_SYMLINK_NOFOLLOW);
		if (r < 0)
			return err_sys(err, r, "%s", op->where);
		if ((st.st_mode & S_IFMT) != (op->mode & S_IFMT) ||
		    (!S_ISFIFO(st.st_mode) && st.st_rdev != op->dev))
			return err_set(err, EEXIST,
				       "%s: something else is in its place in the image",
				       op->where);
		/* only a mode that differs is written: the image may be read-only */
		if ((st.st_mode & 07777) != (op->mode & 07777))
			r = (int)SYS(fchmodat, dir, name, op->mode & 07777);
		if (r == 0 && (st.st_uid != op->uid || st.st_gid != op->gid))
			r = (int)SYS(fchownat, dir, name, op->uid, op->gid, AT_SYMLINK_NOFOLLOW);
		return r < 0 ? err_sys(err, r, "%s: set mode and owner", op->where) : 0;
	}
	if (r < 0)
		return err_sys(err, r, "%s: mknod", op->where);
	if (op->uid || op->gid)
		r = (int)SYS(fchownat, dir, name, op->uid, op->gid, AT_SYMLINK_NOFOLLOW);
	return r < 0 ? err_sys(err, r, "%s: chown", op->where) : 0;
}

int mount_bind_node(const struct mount_op *op, int root, struct err *err)
{
	auto_fd tree = op->fd >= 0 ? op->fd : sys_open_tree(AT_FDCWD, op->source, OPEN_TREE_CLONE);
	auto_fd dest = -1;
	struct stat st;
	int r;

	if (tree < 0)
		return err_sys(err, tree, "%s: the host's device %s", op->where, op->source);
	r = (int)SYS(fstat, tree, &st);
	if (r < 0 || (st.st_mode & S_IFMT) != (op->mode & S_IFMT) ||
	    (!S_ISFIFO(st.st_mode) && st.st_rdev != op->dev))
		return err_set(
			err, ENODEV,
			"%s: in a user namespace the host's device is used, and the host's %s is "
			"another one",
			op->where, op->source);
	dest = path_make(root, op->dest, PATH_FILE, NULL);
	if (dest < 0)
		return err_sys(err, dest, "%s: make mount point", op->where);
	r = mount_attach(tree, dest);
	return r < 0 ? err_sys(err, r, "%s: attach", op->where) : 0;
}

int mount_make_link(int dir, const char *name, const struct mount_op *op, struct err *err)
{
	struct stat st;
	int r = (int)SYS(symlinkat, op->source, dir, name);

	/* a ptmx that is a node would open the host's instance */
	if (r == -EEXIST && strcmp(name, "ptmx") == 0 &&
	    SYS(newfstatat, dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode)) {
		r = sys_unlinkat(dir, name, 0);
		if (r == 0)
			r = (int)SYS(symlinkat, op->source, dir, name);
	}
	if (r < 0 && r != -EEXIST && r != -EROFS)
		return err_sys(err, r, "%s %s", op->where, op->dest);
	return 0;
}
