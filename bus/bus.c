// SPDX-License-Identifier: Apache-2.0
/*
 * proa-bus: what proa has to say to systemd, as a program of its own.
 *
 * proa has no C library, and with --systemd-cgroup alone would need one, and a D-Bus client. Both
 * live here: libdbus, linked statically, and this file is the only one that includes it. proa
 * decides all of it (runtime/systemd_plan.c); here words become one message.
 *
 *   proa-bus [--user] start UNIT PROPERTY...
 *       makes a transient scope with this very process in it, says "ok" on stdout once systemd has
 *       done it, and stays until stdin ends: so the scope's cgroup is there, and occupied, when
 *       proa clones the container's first process into it
 *
 *   proa-bus [--user] set UNIT PROPERTY...
 *       SetUnitProperties, for this run only
 *
 *   proa-bus [--user] attach UNIT PID
 *       AttachProcessesToUnit
 *
 *   proa-bus [--user] stop UNIT
 *       StopUnit and ResetFailedUnit: nothing of it is left
 *
 * PROPERTY is NAME=SIGNATURE:VALUE; a list's elements are parted by the unit separator, 0x1f; bytes
 * are hexadecimal. A failure is one sentence on stderr and status 1.
 *
 * The manager is spoken to directly (its private socket), which needs neither a bus daemon nor a
 * greeting, so start is one round trip; where that socket cannot be used, over the bus.
 */
#define _GNU_SOURCE
#include <dbus/dbus.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DEADLINE_MS = 30000 };

static const char name[] = "org.freedesktop.systemd1";
static const char path[] = "/org/freedesktop/systemd1";
static const char manager[] = "org.freedesktop.systemd1.Manager";

/* libdbus asks for these only in a server that systemd has started. */
int sd_listen_fds(int unset_environment);
int sd_is_socket(int fd, int family, int type, int listening);
int sd_listen_fds(int unset_environment)
{
	(void)unset_environment;
	return 0;
}
int sd_is_socket(int fd, int family, int type, int listening)
{
	(void)fd;
	(void)family;
	(void)type;
	(void)listening;
	return 0;
}

/* Nothing here may load modules of the C library (NSS): libdbus looks names of users and hosts up
 * for uses that are not ours. */
int getpwnam_r(const char *who, struct passwd *p, char *buf, size_t size, struct passwd **ret)
{
	(void)who;
	(void)p;
	(void)buf;
	(void)size;
	*ret = NULL;
	return ENOENT;
}
int getpwuid_r(uid_t uid, struct passwd *p, char *buf, size_t size, struct passwd **ret)
{
	(void)uid;
	return getpwnam_r("", p, buf, size, ret);
}
int getgrouplist(const char *who, gid_t group, gid_t *groups, int *n)
{
	(void)who;
	(void)group;
	(void)groups;
	*n = 0;
	return 0;
}
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	(void)host;
	(void)service;
	(void)hints;
	*ret = NULL;
	return EAI_FAIL;
}
void freeaddrinfo(struct addrinfo *a)
{
	(void)a;
}

/*
 * libdbus tells the server who we are by geteuid(2), and the server compares that with what the
 * kernel says of the socket. In a user namespace (rootless Podman runs its runtime in one) these
 * differ: we say 0, the kernel 1000. So libdbus gets the id that the first namespace knows us by.
 */
uid_t geteuid(void)
{
	uid_t own = (uid_t)syscall(SYS_geteuid);
	FILE *f = fopen("/proc/self/uid_map", "re");
	unsigned long inside;
	unsigned long outside;
	unsigned long n;
	uid_t ret = own;

	while (f && fscanf(f, "%lu %lu %lu", &inside, &outside, &n) == 3)
		if (own >= inside && own - inside < n)
			ret = (uid_t)(own - inside + outside);
	if (f)
		fclose(f);
	return ret;
}

static void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void fail(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "systemd: ");
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(1);
}

struct peer {
	DBusConnection *c;
	bool is_bus; /* else the manager itself */
};

static DBusConnection *dial(const char *address)
{
	DBusError e = DBUS_ERROR_INIT;
	DBusConnection *c = dbus_connection_open_private(address, &e);

	dbus_error_free(&e);
	if (c)
		dbus_connection_set_exit_on_disconnect(c, FALSE);
	return c;
}

