/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: what criu(8) is asked, as a list of options of its RPC (criu/images/rpc.proto, stable by
 * that project's promise). criu_plan() decides; criu.c encodes the list and talks.
 *
 * What is outside of the container, criu must be told of, once at dump and once at restore, under
 * a name that is the same both times:
 *   - a bind mount: the destination as config.json writes it (as runc and crun name it, so that
 *     an image of theirs can be restored); what a recursive bind brought along: that and the rest
 * of the path
 *   - a network or pid namespace by path: extRootNetNS, extRootPidNS
 *   - standard input, output and error where they are pipes or files that the container cannot
 *     name: as descriptors.json in the image says
 */
#ifndef PROA_RUNTIME_CRIU_PLAN_H
#define PROA_RUNTIME_CRIU_PLAN_H

#include "plan.h"

/* criu_req_type in rpc.proto */
enum criu_verb { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4, CRIU_NOTIFY = 6 };

/* Numbers of criu_opts in rpc.proto. */
enum criu_field {
	CRIU_IMAGES_DIR_FD = 1,
	CRIU_PID = 2,
	CRIU_LEAVE_RUNNING = 3,
	CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5,
	CRIU_EVASIVE_DEVICES = 6,
	CRIU_SHELL_JOB = 7,
	CRIU_FILE_LOCKS = 8,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_PAGE_SERVER = 11, /* {address, port} */
	CRIU_NOTIFY_SCRIPTS = 12,
	CRIU_ROOT = 13,
	CRIU_PARENT_IMG = 14,
	CRIU_TRACK_MEM = 15,
	CRIU_AUTO_DEDUP = 16,
	CRIU_WORK_DIR_FD = 17,
	CRIU_LINK_REMAP = 18,
	CRIU_MANAGE_CGROUPS = 24,
	CRIU_CGROUP_ROOT = 25, /* {controller, path} */
	CRIU_RST_SIBLING = 26,
	CRIU_INHERIT_FD = 27, /* {key, fd} */
	CRIU_MANAGE_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NS = 38,
	CRIU_JOIN_NS = 39, /* {type, path} */
	CRIU_FREEZE_CGROUP = 44,
	CRIU_TCP_SKIP_IN_FLIGHT = 46,
	CRIU_LAZY_PAGES = 48,
	CRIU_STATUS_FD = 49,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_TCP_CLOSE = 52,
	CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 63,
	CRIU_NETWORK_LOCK = 64,
};

/* One option. `text` alone is a string, `number` alone a number or bool; a message has both, or a
 * second text, as fields 1 and 2. */
struct criu_opt {
	uint8_t field;
	enum { CRIU_NUMBER, CRIU_TEXT, CRIU_TEXT_NUMBER, CRIU_TEXT_TEXT } shape;
	const char *text, *second;
	int64_t number;
};

struct criu_request {
	enum criu_verb verb;
	struct criu_opt *opts;
	uint32_t n, cap;
};

/* The command line of checkpoint and restore. */
struct criu_flags {
	const char *image_path, *work_path, *parent_path, *page_server, *status_fd, *empty_ns,
		*manage_cgroups, *network_lock, *lsm_profile, *lsm_mount_context;
	bool leave_running, tcp_established, tcp_close, tcp_skip_in_flight, link_remap, ext_unix_sk,
		shell_job, lazy_pages, file_locks, pre_dump, auto_dedup;
};

/* What has to be found out before. */
struct criu_facts {
	const struct criu_flags *flags;
	const struct plan *plan;
	bool restore;
	int images, work; /* directories */
	pid_t pid;	  /* dump: of init */
	const char *root; /* dump: the root as init sees it; restore: the rootfs */
	/* dump: where the mounts of plan->mounts are indeed, after symlinks (NULL: nowhere) */
	const char *const *dests;
	struct strs mountpoints; /* dump: the container's; restore: ours */
	const char *cgroup;	 /* dump: to freeze by; restore: below the mount */
	const char *config_file; /* NULL = criu's own default */
	uint64_t *ns_inodes;	 /* of plan->joins */
	struct strs stdio;	 /* three: descriptors.json, "" for what criu can do alone */
	int stdio_fds[3];	 /* restore */
};

int criu_plan(const struct criu_facts *f, struct arena *a, struct criu_request *ret,
	      struct err *err) must_check;
/* One option as a line of text, for tests and the debug log. */
void criu_opt_text(const struct criu_opt *o, struct buf *out);
/* Field 5 of each line of mountinfo (proc_pid_mountinfo(5)), without its escapes. Writes into text.
 */
struct strs criu_mountpoints(char *mountinfo, struct arena *a);

#endif
