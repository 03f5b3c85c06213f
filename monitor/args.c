// SPDX-License-Identifier: Apache-2.0
#include "args.h"

#include <stddef.h>
#include <string.h>

#include "buf.h"

#define A(m) offsetof(struct args_raw, m)
const struct opt args_table[] = {
	{"api-version", 0, OPT_FLAG, A(api_version), NULL,
	 "the engine's protocol: with it messages carry \"data\" (a number after it is ignored)"},
	{"bundle", 'b', OPT_STR, A(bundle), "DIR", "the container's bundle (default: .)"},
	{"cid", 'c', OPT_STR, A(cid), "ID", "the container's id"},
	{"cuuid", 'u', OPT_STR, A(cuuid), "ID",
	 "the container's, or the exec session's, unique id"},
	{"name", 'n', OPT_STR, A(name), "NAME", "the container's name, for the journal"},
	{"runtime", 'r', OPT_STR, A(runtime), "PATH", "the OCI runtime"},
	{"runtime-arg", 0, OPT_LIST, A(runtime_args), "ARG",
	 "an argument before the runtime's verb"},
	{"runtime-opt", 0, OPT_LIST, A(runtime_opts), "ARG",
	 "an argument after the runtime's verb"},
	{"restore-arg", 0, OPT_LIST, A(runtime_opts), "ARG", "the same as --runtime-opt"},
	{"systemd-cgroup", 's', OPT_FLAG, A(systemd_cgroup), NULL,
	 "hand --systemd-cgroup to the runtime (not for exec)"},
	{"container-pidfile", 'p', OPT_STR, A(pidfile), "FILE",
	 "where the runtime writes the container's pid (default: ./pidfile-ID)"},
	{"pidfile", 0, OPT_STR, A(pidfile), "FILE", "the same as --container-pidfile"},
	{"conmon-pidfile", 'P', OPT_STR, A(monitor_pidfile), "FILE", "where our own pid goes"},
	{"log-path", 'l', OPT_LIST, A(log_paths), "DRIVER:PATH",
	 "where output goes: k8s-file:FILE, json-file:FILE, journald, passthrough or none; "
	 "up to four times"},
	{"log-level", 0, OPT_STR, A(log_level), "LEVEL", "error, warning, info, debug or trace"},
	{"log-size-max", 0, OPT_STR, A(log_size_max), "BYTES",
	 "rotate a log file before it grows beyond this"},
	{"log-global-size-max", 0, OPT_STR, A(log_global_size_max), "BYTES",
	 "drop (and count) output once this much is logged"},
	{"log-rotate", 0, OPT_FLAG, A(log_rotate), NULL,
	 "rotate by renaming to FILE.1, FILE.2...; always so here"},
	{"log-max-files", 0, OPT_STR, A(log_max_files), "N", "rotated files to keep (default: 1)"},
	{"log-allowlist-dir", 0, OPT_LIST, A(log_allow), "DIR",
	 "rotate only logs in these directories"},
	{"log-tag", 0, OPT_STR, A(log_tag), "TAG", "CONTAINER_TAG in the journal"},
	{"log-label", 0, OPT_LIST, A(log_labels), "KEY=VALUE", "one more field in the journal"},
	{"no-container-partial-message", 0, OPT_FLAG, A(no_partial), NULL,
	 "leave CONTAINER_PARTIAL_MESSAGE out of the journal"},
	{"no-sync-log", 0, OPT_FLAG, A(no_sync_log), NULL, "do not fsync the log at the end"},
	{"exit-dir", 0, OPT_STR, A(exit_dir), "DIR", "where the file ID with the exit status goes"},
	{"persist-dir", '0', OPT_STR, A(persist_dir), "DIR", "where the files exit and oom go"},
	{"exit-command", 0, OPT_STR, A(exit_command), "PATH", "run at the very end"},
	{"exit-command-arg", 0, OPT_LIST, A(exit_args), "ARG", "an argument for it"},
	{"exit-delay", 0, OPT_STR, A(exit_delay), "SECONDS", "wait so long before it"},
	{"socket-dir-path", 0, OPT_STR, A(socket_dir), "DIR",
	 "where the short link to the bundle goes, for attach (default: /var/run/crio)"},
	{"full-attach", 0, OPT_FLAG, A(full_attach), NULL,
	 "no link: attach is in the bundle alone"},
	{"terminal", 't', OPT_FLAG, A(terminal), NULL, "the container has a terminal"},
	{"stdin", 'i', OPT_FLAG, A(stdin_open), NULL, "give the container an open stdin"},
	{"leave-stdin-open", 0, OPT_FLAG, A(leave_stdin_open), NULL,
	 "keep it open when an attached client leaves"},
	{"exec", 'e', OPT_FLAG, A(exec), NULL, "monitor a process that exec adds to a container"},
	{"exec-process-spec", 0, OPT_STR, A(process_spec), "FILE", "its process.json"},
	{"exec-attach", 0, OPT_FLAG, A(exec_attach), NULL,
	 "start it once a client has attached (needs --api-version)"},
	{"restore", 0, OPT_STR, A(restore), "DIR", "restore the container from a checkpoint"},
	{"no-pivot", 0, OPT_FLAG, A(no_pivot), NULL, "hand --no-pivot to the runtime"},
	{"no-new-keyring", 0, OPT_FLAG, A(no_new_keyring), NULL,
	 "hand --no-new-keyring to the runtime"},
	{"replace-listen-pid", 0, OPT_FLAG, A(replace_listen_pid), NULL,
	 "LISTEN_PID becomes the runtime's pid (always so here)"},
	{"sdnotify-socket", 0, OPT_STR, A(sdnotify_socket), "PATH",
	 "pass on to PATH what the container says on BUNDLE/notify/notify.sock"},
	{"sdnotify-ready", 0, OPT_STR, A(sdnotify_ready), "WHEN",
	 "container (it says READY=1) or healthy (we say it at the first good health check)"},
	{"sync", 0, OPT_FLAG, A(sync), NULL, "stay the caller's child"},
	{"syslog", 0, OPT_FLAG, A(syslog), NULL, "our own messages go to syslog"},
	{"timeout", 'T', OPT_STR, A(timeout), "SECONDS", "kill the process after so long"},
	{"seccomp-notify-socket", 0, OPT_LIST, A(ignored), "PATH", "accepted and ignored"},
	{"seccomp-notify-plugins", 0, OPT_LIST, A(ignored), "LIST", "accepted and ignored"},
	{"resume", 0, OPT_STR, A(resume), "BUNDLE",
	 "carry on for a container whose monitor was killed"},
	{"health-cmd", 0, OPT_LIST, A(health_cmd), "ARG",
	 "the health check: once for a shell's line, repeated for an argument list"},
	{"health-interval", 0, OPT_STR, A(health_interval), "TIME", "between two (default: 30s)"},
	{"health-timeout", 0, OPT_STR, A(health_timeout), "TIME", "for one (default: 30s)"},
	{"health-retries", 0, OPT_STR, A(health_retries), "N",
	 "failures in a row that make it unhealthy (default: 3)"},
	{"health-start-period", 0, OPT_STR, A(health_start_period), "TIME",
	 "failures that early do not count (default: 0s)"},
	{"health-start-interval", 0, OPT_STR, A(health_start_interval), "TIME",
	 "between two until the first good one in the start period (default: 5s)"},
	{"health-on-failure", 0, OPT_STR, A(health_action), "ACTION",
	 "none, kill, restart or stop"},
	{"health-log-count", 0, OPT_STR, A(health_log_count), "N", "results kept (default: 5)"},
	{"health-stop-signal", 0, OPT_STR, A(health_stop_signal), "SIGNAL", "for stop (TERM)"},
	{"health-stop-timeout", 0, OPT_STR, A(health_stop_timeout), "TIME",
	 "then KILL (default: 10s)"},
	{"version", 0, OPT_FLAG, A(version), NULL, "print the version"},
	{"help", 'h', OPT_FLAG, A(help), NULL, "print this help"},
	OPT_END,
};

