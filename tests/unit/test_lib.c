// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tap.h"
#include "buf.h"
#include "fd.h"
#include "names.h"
#include "opt.h"
#include "path.h"

static void test_fmt(void)
{
	char b[64];

	fmt(b, sizeof(b), "%s|%5d|%-5d|%05d|%x|%o|%%|%c", "a", -7, -7, -7, 255, 8, 'z');
	is_str(b, "a|   -7|-7   |-0007|ff|10|%|z", "fmt: numbers and padding");
	fmt(b, sizeof(b), "%-4s|%4s|%.*s|%lu|%zu", "ab", "cd", 2, "xyz", 18446744073709551615UL,
	    (size_t)9);
	is_str(b, "ab  |  cd|xy|18446744073709551615|9", "fmt: strings and sizes");
	is_int(fmt(b, 4, "%s", "abcdef"), 6, "fmt: returns the whole length");
	is_str(b, "abc", "... and cuts");
	fmt(b, sizeof(b), "%lld", (long long)INT64_MIN);
	is_str(b, "-9223372036854775808", "fmt: the smallest number");
}

static void test_err(void)
{
	struct err e = {0};
	char big[700];

	is_int(err_sys(&e, -ENOENT, "open %s", "/x"), -1, "err_sys returns -1");
	is_str(e.msg, "open /x: no such file or directory", "... with runc's small letters");
	err_ctx(&e, "create %s", "web");
	is_str(e.msg, "create web: open /x: no such file or directory", "err_ctx goes in front");
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_ctx(&e, "%s", big);
	is_int(strlen(e.msg), sizeof(e.msg) - 1, "a long message is cut, not overrun");
}

static void test_numbers(void)
{
	static const struct {
		const char *text;
		bool good;
		int64_t want;
	} bytes[] = {{"50M", true, 50 << 20}, {"1g", true, 1 << 30}, {"2gb", true, 2LL << 30},
		     {"-1", true, -1},	      {"512", true, 512},    {"1x", false, 0},
		     {"", false, 0},	      {"8KiB", true, 8192},  {"9999999999G", false, 0}};
	static const char *const not_uids[] = {"1a", "", " 1", "1 ", "+1", "-1", "4294967296", "0x1"};
	uint32_t u = 0;
	int64_t v = 0;

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		bool good = num_bytes(bytes[i].text, &v);

		ok(good == bytes[i].good && (!good || v == bytes[i].want), bytes[i].text);
	}
	/* CVE-2026-30892 */
	for (size_t i = 0; i < sizeof(not_uids) / sizeof(not_uids[0]); i++)
		ok(!num_u32(not_uids[i], &u), "not a uid");
	ok(num_u32("4294967295", &u) && u == UINT32_MAX, "the largest uid");
	is_int(signal_from_text("SIGKILL"), 9, "SIGKILL");
	is_int(signal_from_text("term"), 15, "term");
	is_int(signal_from_text("9"), 9, "9");
	is_int(signal_from_text("RTMIN+1"), 35, "RTMIN+1");
	is_int(signal_from_text("0"), 0, "0 is no signal");
	is_int(signal_from_text("SIGNOPE"), 0, "SIGNOPE is none");
	is_int(signal_from_text("65"), 0, "65 is none");
}

static void test_clean(void)
{
	static const char *const rows[][2] = {{"/a//b/./../c", "/a/c"}, {"..", "/"},
					      {"../../x", "/x"},	{"", "/"},
					      {"a/b/", "/a/b"},		{"/..a/...", "/..a/..."}};
	char out[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		path_clean(rows[i][0], out, sizeof(out));
		is_str(out, rows[i][1], rows[i][0]);
	}
	ok(!path_clean("/123456789", out, 5), "path_clean: too long is said");
	ok(path_is_below("/a/b", "/a") && path_is_below("/a", "/a") && !path_is_below("/ab", "/a"),
	   "path_is_below");
}

/* What a path leads to, as the path of the descriptor below the root. */
static const char *seen(int fd, const char *root, char out[static 256])
{
	char link[64];
	ssize_t n;

	if (fd < 0) {
		snprintf(out, 256, "errno %d", -fd);
		return out;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, 255);
	out[n > 0 ? n : 0] = '\0';
	close(fd);
	return strncmp(out, root, strlen(root)) == 0 ? out + strlen(root) : out;
}

