// SPDX-License-Identifier: Apache-2.0
/* What criu is asked, as text; and the bytes of it. */
#include <linux/sched.h>

#include "../tap.h"
#include "criu.h"
#include "err.h"

static struct mount_op mounts[] = {
	{.kind = MOUNT_NEW, .type = "proc", .dest = "/proc"},
	{.kind = MOUNT_BIND, .source = "/srv/vol", .dest = "/vol", .recursive = true},
	{.kind = MOUNT_BIND, .source = "/srv/in", .dest = "/vol/in"},
	{.kind = MOUNT_BIND, .source = "/etc/hosts", .dest = "/link/hosts"},
	{.kind = MOUNT_NODE, .dest = "/dev/null"},
	{.kind = MOUNT_NODE, .dest = "/dev/fuse", .bind_node = true},
	{.kind = MOUNT_MASK, .dest = "/proc/keys"},
	{.kind = MOUNT_MASK, .dest = "/proc/acpi"},
};
enum { N_MOUNTS = sizeof(mounts) / sizeof(mounts[0]) };

static struct ns_join joins[] = {
	{.type = CLONE_NEWNET, .path = "/run/netns/n", .fd = 20},
	{.type = CLONE_NEWIPC, .path = "/proc/9/ns/ipc", .fd = 21},
};

static const char *text_of(const struct criu_facts *f)
{
	struct arena *a = arena_main();
	struct buf b = BUF_INIT(a);
	struct criu_request r;
	struct err err = {0};

	if (criu_plan(f, a, &r, &err) < 0)
		return arena_strdup(a, err.msg);
	buf_fmt(&b, "verb %d\n", r.verb);
	for (uint32_t i = 0; i < r.n; i++) {
		criu_opt_text(&r.opts[i], &b);
		buf_str(&b, "\n");
	}
	return b.data;
}

static char info_of_container[] = "30 20 0:5 / / rw - ext4 /dev/sda rw\n"
				  "31 30 0:6 / /proc rw - proc proc rw\n"
				  "32 30 0:7 /vol /vol rw - ext4 /dev/sda rw\n"
				  "33 32 0:8 / /vol/sub\\040dir rw master:3 - tmpfs tmpfs rw\n"
				  "34 32 0:9 /in /vol/in rw - ext4 /dev/sda rw";
static char info_of_host[] = "20 1 8:1 / / rw - ext4 /dev/sda rw\n"
			     "21 20 0:8 / /srv/vol/sub\\040dir rw shared:3 - tmpfs tmpfs rw\n";

