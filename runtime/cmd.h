/* SPDX-License-Identifier: Apache-2.0 */
/* What main gives to each verb. A verb returns its exit status, or -1 with *err set. */
#ifndef PROA_RUNTIME_CMD_H
#define PROA_RUNTIME_CMD_H

#include <sys/types.h>

#include "facts.h"
#include "opt.h"
#include "store.h"

#define PROA_VERSION "0.1.0"

struct globals {
	const char *root, *log, *log_format, *log_level, *cgroup_manager, *rootless;
	bool debug, systemd_cgroup, version, help;
};

struct ctx {
	struct arena *arena;
	struct globals g;
	struct facts facts;
	struct store store;
	char *const *environ;
	const char *argv0;
};

enum cmd_flags {
	CMD_PERMUTE = 1,   /* options may come after operands */
	CMD_PROTECT = 2,   /* a process of ours enters a container */
	CMD_MAKE_ROOT = 4, /* the state root is made if it is missing */
	CMD_NO_STORE = 8,
	CMD_HOST = 32,	   /* needs to know the host: struct facts, second part */
	CMD_FAIL_255 = 16, /* an error's exit status is 255, as it is for runc's exec */
};

struct cmd {
	const char *name, *operands, *summary;
	const struct opt *opts;
	size_t size; /* of its struct of options */
	int flags;
	int min, max; /* operands; max -1 = any number */
	int (*run)(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
	const char *notes;
};

extern const struct cmd commands[]; /* ends with a NULL name */

int cmd_create(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_run(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_start(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_state(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_kill(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_delete(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_exec(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_list(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_ps(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_pause(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_resume(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_update(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_events(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_spec(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_features(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_explain(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_completion(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_checkpoint(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_restore(struct ctx *x, void *opts, struct opt_args *args, struct err *err);
int cmd_mounts(struct ctx *x, void *opts, struct opt_args *args, struct err *err);

/* Is systemd to make the cgroups? */
bool cmd_is_systemd(const struct ctx *x);

/* Writes to stdout. 0 or -1. */
int cmd_print(const struct buf *b, struct err *err) must_check;

/* Shared by create, run and explain. */
struct create_opts {
	const char *bundle, *config, *console_socket, *pidfd_socket, *pid_file;
	bool no_pivot, no_new_keyring, no_subreaper, detach, keep, json;
	uint32_t preserve_fds;
};
extern const struct opt create_opts_table[], run_opts_table[], explain_opts_table[];
extern const struct opt exec_opts_table[], kill_opts_table[], delete_opts_table[],
	list_opts_table[], ps_opts_table[], events_opts_table[], update_opts_table[],
	spec_opts_table[], none_opts_table[], completion_opts_table[], global_opts_table[],
	checkpoint_opts_table[], restore_opts_table[];
extern const size_t exec_opts_size, kill_opts_size, delete_opts_size, list_opts_size, ps_opts_size,
	events_opts_size, update_opts_size, spec_opts_size, checkpoint_opts_size, restore_opts_size;

struct plan;
struct create_options;
struct config;
/* Reads config.json and makes the plan. */
int cmd_plan(struct ctx *x, const struct create_opts *o, const char *id, bool run,
	     struct create_options *co, char **ret_text, size_t *ret_len, struct plan *p,
	     struct err *err) must_check;
/* The same, and all that create, run and restore begin with. */
struct create;
int cmd_prepare(struct ctx *x, const struct create_opts *o, const char *id, bool run,
		struct create *c, struct create_options *co, struct plan *p,
		struct err *err) must_check;
/* Nothing but SIGKILL may end us between the first step and the last. */
void cmd_block_signals(uint64_t *old);
/* The namespaces of a container that are not the host's: CLONE_NEW*. */
struct state;
int cmd_namespaces(const struct config *c, const struct state *s);
/* Enters those of a process (setns(2) by pidfd); a user namespace that is ours already is no
 * failure. */
int cmd_enter(int pidfd, int types, struct err *err) must_check;
/* Who leaves a container behind hands its place in a service over: MAINPID to the socket of
 * sd_notify(3), if there is one. What the program says there is then heard from the main process.
 */
void cmd_main_pid(const struct ctx *x, pid_t pid);
/* Waits for a container in the foreground and removes it, unless its state is to be kept. Its exit
 * status. */
struct attach;
int cmd_foreground(struct ctx *x, struct create *c, struct attach *t, struct err *err) must_check;

#endif
