// SPDX-License-Identifier: Apache-2.0
#include "criu_plan.h"

#include <stddef.h>
#include <string.h>

#include "names.h"
#include "path.h"

static struct criu_opt *add(struct criu_request *r, struct arena *a)
{
	if (r->n == r->cap) {
		uint32_t cap = r->cap ? r->cap * 2 : 32;

		r->opts = arena_grow(a, r->opts, r->n * sizeof(*r->opts), cap * sizeof(*r->opts));
		r->cap = cap;
	}
	return &r->opts[r->n++];
}

static void add_number(struct criu_request *r, struct arena *a, enum criu_field field, int64_t n)
{
	*add(r, a) = (struct criu_opt){.field = field, .shape = CRIU_NUMBER, .number = n};
}

static void add_text(struct criu_request *r, struct arena *a, enum criu_field field,
		     const char *text)
{
	if (text)
		*add(r, a) = (struct criu_opt){.field = field, .shape = CRIU_TEXT, .text = text};
}

/* ---- the command line ---- */

#define FLAG(m) offsetof(struct criu_flags, m)
static const struct {
	size_t offset;
	uint8_t field;
} bools[] =
	{
		{FLAG(leave_running), CRIU_LEAVE_RUNNING},
		{FLAG(tcp_established), CRIU_TCP_ESTABLISHED},
		{FLAG(tcp_close), CRIU_TCP_CLOSE},
		{FLAG(tcp_skip_in_flight), CRIU_TCP_SKIP_IN_FLIGHT},
		{FLAG(link_remap), CRIU_LINK_REMAP},
		{FLAG(ext_unix_sk), CRIU_EXT_UNIX_SK},
		{FLAG(shell_job), CRIU_SHELL_JOB},
		{FLAG(lazy_pages), CRIU_LAZY_PAGES},
		{FLAG(file_locks), CRIU_FILE_LOCKS},
		{FLAG(auto_dedup), CRIU_AUTO_DEDUP},
},
  texts[] = {
	  {FLAG(parent_path), CRIU_PARENT_IMG},
	  {FLAG(lsm_profile), CRIU_LSM_PROFILE},
	  {FLAG(lsm_mount_context), CRIU_LSM_MOUNT_CONTEXT},
};

/* rpc.proto: criu_cg_mode, criu_network_lock_method */
static const struct name cgroup_modes[] = {
	{"ignore", 0}, {"none", 1},   {"cg_none", 1}, {"props", 2}, {"soft", 3},
	{"full", 4},   {"strict", 5}, {"default", 6}, {NULL, 0},
};
static const struct name lock_methods[] = {
	{"iptables", 1},
	{"nftables", 2},
	{"skip", 3},
	{NULL, 0},
};

static int add_named(struct criu_request *r, struct arena *a, enum criu_field field,
		     const char *option, const struct name *names, const char *word,
		     struct err *err)
{
	const struct name *n;
	struct buf b = BUF_INIT(a);

	if (!word)
		return 0;
	n = name_find(names, word);
	if (n) {
		add_number(r, a, field, n->value);
		return 0;
	}
	for (n = names; n->name; n++)
		buf_fmt(&b, "%s%s", n == names ? "" : ", ", n->name);
	return err_set(err, ERR_USAGE, "%s: \"%s\" is none of %s", option, word, b.data);
}

/* HOST:PORT; an IPv6 address has colons of its own */
static int add_page_server(struct criu_request *r, struct arena *a, const char *text,
			   struct err *err)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	uint32_t port = 0;

	if (!text)
		return 0;
	if (!colon || colon == text || !num_u32(colon + 1, &port) || port == 0 || port > 65535)
		return err_set(err, ERR_USAGE, "--page-server: \"%s\" is not ADDRESS:PORT", text);
	*add(r, a) = (struct criu_opt){.field = CRIU_PAGE_SERVER,
				       .shape = CRIU_TEXT_NUMBER,
				       .text = arena_strndup(a, text, (size_t)(colon - text)),
				       .number = port};
	return 0;
}

