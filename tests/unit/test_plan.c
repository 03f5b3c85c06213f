// SPDX-License-Identifier: Apache-2.0
/*
 * Plans as golden text: tests/golden/CASE/config.json with facts of an imagined host gives
 * CASE/explain.txt, or CASE/error.txt. PROA_GOLDEN_WRITE=1 writes them anew.
 */
#include <dirent.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <unistd.h>

#include "../tap.h"
#include "bpf_dev.h"
#include "caps.h"
#include "explain.h"
#include "fd.h"
#include "plan.h"

static const struct facts root_host = {
	.caps = 0x1ffffffffffULL,
	.last_cap = 40,
	.proc = -1,
	.cgroup_mount = "/sys/fs/cgroup",
	.cgroup_self = "/user.slice/session.scope",
	.cwd = "/work",
};
static const struct facts user_host = {
	.uid = 1000,
	.gid = 1000,
	.last_cap = 40,
	.proc = -1,
	.cgroup_mount = "/sys/fs/cgroup",
	.cgroup_self = "/user.slice/user-1000.slice/user@1000.service/app.slice/sh.scope",
	.cwd = "/home/u",
};

static char *explain(const char *path, const struct facts *f)
{
	struct arena *a = arena_main();
	struct config *c = arena_new(a, struct config);
	struct create_options o = {.id = "test", .bundle = "/bundle"};
	struct buf b = BUF_INIT(a);
	struct plan p;
	struct err err = {0};

	if (config_load(AT_FDCWD, path, &config_fields, c, a, &err) < 0 ||
	    plan_build(c, f, &o, a, &p, &err) < 0) {
		buf_fmt(&b, "%s\n",
			err.msg +
				(strncmp(err.msg, path, strlen(path)) == 0 ? strlen(path) + 2 : 0));
		return b.data;
	}
	explain_plan(&p, false, a, &b);
	return b.data;
}

static void golden(const char *dir, const char *name)
{
	char config[512];
	char want_path[512];
	struct err err;
	size_t len;
	char *want;
	char *got;

	snprintf(config, sizeof(config), "%s/%s/config.json", dir, name);
	snprintf(want_path, sizeof(want_path), "%s/%s/plan.txt", dir, name);
	got = explain(config, strncmp(name, "user-", 5) == 0 ? &user_host : &root_host);
	if (getenv("PROA_GOLDEN_WRITE")) {
		FILE *f = fopen(want_path, "w");

		fputs(got, f);
		fclose(f);
	}
	want = fd_read_file(AT_FDCWD, want_path, 1 << 20, arena_main(), &len, &err);
	is_str(got, want, name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void test_golden(const char *dir)
{
	DIR *d = opendir(dir);
	char *names[256];
	struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d)) && n < 256)
		if (e->d_name[0] != '.')
			names[n++] = strdup(e->d_name);
	if (d)
		closedir(d);
	qsort(names, n, sizeof(names[0]), by_name);
	ok(n > 0, "there are golden cases");
	for (size_t i = 0; i < n; i++) {
		golden(dir, names[i]);
		free(names[i]);
	}
}

static void test_caps(void)
{
	for (int i = 0; i <= CAP_LAST_CAP; i++) {
		char *theirs = cap_to_name(i);

		is_int(caps_bit(theirs), i, theirs);
		is_int(caps_bit(theirs + 4), i, "... without cap_");
		cap_free(theirs);
	}
	is_int(caps_bit("CAP_NOPE"), -1, "no such capability");
}

static void test_devices(void)
{
	struct device_rule deny = {.allow = false, .access = "rwm"};
	struct device_rule allow = {
		.allow = true, .type = "c", .access = "r", .major = {true, 1}, .minor = {true, 11}};
	struct device_rule again = {
		.allow = false, .type = "c", .access = "r", .major = {true, 1}, .minor = {true, 3}};
	void *v[] = {&deny, &allow, &again};
	struct list l = {v, 3};
	struct bpf_dev p;
	struct err err;

	ok(bpf_dev_allows(&l, 'c', 1, 11, "r"), "what is allowed");
	ok(!bpf_dev_allows(&l, 'c', 1, 11, "w"), "... and no more");
	ok(!bpf_dev_allows(&l, 'b', 8, 0, "r"), "the rest is denied");
	ok(bpf_dev_allows(&l, 'c', 1, 3, "rw"), "default devices are appended, so they win");
	ok(bpf_dev_allows(&l, 'b', 8, 0, "m"), "mknod of everything");
	is_int(bpf_dev_build(&l, arena_main(), &p, &err), 0, "a program");
	allow.access = "x";
	is_int(bpf_dev_build(&l, arena_main(), &p, &err), -1, "a wrong letter");
	is_str(err.msg,
	       "/linux/resources/devices/1/access: \"x\" has letters other than r, w and m",
	       "... is named");
}

