// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <stdlib.h>

#include "../tap.h"
#include "config.h"
#include "fd.h"
#include "json.h"
#include "state.h"

static struct config *load(const char *json, struct err *err)
{
	struct arena *a = arena_main();
	struct config *c = arena_new(a, struct config);
	char *text = arena_strdup(a, json);

	*err = (struct err){0};
	return decode(&config_fields, c, text, strlen(text), 0, a, err) < 0 ? NULL : c;
}

/* text of config.json -> the sentence; "" = accepted */
static const struct {
	const char *json, *want;
} rows[] = {
	{"{\"ociVersion\":\"1.0.0\"}", ""},
	{"{\"ociVersion\":\"1.0.0\",\"unknown\":{\"a\":[1,{}]},\"x\":null}", ""},
	{"{\"ociVersion\":\"1.0.0\",\"process\":{\"env\":null,\"user\":null}}", ""},
	{"{}", "/: the required property \"ociVersion\" is missing"},
	{"[]", "/: must be an object"},
	{"1 ", "/: must be an object"},
	{"{\"ociVersion\":1}", "/ociVersion: must be a string"},
	{"{\"ociVersion\":\"1.0.0\",\"process\":{\"args\":[\"a\",1]}}",
	 "/process/args/1: must be a string"},
	{"{\"ociVersion\":\"1.0.0\",\"process\":{\"user\":{\"uid\":-1}}}",
	 "/process/user/uid: -1 is not a whole number from 0 to 4294967295"},
	{"{\"ociVersion\":\"1.0.0\",\"process\":{\"user\":{\"uid\":1.5}}}",
	 "/process/user/uid: 1.5 is not a whole number from 0 to 4294967295"},
	{"{\"ociVersion\":\"1.0.0\",\"process\":{\"user\":{\"additionalGids\":[1,\"2\"]}}}",
	 "/process/user/additionalGids/1: must be a whole number from 0 to 4294967295"},
	{"{\"ociVersion\":\"1.0.0\",\"mounts\":[{\"destination\":\"/a\"},{}]}",
	 "/mounts/1: the required property \"destination\" is missing"},
	{"{\"ociVersion\":\"1.0.0\",\"mounts\":{}}", "/mounts: must be a list of objects"},
	{"{\"ociVersion\":\"1.0.0\",\"mounts\":[[]]}", "/mounts/0: must be an object"},
	{"{\"ociVersion\":\"1.0.0\",\"annotations\":{\"a/b~c\":1}}",
	 "/annotations/a~1b~0c: must be a string"},
	{"{\"ociVersion\":\"1.0.0\",\"linux\":{\"namespaces\":[{\"type\":\"pidd\"}]}}",
	 "/linux/namespaces/0/type: \"pidd\" is not one of pid, network, mount, ipc, uts, user, "
	 "cgroup, time"},
	{"{\"ociVersion\":\"1.0.0\",}", "line 1, column 24: not valid JSON"},
	{"{\"ociVersion\":\"1.0\\u0000\"}", "a string holds a NUL character (\\u0000)"},
	{"{\"ociVersion\":\"1.0.0\"} x", "line 1, column 25: not valid JSON"},
	{"{\"ociVersion\":\"1.0.0\"", "line 1, column 22: not valid JSON"},
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err;

		load(rows[i].json, &err);
		is_str(err.msg, rows[i].want, rows[i].json);
	}
}

static void test_values(void)
{
	struct err err;
	struct config *c = load("{\"ociVersion\":\"1.0.0\",\"process\":{\"args\":[\"a\\tb\",\"\\u00e9\"],"
				"\"cwd\":\"/\"},\"linux\":{\"resources\":{\"memory\":{\"limit\":-1},"
				"\"unified\":{\"a.b\":\"1\",\"a.b\":\"2\"}},\"netDevices\":{\"eth0\":{"
				"\"name\":\"net0\"}}}}",
				&err);

	if (!ok(c != NULL, "a config"))
		return;
	is_str(c->process->args.v[0], "a\tb", "an escape is decoded");
	is_str(c->process->args.v[1], "\xc3\xa9", "as is \\u");
	is_int(c->linux->resources->memory->limit.v, -1, "a negative number");
	is_str(pairs_get(&c->linux->resources->unified, "a.b"), "2", "of duplicates the last");
	is_str(list_at(c->linux->netDevices, struct net_device, 0)->key, "eth0", "a keyed map");
}

static void test_depth(void)
{
	struct err err;
	size_t n = 100000;
	char *deep = malloc(n + 64);

	strcpy(deep, "{\"ociVersion\":\"1.0.0\",\"x\":");
	memset(deep + strlen(deep) + 1, 0, 1);
	memset(deep + strlen("{\"ociVersion\":\"1.0.0\",\"x\":"), '[', n);
	deep[n + 25] = '\0';
	load(deep, &err);
	is_str(err.msg, "nested deeper than 64 levels", "deep input is refused, not followed");
	free(deep);
}

static void test_any_case(void)
{
	char text[] = "{\"CPU\":{\"Cpus\":\"0-1\"}}";
	struct resources r = {0};
	struct err err = {0};

	is_int(decode(&resources_fields, &r, text, strlen(text), DECODE_ANY_CASE, arena_main(), &err), 0,
	       "update accepts Go's capitals");
	is_str(r.cpu ? r.cpu->cpus : NULL, "0-1", "... and their values");
}

static void test_state(void)
{
	struct state s = {.ociVersion = "1.3.0", .id = "a\"b", .pid = {true, 7}, .bundle = "/b",
			  .poststop = true};
	struct state back = {0};
	struct buf b = BUF_INIT(arena_main());
	struct err err = {0};

	encode(&state_file_fields, &s, 0, &b);
	is_int(decode(&state_file_fields, &back, b.data, b.len, 0, arena_main(), &err), 0,
	       "what is encoded can be decoded");
	ok(strcmp(back.id, "a\"b") == 0 && back.pid.v == 7 && back.poststop, "... to the same");
}

/* The samples of the specification's own schema tests. */
static void test_samples(const char *dir, bool good)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct arena *a = arena_main();
		struct config *c = arena_new(a, struct config);
		struct err err = {0};
		int fd = dirfd(d);
		int r;

		if (e->d_name[0] == '.')
			continue;
		r = config_load(fd, e->d_name, &config_fields, c, a, &err);
		if (!ok((r == 0) == good, e->d_name))
			printf("# %s\n", err.msg);
	}
	if (d)
		closedir(d);
}

int main(int argc, char **argv)
{
	test_rows();
	test_values();
	test_depth();
	test_any_case();
	test_state();
	if (argc > 1)
		test_samples(argv[1], true);
	if (argc > 2)
		test_samples(argv[2], false);
	return tap_done();
}
