// SPDX-License-Identifier: Apache-2.0
/*
 * The other side of a monitor, for its benchmark; as cheap as can be, so that what is measured is the
 * monitor.
 *   monload ... --pid-file FILE ...   as its runtime: starts "monload container", which does MONLOAD:
 *       exit | pause | spew LINE BYTES | lines N (each with the time in it, 2 ms apart); before that, and
 *       after it, it waits for a byte in the fifos GO and END where those are set
 *   monload lag FILE N                reads N lines from a growing log; prints p50 and p90 of their age, us
 *   monload drain SOCKET              an attached client: bytes, and us from the first to the last
 *   monload cpu PID...                CPU time used so far, us; monload pss PID...: KiB
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void wait_for(const char *name)
{
	const char *path = getenv(name);
	char c;
	int fd;

	if (!path)
		return;
	fd = open(path, O_RDONLY);
	(void)!read(fd, &c, 1);
	close(fd);
}

static void spew(long line, long left)
{
	static char buf[1 << 16];

	memset(buf, 'x', sizeof(buf));
	buf[line - 1] = '\n';
	for (; left > 0; left -= line)
		if (write(1, buf, (size_t)line) < 0)
			_exit(1);
}

static int container(void)
{
	const char *what = getenv("MONLOAD");
	long a = 0;
	long b = 0;

	wait_for("GO");
	if (sscanf(what, "spew %ld %ld", &a, &b) == 2)
		spew(a, b);
	else if (sscanf(what, "lines %ld", &a) == 1)
		for (; a > 0; a--) {
			char text[64];
			int n = snprintf(text, sizeof(text), "%lld\n", now());

			if (write(1, text, (size_t)n) < 0)
				return 1;
			usleep(2000);
		}
	else if (strcmp(what, "pause") == 0)
		pause();
	wait_for("END");
	return 0;
}

static int runtime(int argc, char **argv)
{
	const char *file = NULL;
	char text[16];
	int p[2];
	pid_t pid;
	int fd;
	int n;

	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "--pid-file") == 0)
			file = argv[i + 1];
	if (!file || pipe(p) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		close(p[1]);
		(void)!read(p[0], text, 1);
		close(p[0]);
		_exit(container());
	}
	n = snprintf(text, sizeof(text), "%d", pid);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	return write(fd, text, (size_t)n) != n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static int lag(const char *path, int n)
{
	double *age = calloc((size_t)n, sizeof(*age));
	int watch = inotify_init1(0);
	char event[4096];
	char text[1 << 16];
	size_t have = 0;
	int seen = 0;
	int fd = open(path, O_RDONLY);

	inotify_add_watch(watch, path, IN_MODIFY);
	while (seen < n) {
		ssize_t r = read(fd, text + have, sizeof(text) - have);
		char *line = text;
		char *end;

		if (r <= 0) {
			(void)!read(watch, event, sizeof(event));
			continue;
		}
		have += (size_t)r;
		while ((end = memchr(line, '\n', have - (size_t)(line - text))) && seen < n) {
			*end = '\0';
			age[seen++] = (double)(now() - atoll(strrchr(line, ' ') + 1)) / 1000;
			line = end + 1;
		}
		have -= (size_t)(line - text);
		memmove(text, line, have);
	}
	qsort(age, (size_t)n, sizeof(*age), by_value);
	printf("%.0f %.0f\n", age[n / 2], age[n * 9 / 10]);
	return 0;
}

static int drain(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	char buf[8193];
	long long sum = 0;
	long long first = 0;
	long long last = 0;
	ssize_t n;

	strcpy(sa.sun_path, path);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return 1;
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		first = first ? first : now();
		last = now();
		sum += n - 1;
	}
	printf("%lld %lld\n", sum, (last - first) / 1000);
	return 0;
}

static int cpu(char **pids)
{
	unsigned long long sum = 0;

	for (; *pids; pids++) {
		char path[64];
		unsigned long long ns = 0;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/schedstat", *pids);
		f = fopen(path, "r");
		if (f && fscanf(f, "%llu", &ns) == 1)
			sum += ns;
		if (f)
			fclose(f);
	}
	printf("%llu\n", sum / 1000);
	return 0;
}

static int pss(char **pids)
{
	long sum = 0;

	for (; *pids; pids++) {
		char path[64];
		char line[256];
		long kb;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/smaps_rollup", *pids);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "Pss: %ld", &kb) == 1)
				sum += kb;
		if (f)
			fclose(f);
	}
	printf("%ld\n", sum);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "lag") == 0)
		return lag(argv[2], atoi(argv[3]));
	if (argc > 2 && strcmp(argv[1], "drain") == 0)
		return drain(argv[2]);
	if (argc > 2 && strcmp(argv[1], "cpu") == 0)
		return cpu(argv + 2);
	if (argc > 2 && strcmp(argv[1], "pss") == 0)
		return pss(argv + 2);
	return runtime(argc, argv);
}
