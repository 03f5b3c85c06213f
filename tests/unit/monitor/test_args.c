// SPDX-License-Identifier: Apache-2.0
#include "../../tap.h"
#include "args.h"

static struct args x;
static struct err err;

static int parse(const char *const *argv)
{
	static char *v[64];
	int n = 0;

	while (argv[n]) {
		v[n] = (char *)argv[n];
		n++;
	}
	v[n] = NULL;
	x = (struct args){0};
	err = (struct err){0};
	return args_parse(v, arena_main(), &x, &err);
}
#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})
#define BASE "-c", "web", "-u", "0123456789abcdef", "-r", "/bin/true"

static const char *joined(char **v)
{
	struct buf b = BUF_INIT(arena_main());

	for (; *v; v++)
		buf_fmt(&b, "%s%s", b.len ? " " : "", *v);
	return b.data;
}

static void test_engines(void)
{
	/* as captured from Podman 4.3 */
	is_int(PARSE("--api-version", "1", BASE, "-b", "/b", "-p", "/r/pidfile", "-n", "name",
		     "--exit-dir", "/e", "--full-attach", "-s", "-l", "k8s-file:/b/ctr.log", "-l",
		     "journald", "--log-level", "warning", "--log-size-max", "5", "--log-tag=t",
		     "--timeout=7", "--runtime-arg", "--log-format=json", "--runtime-arg", "--log",
		     "--runtime-arg=/r/oci-log", "-t", "-i", "--conmon-pidfile", "/r/conmon.pid",
		     "--exit-command", "/usr/bin/podman", "--exit-command-arg", "--root",
		     "--exit-command-arg", "", "--runtime-opt", "--preserve-fds", "--runtime-opt",
		     "2"),
	       0, "Podman's create");
	is_str(err.msg, "", "... without a message");
	is_str(joined(args_runtime(&x, "/r/pidfile", "/tmp/c/s", arena_main())),
	       "/bin/true --systemd-cgroup --log-format=json --log /r/oci-log create --bundle /b "
	       "--pid-file /r/pidfile --preserve-fds 2 --console-socket /tmp/c/s web",
	       "... and the runtime's command line");
	is_int(x.raw.exit_args.n, 2, "an empty argument of the exit command is one");
	is_int(x.timeout_s, 7, "--timeout");
	is_int(x.log_size_max, 5, "--log-size-max");
	is_int(PARSE("--api-version", "1", "-e", "--exec-attach", "--exec-process-spec", "/p", BASE,
		     "-s", "-b", "/b", "-l", "none", "-t"),
	       0, "exec");
	is_str(joined(args_runtime(&x, "/r/pidfile", "/tmp/c/s", arena_main())),
	       "/bin/true exec --pid-file /r/pidfile --process /p --detach --tty --console-socket "
	       "/tmp/c/s web",
	       "... has no --systemd-cgroup");
	is_int(PARSE(BASE, "-l", "none", "--restore", "/i", "--restore-arg", "--tcp-established",
		     "-b", "/b", "--no-pivot", "--no-new-keyring"),
	       0, "restore");
	is_str(joined(args_runtime(&x, "/p", NULL, arena_main())),
	       "/bin/true restore --bundle /b --pid-file /p --no-pivot --no-new-keyring --detach "
	       "--image-path /i --work-path /b --tcp-established web",
	       "... and its command line");
	is_int(PARSE("-c", "web", "-r", "/x", "-e", "--exec-process-spec", "/p", "-l", "none"), 0,
	       "a legacy exec needs no --cuuid");
	is_int(PARSE(BASE, "-l", "none", "--seccomp-notify-socket", "/s", "--replace-listen-pid",
		     "-0", "/persist", "--pidfile", "/p"),
	       0, "options that only some versions have");
	is_str(x.raw.persist_dir, "/persist", "-0 is --persist-dir");
	is_str(x.raw.pidfile, "/p", "--pidfile is --container-pidfile");
}