static const struct name drivers[] = {
	{"k8s-file", LOG_K8S},
	{"kubernetes-log-file", LOG_K8S},
	{"json-file", LOG_JSON_FILE},
	{"journald", LOG_JOURNALD},
	{"passthrough", LOG_PASSTHROUGH},
	{"none", LOG_NONE},
	{"null", LOG_NONE},
	{"off", LOG_NONE},
	{NULL, 0},
};

static const struct name actions[] = {
	{"none", HEALTH_NONE},
	{"kill", HEALTH_KILL},
	{"restart", HEALTH_RESTART},
	{"stop", HEALTH_STOP},
	{NULL, 0},
};

static bool log_is_file(enum log_driver d)
{
	return d == LOG_K8S || d == LOG_JSON_FILE;
}

static int add_log(struct args *x, const char *text, struct arena *a, struct err *err)
{
	const char *colon = strchr(text, ':');
	struct log_arg *l = &x->log[x->logs];

	if (x->logs == MAX_LOGS)
		return err_set(err, ERR_USAGE, "--log-path may be given %d times", MAX_LOGS);
	if (!colon || colon == text) {
		/* a bare driver, or a bare path for k8s-file */
		const struct name *n = colon ? NULL : name_find(drivers, text);

		*l = n ? (struct log_arg){(enum log_driver)n->value, NULL}
		       : (struct log_arg){LOG_K8S, colon ? colon + 1 : text};
		if (!n && !strchr(l->path, '/'))
			return err_set(err, ERR_USAGE, "--log-path: no such log driver %s", text);
	} else {
		const struct name *n = name_find_n(drivers, text, (size_t)(colon - text));

		if (!n)
			return err_set(err, ERR_USAGE, "--log-path: no such log driver %.*s",
				       (int)(colon - text), text);
		*l = (struct log_arg){(enum log_driver)n->value, arena_strdup(a, colon + 1)};
	}
	if (log_is_file(l->driver) && (!l->path || !*l->path))
		return err_set(err, ERR_USAGE, "--log-path %s: a path is missing: %s:FILE", text,
			       text);
	if (l->driver == LOG_PASSTHROUGH)
		x->passthrough = true;
	x->logs++;
	return 0;
}

