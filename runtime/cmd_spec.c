// SPDX-License-Identifier: Apache-2.0
/* spec: a config.json to begin with. */
#include <stddef.h>
#include <string.h>

#include "cmd.h"
#include "fd.h"

struct spec_opts {
	const char *bundle, *file;
	bool rootless;
};
const struct opt spec_opts_table[] = {
	{"bundle", 'b', OPT_STR, offsetof(struct spec_opts, bundle), "DIR", "where to write it"},
	{"file", 'f', OPT_STR, offsetof(struct spec_opts, file), "FILE",
	 "its name (default: config.json)"},
	{"rootless", 0, OPT_FLAG, offsetof(struct spec_opts, rootless), NULL,
	 "for an ordinary user: with a user namespace of your own id"},
	OPT_END,
};
const size_t spec_opts_size = sizeof(struct spec_opts);

static const char head[] =
	"{\n"
	"\t\"ociVersion\": \"1.3.0\",\n"
	"\t\"process\": {\n"
	"\t\t\"terminal\": true,\n"
	"\t\t\"user\": {\n\t\t\t\"uid\": 0,\n\t\t\t\"gid\": 0\n\t\t},\n"
	"\t\t\"args\": [\n\t\t\t\"sh\"\n\t\t],\n"
	"\t\t\"env\": [\n"
	"\t\t\t\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
	"\t\t\t\"TERM=xterm\"\n"
	"\t\t],\n"
	"\t\t\"cwd\": \"/\",\n"
	"\t\t\"capabilities\": {\n"
	"\t\t\t\"bounding\": [\n\t\t\t\t\"CAP_AUDIT_WRITE\",\n\t\t\t\t\"CAP_KILL\",\n"
	"\t\t\t\t\"CAP_NET_BIND_SERVICE\"\n\t\t\t],\n"
	"\t\t\t\"effective\": [\n\t\t\t\t\"CAP_AUDIT_WRITE\",\n\t\t\t\t\"CAP_KILL\",\n"
	"\t\t\t\t\"CAP_NET_BIND_SERVICE\"\n\t\t\t],\n"
	"\t\t\t\"permitted\": [\n\t\t\t\t\"CAP_AUDIT_WRITE\",\n\t\t\t\t\"CAP_KILL\",\n"
	"\t\t\t\t\"CAP_NET_BIND_SERVICE\"\n\t\t\t]\n"
	"\t\t},\n"
	"\t\t\"rlimits\": [\n"
	"\t\t\t{\n\t\t\t\t\"type\": \"RLIMIT_NOFILE\",\n\t\t\t\t\"hard\": 1024,\n"
	"\t\t\t\t\"soft\": 1024\n\t\t\t}\n"
	"\t\t],\n"
	"\t\t\"noNewPrivileges\": true\n"
	"\t},\n"
	"\t\"root\": {\n\t\t\"path\": \"rootfs\",\n\t\t\"readonly\": true\n\t},\n"
	"\t\"hostname\": \"proa\",\n"
	"\t\"mounts\": [\n";

static const struct {
	const char *dest, *type, *source, *options; /* options parted by commas */
} mounts[] = {
	{"/proc", "proc", "proc", NULL},
	{"/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k"},
	{"/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"},
	{"/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k"},
	{"/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev"},
	{"/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro"},
	{"/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro"},
};

static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/sys/firmware",
	"/proc/scsi",
	"/sys/devices/virtual/powercap",
	"/proc/interrupts",
};
static const char *const readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
				       "/proc/sysrq-trigger"};

static void put_options(struct buf *b, const char *options, bool rootless)
{
	bool first = true;

	buf_str(b, ",\n\t\t\t\"options\": [");
	while (*options) {
		size_t n = strcspn(options, ",");

		if (!rootless || strncmp(options, "gid=5", 5) != 0) {
			buf_fmt(b, "%s\n\t\t\t\t\"%.*s\"", first ? "" : ",", (int)n, options);
			first = false;
		}
		options += n + (options[n] == ',');
	}
	buf_str(b, "\n\t\t\t]");
}

