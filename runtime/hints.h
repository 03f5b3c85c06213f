/* SPDX-License-Identifier: Apache-2.0 */
/* Cures: what a person can do about a failure, as one more line ("hint: ..."). */
#ifndef PROA_RUNTIME_HINTS_H
#define PROA_RUNTIME_HINTS_H

enum hint {
	HINT_NONE,
	HINT_READONLY_ROOT,
	HINT_LOCKED_FLAGS,
	HINT_MOUNT_SETATTR,
	HINT_SOURCE_MISSING,
	HINT_SOURCE_ACCESS,
	HINT_IDMAP,
	HINT_SYSFS_NETNS,
	HINT_PROC_VISIBLE,
	HINT_UNKNOWN_FS,
	HINT_SUBID,
	HINT_ROOTFS_ACCESS,
	HINT_USERNS_OFF,
	HINT_CGROUP_DELEGATE,
	HINT_NOEXEC,
	HINT_ARCH,
	HINT_INTERPRETER,
	HINT_EXEC_ACCESS,
	HINT_CWD_ACCESS,
	HINT_DELETE,
	HINT_NOFILE,
	HINT_RLIMIT,
	HINT_SPACE,
	HINT_NEWUIDMAP,
	HINT_SYSTEMD,
	HINT_CRIU,
	HINT_OOM,
	HINTS
};

const char *hint_text(int hint); /* NULL for HINT_NONE and unknown ones */
int hint_for_mount(const char *type, int error);

#endif
