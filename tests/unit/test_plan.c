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
		buf_fmt(&b, "%s\n", err.msg + (strncmp(err.msg, path, strlen(path)) == 0
						       ? strlen(path) + 2
						       : 0));
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
	struct device_rule allow = {.allow = true, .type = "c", .access = "r", .major = {true, 1},
				    .minor = {true, 11}};
	struct device_rule again = {.allow = false, .type = "c", .access = "r", .major = {true, 1},
				    .minor = {true, 3}};
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
	is_str(err.msg, "/linux/resources/devices/1/access: \"x\" has letters other than r, w and m",
	       "... is named");
}

static void test_weights(void)
{
	static const uint64_t rows[][2] = {{2, 1},	 {100, 17},	{512, 59},
					   {1024, 100},	 {2048, 174},	{262144, 10000}};

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

int main(int argc, char **argv)
{
	if (argc > 1)
		test_golden(argv[1]);
	test_caps();
	test_devices();
	test_weights();
	return tap_done();
}