static int add_status_fd(struct criu_request *r, struct arena *a, const char *text, struct err *err)
{
	uint32_t fd;

	if (!text)
		return 0;
	if (!num_u32(text, &fd) || fd > INT32_MAX)
		return err_set(err, ERR_USAGE, "--status-fd: \"%s\" is not a descriptor", text);
	add_number(r, a, CRIU_STATUS_FD, fd);
	return 0;
}

static int add_flags(struct criu_request *r, const struct criu_flags *f, bool default_soft,
		     struct arena *a, struct err *err)
{
	const char *mode = f->manage_cgroups;

	for (size_t i = 0; i < sizeof(bools) / sizeof(bools[0]); i++)
		if (*(const bool *)((const char *)f + bools[i].offset))
			add_number(r, a, bools[i].field, 1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add_text(r, a, texts[i].field,
			 *(const char *const *)(const void *)((const char *)f + texts[i].offset));
	if (f->empty_ns) {
		if (strcmp(f->empty_ns, "network") != 0)
			return err_set(err, ERR_USAGE,
				       "--empty-ns: \"%s\": only network can be made empty",
				       f->empty_ns);
		add_number(r, a, CRIU_EMPTY_NS, CLONE_NEWNET);
	}
	if (!mode)
		mode = default_soft ? "soft" : "ignore";
	add_number(r, a, CRIU_MANAGE_CGROUPS, 1);
	if (add_named(r, a, CRIU_MANAGE_CGROUPS_MODE, "--manage-cgroups-mode", cgroup_modes, mode,
		      err) < 0 ||
	    add_named(r, a, CRIU_NETWORK_LOCK, "--network-lock", lock_methods, f->network_lock,
		      err) < 0 ||
	    add_page_server(r, a, f->page_server, err) < 0)
		return -1;
	return add_status_fd(r, a, f->status_fd, err);
}

/* ---- mounts ---- */

/* Outside: what the container's own file systems do not hold. Over a masked file lies the host's
 * null device; device nodes are the host's where none could be made. */
static const char *outside_source(const struct mount_op *op)
{
	if (op->kind == MOUNT_BIND && !op->source_in_root)
		return op->source;
	if (op->kind == MOUNT_NODE && op->bind_node)
		return op->source ? op->source : op->dest;
	if (op->kind == MOUNT_MASK)
		return "/dev/null";
	return NULL;
}

static bool another_op(const struct plan *p, const char *dest)
{
	for (uint32_t i = 0; i < p->n_mounts; i++)
		if (strcmp(p->mounts[i].dest, dest) == 0)
			return true;
	return false;
}

/* Submounts that a recursive bind of `from` has: name and place differ only in what is above. */
static void add_below(const struct criu_facts *f, const struct mount_op *op, const char *from,
		      struct criu_request *r, struct arena *a)
{
	size_t n = strcmp(from, "/") == 0 ? 0 : strlen(from);

	for (uint32_t i = 0; op->recursive && i < f->mountpoints.n; i++) {
		const char *at = f->mountpoints.v[i];
		const char *name;

		if (strcmp(at, from) == 0 || !path_is_below(at, from))
			continue;
		name = arena_fmt(a, "%s%s", strcmp(op->dest, "/") == 0 ? "" : op->dest, at + n);
		if (another_op(f->plan, name))
			continue;
		add_text(r, a, CRIU_EXTERNAL,
			 f->restore ? arena_fmt(a, "mnt[%s]:%s", name, at)
				    : arena_fmt(a, "mnt[%s]:%s", at, name));
	}
}

static void add_mounts(const struct criu_facts *f, struct criu_request *r, struct arena *a)
{
	const struct plan *p = f->plan;

	for (uint32_t i = 0; i < p->n_mounts; i++) {
		const struct mount_op *op = &p->mounts[i];
		const char *source = outside_source(op);
		const char *at = f->restore ? source : f->dests[i];

		if (!source || !at)
			continue;
		add_text(r, a, CRIU_EXTERNAL,
			 f->restore ? arena_fmt(a, "mnt[%s]:%s", op->dest, source)
				    : arena_fmt(a, "mnt[%s]:%s", at, op->dest));
		add_below(f, op, at, r, a);
	}
}

struct strs criu_mountpoints(char *mountinfo, struct arena *a)
{
	struct strs s = {0};
	uint32_t cap = 0;