static void test_dump(void)
{
	static const char *const dests[N_MOUNTS] = {
		"/proc", "/vol", "/vol/in", "/real/hosts", "/dev/null", "/dev/fuse", "/proc/keys"};
	char *stdio[] = {(char *)"/dev/null", (char *)"pipe:[77]", (char *)"file[4d:e]"};
	struct plan p = {.mounts = mounts, .n_mounts = N_MOUNTS, .joins = joins, .n_joins = 2};
	struct criu_flags flags = {.tcp_established = true, .file_locks = true};
	struct criu_facts f = {
		.flags = &flags,
		.plan = &p,
		.images = 5,
		.work = 6,
		.pid = 1234,
		.root = "/bundle/rootfs",
		.dests = dests,
		.mountpoints = criu_mountpoints(info_of_container, arena_main()),
		.cgroup = "/sys/fs/cgroup/c",
		.ns_inodes = (uint64_t[]){4026532000, 4026532001},
		.stdio = {.v = stdio, .n = 3},
	};

	is_int(f.mountpoints.n, 5, "mount points, also of a last line without its end");
	is_str(text_of(&f),
	       "verb 1\nIMAGES_DIR_FD 5\nWORK_DIR_FD 6\nLOG_LEVEL 4\nLOG_FILE dump.log\n"
	       "ROOT /bundle/rootfs\nNOTIFY_SCRIPTS 1\nEVASIVE_DEVICES 1\nTCP_ESTABLISHED 1\n"
	       "FILE_LOCKS 1\nMANAGE_CGROUPS 1\nMANAGE_CGROUPS_MODE 3\nPID 1234\n"
	       "FREEZE_CGROUP /sys/fs/cgroup/c\nEXTERNAL mnt[/vol]:/vol\n"
	       "EXTERNAL mnt[/vol/sub dir]:/vol/sub dir\nEXTERNAL mnt[/vol/in]:/vol/in\n"
	       "EXTERNAL mnt[/real/hosts]:/link/hosts\nEXTERNAL mnt[/dev/fuse]:/dev/fuse\n"
	       "EXTERNAL mnt[/proc/keys]:/proc/keys\nEXTERNAL file[4d:e]\n"
	       "EXTERNAL net[4026532000]:extRootNetNS\n",
	       "dump: what is outside has a name");
	flags = (struct criu_flags){.pre_dump = true, .parent_path = "../first"};
	p = (struct plan){.cgroup.none = true, .proc.terminal = true};
	f.cgroup = NULL;
	f.stdio.n = 0;
	is_str(text_of(&f),
	       "verb 4\nIMAGES_DIR_FD 5\nWORK_DIR_FD 6\nLOG_LEVEL 4\nLOG_FILE dump.log\n"
	       "ROOT /bundle/rootfs\nNOTIFY_SCRIPTS 1\nEVASIVE_DEVICES 1\nPARENT_IMG ../first\n"
	       "MANAGE_CGROUPS 1\nMANAGE_CGROUPS_MODE 0\nPID 1234\nTRACK_MEM 1\n"
	       "ORPHAN_PTS_MASTER 1\n",
	       "pre-dump, a terminal, no cgroup");
}

static void test_restore(void)
{
	char *stdio[] = {(char *)"/dev/null", (char *)"pipe:[77]", (char *)"file[4d:e]"};
	struct plan p = {.mounts = mounts, .n_mounts = N_MOUNTS, .joins = joins, .n_joins = 2};
	struct criu_flags flags = {.lsm_profile = "apparmor:other", .tcp_close = true};
	struct criu_facts f = {
		.flags = &flags,
		.plan = &p,
		.restore = true,
		.images = 5,
		.work = 6,
		.root = "/bundle/rootfs",
		.mountpoints = criu_mountpoints(info_of_host, arena_main()),
		.cgroup = "/engine/c",
		.config_file = "/etc/criu/runc.conf",
		.stdio = {.v = stdio, .n = 3},
		.stdio_fds = {10, 11, 12},
	};

	is_str(text_of(&f),
	       "verb 2\nIMAGES_DIR_FD 5\nWORK_DIR_FD 6\nLOG_LEVEL 4\nLOG_FILE restore.log\n"
	       "ROOT /bundle/rootfs\nCONFIG_FILE /etc/criu/runc.conf\nNOTIFY_SCRIPTS 1\n"
	       "EVASIVE_DEVICES 1\nTCP_CLOSE 1\nLSM_PROFILE apparmor:other\nMANAGE_CGROUPS 1\n"
	       "MANAGE_CGROUPS_MODE 3\nRST_SIBLING 1\nCGROUP_ROOT  /engine/c\n"
	       "EXTERNAL mnt[/vol]:/srv/vol\nEXTERNAL mnt[/vol/sub dir]:/srv/vol/sub dir\n"
	       "EXTERNAL mnt[/vol/in]:/srv/in\nEXTERNAL mnt[/link/hosts]:/etc/hosts\n"
	       "EXTERNAL mnt[/dev/fuse]:/dev/fuse\nEXTERNAL mnt[/proc/keys]:/dev/null\n"
	       "EXTERNAL mnt[/proc/acpi]:/dev/null\nINHERIT_FD pipe:[77] 11\n"
	       "INHERIT_FD file[4d:e] 12\nINHERIT_FD extRootNetNS 20\nJOIN_NS ipc /proc/9/ns/ipc\n",
	       "restore: and the same names lead to what there is now");
}

