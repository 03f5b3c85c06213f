/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: everything that create, run and exec will do, decided before any of it is done.
 *
 * plan_build() is pure: configuration and facts go in, data comes out; `proa explain` prints it and
 * the unit tests compare it with golden files. Afterwards the parent walks its steps (create.c) and
 * the container's first process its stages (init.c) over this data; neither parses, allocates or
 * chooses.
 */
#ifndef PROA_RUNTIME_PLAN_H
#define PROA_RUNTIME_PLAN_H

#include "bpf_dev.h"
#include "caps.h"
#include "config.h"
#include "facts.h"
#include "seccomp_profile.h"

#include <linux/sched.h>
#include <sys/types.h>

enum { PROA_MAX_ID = 1024 };

/* ---- file system ---- */

enum mount_kind {
	MOUNT_NEW,     /* a file system of a type */
	MOUNT_BIND,    /* a clone of a mount that exists */
	MOUNT_REMOUNT, /* other flags for what is mounted at dest */
	MOUNT_NODE,    /* a device node, made or bound */
	MOUNT_LINK,    /* a symlink */
	MOUNT_MASK,    /* hide a path */
	MOUNT_READONLY,
	MOUNT_KINDS
};

struct mount_op {
	uint8_t kind;
	bool recursive;	     /* the clone takes submounts along */
	bool copyup;	     /* tmpfs gets what was there before */
	bool inherit_mode;   /* tmpfs without mode=: that of the directory below */
	bool must_be_plain;  /* no symlink on the way: /proc and /sys */
	bool proc_allowed;   /* may be on procfs */
	bool source_in_root; /* bind source is below the rootfs: only the child may resolve it */
	bool follow_source;  /* false: a symlink itself is bound (src-nofollow) */
	bool bind_node;	     /* MOUNT_NODE: mknod is not permitted, bind the host's */
	bool optional;	     /* not there: nothing to do */
	const char *dest;    /* clean and absolute in the container */
	const char *source;
	const char *type;
	const char *data;
	const char *where;	       /* JSON path for messages */
	unsigned long flags;	       /* MS_* of a new file system */
	uint64_t attr_set, attr_clr;   /* MOUNT_ATTR_* of this mount */
	uint64_t rattr_set, rattr_clr; /* the same for the mount and all below it */
	unsigned long propagation;     /* MS_SHARED...; 0 = leave */
	bool propagation_rec;
	int idmap; /* index into plan.idmaps; -1 = none */
	bool idmap_rec;
	int fd; /* the source, opened by the parent; -1: the child opens it */
	mode_t mode;
	uint64_t dev;
	uint32_t uid, gid;
};

struct idmap {
	const char *uid_map, *gid_map; /* text for /proc/PID/uid_map */
	bool container;		       /* the container's own user namespace */
	int fd;			       /* user namespace, opened by the parent */
};

/* ---- the process ---- */

struct rlimit_op {
	int resource;
	uint64_t soft, hard;
};