	for (char *line = mountinfo; *line;) {
		size_t len = strcspn(line, "\n");
		char *next = line + len + (line[len] == '\n');
		char *p = line;
		char *out;

		line[len] = '\0';
		for (int field = 1; field < 5 && p; field++) {
			p = strchr(p, ' ');
			p = p ? p + 1 : NULL;
		}
		line = next;
		if (!p)
			continue;
		p[strcspn(p, " ")] = '\0';
		if (s.n == cap) {
			cap = cap ? cap * 2 : 64;
			s.v = arena_grow(a, s.v, s.n * sizeof(char *), cap * sizeof(char *));
		}
		s.v[s.n++] = out = p;
		for (; *p; p++) {
			bool escape = p[0] == '\\' && p[1] && p[2] && p[3];
			unsigned octal = 0;

			for (int i = 1; escape && i < 4; i++)
				octal = octal << 3 | (unsigned)(p[i] - '0');
			if (escape)
				*out++ = (char)(unsigned char)octal;
			else
				*out++ = *p;
			p += escape ? 3 : 0;
		}
		*out = '\0';
	}
	return s;
}

/* ---- namespaces ---- */

static const struct {
	int type;
	const char *word, *name; /* NULL: joined at restore, its content is in the image */
} joined[] = {
	{CLONE_NEWNET, "net", "extRootNetNS"}, {CLONE_NEWPID, "pid", "extRootPidNS"},
	{CLONE_NEWIPC, "ipc", NULL},	       {CLONE_NEWUTS, "uts", NULL},
	{CLONE_NEWTIME, "time", NULL},	       {CLONE_NEWUSER, "user", NULL},
};

static int add_namespaces(const struct criu_facts *f, struct criu_request *r, struct arena *a,
			  struct err *err)
{
	for (uint32_t i = 0; i < f->plan->n_joins; i++) {
		const struct ns_join *j = &f->plan->joins[i];
		size_t k = 0;

		while (k < sizeof(joined) / sizeof(joined[0]) && joined[k].type != j->type)
			k++;
		if (k == sizeof(joined) / sizeof(joined[0]))
			return err_set(err, ERR_CONFIG,
				       "linux.namespaces: %s: criu cannot share it: a container "
				       "with this namespace by path cannot be checkpointed",
				       j->path);
		if (!f->restore && joined[k].name)
			add_text(r, a, CRIU_EXTERNAL,
				 arena_fmt(a, "%s[%lu]:%s", joined[k].word, f->ns_inodes[i],
					   joined[k].name));
		if (f->restore)
			*add(r, a) = joined[k].name ? (struct criu_opt){.field = CRIU_INHERIT_FD,
									.shape = CRIU_TEXT_NUMBER,
									.text = joined[k].name,
									.number = j->fd}
						    : (struct criu_opt){.field = CRIU_JOIN_NS,
									.shape = CRIU_TEXT_TEXT,
									.text = joined[k].word,
									.second = j->path};
	}
	return 0;
}

/* ---- all of it ---- */

static void add_stdio(const struct criu_facts *f, struct criu_request *r, struct arena *a)
{
	for (uint32_t i = 0; i < f->stdio.n && i < 3; i++) {
		const char *name = f->stdio.v[i];
		bool file = strncmp(name, "file[", 5) == 0;

		if (f->restore && (file || strncmp(name, "pipe:", 5) == 0))
			*add(r, a) = (struct criu_opt){.field = CRIU_INHERIT_FD,
						       .shape = CRIU_TEXT_NUMBER,
						       .text = name,
						       .number = f->stdio_fds[i]};
		if (!f->restore && file)
			add_text(r, a, CRIU_EXTERNAL, name);
	}
}

int criu_plan(const struct criu_facts *f, struct arena *a, struct criu_request *ret,
	      struct err *err)
{
	struct criu_request r = {
		.verb = f->restore	     ? CRIU_RESTORE
			: f->flags->pre_dump ? CRIU_PRE_DUMP
					     : CRIU_DUMP,
	};
	bool grouped = !f->plan->cgroup.none;