static int check_logs(struct args *x, struct arena *a, struct err *err)
{
	bool file = false;
	bool journal = false;

	if (!x->raw.log_paths.n)
		return err_set(err, ERR_USAGE, "Log driver not provided. Use --log-path");
	for (uint32_t i = 0; i < x->raw.log_paths.n; i++)
		if (add_log(x, x->raw.log_paths.v[i], a, err) < 0)
			return -1;
	for (uint32_t i = 0; i < x->logs; i++) {
		file |= log_is_file(x->log[i].driver);
		journal |= x->log[i].driver == LOG_JOURNALD;
	}
	if (x->raw.log_tag && file && !journal)
		return err_set(err, ERR_USAGE, "--log-tag: k8s-file has no place for a tag");
	if (journal && strlen(x->raw.cuuid ? x->raw.cuuid : x->raw.cid) <= 12)
		return err_set(err, ERR_USAGE, "Container ID must be longer than 12 characters");
	for (uint32_t i = 0; i < x->raw.log_labels.n; i++) {
		const char *l = x->raw.log_labels.v[i];
		size_t n = strspn(l, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

		if (n == 0 || l[n] != '=' || strchr(l + n + 1, '='))
			return err_set(err, ERR_USAGE,
				       "--log-label %s: not KEY=VALUE with a KEY of A-Z, 0-9 and _",
				       l);
	}
	if (x->passthrough && x->raw.terminal)
		return err_set(err, ERR_USAGE,
			       "Terminal passthrough is not possible: -t with "
			       "--log-path passthrough");
	return 0;
}

static int bytes_or_none(const char *name, const char *text, int64_t *ret, struct err *err)
{
	*ret = 0;
	if (text && !num_i64(text, ret))
		return err_set(err, ERR_USAGE, "option --%s: \"%s\" is not a number of bytes", name,
			       text);
	if (*ret < 0)
		*ret = 0;
	return 0;
}

static int small_number(const char *name, const char *text, uint32_t none, uint32_t *ret,
			struct err *err)
{
	int64_t v = none;

	if (text && (!num_i64(text, &v) || v > INT32_MAX))
		return err_set(err, ERR_USAGE, "option --%s: \"%s\" is not a number", name, text);
	*ret = v < 0 ? 0 : (uint32_t)v;
	return 0;
}

static int duration(const char *name, const char *text, int64_t none, int64_t *ret, struct err *err)
{
	*ret = none;
	if (text && !num_duration(text, ret))
		return err_set(err, ERR_USAGE,
			       "option --%s: \"%s\" is not a time such as 30s, 1m30s or 500ms",
			       name, text);
	return 0;
}

static const int64_t second = 1000000000;

static int check_health(struct args *x, struct err *err)
{
	struct health_args *h = &x->health;
	const struct args_raw *r = &x->raw;

	h->cmd = r->health_cmd;
	if (duration("health-interval", r->health_interval, 30 * second, &h->interval, err) < 0 ||
	    duration("health-timeout", r->health_timeout, 30 * second, &h->timeout, err) < 0 ||
	    duration("health-start-period", r->health_start_period, 0, &h->start_period, err) < 0 ||
	    duration("health-start-interval", r->health_start_interval, 5 * second,
		     &h->start_interval, err) < 0 ||
	    duration("health-stop-timeout", r->health_stop_timeout, 10 * second, &h->stop_timeout,
		     err) < 0 ||
	    small_number("health-retries", r->health_retries, 3, &h->retries, err) < 0 ||
	    small_number("health-log-count", r->health_log_count, 5, &h->log_count, err) < 0)
		return -1;
	if (h->log_count > 100)
		return err_set(err, ERR_USAGE, "option --health-log-count: at most 100");
	if (h->retries == 0)
		h->retries = 1;
	/* an interval of nothing would be a busy loop */
	if (h->interval < second / 10)
		h->interval = second / 10;
	if (h->start_interval < second / 10)
		h->start_interval = second / 10;
	if (h->timeout == 0)
		h->timeout = 30 * second;
	h->stop_signal = 15;
	if (r->health_stop_signal) {
		h->stop_signal = signal_from_text(r->health_stop_signal);
		if (!h->stop_signal)
			return err_set(err, ERR_USAGE, "option --health-stop-signal: no signal %s",
				       r->health_stop_signal);
	}
	if (r->health_action) {
		const struct name *n = name_find(actions, r->health_action);

		if (!n)
			return err_set(err, ERR_USAGE,
				       "option --health-on-failure: %s is not one of none, kill, "
				       "restart, stop",
				       r->health_action);
		h->action = (enum health_action)n->value;
	}
	if (r->sdnotify_ready) {
		x->ready_on_healthy = strcmp(r->sdnotify_ready, "healthy") == 0;
		if (!x->ready_on_healthy && strcmp(r->sdnotify_ready, "container") != 0)
			return err_set(
				err, ERR_USAGE,
				"option --sdnotify-ready: %s is neither container nor healthy",
				r->sdnotify_ready);
		if (x->ready_on_healthy && !h->cmd.n)
			return err_set(err, ERR_USAGE,
				       "option --sdnotify-ready healthy needs --health-cmd");
	}
	return 0;
}

int args_parse(char **argv, struct arena *a, struct args *x, struct err *err)
{
	struct opt_args rest;
	struct args_raw *r = &x->raw;
	int64_t global;

	if (opt_parse(args_table, r, argv, true, a, &rest, err) < 0)
		return -1;
	/* operands are left alone: Podman's "--api-version 1" leaves its 1 here */
	if (r->version || r->help || r->resume)
		return 0;
	if (!r->cid)
		return err_set(err, ERR_USAGE, "Container ID not provided. Use --cid");
	if (!r->cuuid && (!r->exec || r->api_version))
		return err_set(err, ERR_USAGE, "Container UUID not provided. Use --cuuid");
	if (!r->runtime)
		return err_set(err, ERR_USAGE, "Runtime path not provided. Use --runtime");
	if (r->exec && !r->process_spec)
		return err_set(err, ERR_USAGE,
			       "Exec process spec path not provided. Use --exec-process-spec");
	if (r->exec_attach && !r->exec)
		return err_set(err, ERR_USAGE, "Attach can only be specified with exec");
	if (r->exec_attach && !r->api_version)
		return err_set(err, ERR_USAGE,
			       "Attach can only be specified for a non-legacy exec session");
	if (r->exec && r->restore)
		return err_set(err, ERR_USAGE, "Cannot use 'exec' and 'restore' at the same time.");
	if (check_logs(x, a, err) < 0 || check_health(x, err) < 0 ||
	    bytes_or_none("log-size-max", r->log_size_max, &x->log_size_max, err) < 0 ||
	    bytes_or_none("log-global-size-max", r->log_global_size_max, &global, err) < 0 ||
	    small_number("log-max-files", r->log_max_files, 1, &x->log_max_files, err) < 0 ||
	    small_number("timeout", r->timeout, 0, &x->timeout_s, err) < 0 ||
	    small_number("exit-delay", r->exit_delay, 0, &x->exit_delay_s, err) < 0)
		return -1;
	x->log_global_size_max = global;
	if (r->log_max_files && x->log_max_files < 1)
		return err_set(err, ERR_USAGE, "option --log-max-files: at least 1");
	return 0;
}

static void add(struct strs *v, const char *s)
{
	v->v[v->n++] = (char *)s;
}

char **args_runtime(const struct args *x, const char *pidfile, const char *console, struct arena *a)
{
	const struct args_raw *r = &x->raw;
	struct strs v = {.v = arena_array(a, char *, 24 + r->runtime_args.n + r->runtime_opts.n)};

	add(&v, r->runtime);
	if (r->systemd_cgroup && !r->exec)
		add(&v, "--systemd-cgroup");
	for (uint32_t i = 0; i < r->runtime_args.n; i++)
		add(&v, r->runtime_args.v[i]);
	if (r->exec) {
		add(&v, "exec");
		add(&v, "--pid-file");
		add(&v, pidfile);
		add(&v, "--process");
		add(&v, r->process_spec);
		add(&v, "--detach");
		if (r->terminal)
			add(&v, "--tty");
	} else {
		add(&v, r->restore ? "restore" : "create");
		add(&v, "--bundle");
		add(&v, r->bundle);
		add(&v, "--pid-file");
		add(&v, pidfile);
		if (r->no_pivot)
			add(&v, "--no-pivot");
		if (r->no_new_keyring)
			add(&v, "--no-new-keyring");
	}
	if (r->restore) {
		add(&v, "--detach");
		add(&v, "--image-path");
		add(&v, r->restore);
		add(&v, "--work-path");
		add(&v, r->bundle);
	}
	for (uint32_t i = 0; i < r->runtime_opts.n; i++)
		add(&v, r->runtime_opts.v[i]);
	if (console) {
		add(&v, "--console-socket");
		add(&v, console);
	}
	add(&v, r->cid);
	return v.v;
}

char **args_check(const struct args *x, const char *pidfile, struct arena *a)
{
	const struct args_raw *r = &x->raw;
	const struct strs *cmd = &x->health.cmd;
	struct strs v = {.v = arena_array(a, char *, 10 + r->runtime_args.n + cmd->n)};

	add(&v, r->runtime);
	for (uint32_t i = 0; i < r->runtime_args.n; i++)
		add(&v, r->runtime_args.v[i]);
	add(&v, "exec");
	add(&v, "--pid-file");
	add(&v, pidfile);
	add(&v, r->cid);
	if (cmd->n == 1) {
		add(&v, "/bin/sh");
		add(&v, "-c");
	}
	for (uint32_t i = 0; i < cmd->n; i++)
		add(&v, cmd->v[i]);
	return v.v;
}