static void test_logs(void)
{
	static const struct {
		const char *arg;
		int driver; /* -1 = refused */
		const char *path;
	} cases[] = {
		{"k8s-file:/a/b", LOG_K8S, "/a/b"},
		{"/a/b", LOG_K8S, "/a/b"},
		{":/a/b", LOG_K8S, "/a/b"},
		{"./b", LOG_K8S, "./b"},
		{"kubernetes-log-file:/x", LOG_K8S, "/x"},
		{"k8s-file:/a:b", LOG_K8S, "/a:b"},
		{"json-file:/j", LOG_JSON_FILE, "/j"},
		{"journald", LOG_JOURNALD, NULL},
		{"journald:", LOG_JOURNALD, ""},
		{"none", LOG_NONE, NULL},
		{"null", LOG_NONE, NULL},
		{"off", LOG_NONE, NULL},
		{"passthrough", LOG_PASSTHROUGH, NULL},
		{"syslog", -1, NULL},
		{"syslog:/x", -1, NULL},
		{"k8s-file", -1, NULL},
		{"k8s-file:", -1, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = PARSE(BASE, "-l", cases[i].arg);

		if (cases[i].driver < 0) {
			ok(r < 0 && strstr(err.msg, "--log-path"), cases[i].arg);
			continue;
		}
		ok(r == 0 && x.logs == 1 && (int)x.log[0].driver == cases[i].driver, cases[i].arg);
		is_str(x.log[0].path, cases[i].path, "... and its path");
	}
	is_int(PARSE(BASE, "-l", "/a", "-l", "journald", "-l", "json-file:/j", "-l", "none"), 0,
	       "four at once");
	is_int(x.logs, 4, "... are four");
	is_int(PARSE(BASE, "-l", "/a", "-l", "/b", "-l", "/c", "-l", "/d", "-l", "/e"), -1,
	       "a fifth is refused");
	is_int(PARSE(BASE), -1, "none at all is refused");
	is_int(PARSE(BASE, "-l", "passthrough", "-t"), -1, "a terminal cannot be passed through");
	is_int(PARSE(BASE, "-l", "/a", "--log-tag", "t"), -1, "a tag without a journal is refused");
	is_int(PARSE(BASE, "-l", "journald", "--log-label", "A_1=x y"), 0, "a label");
	is_int(PARSE(BASE, "-l", "journald", "--log-label", "a=x"), -1,
	       "a small letter in its key");
	is_int(PARSE(BASE, "-l", "journald", "--log-label", "A=x=y"), -1, "two =");
	is_int(PARSE(BASE, "-l", "journald", "--log-label", "A"), -1, "no =");
	is_int(PARSE("-c", "web", "-u", "short", "-r", "/x", "-l", "journald"), -1,
	       "journald wants a cuuid of more than 12");
}

static void test_refused(void)
{
	static const struct {
		const char *argv[12];
		const char *says;
	} cases[] = {
		{{"-u", "x", "-r", "/x"}, "Container ID not provided"},
		{{"-c", "x", "-r", "/x", "-l", "none"}, "Container UUID not provided"},
		{{"-c", "x", "-u", "x", "-l", "none"}, "Runtime path not provided"},
		{{BASE, "-e", "-l", "none"}, "Exec process spec"},
		{{BASE, "--exec-attach", "-l", "none"}, "Attach can only be specified with exec"},
		{{BASE, "-l", "none", "--no-such"}, "--no-such"},
		{{BASE, "-l", "none", "--timeout", "x"}, "--timeout"},
		{{BASE, "-l", "none", "--health-on-failure", "x"}, "--health-on-failure"},
		{{BASE, "-l", "none", "--sdnotify-ready", "healthy"}, "--health-cmd"},
		{{BASE, "-l", "none", "--health-interval", "5x"}, "--health-interval"},
		{{BASE, "-l", "none", "--log-max-files", "0"}, "--log-max-files"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = parse(cases[i].argv);

		if (!ok(r < 0 && strstr(err.msg, cases[i].says), cases[i].says))
			printf("# got: %d %s\n", r, err.msg);
	}
	is_int(PARSE("--version"), 0, "--version alone is enough");
	is_int(PARSE("--resume", "/b"), 0, "--resume alone is enough");
}

static void test_durations(void)
{
	static const struct {
		const char *text;
		int64_t ns; /* -1 = refused */
	} cases[] = {
		{"30s", 30000000000LL},
		{"1m30s", 90000000000LL},
		{"500ms", 500000000LL},
		{"2h", 7200000000000LL},
		{"5", 5000000000LL},
		{"0s", 0},
		{"1us", 1000},
		{"", -1},
		{"s", -1},
		{"-1s", -1},
		{"1x", -1},
		{"1s5", -1},
		{"1.5s", -1},
		{"999999999999h", -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t v = -1;
		bool good = num_duration(cases[i].text, &v);

		if (!ok(good == (cases[i].ns >= 0) && (!good || v == cases[i].ns), cases[i].text))
			printf("# got: %d %lld\n", good, (long long)v);
	}
}

static void test_health(void)
{
	PARSE(BASE, "-l", "none", "--runtime-arg", "--root", "--runtime-arg", "/r", "--health-cmd",
	      "curl -f x || exit 1", "--health-interval", "0s");
	is_str(joined(args_check(&x, "/b/health.pid", arena_main())),
	       "/bin/true --root /r exec --pid-file /b/health.pid web /bin/sh -c curl -f x || exit "
	       "1",
	       "one health-cmd is a shell's line");
	is_int(x.health.interval, 100000000, "an interval of nothing would be a busy loop");
	PARSE(BASE, "-l", "none", "--health-cmd", "a", "--health-cmd", "b c");
	is_str(joined(args_check(&x, "/p", arena_main())), "/bin/true exec --pid-file /p web a b c",
	       "several are an argument list");
}

int main(void)
{
	test_engines();
	test_logs();
	test_refused();
	test_durations();
	test_health();
	return tap_done();
}