struct sched_op {
	bool set;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

struct proc_plan {
	char **args, **env;
	bool has_home; /* else HOME is taken from the container's /etc/passwd */
	char *home;    /* room for it: "HOME=..." is the last slot of env */
	const char *cwd;
	uint32_t uid, gid, umask;
	uint32_t *groups;
	uint32_t n_groups;
	bool keep_groups; /* setgroups is denied or unwanted */
	struct caps caps;
	bool no_new_privs;
	struct rlimit_op *rlimits;
	uint32_t n_rlimits;
	struct opt_i64 oom_score_adj;
	struct sched_op sched;
	int ioprio;	      /* -1 = leave */
	int personality;      /* -1 = leave */
	const char *apparmor; /* what is written: "exec PROFILE" */
	const char *selinux;
	bool terminal;
	bool bare_newlines; /* no \r before \n: readers compare output line by line (runc) */
	uint16_t rows, columns;
	bool mempolicy;
	int mempolicy_mode;
	uint64_t *mempolicy_nodes;
	uint32_t mempolicy_bits;
	uint64_t *affinity_initial, *affinity_final; /* NULL = all */
	uint32_t affinity_bytes;
	uint32_t n_keep_fds; /* 3 .. 3 + n - 1 reach the process */
	bool listen_fds;
	struct seccomp_prog seccomp;
	const char *listener_path, *listener_metadata;
	const char *keyring; /* name of the new session keyring; NULL = keep the caller's */
};

/* ---- namespaces ---- */

struct ns_join {
	int type; /* CLONE_NEW* */
	const char *path;
	int fd; /* opened and verified by the parent */
};

struct id_maps {
	char *uid, *gid;	     /* text for the map files; NULL = nothing to write */
	char **uid_argv, **gid_argv; /* newuidmap, newgidmap; NULL = written directly */
	bool deny_setgroups;
	uint32_t root_uid,
		root_gid; /* outside's idea of the container's 0; UINT32_MAX = unmapped */
};

/* ---- cgroup ---- */

struct cgroup_write {
	const char *controller; /* NULL = core */
	const char *file;
	const char *text;
	const char *where; /* JSON path */
	bool optional;	   /* a file that this kernel may lack */
};

struct cgroup_plan {
	bool none;     /* --cgroup-manager=disabled, or not permitted and not needed */
	bool may_fail; /* not permitted to make one: go on without */
	const char *mount;
	const char *path; /* below mount, "/..." */
	struct cgroup_write *writes;
	uint32_t n;
	bool delegate;	 /* chown to the container's root: `sub` if there is one, else all of it */
	const char *sub; /* the container's processes are in this one below; NULL = in it itself */
	/* the systemd cgroup manager: the unit that is asked for; `path` is known when it is there
	 */
	const char *unit; /* NULL = not that manager */
	const char *slice, *bus_program;
	bool user_manager;
	struct strs properties;
	bool devices;
	struct bpf_dev program;
	bool check_memory;
};

/* ---- all of it ---- */

struct hook_list {
	const char *name;
	const struct list *hooks;
	int out,
		err; /* where what they write is appended, beside our own look at it; 0 = nowhere */
};

struct create_options {
	const char *id, *bundle, *config;
	const char *console_socket, *pidfd_socket, *pid_file;
	bool no_pivot, no_new_keyring, no_cgroup, detach, keep, no_subreaper;
	uint32_t preserve_fds;
	bool run;				/* run: start follows at once */
	const char *rootless;			/* true, false, auto */
	const char *listen_fds, *notify_socket; /* from our environment */
	bool systemd;				/* --systemd-cgroup */
	const char *bus_program;		/* proa-bus; NULL if it is missing */
};

struct plan {
	const struct config *config;
	const char *id, *bundle, *rootfs;
	uint64_t ns_new; /* CLONE_NEW* made by clone3 */
	uint64_t ns_all; /* those that are not the caller's: new or joined */
	struct ns_join *joins;
	uint32_t n_joins;
	bool middle;	 /* a helper joins and then clones: user, pid or time namespaces by path */
	bool rootless;	 /* an ordinary user's */
	bool own_mounts; /* a mount namespace of its own */
	struct id_maps ids;
	const char *time_offsets;
	struct mount_op *mounts;
	uint32_t n_mounts;
	struct idmap *idmaps;
	uint32_t n_idmaps;
	bool root_readonly, no_pivot, leave_ramfs;
	unsigned long root_propagation;	    /* before anything is mounted, for "/" */
	unsigned long root_propagation_end; /* of the container's "/"; 0 = leave */
	const char *hostname, *domainname;
	struct pairs sysctl;
	bool loopback; /* bring lo up in a new network namespace */
	struct cgroup_plan cgroup;
	struct proc_plan proc;
	struct hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
	bool hooks_in_parent;	   /* prestart or createRuntime: the child waits for them */
	const char *notify_socket; /* the host's, to be bound into the container */
	struct list net_devices;
	bool intel_rdt;
	struct strs warnings;
};

/* Where the container finds the notification socket (sd_notify(3)). */
#define PLAN_NOTIFY_SOCKET "/run/notify/notify.sock"

int plan_build(const struct config *c, const struct facts *f, const struct create_options *o,
	       struct arena *a, struct plan *ret, struct err *err) must_check;
/* The part that exec shares: one process. */
int proc_plan_build(const struct process *p, const struct config *c, const struct facts *f,
		    struct arena *a, struct proc_plan *ret, struct strs *warnings,
		    struct err *err) must_check;
/* The ipc namespace is made by the root of the container's user namespace, not by clone. */
static inline bool plan_late_ipc(const struct plan *p)
{
	return (p->ns_all & CLONE_NEWUSER) && (p->ns_new & CLONE_NEWIPC);
}
void plan_warn(struct strs *w, struct arena *a, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* mount_plan.c */
int mount_plan_build(const struct config *c, const struct facts *f, struct arena *a, struct plan *p,
		     struct err *err) must_check;
/* ids.c: the maps of a new user namespace. */
int ids_plan(const struct config *c, const struct facts *f, struct arena *a, struct plan *p,
	     struct err *err) must_check;
/* cgroup_knobs.c: linux.resources as writes into cgroup v2 files, in the order to write them. */
int cgroup_knobs(const struct resources *r, struct arena *a, struct cgroup_write **ret,
		 uint32_t *ret_n, struct strs *warnings, struct err *err) must_check;
/* A list of CPUs or nodes as text ("0-3,7") to a bit mask; NULL with *err set if it is malformed.
 */
uint64_t *bitlist_parse(const char *text, uint32_t min_bits, struct arena *a, uint32_t *ret_bits,
			struct err *err);

#endif
