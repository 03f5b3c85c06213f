/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: conmon's options (conmon(8)) and ours. */
#ifndef PROA_MONITOR_ARGS_H
#define PROA_MONITOR_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"
#include "names.h"
#include "opt.h"

#define PROAMON_VERSION "0.1.0"
/* what `conmon --version` says first: engines parse it, and ask for at least 2.0.x */
#define CONMON_VERSION "2.2.1"

enum log_driver { LOG_K8S, LOG_JSON_FILE, LOG_JOURNALD, LOG_PASSTHROUGH, LOG_NONE };
enum { MAX_LOGS = 4 };

struct log_arg {
	enum log_driver driver;
	const char *path; /* NULL where the driver has none */
};

enum health_action { HEALTH_NONE, HEALTH_KILL, HEALTH_RESTART, HEALTH_STOP };

struct health_args {
	struct strs cmd;  /* one: for /bin/sh -c; more: as they are */
	int64_t interval; /* all times in ns */
	int64_t timeout;
	int64_t start_period;
	int64_t start_interval;
	int64_t stop_timeout;
	uint32_t retries;
	uint32_t log_count;
	enum health_action action;
	int stop_signal;
};

/* As given; what needs a look is checked into the members below `raw`. */
struct args_raw {
	bool api_version, systemd_cgroup, terminal, stdin_open, leave_stdin_open, exec, exec_attach,
		no_pivot, no_new_keyring, replace_listen_pid, sync, syslog, full_attach,
		no_sync_log, log_rotate, no_partial, version, help;
	const char *bundle, *cid, *cuuid, *name, *runtime, *pidfile, *monitor_pidfile, *log_level,
		*log_size_max, *log_global_size_max, *log_max_files, *log_tag, *exit_dir,
		*persist_dir, *exit_command, *exit_delay, *socket_dir, *process_spec, *restore,
		*sdnotify_socket, *sdnotify_ready, *timeout, *resume, *resume_listen;
	const char *health_interval, *health_timeout, *health_retries, *health_start_period,
		*health_start_interval, *health_action, *health_log_count, *health_stop_signal,
		*health_stop_timeout;
	struct strs runtime_args, runtime_opts, log_paths, log_labels, log_allow, exit_args,
		health_cmd, ignored;
};

struct args {
	struct args_raw raw;
	struct log_arg log[MAX_LOGS];
	uint32_t logs;
	bool passthrough;
	int64_t log_size_max;	     /* bytes; 0 = none */
	int64_t log_global_size_max; /* bytes; 0 = none */
	uint32_t log_max_files;
	uint32_t timeout_s; /* 0 = none */
	uint32_t exit_delay_s;
	bool ready_on_healthy;
	struct health_args health;
};

extern const struct opt args_table[];

/* Parses argv (without the program's name) and checks it. Errors are one sentence, ERR_USAGE. After
 * --version, --help and --resume nothing else is checked. */
int args_parse(char **argv, struct arena *a, struct args *ret, struct err *err) must_check;

/* The runtime's command line for what is asked: create, restore or exec. `console`: path of the
 * console socket or NULL. */
char **args_runtime(const struct args *args, const char *pidfile, const char *console,
		    struct arena *a);
/* ... and for one health check. */
char **args_check(const struct args *args, const char *pidfile, struct arena *a);

#endif