static void test_walk(void)
{
	static const char *const paths[] = {
		"/",	     "/d/f",	   "d/./f",	 "/abs/f",    "/rel/f",	  "/up",
		"/d/../d/f", "/loop",	   "/missing/x", "/d/f/x",    "/../../d", "/escape/passwd",
		"/chain/f",  "/dangling/x"};
	char root[] = "/tmp/proa-test-XXXXXX";
	char cmd[512];
	int fd;

	if (!ok(mkdtemp(root) != NULL, "a directory"))
		return;
	snprintf(cmd, sizeof(cmd),
		 "cd %s && mkdir d && echo x >d/f && ln -s /d abs && ln -s d rel && ln -s ../../../.. up "
		 "&& ln -s loop loop && ln -s /../../../../etc escape && ln -s rel chain && ln -s "
		 "/new/place dangling",
		 root);
	ok(system(cmd) == 0, "with links in it");
	fd = open(root, O_PATH | O_DIRECTORY);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char a[256];
		char b[256];
		const char *kernel;

		path_force_walk(false);
		kernel = seen(path_open(fd, paths[i], O_PATH), root, a);
		path_force_walk(true);
		is_str(seen(path_open(fd, paths[i], O_PATH), root, b), kernel, paths[i]);
		path_force_walk(false);
	}
	for (int forced = 0; forced < 2; forced++) {
		char a[256];
		bool made = false;

		path_force_walk(forced);
		is_int(path_open_no_symlinks(fd, "/abs/f", O_PATH), -ELOOP, "no symlinks: ELOOP");
		is_str(seen(path_make(fd, forced ? "/m2/b/c" : "/m1/b/c", PATH_DIR, &made), root, a),
		       forced ? "/m2/b/c" : "/m1/b/c", "path_make: directories");
		ok(made, "... new");
		is_str(seen(path_make(fd, forced ? "/dangling/g" : "/dangling/f", PATH_FILE, &made),
			    root, a),
		       forced ? "/new/place/g" : "/new/place/f",
		       "path_make: through a dangling link, inside the root");
		is_str(seen(path_make(fd, "/escape/made", PATH_FILE, &made), root, a), "/etc/made",
		       "path_make: a link that leads out is taken from the root");
	}
	path_force_walk(false);
	close(fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", root);
	ok(system(cmd) == 0, "cleaned up");
	ok(access("/etc/made", F_OK) < 0, "nothing was made outside");
}

struct opts {
	bool flag;
	const char *str;
	uint32_t num;
	struct strs list;
};

static const struct opt table[] = {
	{"flag", 'f', OPT_FLAG, offsetof(struct opts, flag), NULL, "a flag"},
	{"str", 's', OPT_STR, offsetof(struct opts, str), "TEXT", "a string"},
	{"num", 'n', OPT_U32, offsetof(struct opts, num), "N", "a number"},
	{"list", 'l', OPT_LIST, offsetof(struct opts, list), "X", "a list"},
	OPT_END,
};

static void test_opt(void)
{
	char *argv[] = {(char *)"id", (char *)"--str=a b", (char *)"-fn7", (char *)"--list", (char *)"x",
			(char *)"-l", (char *)"y", (char *)"--", (char *)"-z", NULL};
	char *bad[] = {(char *)"--nope", NULL};
	char *lacks[] = {(char *)"--str", NULL};
	char *go[] = {(char *)"-num=8", (char *)"-str", (char *)"x", NULL};
	struct opts o = {0};
	struct opt_args args;
	struct err err = {0};
	struct arena *a = arena_main();
	struct buf help = BUF_INIT(a);

	is_int(opt_parse(table, &o, argv, true, a, &args, &err), 0, "options after operands");
	is_str(o.str, "a b", "--str=");
	ok(o.flag && o.num == 7, "-fn7");
	ok(o.list.n == 2 && strcmp(o.list.v[1], "y") == 0 && !o.list.v[2], "a list");
	ok(args.n == 2 && strcmp(args.v[1], "-z") == 0, "-- ends options");
	is_int(opt_parse(table, &o, bad, true, a, &args, &err), -1, "unknown");
	is_str(err.msg, "unknown option --nope", "... by name");
	is_int(opt_parse(table, &o, lacks, true, a, &args, &err), -1, "value missing");
	is_str(err.msg, "option --str needs a value: --str TEXT", "... said");
	is_int(opt_parse(table, &o, argv, false, a, &args, &err), 0, "without permuting");
	is_int(args.n, 9, "... all after the first operand is left alone");
	is_int(opt_parse(table, &o, go, true, a, &args, &err), 0, "-num=8 -str x, as Go has it");
	ok(o.num == 8 && strcmp(o.str, "x") == 0 && args.n == 0, "... are long options");
	opt_help(table, &help);
	ok(strstr(help.data, "-s, --str TEXT"), "help names each");
}

static void test_buf(void)
{
	struct buf b = BUF_INIT(arena_main());

	buf_json_str(&b, "a\"\\\n\t\x01 \xc3\xa9 \xff\xc3");
	is_str(b.data, "\"a\\\"\\\\\\n\\t\\u0001 \xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd\"",
	       "JSON strings are valid UTF-8 always");
	b = BUF_INIT(arena_main());
	buf_shell(&b, "it's");
	is_str(b.data, "'it'\\''s'", "quoting for a shell");
}

int main(void)
{
	test_fmt();
	test_err();
	test_numbers();
	test_clean();
	test_walk();
	test_opt();
	test_buf();
	return tap_done();
}