	if (f->flags->pre_dump && f->flags->leave_running)
		return err_set(err, ERR_USAGE,
			       "--pre-dump always leaves the container running: drop one of "
			       "--pre-dump and --leave-running");
	add_number(&r, a, CRIU_IMAGES_DIR_FD, f->images);
	add_number(&r, a, CRIU_WORK_DIR_FD, f->work);
	add_number(&r, a, CRIU_LOG_LEVEL, 4);
	add_text(&r, a, CRIU_LOG_FILE, f->restore ? "restore.log" : "dump.log");
	add_text(&r, a, CRIU_ROOT, f->root);
	add_text(&r, a, CRIU_CONFIG_FILE, f->config_file);
	add_number(&r, a, CRIU_NOTIFY_SCRIPTS, 1);
	/* a device that has another number here, by its name */
	add_number(&r, a, CRIU_EVASIVE_DEVICES, 1);
	if (add_flags(&r, f->flags, grouped, a, err) < 0)
		return -1;
	if (f->restore) {
		add_number(&r, a, CRIU_RST_SIBLING, 1);
		if (grouped && f->cgroup)
			*add(&r, a) = (struct criu_opt){.field = CRIU_CGROUP_ROOT,
							.shape = CRIU_TEXT_TEXT,
							.text = "", /* cgroup v2 */
							.second = f->cgroup};
	} else {
		add_number(&r, a, CRIU_PID, f->pid);
		add_text(&r, a, CRIU_FREEZE_CGROUP, f->cgroup);
		if (f->flags->pre_dump || f->flags->parent_path)
			add_number(&r, a, CRIU_TRACK_MEM, 1);
	}
	if (f->plan->proc.terminal)
		add_number(&r, a, CRIU_ORPHAN_PTS_MASTER, 1);
	add_mounts(f, &r, a);
	add_stdio(f, &r, a);
	if (add_namespaces(f, &r, a, err) < 0)
		return -1;
	*ret = r;
	return 0;
}

#define NAME(f)                                                                                    \
	{                                                                                          \
#f, CRIU_##f                                                                       \
	}
static const struct name field_names[] = {
	NAME(IMAGES_DIR_FD),
	NAME(PID),
	NAME(LEAVE_RUNNING),
	NAME(EXT_UNIX_SK),
	NAME(TCP_ESTABLISHED),
	NAME(EVASIVE_DEVICES),
	NAME(SHELL_JOB),
	NAME(FILE_LOCKS),
	NAME(LOG_LEVEL),
	NAME(LOG_FILE),
	NAME(PAGE_SERVER),
	NAME(NOTIFY_SCRIPTS),
	NAME(ROOT),
	NAME(PARENT_IMG),
	NAME(TRACK_MEM),
	NAME(AUTO_DEDUP),
	NAME(WORK_DIR_FD),
	NAME(LINK_REMAP),
	NAME(MANAGE_CGROUPS),
	NAME(CGROUP_ROOT),
	NAME(RST_SIBLING),
	NAME(INHERIT_FD),
	NAME(MANAGE_CGROUPS_MODE),
	NAME(EXTERNAL),
	NAME(EMPTY_NS),
	NAME(JOIN_NS),
	NAME(FREEZE_CGROUP),
	NAME(TCP_SKIP_IN_FLIGHT),
	NAME(LAZY_PAGES),
	NAME(STATUS_FD),
	NAME(ORPHAN_PTS_MASTER),
	NAME(CONFIG_FILE),
	NAME(TCP_CLOSE),
	NAME(LSM_PROFILE),
	NAME(LSM_MOUNT_CONTEXT),
	NAME(NETWORK_LOCK),
	{NULL, 0},
};

void criu_opt_text(const struct criu_opt *o, struct buf *out)
{
	buf_str(out, name_of(field_names, o->field));
	if (o->text)
		buf_fmt(out, " %s", o->text);
	if (o->second)
		buf_fmt(out, " %s", o->second);
	if (o->shape == CRIU_NUMBER || o->shape == CRIU_TEXT_NUMBER)
		buf_fmt(out, " %ld", (long)o->number);
}
