// SPDX-License-Identifier: Apache-2.0
/*
 * The part of a container engine that a monitor sees, for the tests: the pipes around it, and a
 * client on its sockets. Prints what it hears, one line a message.
 *
 *   engine monitor [-a] [-w] [-k] -- MONITOR ARG...
 *       start pipe, sync pipe (and with -a the attach pipe, exec-attach's order: the second start
 *       byte after the attach message; with ATTACH=PATH in the environment a client that copies
 *       output to stdout is attached before it). Prints "exit N" of the process it ran, then each
 *       "sync LINE" until end of file; -w: only the first. -k: kill the reading end first.
 *   engine attach PATH [SECONDS]
 *       copies stdin to the monitor, then half-closes; prints output: stdout to 1, stderr to 2.
 *   engine mute PATH SECONDS        connects and reads nothing
 *   engine packets PATH             as attach without input; one line "STREAM LENGTH" a packet
 *   engine notify PATH TEXT         one datagram; with BARRIER=1 in TEXT waits for its pipe to close
 *   engine ready PATH COMMAND...    tells READY=1 and becomes COMMAND
 *   engine listen PATH SECONDS      binds a datagram socket (@NAME: abstract), prints what comes
 *   engine journal PATH SECONDS     the same for journald's protocol, descriptors are read too
 *   engine hear PATH N SECONDS      connects (SEQPACKET), prints N packets
 *   engine pairs COUNT PATH         connects COUNT clients to PATH and holds them until stdin ends
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "engine: %s: %s\n", what, strerror(errno));
	exit(99);
}

static socklen_t address(const char *path, struct sockaddr_un *sa)
{
	*sa = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (*path == '@') {
		memcpy(sa->sun_path + 1, path + 1, strlen(path + 1));
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	}
	if (strlen(path) >= sizeof(sa->sun_path)) {
		char dir[4096];
		char *slash;
		int fd;

		snprintf(dir, sizeof(dir), "%s", path);
		slash = strrchr(dir, '/');
		*slash = '\0';
		fd = open(dir, O_PATH);
		snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", fd, slash + 1);
	} else {
		strcpy(sa->sun_path, path);
	}
	return sizeof(*sa);
}

static int dial(const char *path, int type)
{
	struct sockaddr_un sa;
	socklen_t len = address(path, &sa);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&sa, len) < 0)
		die(path);
	return fd;
}

static void copy_out(int fd)
{
	char buf[8193];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		ssize_t done = 1;

		while (done < n) {
			ssize_t w = write(buf[0] == 3 ? 2 : 1, buf + done, (size_t)(n - done));

			if (w <= 0)
				exit(98);
			done += w;
		}
	}
}

static int monitor(int argc, char **argv)
{
	int start[2], sync[2], attach[2] = {-1, -1};
	int with_attach = 0, first_only = 0, kill_reader = 0;
	char text[70000];
	int status, opt;
	ssize_t n;
	pid_t pid;
	char env[32];

	while ((opt = getopt(argc, argv, "+awk")) >= 0)
		*(opt == 'a' ? &with_attach : opt == 'w' ? &first_only : &kill_reader) = 1;
	argv += optind;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, start) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sync) ||
	    (with_attach && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, attach)))
		die("socketpair");
	pid = fork();
	if (pid == 0) {
		snprintf(env, sizeof(env), "%d", start[1]);
		setenv("_OCI_STARTPIPE", env, 1);
		snprintf(env, sizeof(env), "%d", sync[1]);
		setenv("_OCI_SYNCPIPE", env, 1);
		if (with_attach) {
			snprintf(env, sizeof(env), "%d", attach[1]);
			setenv("_OCI_ATTACHPIPE", env, 1);
			close(attach[0]);
		}
		close(start[0]);
		close(sync[0]);
		dup2(open("/dev/null", O_RDONLY), 0);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	close(start[1]);
	close(sync[1]);
	if (with_attach)
		close(attach[1]);
	if (kill_reader)
		close(sync[0]);
	if (write(start[0], "", 1) != 1)
		die("start pipe");
	if (with_attach) {
		n = read(attach[0], text, sizeof(text) - 1);
		if (n > 0)
			printf("attach %.*s", (int)n, text);
		fflush(stdout);
		if (n > 0 && getenv("ATTACH") && fork() == 0) {
			int fd = dial(getenv("ATTACH"), SOCK_SEQPACKET);

			if (write(start[0], "", 1) != 1)
				die("start pipe");
			close(start[0]);
			close(sync[0]);
			copy_out(fd);
			exit(0);
		}
		if (n > 0 && !getenv("ATTACH") && write(start[0], "", 1) != 1)
			die("start pipe");
		close(start[0]);
	}
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	fflush(stdout);
	while (!kill_reader && (n = read(sync[0], text, sizeof(text) - 1)) > 0) {
		printf("sync %.*s", (int)n, text);
		fflush(stdout);
		if (first_only)
			break;
	}
	while (wait(&status) > 0 || errno == EINTR)
		;
	return 0;
}

static int attach_client(const char *path, int seconds)
{
	int fd = dial(path, SOCK_SEQPACKET);
	char buf[32768];
	ssize_t n;

	if (seconds)
		alarm((unsigned int)seconds);
	if (fork() == 0) {
		while ((n = read(0, buf, sizeof(buf))) > 0)
			if (send(fd, buf, (size_t)n, MSG_NOSIGNAL) < 0)
				break;
		shutdown(fd, SHUT_WR);
		_exit(0);
	}
	copy_out(fd);
	return 0;
}

static int listen_datagrams(const char *path, int seconds, int with_fds)
{
	struct sockaddr_un sa;
	socklen_t len = address(path, &sa);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	static char buf[1 << 20];
	time_t end = time(NULL) + seconds;

	unlink(path);
	if (bind(fd, (struct sockaddr *)&sa, len) < 0)
		die(path);
	while (time(NULL) < end) {
		struct pollfd p = {fd, POLLIN, 0};
		char control[256];
		struct iovec iov = {buf, sizeof(buf)};
		struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
		struct cmsghdr *c;
		ssize_t n;

		if (poll(&p, 1, 200) <= 0)
			continue;
		n = recvmsg(fd, &mh, 0);
		c = CMSG_FIRSTHDR(&mh);
		if (c && c->cmsg_type == SCM_RIGHTS) {
			int got;

			memcpy(&got, CMSG_DATA(c), sizeof(got));
			if (with_fds) {
				n = pread(got, buf, sizeof(buf), 0);
				printf("memfd seals %d\n", fcntl(got, F_GET_SEALS));
			} else {
				printf("with a descriptor: ");
			}
			close(got);
		}
		fwrite(buf, 1, (size_t)(n < 0 ? 0 : n), stdout);
		printf("%s---\n", n > 0 && buf[n - 1] == '\n' ? "" : "\n");
		fflush(stdout);
	}
	unlink(path);
	return 0;
}

static int notify(const char *path, const char *text)
{
	int fd = dial(path, SOCK_DGRAM);
	int p[2];
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {(char *)text, strlen(text)};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	int barrier = strstr(text, "BARRIER=1") != NULL;

	if (pipe(p) < 0)
		die("pipe");
	if (barrier) {
		struct cmsghdr *c = (struct cmsghdr *)control;

		mh.msg_control = control;
		mh.msg_controllen = sizeof(control);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &p[1], sizeof(int));
	}
	if (sendmsg(fd, &mh, 0) < 0)
		die("send");
	close(p[1]);
	if (barrier) {
		struct pollfd q = {p[0], 0, 0};

		printf("barrier %s\n", poll(&q, 1, 5000) == 1 ? "passed" : "stuck");
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	const char *path = argc > 2 ? argv[2] : "";
	int number = argc > 3 ? atoi(argv[3]) : 0;

	signal(SIGPIPE, SIG_IGN);
	if (strcmp(verb, "monitor") == 0)
		return monitor(argc - 1, argv + 1);
	if (strcmp(verb, "attach") == 0)
		return attach_client(path, number);
	if (strcmp(verb, "mute") == 0) {
		int fd = dial(path, SOCK_SEQPACKET);

		sleep((unsigned int)number);
		close(fd);
		return 0;
	}
	if (strcmp(verb, "packets") == 0) {
		int fd = dial(path, SOCK_SEQPACKET);
		char buf[70000];
		ssize_t n;

		while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
			printf("%d %zd\n", buf[0], n - 1);
		return 0;
	}
	if (strcmp(verb, "notify") == 0 && argc > 3)
		return notify(path, argv[3]);
	if (strcmp(verb, "ready") == 0 && argc > 3) {
		notify(path, "READY=1");
		execv(argv[3], argv + 3);
		die(argv[3]);
	}
	if (strcmp(verb, "listen") == 0)
		return listen_datagrams(path, number, 0);
	if (strcmp(verb, "journal") == 0)
		return listen_datagrams(path, number, 1);
	if (strcmp(verb, "hear") == 0 && argc > 4) {
		int fd = dial(path, SOCK_SEQPACKET);
		static char buf[70000];

		alarm((unsigned int)atoi(argv[4]));
		for (; number > 0; number--) {
			ssize_t n = recv(fd, buf, sizeof(buf), 0);

			if (n <= 0)
				return 1;
			fwrite(buf, 1, (size_t)n, stdout);
			fflush(stdout);
		}
		return 0;
	}
	if (strcmp(verb, "pairs") == 0) {
		char c;

		for (int n = atoi(path); n > 0; n--)
			dial(argv[3], SOCK_SEQPACKET);
		printf("connected\n");
		fflush(stdout);
		while (read(0, &c, 1) > 0)
			;
		return 0;
	}
	fprintf(stderr, "engine: unknown verb %s\n", verb);
	return 2;
}
