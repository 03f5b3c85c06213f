// SPDX-License-Identifier: Apache-2.0
/*
 * The program of each container of the differential test: says what it sees, a line a fact, without
 * what differs from run to run (pids, inode and device numbers, peer groups).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

static char *slurp(const char *path)
{
	static char text[1 << 18];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	for (ssize_t more = n; fd >= 0 && more > 0;) {
		more = read(fd, text + n, sizeof(text) - 1 - (size_t)n);
		n += more > 0 ? more : 0;
	}
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_sorted(char **lines, size_t n)
{
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++)
		puts(lines[i]);
}

/* "36 35 98:0 /root /at opts tag:1 - type source super" without its numbers, by mount point */
static void mounts(void)
{
	char *lines[4096];
	size_t n = 0;

	for (char *line = strtok(slurp("/proc/self/mountinfo"), "\n"); line; line = strtok(NULL, "\n")) {
		char id[32], parent[32], dev[32], root[4096], at[4096], opts[4096];
		char *rest = strstr(line, " - ");
		char tags[256] = "";
		char *out;

		if (!rest || sscanf(line, "%31s %31s %31s %4095s %4095s %4095s", id, parent, dev, root, at, opts) != 6)
			continue;
		for (const char *t = strstr(line, opts) + strlen(opts); t < rest; t++)
			if (strncmp(t, " shared", 7) == 0 || strncmp(t, " master", 7) == 0)
				strcat(tags, strncmp(t, " shared", 7) == 0 ? " shared" : " master");
		if (asprintf(&out, "mount %s root=%s %s%s%s", at, root, opts, tags, rest) > 0 && n < 4096)
			lines[n++] = out;
	}
	print_sorted(lines, n);
}

static void status(void)
{
	static const char *const want[] = {"Umask", "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd",
					   "CapAmb", "NoNewPrivs", "Seccomp:", "Cpus_allowed_list", "TracerPid"};
	static const char *const masks[] = {"SigBlk", "SigIgn", "SigCgt"};

	for (char *line = strtok(slurp("/proc/self/status"), "\n"); line; line = strtok(NULL, "\n"))
		for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
			if (strncmp(line, want[i], strlen(want[i])) == 0)
				printf("status %s\n", line);
	/* the C library keeps 32 and above to itself: those come from whoever has started us */
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		const char *line = strstr(slurp("/proc/self/status"), masks[i]);

		if (line)
			printf("status %s %llx\n", masks[i], strtoull(line + strlen(masks[i]) + 1, NULL, 16) & 0x7fffffff);
	}
}

static void lines_of(const char *name, const char *path)
{
	for (char *line = strtok(slurp(path), "\n"); line; line = strtok(NULL, "\n"))
		printf("%s %s\n", name, line);
}

/* Ours or the host's: the table hands in the host's as HOST_NS=... which is taken out of the environment. */
static void namespaces(const char *host)
{
	static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};

	for (size_t i = 0; i < 8; i++) {
		char path[64];
		char text[64] = "";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		if (readlink(path, text, sizeof(text) - 1) > 0)
			printf("ns %s %s\n", names[i], host && strstr(host, text) ? "host" : "own");
	}
}

static void descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");

	for (struct dirent *e; d && (e = readdir(d));) {
		char path[300];
		char text[4096] = "";
		int fd = atoi(e->d_name);

		if (e->d_name[0] == '.' || fd == dirfd(d))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, text, sizeof(text) - 1) <= 0)
			continue;
		text[strcspn(text, "[")] = '\0'; /* pipe:[123] */
		printf("fd %d %s\n", fd, fd < 3 ? "" : text);
	}
	if (d)
		closedir(d);
}

static void tree(const char *at)
{
	DIR *d = opendir(at);
	char *lines[512];
	size_t n = 0;

	for (struct dirent *e; d && (e = readdir(d)) && n < 512;) {
		char path[4096];
		char target[4096] = "";
		struct stat st;
		char *out;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", at, e->d_name);
		if (lstat(path, &st) < 0)
			continue;
		if (S_ISLNK(st.st_mode) && readlink(path, target, sizeof(target) - 1) < 0)
			target[0] = '\0';
		if (asprintf(&out, "file %s %o %u:%u %u:%u %s", path, st.st_mode, st.st_uid, st.st_gid,
			     S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? major(st.st_rdev) : 0,
			     S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? minor(st.st_rdev) : 0, target) > 0)
			lines[n++] = out;
	}
	if (d)
		closedir(d);
	print_sorted(lines, n);
}

