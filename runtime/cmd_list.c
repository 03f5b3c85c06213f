// SPDX-License-Identifier: Apache-2.0
/* list and ps. */
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "cmd.h"
#include "fd.h"
#include "lifecycle.h"
#include "log.h"
#include "proc.h"

struct list_opts {
	bool quiet;
	const char *format;
};
const struct opt list_opts_table[] = {
	{"quiet", 'q', OPT_FLAG, offsetof(struct list_opts, quiet), NULL, "ids only"},
	{"format", 'f', OPT_STR, offsetof(struct list_opts, format), "FORMAT", "table or json"},
	OPT_END,
};
const size_t list_opts_size = sizeof(struct list_opts);

static int check_format(const char *format, struct err *err)
{
	if (!format || strcmp(format, "table") == 0 || strcmp(format, "json") == 0)
		return 0;
	return err_set(err, ERR_USAGE, "--format: \"%s\" is neither table nor json", format);
}

/* The name of the directory's owner, from /etc/passwd alone: NSS does not go into a static program.
 */
static const char *owner_name(int dir, struct arena *a)
{
	struct stat st;
	struct err ignored;
	size_t len;
	char *text;

	if (SYS(fstat, dir, &st) < 0)
		return "";
	if (st.st_uid == 0)
		return "root";
	text = fd_read_file(AT_FDCWD, "/etc/passwd", 16 << 20, a, &len, &ignored);
	for (char *line = text; line && *line;) {
		size_t n = strcspn(line, "\n");
		char want[24];
		size_t name = strcspn(line, ":");
		char *id = memchr(line + name + 1, ':', n > name ? n - name - 1 : 0);

		fmt(want, sizeof(want), ":%u:", st.st_uid);
		if (id && strncmp(id, want, strlen(want)) == 0)
			return arena_strndup(a, line, name);
		line += n + (line[n] == '\n');
	}
	return arena_fmt(a, "%u", st.st_uid);
}

int cmd_list(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct list_opts *o = opts;
	bool json = o->format && strcmp(o->format, "json") == 0;
	struct buf b = BUF_INIT(x->arena);
	struct strs ids = {0};
	bool first = true;

	(void)args;
	if (check_format(o->format, err) < 0)
		return -1;
	if (x->store.root < 0 && !x->store.is_default)
		return err_set(err, ENOENT, "state root %s does not exist", x->store.path);
	if (x->store.root >= 0 && store_list(&x->store, x->arena, &ids, err) < 0)
		return -1;
	if (json && !o->quiet)
		buf_str(&b, "[");
	else if (!o->quiet)
		buf_fmt(&b, "%-12s%-12s%-12s%-28s%-32s%s\n", "ID", "PID", "STATUS", "BUNDLE",
			"CREATED", "OWNER");
	for (uint32_t i = 0; i < ids.n; i++) {
		struct container c;
		struct err one;

		if (o->quiet) {
			buf_fmt(&b, "%s\n", ids.v[i]);
			continue;
		}
		/* one that another process has just deleted is no error */
		if (store_get(&x->store, ids.v[i], &x->facts, false, x->arena, &c, &one) < 0) {
			if (one.code != ENOENT)
				log_warning("%s", one.msg);
			continue;
		}
		c.s.status = status_names[c.status];
		c.s.owner = owner_name(c.dir, x->arena);
		c.s.pid.v = c.status == STATUS_STOPPED ? 0 : c.s.pid.v;
		c.s.created = c.s.created ? c.s.created : "";
		if (json) {
			buf_str(&b, first ? "" : ",");
			encode(&state_output_fields, &c.s, 0, &b);
		} else {
			buf_fmt(&b, "%-11s %-11ld %-11s %-27s %-31s %s\n", ids.v[i],
				(long)c.s.pid.v, c.s.status, c.s.bundle, c.s.created, c.s.owner);
		}
		first = false;
		fd_drop(&c.dir);
	}
	if (json && !o->quiet)
		buf_str(&b, "]\n");
	return cmd_print(&b, err);
}

/* ---- ps ---- */

