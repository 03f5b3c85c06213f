// SPDX-License-Identifier: Apache-2.0
#include "hints.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const texts[HINTS] = {
	[HINT_READONLY_ROOT] =
		"the image's file system is read-only here, so the mount point must be "
		"in it already",
	[HINT_LOCKED_FLAGS] =
		"in a user namespace the flags of the host's mount cannot be taken off "
		"(ro, nodev, nosuid, noexec, atime): leave them, or change the host's "
		"mount",
	[HINT_MOUNT_SETATTR] = "recursive mount options need Linux 5.12 or newer",
	[HINT_SOURCE_MISSING] =
		"the source is looked up on the host: make it first, or correct the "
		"path",
	[HINT_SOURCE_ACCESS] = "the container's root user cannot reach it: give others x (search) "
			       "permission on each directory above it",
	[HINT_IDMAP] =
		"the file system must support id-mapped mounts (Linux 5.12: ext4, xfs, btrfs, "
		"tmpfs since 6.3), and only root can make them",
	[HINT_SYSFS_NETNS] =
		"a new sysfs needs a network namespace of the container's own: add one, or "
		"bind /sys",
	[HINT_PROC_VISIBLE] =
		"a new procfs in a user namespace needs a pid namespace of its own and a "
		"/proc on the host that is not partly covered",
	[HINT_UNKNOWN_FS] =
		"this kernel does not have the file system: load its module, or check the "
		"spelling of mounts[].type",
	[HINT_SUBID] = "give the user ranges: usermod --add-subuids 100000-165535 --add-subgids "
		       "100000-165535 USER",
	[HINT_ROOTFS_ACCESS] =
		"give the mapped root user x (search) permission on each directory above "
		"the root file system",
	[HINT_USERNS_OFF] =
		"user namespaces may be switched off: see sysctl user.max_user_namespaces "
		"and kernel.unprivileged_userns_clone",
	[HINT_CGROUP_DELEGATE] =
		"have the controller delegated: for a systemd user, put Delegate=yes "
		"into a drop-in of user@.service",
	[HINT_NOEXEC] = "the program is on a mount with noexec: mount it with exec",
	[HINT_ARCH] =
		"the program is for another architecture, or is neither ELF nor a script with #!",
	[HINT_INTERPRETER] = "the program is there, but its interpreter (first line #!, or the ELF "
			     "loader) is not in the image",
	[HINT_EXEC_ACCESS] =
		"the program must be executable by process.user, and each directory above "
		"it searchable",
	[HINT_CWD_ACCESS] = "process.cwd must be a directory that process.user may enter",
	[HINT_DELETE] = "remove it with: proa delete --force ID",
	[HINT_NOFILE] = "raise the limit of open files (ulimit -n)",
	[HINT_RLIMIT] =
		"to raise it needs CAP_SYS_RESOURCE on the host: ask for less, or raise the "
		"limit of the engine (LimitNOFILE= and others of its unit)",
	[HINT_SPACE] = "free some space there",
	[HINT_NEWUIDMAP] = "install the package uidmap (newuidmap and newgidmap, set-user-id root)",
	[HINT_SYSTEMD] =
		"an ordinary user needs a systemd of his own (loginctl enable-linger USER) and "
		"XDG_RUNTIME_DIR; without systemd use --cgroup-manager=cgroupfs",
	[HINT_OOM] =
		"to go below the caller's own score needs CAP_SYS_RESOURCE on the host (containerd: "
		"restrict_oom_score_adj = true)",
	[HINT_CRIU] = "checkpoint and restore are criu's work: install the package criu",
};

const char *hint_text(int hint)
{
	return hint > HINT_NONE && hint < HINTS ? texts[hint] : NULL;
}

static const struct {
	const char *type; /* NULL = any */
	int error;
	int hint;
} mount_hints[] = {
	{"sysfs", EPERM, HINT_SYSFS_NETNS},
	{"proc", EPERM, HINT_PROC_VISIBLE},
	{NULL, ENODEV, HINT_UNKNOWN_FS},
	{NULL, ENOSPC, HINT_SPACE},
};

int hint_for_mount(const char *type, int error)
{
	for (size_t i = 0; i < sizeof(mount_hints) / sizeof(mount_hints[0]); i++)
		if (mount_hints[i].error == -error &&
		    (!mount_hints[i].type || strcmp(mount_hints[i].type, type) == 0))
			return mount_hints[i].hint;
	return HINT_NONE;
}