static void attributes(void)
{
	struct sched_param param = {0};
	char cwd[4096] = "?";
	struct utsname u;
	unsigned nodes[32] = {0};
	int mode = -1;

	if (!getcwd(cwd, sizeof(cwd)))
		strcpy(cwd, "?");
	uname(&u);
	sched_getparam(0, &param);
	syscall(SYS_get_mempolicy, &mode, nodes, 1024UL, NULL, 0UL);
	printf("cwd %s\nhostname %s\ndomainname %s\n", cwd, u.nodename, u.domainname);
	printf("personality %x\n", personality(0xffffffff));
	printf("scheduler %d nice %d priority %d\n", sched_getscheduler(0), getpriority(PRIO_PROCESS, 0), param.sched_priority);
	printf("ioprio %lx\n", syscall(SYS_ioprio_get, 1, 0));
	printf("mempolicy %d %x\n", mode, nodes[0]);
	printf("pid1 %d session %d\n", getpid() == 1, getsid(0) == getpid());
	printf("dumpable %d keepcaps %d securebits %d subreaper-children no\n", prctl(PR_GET_DUMPABLE),
	       prctl(PR_GET_KEEPCAPS), prctl(PR_GET_SECUREBITS));
	printf("oom_score_adj %s", slurp("/proc/self/oom_score_adj"));
	printf("timens %s\n", strtok(slurp("/proc/self/timens_offsets"), "\n"));
	for (int i = 0; i < 16; i++) {
		struct rlimit r;

		if (getrlimit((__rlimit_resource_t)i, &r) == 0)
			printf("rlimit %d %ld %ld\n", i, (long)r.rlim_cur, (long)r.rlim_max);
	}
}

/* What a path allows: a masked file is empty, a masked directory too, a read-only one says EROFS. */
static void reach(const char *path)
{
	struct statvfs v;
	struct stat st;
	int fd;

	if (stat(path, &st) < 0) {
		printf("path %s missing\n", path);
		return;
	}
	fd = open(path, S_ISDIR(st.st_mode) ? O_RDONLY | O_DIRECTORY : O_RDONLY | O_NONBLOCK);
	statvfs(path, &v);
	printf("path %s %o %s%s\n", path, st.st_mode & S_IFMT, fd < 0 ? "closed" : "open", v.f_flag & ST_RDONLY ? " ro" : "");
	if (fd >= 0)
		close(fd);
}

extern char **environ;

int main(int argc, char **argv)
{
	char *host = getenv("HOST_NS") ? strdup(getenv("HOST_NS")) : NULL;
	char *vars[1024];
	size_t n = 0;

	unsetenv("HOST_NS");
	for (int i = 1; i < argc; i++)
		printf("arg %s\n", argv[i]);
	for (char **e = environ; *e && n < 1024; e++)
		if (asprintf(&vars[n], "env %s", *e) > 0)
			n++;
	print_sorted(vars, n);
	attributes();
	status();
	namespaces(host);
	descriptors();
	lines_of("cgroup", "/proc/self/cgroup");
	lines_of("uid_map", "/proc/self/uid_map");
	lines_of("gid_map", "/proc/self/gid_map");
	lines_of("setgroups", "/proc/self/setgroups");
	lines_of("sysctl msgmax", "/proc/sys/kernel/msgmax");
	lines_of("sysctl forward", "/proc/sys/net/ipv4/ip_forward");
	lines_of("hugetlb", "/sys/fs/cgroup/hugetlb.2MB.max");
	mounts();
	tree("/dev");
	tree("/");
	tree("/sys/fs");
	static const char *const paths[] = {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sys", "/proc/acpi",
					    "/proc/bus", "/sys/firmware", "/proc/scsi", "/proc/sysrq-trigger", "/sys", "/tmp",
					    "/etc", "/proc/asound", "/proc/fs", "/proc/irq"};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		reach(paths[i]);
	return 0;
}