struct ps_opts {
	const char *format;
};
const struct opt ps_opts_table[] = {
	{"format", 'f', OPT_STR, offsetof(struct ps_opts, format), "FORMAT", "table or json"},
	OPT_END,
};
const size_t ps_opts_size = sizeof(struct ps_opts);

static bool is_ours(const char *text, size_t len, const pid_t *pids, uint32_t n)
{
	int v = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (text[i] - '0');
	}
	for (uint32_t i = 0; i < n; i++)
		if (pids[i] == v)
			return true;
	return false;
}

/* The word number `column` of a line. */
static const char *word(const char *line, int column, size_t *ret_len)
{
	for (;; column--) {
		line += strspn(line, " \t");
		*ret_len = strcspn(line, " \t\n");
		if (column == 0 || !*ret_len)
			return line;
		line += *ret_len;
	}
}

static int pid_column(const char *head)
{
	for (int i = 0;; i++) {
		size_t len;
		const char *w = word(head, i, &len);

		if (!len)
			return -1;
		if (len == 3 && strncmp(w, "PID", 3) == 0)
			return i;
	}
}

/* The host's ps(1), its lines cut down to the container's processes. */
static int ps_table(struct ctx *x, char **options, int n_options, const pid_t *pids, uint32_t n,
		    struct buf *b, struct err *err)
{
	char **argv = arena_array(x->arena, char *, (size_t)n_options + 3);
	auto_fd out = (int)SYS(memfd_create, "ps", 1);
	struct helper h = {.path = "ps",
			   .argv = argv,
			   .env = (char **)x->environ,
			   .in = -1,
			   .out = out,
			   .cwd = -1};
	size_t len = 0;
	char path[32];
	char *text;
	int column;
	int r;

	argv[0] = (char *)"ps";
	for (int i = 0; i < n_options; i++)
		argv[i + 1] = options[i];
	if (n_options == 0)
		argv[1] = (char *)"-ef";
	r = helper_run(&h);
	fmt(path, sizeof(path), "/proc/self/fd/%d", out);
	text = fd_read_file(AT_FDCWD, path, 64 << 20, x->arena, &len, err);
	if (r < 0)
		return err_sys(err, r,
			       "run ps (its table comes from the host's ps; --format json does "
			       "not need it)");
	if (!text)
		return -1;
	if (r != 0)
		return err_set(err, ECHILD, "ps: %s", text);
	column = pid_column(text);
	if (column < 0)
		return err_set(err, ERR_USAGE,
			       "ps: its output has no column PID to choose lines by");
	for (char *line = text; *line;) {
		size_t size = strcspn(line, "\n");
		size_t wl;
		const char *w = word(line, column, &wl);

		if (line == text || is_ours(w, wl, pids, n))
			buf_fmt(b, "%.*s\n", (int)size, line);
		line += size + (line[size] == '\n');
	}
	return 0;
}

int cmd_ps(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct ps_opts *o = opts;
	struct buf b = BUF_INIT(x->arena);
	struct container c;
	auto_fd dir = -1;
	auto_fd cg = -1;
	pid_t *pids = NULL;
	pid_t just_init;
	uint32_t n = 0;

	if (check_format(o->format, err) < 0 ||
	    store_get(&x->store, args->v[0], &x->facts, false, x->arena, &c, err) < 0)
		return -1;
	dir = c.dir;
	if (c.s.cgroup_path)
		cg = cgroup_open(c.s.cgroup_mount, c.s.cgroup_path);
	if (cg >= 0) {
		cgroup_pids(cg, x->arena, &pids, &n);
	} else if (c.status != STATUS_STOPPED) {
		just_init = (pid_t)c.s.pid.v;
		pids = &just_init;
		n = 1;
	}
	if (o->format && strcmp(o->format, "json") == 0) {
		buf_str(&b, "[");
		for (uint32_t i = 0; i < n; i++)
			buf_fmt(&b, "%s%d", i ? "," : "", pids[i]);
		buf_str(&b, "]\n");
	} else if (ps_table(x, args->v + 1, args->n - 1, pids, n, &b, err) < 0) {
		return -1;
	}
	return cmd_print(&b, err);
}