static void test_weights(void)
{
	static const uint64_t rows[][2] = {{2, 1},	{100, 17},   {512, 59},
					   {1024, 100}, {2048, 174}, {262144, 10000}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cpu cpu = {.shares = {true, rows[i][0]}};
		struct resources r = {.cpu = &cpu};
		struct cgroup_write *w;
		struct strs warn = {0};
		struct err err;
		uint32_t n;
		char text[32];

		snprintf(text, sizeof(text), "%lu", (unsigned long)rows[i][1]);
		is_int(cgroup_knobs(&r, arena_main(), &w, &n, &warn, &err), 0, "knobs");
		is_str(n == 1 ? w[0].text : NULL, text, "cpu.shares to cpu.weight");
	}
}

/* As much of eBPF as the device programs use. */
static bool run_bpf(const struct bpf_dev *p, uint32_t type, uint32_t access, uint32_t major,
		    uint32_t minor)
{
	uint32_t ctx[3] = {type | access << 16, major, minor};
	uint64_t r[11] = {0};

	for (uint32_t pc = 0; pc < p->len; pc++) {
		const struct bpf_insn *i = &p->insns[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm;
		uint64_t *d = &r[i->dst_reg];

		switch (i->code) {
		case BPF_LDX | BPF_W | BPF_MEM:
			*d = ctx[i->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*d = r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*d = imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*d = (uint32_t)*d >> i->imm;
			break;
		case BPF_ALU | BPF_LSH | BPF_K:
			*d = (uint32_t)((uint32_t)*d << i->imm);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*d = (uint32_t)*d & (uint32_t)imm;
			break;
		case BPF_ALU | BPF_OR | BPF_X:
			*d = (uint32_t)*d | (uint32_t)r[i->src_reg];
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += *d != imm ? (uint32_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += *d == imm ? (uint32_t)i->off : 0;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			pc += (uint32_t)*d != (uint32_t)imm ? (uint32_t)i->off : 0;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			pc += (uint32_t)*d == (uint32_t)imm ? (uint32_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0];
		default:
			printf("# unknown instruction %x\n", i->code);
			return false;
		}
	}
	return false;
}

/* Random rules: the program says what the rules say. */
static void test_device_programs(void)
{
	static const char *const words[] = {"r", "w", "m", "rw", "rwm", "rm", ""};
	static const int64_t majors[] = {-1, 1, 5, 136, 4095, 2048, 5000};
	static const int64_t minors[] = {-1, 0, 3, 1048575, 2000000};
	long bad = 0;
	uint32_t seed = 7;

	for (int round = 0; round < 400; round++) {
		struct device_rule rules[8];
		void *v[8];
		struct list l = {v, (seed >> 4) % 9};
		struct bpf_dev p;
		struct err err;

		for (uint32_t i = 0; i < 8; i++) {
			seed = seed * 1103515245 + 12345;
			rules[i] = (struct device_rule){
				.allow = seed >> 8 & 1,
				.type = (const char *[]){"a", "b", "c", "c"}[seed >> 9 & 3],
				.access = words[(seed >> 12) % 7],
				.major = {true, majors[(seed >> 16) % 7]},
				.minor = {true, minors[(seed >> 22) % 5]}};
			v[i] = &rules[i];
		}
		if (bpf_dev_build(&l, arena_main(), &p, &err) < 0)
			bad++;
		for (int type = 1; type <= 2; type++)
			for (uint32_t access = 1; access < 8; access++)
				for (int i = 1; i < 7; i++)
					for (int j = 1; j < 5; j++) {
						char text[4];
						int n = 0;

						if (access & 1)
							text[n++] = 'm';
						if (access & 2)
							text[n++] = 'r';
						if (access & 4)
							text[n++] = 'w';
						text[n] = '\0';
						/* the kernel has no larger numbers */
						if (majors[i] > 4095 || minors[j] > 1048575)
							continue;
						bad += run_bpf(&p, (uint32_t)type, access,
							       (uint32_t)majors[i],
							       (uint32_t)minors[j]) !=
						       bpf_dev_allows(&l, type == 2 ? 'c' : 'b',
								      majors[i], minors[j], text);
					}
	}
	is_int(bad, 0, "400 random lists of device rules: programs and rules agree");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		test_golden(argv[1]);
	test_caps();
	test_devices();
	test_weights();
	test_device_programs();
	return tap_done();
}
