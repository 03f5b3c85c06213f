// SPDX-License-Identifier: Apache-2.0
#include "hooks.h"

#include <linux/memfd.h>
#include <string.h>
#include <sys/wait.h>

#include "fd.h"
#include "log.h"
#include "proc.h"

char *hooks_state_head(const char *id, const char *bundle, const struct pairs *annotations,
		       struct arena *a)
{
	struct buf b = BUF_INIT(a);

	buf_str(&b, "{\"ociVersion\":\"" OCI_VERSION "\",\"id\":");
	buf_json_str(&b, id);
	buf_str(&b, ",\"bundle\":");
	buf_json_str(&b, bundle);
	if (annotations->n) {
		buf_str(&b, ",\"annotations\":{");
		for (uint32_t i = 0; i < annotations->n; i++) {
			buf_str(&b, i ? "," : "");
			buf_json_str(&b, annotations->v[i].key);
			buf_str(&b, ":");
			buf_json_str(&b, annotations->v[i].value);
		}
		buf_str(&b, "}");
	}
	return b.data;
}

/* A file in memory: a hook that does not read its stdin, or writes much, can block nobody. */
static int memory_file(const char *name)
{
	return (int)SYS(memfd_create, name, MFD_CLOEXEC);
}

static int state_file(const char *head, const char *status, pid_t pid)
{
	char tail[64];
	int fd = memory_file("state");
	int r = fd;

	if (fd < 0)
		return fd;
	fmt(tail, sizeof(tail), ",\"status\":\"%s\",\"pid\":%d}", status, pid);
	r = fd_write_all(fd, head, strlen(head));
	if (r == 0)
		r = fd_write_all(fd, tail, strlen(tail));
	if (r == 0)
		r = (int)SYS(lseek, fd, 0, 0);
	if (r < 0) {
		sys_close(fd);
		return r;
	}
	return fd;
}

static void last_words(int out, char *text, size_t size)
{
	long end = SYS(lseek, out, 0, 2);
	long n = 0;

	if (end > 0)
		n = SYS(pread64, out, text, size - 1,
			end > (long)size - 1 ? end - (long)size + 1 : 0);
	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		text[--n] = '\0';
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20)
			*p = ' ';
}

static const char *signal_words(int sig)
{
	return sig == 31   ? "bad system call"
	       : sig == 9  ? "killed"
	       : sig == 11 ? "segmentation fault"
			   : "signal";
}

static int judge(const char *name, uint32_t index, const struct hook *h, int status, int out,
		 struct err *err)
{
	char text[256];

	if (status == 0)
		return 0;
	last_words(out, text, sizeof(text));
	if (status < 0)
		return err_sys(err, status, "error running %s hook #%u: exec %s", name, index,
			       h->path);
	if (status == HELPER_TIMED_OUT)
		return err_set(err, ETIMEDOUT,
			       "error running %s hook #%u: %s: killed after its timeout of %ld s",
			       name, index, h->path, (long)h->timeout.v);
	if (WIFSIGNALED(status))
		return err_set(err, ECHILD, "error running %s hook #%u: %s: %s (signal %d)%s%s",
			       name, index, h->path, signal_words(WTERMSIG(status)),
			       WTERMSIG(status), *text ? ": " : "", text);
	return err_set(err, ECHILD, "error running %s hook #%u: %s: exit status %d%s%s", name,
		       index, h->path, WEXITSTATUS(status), *text ? ": " : "", text);
}

int hooks_output(struct hook_list *l, const struct pairs *annotations, struct err *err)
{
	static const char *const keys[] = {"run.oci.hooks.stdout", "run.oci.hooks.stderr"};
	int *fds[] = {&l->out, &l->err};

	for (int i = 0; i < 2; i++) {
		const char *path = pairs_get(annotations, keys[i]);

		if (!path)
			continue;
		*fds[i] =
			sys_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY, 0644);
		if (*fds[i] < 0)
			return err_sys(err, *fds[i], "/annotations/%s: %s", keys[i], path);
	}
	return 0;
}

/* All of a memory file, to the end of another. */
static void append(int from, int to)
{
	char data[4096];
	ssize_t n;

	for (long at = 0; to > 0; at += n) {
		n = SYS(pread64, from, data, sizeof(data), at);
		if (n <= 0 || fd_write_all(to, data, (size_t)n) < 0)
			return;
	}
}

int hooks_run(const struct hook_list *l, const char *head, const char *status, pid_t pid,
	      char **env, int cwd, struct err *err)
{
	for (uint32_t i = 0; i < l->hooks->n; i++) {
		const struct hook *h = list_at(*l->hooks, struct hook, i);
		char *just_path[] = {(char *)h->path, NULL};
		auto_fd in = state_file(head, status, pid);
		auto_fd out = memory_file("output");
		auto_fd errors = l->out || l->err ? memory_file("errors") : -1;
		struct helper run = {
			.path = h->path,
			.argv = h->args.n ? h->args.v : just_path,
			.env = h->env.set ? h->env.v : env,
			.in = in,
			.out = out,
			.err = errors >= 0 ? errors : 0,
			.timeout_s = h->timeout.set ? (int)h->timeout.v : 0,
			.cwd = cwd,
		};

		int r;

		if (in < 0 || out < 0)
			return err_sys(err, in < 0 ? in : out, "%s hook #%u: memfd_create", l->name,
				       i);
		r = judge(l->name, i, h, helper_run(&run), errors >= 0 ? errors : out, err);
		append(out, l->out);
		append(errors, l->err);
		if (r < 0)
			return -1;
	}
	return 0;
}