static struct peer reach(bool user)
{
	const char *run = user ? getenv("XDG_RUNTIME_DIR") : "/run";
	const char *address = getenv(user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
	DBusError e = DBUS_ERROR_INIT;
	char own[4096];
	struct peer p = {NULL, false};

	if (!run && !address)
		fail("XDG_RUNTIME_DIR is not set, so the user's manager cannot be found");
	if (run) {
		snprintf(own, sizeof(own), "unix:path=%s/systemd/private", run);
		p.c = dial(own);
	}
	if (p.c)
		return p;
	if (!address || !*address) {
		snprintf(own, sizeof(own), "unix:path=%s/%s", run,
			 user ? "bus" : "dbus/system_bus_socket");
		address = own;
	}
	p.c = dial(address);
	p.is_bus = true;
	if (!p.c || !dbus_bus_register(p.c, &e))
		fail("neither the %s manager's own socket nor its bus (%s) can be reached: %s",
		     user ? "user" : "system", address, e.message ? e.message : "connect failed");
	return p;
}

static DBusMessage *call(const char *method)
{
	DBusMessage *m = dbus_message_new_method_call(name, path, manager, method);

	if (!m)
		fail("out of memory");
	return m;
}

/* ---- properties ---- */

static void put_bytes(DBusMessageIter *it, const char *hex)
{
	DBusMessageIter list;

	dbus_message_iter_open_container(it, DBUS_TYPE_ARRAY, "y", &list);
	for (; hex[0] && hex[1]; hex += 2) {
		char two[3] = {hex[0], hex[1], '\0'};
		unsigned char byte = (unsigned char)strtoul(two, NULL, 16);

		dbus_message_iter_append_basic(&list, DBUS_TYPE_BYTE, &byte);
	}
	dbus_message_iter_close_container(it, &list);
}

static void put_basic(DBusMessageIter *it, char type, const char *text)
{
	union {
		dbus_bool_t b;
		unsigned char y;
		dbus_int16_t n;
		dbus_uint16_t q;
		dbus_int32_t i;
		dbus_uint32_t u;
		dbus_int64_t x;
		dbus_uint64_t t;
		double d;
	} v;

	switch (type) {
	case 's':
	case 'o':
	case 'g':
		dbus_message_iter_append_basic(it, type, &text);
		return;
	case 'b':
		v.b = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
		break;
	case 'y':
		v.y = (unsigned char)strtoul(text, NULL, 10);
		break;
	case 'n':
		v.n = (dbus_int16_t)strtol(text, NULL, 10);
		break;
	case 'q':
		v.q = (dbus_uint16_t)strtoul(text, NULL, 10);
		break;
	case 'i':
		v.i = (dbus_int32_t)strtol(text, NULL, 10);
		break;
	case 'u':
		v.u = (dbus_uint32_t)strtoul(text, NULL, 10);
		break;
	case 'x':
		v.x = strtoll(text, NULL, 10);
		break;
	case 't':
		v.t = strtoull(text, NULL, 10);
		break;
	case 'd':
		v.d = strtod(text, NULL);
		break;
	default:
		fail("no property of type %c can be set", type);
	}
	dbus_message_iter_append_basic(it, type, &v);
}

static void put_list(DBusMessageIter *it, const char *signature, char *text)
{
	DBusMessageIter list;

	dbus_message_iter_open_container(it, DBUS_TYPE_ARRAY, signature + 1, &list);
	while (text && *text) {
		char *end = strchr(text, '\x1f');

		if (end)
			*end = '\0';
		put_basic(&list, signature[1], text);
		text = end ? end + 1 : NULL;
	}
	dbus_message_iter_close_container(it, &list);
}

static void put_property(DBusMessageIter *list, char *text)
{
	DBusMessageIter row;
	DBusMessageIter value;
	char *signature = strchr(text, '=');
	char *data = signature ? strchr(signature, ':') : NULL;

	if (!data)
		fail("\"%s\" is no property", text);
	*signature++ = '\0';
	*data++ = '\0';
	dbus_message_iter_open_container(list, DBUS_TYPE_STRUCT, NULL, &row);
	dbus_message_iter_append_basic(&row, DBUS_TYPE_STRING, &text);
	dbus_message_iter_open_container(&row, DBUS_TYPE_VARIANT, signature, &value);
	if (strcmp(signature, "ay") == 0)
		put_bytes(&value, data);
	else if (signature[0] == 'a')
		put_list(&value, signature, data);
	else
		put_basic(&value, signature[0], data);
	dbus_message_iter_close_container(&row, &value);
	dbus_message_iter_close_container(list, &row);
}

/* All of them as the message's next argument, a(sv). The texts are not changed: start may need them
 * again. */
static void put_properties(DBusMessageIter *it, char **properties, bool own_pid)
{
	DBusMessageIter list;

	dbus_message_iter_open_container(it, DBUS_TYPE_ARRAY, "(sv)", &list);
	if (own_pid) {
		char text[32];

		snprintf(text, sizeof(text), "PIDs=au:%d", getpid());
		put_property(&list, text);
	}
	for (; *properties; properties++) {
		char *text = strdup(*properties);

		if (!text)
			fail("out of memory");
		put_property(&list, text);
		free(text);
	}
	dbus_message_iter_close_container(it, &list);
}

/* ---- calls ---- */

static DBusMessage *ask(struct peer *p, DBusMessage *m, DBusError *e)
{
	DBusMessage *r = dbus_connection_send_with_reply_and_block(p->c, m, DEADLINE_MS, e);

	dbus_message_unref(m);
	return r;
}

/* A bus passes signals on only to who has asked for them; neither call needs its answer. */
static void hear_jobs(struct peer *p)
{
	DBusMessage *m = call("Subscribe");

	if (p->is_bus) {
		dbus_bus_add_match(p->c,
				   "type='signal',interface='org.freedesktop.systemd1.Manager',"
				   "member='JobRemoved'",
				   NULL);
		dbus_message_set_no_reply(m, TRUE);
		dbus_connection_send(p->c, m, NULL);
	}
	dbus_message_unref(m);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Until systemd is done with the job. Its result, "done" when all is well. */
static const char *wait_job(struct peer *p, const char *job, const char *unit)
{
	static char result[64];
	long long end = now_ms() + DEADLINE_MS;

	for (;;) {
		DBusMessage *m = dbus_connection_pop_message(p->c);
		long long left = end - now_ms();
		const char *its_path;
		const char *its_unit;
		const char *its_result;
		dbus_uint32_t id;

		if (m) {
			if (dbus_message_is_signal(m, manager, "JobRemoved") &&
			    dbus_message_get_args(m, NULL, DBUS_TYPE_UINT32, &id,
						  DBUS_TYPE_OBJECT_PATH, &its_path,
						  DBUS_TYPE_STRING, &its_unit, DBUS_TYPE_STRING,
						  &its_result, DBUS_TYPE_INVALID) &&
			    strcmp(its_path, job) == 0) {
				snprintf(result, sizeof(result), "%s", its_result);
				dbus_message_unref(m);
				return result;
			}
			dbus_message_unref(m);
			continue;
		}
		if (left <= 0)
			fail("job for %s: no end within %d s", unit, DEADLINE_MS / 1000);
		if (!dbus_connection_read_write(p->c, (int)left))
			fail("job for %s: the connection was closed", unit);
	}
}

static void finish_job(struct peer *p, DBusMessage *answer, const char *what, const char *unit)
{
	const char *job = NULL;
	const char *result;
	char own[256];

	if (!dbus_message_get_args(answer, NULL, DBUS_TYPE_OBJECT_PATH, &job, DBUS_TYPE_INVALID))
		fail("%s %s: an answer that is no job", what, unit);
	snprintf(own, sizeof(own), "%s", job);
	dbus_message_unref(answer);
	result = wait_job(p, own, unit);
	if (strcmp(result, "done") != 0)
		fail("%s %s: the job's result is \"%s\" (see: systemctl status %s)", what, unit,
		     result, unit);
}

/* What is left of an earlier unit of that name. */
static void reset(struct peer *p, const char *unit)
{
	DBusMessage *m = call("ResetFailedUnit");
	DBusError e = DBUS_ERROR_INIT;
	DBusMessage *r;

	dbus_message_append_args(m, DBUS_TYPE_STRING, &unit, DBUS_TYPE_INVALID);
	r = ask(p, m, &e);
	if (r)
		dbus_message_unref(r);
	dbus_error_free(&e);
}

static void start(struct peer *p, const char *unit, char **properties)
{
	const char *mode = "replace";

	hear_jobs(p);
	for (int attempt = 0;; attempt++) {
		DBusMessage *m = call("StartTransientUnit");
		DBusError e = DBUS_ERROR_INIT;
		DBusMessageIter it;
		DBusMessageIter aux;
		DBusMessage *r;

		dbus_message_iter_init_append(m, &it);
		dbus_message_iter_append_basic(&it, DBUS_TYPE_STRING, &unit);
		dbus_message_iter_append_basic(&it, DBUS_TYPE_STRING, &mode);
		put_properties(&it, properties, true);
		dbus_message_iter_open_container(&it, DBUS_TYPE_ARRAY, "(sa(sv))", &aux);
		dbus_message_iter_close_container(&it, &aux);
		r = ask(p, m, &e);
		if (r) {
			finish_job(p, r, "start", unit);
			return;
		}
		if (attempt || strcmp(e.name, "org.freedesktop.systemd1.UnitExists") != 0)
			fail("start %s: %s", unit, e.message);
		dbus_error_free(&e);
		reset(p, unit);
	}
}

static void set(struct peer *p, const char *unit, char **properties)
{
	DBusMessage *m = call("SetUnitProperties");
	DBusError e = DBUS_ERROR_INIT;
	dbus_bool_t runtime = TRUE;
	DBusMessageIter it;
	DBusMessage *r;

	dbus_message_iter_init_append(m, &it);
	dbus_message_iter_append_basic(&it, DBUS_TYPE_STRING, &unit);
	dbus_message_iter_append_basic(&it, DBUS_TYPE_BOOLEAN, &runtime);
	put_properties(&it, properties, false);
	r = ask(p, m, &e);
	if (!r)
		fail("change %s: %s", unit, e.message);
	dbus_message_unref(r);
}

/* Its processes are dead, and systemd may be at the unit's end by itself at this very moment: then
 * no answer to StopUnit comes at all (systemd 252). So it is only told, and the answer waited for
 * is that of the next call. */
static void stop(struct peer *p, const char *unit, char **none)
{
	const char *mode = "replace";
	DBusMessage *m = call("StopUnit");

	(void)none;
	dbus_message_append_args(m, DBUS_TYPE_STRING, &unit, DBUS_TYPE_STRING, &mode,
				 DBUS_TYPE_INVALID);
	dbus_message_set_no_reply(m, TRUE);
	dbus_connection_send(p->c, m, NULL);
	dbus_message_unref(m);
	reset(p, unit);
}

static void attach(struct peer *p, const char *unit, char **pid)
{
	DBusMessage *m = call("AttachProcessesToUnit");
	dbus_uint32_t number = (dbus_uint32_t)strtoul(*pid, NULL, 10);
	const dbus_uint32_t *pids = &number;
	const char *whole = "";
	DBusError e = DBUS_ERROR_INIT;
	DBusMessage *r;

	dbus_message_append_args(m, DBUS_TYPE_STRING, &unit, DBUS_TYPE_STRING, &whole,
				 DBUS_TYPE_ARRAY, DBUS_TYPE_UINT32, &pids, 1, DBUS_TYPE_INVALID);
	r = ask(p, m, &e);
	if (!r)
		fail("move process %s into %s: %s", *pid, unit, e.message);
	dbus_message_unref(r);
}

/* The scope lives as long as we do. */
static void start_and_stay(struct peer *p, const char *unit, char **properties)
{
	char c;

	start(p, unit, properties);
	dbus_connection_close(p->c);
	if (write(1, "ok\n", 3) == 3)
		while (read(0, &c, 1) > 0)
			;
}

static const struct {
	const char *name;
	void (*run)(struct peer *p, const char *unit, char **rest);
	int min; /* words behind the unit */
} verbs[] = {
	{"start", start_and_stay, 0},
	{"set", set, 0},
	{"attach", attach, 1},
	{"stop", stop, 0},
};

int main(int argc, char **argv)
{
	bool user = argc > 1 && strcmp(argv[1], "--user") == 0;
	char **a = argv + 1 + user;
	int n = argc - 1 - user;

	for (size_t i = 0; n >= 2 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		struct peer p;

		if (strcmp(a[0], verbs[i].name) != 0 || n - 2 < verbs[i].min)
			continue;
		p = reach(user);
		verbs[i].run(&p, a[1], a + 2);
		return 0;
	}
	fprintf(stderr,
		"usage: proa-bus [--user] start|set UNIT PROPERTY... | attach UNIT PID | stop UNIT\n"
		"(a part of proa, see proa(8): --systemd-cgroup)\n");
	return 2;
}