static void test_words(void)
{
	static const struct {
		struct criu_flags flags;
		const char *want;
	} bad[] = {
		{{.page_server = "::1"}, NULL}, /* address ":", port 1 */
		{{.page_server = "[::1]:0"}, "--page-server: \"[::1]:0\" is not ADDRESS:PORT"},
		{{.page_server = ":77"}, "--page-server: \":77\" is not ADDRESS:PORT"},
		{{.status_fd = "x"}, "--status-fd: \"x\" is not a descriptor"},
		{{.empty_ns = "pid"}, "--empty-ns: \"pid\": only network can be made empty"},
		{{.network_lock = "no"},
		 "--network-lock: \"no\" is none of iptables, nftables, skip"},
	};
	struct ns_join mnt = {.type = CLONE_NEWNS, .path = "/proc/1/ns/mnt"};
	struct plan p = {0};
	struct criu_flags none = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *got = text_of(&(struct criu_facts){.flags = &bad[i].flags, .plan = &p});

		if (bad[i].want)
			is_str(got, bad[i].want, "refused, and why");
		else
			ok(strncmp(got, "verb", 4) == 0, "accepted");
	}
	p.joins = &mnt;
	p.n_joins = 1;
	is_str(text_of(&(struct criu_facts){.flags = &none, .plan = &p}),
	       "linux.namespaces: /proc/1/ns/mnt: criu cannot share it: a container with this "
	       "namespace by path cannot be checkpointed",
	       "a mount namespace by path");
}

static void test_bytes(void)
{
	struct criu_opt opts[] = {
		{.field = CRIU_PID, .shape = CRIU_NUMBER, .number = 300},
		{.field = CRIU_ROOT, .shape = CRIU_TEXT, .text = "/r"},
		{.field = CRIU_INHERIT_FD, .shape = CRIU_TEXT_NUMBER, .text = "k", .number = 7},
		{.field = CRIU_JOIN_NS, .shape = CRIU_TEXT_TEXT, .text = "ipc", .second = "/p"},
	};
	struct criu_request r = {.verb = CRIU_RESTORE, .opts = opts, .n = 4};
	struct buf b = BUF_INIT(arena_main());
	/* protobuf.dev: keys, varints and lengths, by hand */
	static const char want[] = "\x08\x02\x12\x1b"
				   "\x10\xac\x02"
				   "\x6a\x02/r"
				   "\xda\x01\x05\x0a\x01k\x10\x07"
				   "\xba\x02\x09\x0a\x03ipc\x12\x02/p";

	criu_encode(&r, &b);
	is_int(b.len, sizeof(want) - 1, "length of a request");
	ok(b.len == sizeof(want) - 1 && memcmp(b.data, want, b.len) == 0, "its bytes");
}

static void test_reply(void)
{
	static const char notify[] = "\x08\x06\x10\x01\x2a\x07\x0a\x03"
				     "abc\x10\x2a\x3d"; /* cut: a fixed32 without its bytes */
	static const char answer[] = "\x08\x02\x10\x00\x22\x02\x08\x63\x38\x05\x4a\x04oh\ng";
	struct criu_reply reply;

	ok(criu_decode((const uint8_t *)notify, sizeof(notify) - 2, &reply), "a notification");
	is_int(reply.type, 6, "its type");
	is_str(reply.script, "abc", "its script");
	is_int(reply.script_pid, 42, "its pid");
	ok(!criu_decode((const uint8_t *)notify, sizeof(notify) - 1, &reply), "one that was cut");
	ok(criu_decode((const uint8_t *)answer, sizeof(answer) - 1, &reply), "an answer");
	is_int(reply.restored, 99, "its pid");
	is_int(reply.errno_, 5, "its errno");
	is_str(reply.message, "oh g", "its message without control characters");
	ok(!criu_decode((const uint8_t *)"\x4a\xff\xff\xff\xff\x0f", 6, &reply),
	   "longer than what is there");
	ok(!criu_decode((const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11,
			&reply),
	   "a number without an end");
}

int main(void)
{
	test_dump();
	test_restore();
	test_words();
	test_bytes();
	test_reply();
	return tap_done();
}