static void put_mounts(struct buf *b, bool rootless)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		bool sys = rootless && strcmp(mounts[i].dest, "/sys") == 0;

		buf_fmt(b,
			"%s\t\t{\n\t\t\t\"destination\": \"%s\",\n\t\t\t\"type\": \"%s\",\n"
			"\t\t\t\"source\": \"%s\"",
			i ? ",\n" : "", mounts[i].dest, sys ? "none" : mounts[i].type,
			sys ? "/sys" : mounts[i].source);
		if (sys)
			put_options(b, "rbind,nosuid,noexec,nodev,ro", false);
		else if (mounts[i].options)
			put_options(b, mounts[i].options, rootless);
		buf_str(b, "\n\t\t}");
	}
	buf_str(b, "\n\t],\n");
}

static void put_map(struct buf *b, const char *name, uint32_t id)
{
	buf_fmt(b,
		"\t\t\"%s\": [\n\t\t\t{\n\t\t\t\t\"containerID\": 0,\n\t\t\t\t\"hostID\": %u,\n"
		"\t\t\t\t\"size\": 1\n\t\t\t}\n\t\t],\n",
		name, id);
}

static void put_paths(struct buf *b, const char *name, const char *const *v, size_t n)
{
	buf_fmt(b, "\t\t\"%s\": [", name);
	for (size_t i = 0; i < n; i++)
		buf_fmt(b, "%s\n\t\t\t\"%s\"", i ? "," : "", v[i]);
	buf_str(b, "\n\t\t]");
}

static void put_linux(struct buf *b, const struct facts *f, bool rootless)
{
	static const char *const ns[] = {"pid", "network", "ipc", "uts", "mount", "cgroup", "user"};
	/* a cgroup namespace where there is a cgroup2 hierarchy to be seen in it */
	size_t n = f->cgroup_mount ? 6 : 5;

	buf_str(b, "\t\"linux\": {\n");
	if (rootless) {
		put_map(b, "uidMappings", f->uid);
		put_map(b, "gidMappings", f->gid);
	} else {
		buf_str(b, "\t\t\"resources\": {\n\t\t\t\"devices\": [\n\t\t\t\t{\n"
			   "\t\t\t\t\t\"allow\": false,\n\t\t\t\t\t\"access\": \"rwm\"\n\t\t\t\t}\n"
			   "\t\t\t]\n\t\t},\n");
	}
	buf_str(b, "\t\t\"namespaces\": [");
	for (size_t i = 0; i < n; i++)
		if (!rootless || strcmp(ns[i], "network") != 0)
			buf_fmt(b, "%s\n\t\t\t{\n\t\t\t\t\"type\": \"%s\"\n\t\t\t}", i ? "," : "",
				ns[i]);
	if (rootless)
		buf_str(b, ",\n\t\t\t{\n\t\t\t\t\"type\": \"user\"\n\t\t\t}");
	buf_str(b, "\n\t\t],\n");
	put_paths(b, "maskedPaths", masked, sizeof(masked) / sizeof(masked[0]));
	buf_str(b, ",\n");
	put_paths(b, "readonlyPaths", readonly, sizeof(readonly) / sizeof(readonly[0]));
	buf_str(b, "\n\t}\n}\n");
}

int cmd_spec(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	const struct spec_opts *o = opts;
	const char *file = o->file ? o->file : "config.json";
	struct buf b = BUF_INIT(x->arena);
	auto_fd fd = -1;
	int r;

	(void)args;
	if (o->bundle && file[0] != '/')
		file = arena_fmt(x->arena, "%s/%s", o->bundle, file);
	buf_str(&b, head);
	put_mounts(&b, o->rootless);
	put_linux(&b, &x->facts, o->rootless);
	fd = sys_openat(AT_FDCWD, file, O_WRONLY | O_CREAT | O_EXCL, 0666);
	if (fd == -EEXIST)
		return err_set(err, EEXIST,
			       "%s exists already: remove it first, or use another --file", file);
	r = fd < 0 ? fd : fd_write_all(fd, b.data, b.len);
	return r < 0 ? err_sys(err, r, "write %s", file) : 0;
}
