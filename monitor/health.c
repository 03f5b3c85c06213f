// SPDX-License-Identifier: Apache-2.0
#include "health.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "keeper.h"
#include "log.h"
#include "sdnotify.h"
#include "signals.h"
#include "sock.h"

enum { OUTPUT = 500, SUBSCRIBERS = 16 };

struct result {
	int64_t start; /* wall, ns */
	int64_t end;
	int code;
	char output[OUTPUT + 1];
};

struct check {
	int listen;
	int subscriber[SUBSCRIBERS]; /* -1 = free */
	int output;		     /* of the check that runs; -1 = none runs */
	size_t output_len;
	bool running;
	bool late;	 /* its time is over and it has been killed */
	int64_t began;	 /* when the container ran, ns monotonic */
	int64_t next;	 /* the next check; while one runs: when its time is over */
	int64_t kill_at; /* stop: when KILL follows; 0 = not stopping */
	struct result at_work;
	struct result *ring;
	uint32_t count;
	uint32_t first;
};

struct health_now health_next(struct health_now now, bool good, bool in_start_period,
			      uint32_t retries)
{
	if (good)
		return (struct health_now){HEALTH_HEALTHY, 0};
	/* failures in the start period do not count, until it has been healthy once */
	if (in_start_period && now.state == HEALTH_STARTING)
		return now;
	now.streak++;
	if (now.streak >= retries)
		now.state = HEALTH_UNHEALTHY;
	return now;
}

static const char *const state_names[] = {"starting", "healthy", "unhealthy"};

static const char *state_text(struct monitor *m, struct arena *a)
{
	struct check *c = m->check;
	struct buf b = BUF_INIT(a);

	buf_fmt(&b, "{\"Status\":\"%s\",\"FailingStreak\":%u,\"Log\":[",
		state_names[m->spool.h->health], m->spool.h->health_streak);
	for (uint32_t i = 0; i < c->count; i++) {
		const struct result *r = &c->ring[(c->first + i) % m->args.health.log_count];
		char start[40];
		char end[40];

		tz_stamp_utc(r->start, start);
		tz_stamp_utc(r->end, end);
		buf_fmt(&b, "%s{\"Start\":\"%s\",\"End\":\"%s\",\"ExitCode\":%d,\"Output\":",
			i ? "," : "", start, end, r->code);
		buf_json_str(&b, r->output);
		buf_str(&b, "}");
	}
	buf_str(&b, "]}\n");
	return b.data;
}

static void publish(struct monitor *m, bool changed)
{
	struct check *c = m->check;
	struct arena mark = *m->a;
	const char *text = state_text(m, m->a);
	char path[4096];

	fmt(path, sizeof(path), "%s/health.json", m->args.raw.bundle);
	(void)fd_replace_file(AT_FDCWD, path, 0644, text, strlen(text));
	for (int i = 0; changed && i < SUBSCRIBERS; i++)
		if (c->subscriber[i] >= 0 && SYS_RETRY(sendto, c->subscriber[i], text, strlen(text),
						       MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0) < 0)
			fd_drop(&c->subscriber[i]);
	arena_rewind(m->a, mark);
}

int health_open(struct monitor *m, struct err *err)
{
	const struct health_args *h = &m->args.health;
	struct check *c;
	auto_fd dir = -1;

	if (!h->cmd.n)
		return 0;
	c = arena_new(m->a, struct check);
	c->listen = -1;
	c->output = -1;
	for (int i = 0; i < SUBSCRIBERS; i++)
		c->subscriber[i] = -1;
	c->ring = arena_array(m->a, struct result, h->log_count ? h->log_count : 1);
	m->check = c;
	dir = sys_openat(AT_FDCWD, m->args.raw.bundle, O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return err_sys(err, dir, "open the bundle %s", m->args.raw.bundle);
	sys_unlinkat(dir, "health", 0);
	SYS(umask, 0077);
	c->listen = sock_listen(dir, "./health", SOCK_SEQPACKET | SOCK_NONBLOCK);
	SYS(umask, 0022);
	return c->listen < 0 ? err_sys(err, c->listen, "listen on %s/health", m->args.raw.bundle)
			     : 0;
}

static bool starting(const struct monitor *m, int64_t now)
{
	return m->spool.h->health == HEALTH_STARTING &&
	       now < m->check->began + m->args.health.start_period;
}

static void schedule(struct monitor *m, int64_t now)
{
	const struct health_args *h = &m->args.health;

	m->check->next = now + (starting(m, now) ? h->start_interval : h->interval);
}

void health_begin(struct monitor *m)
{
	if (!m->check)
		return;
	m->check->began = m->resumed ? m->spool.h->started_mono : now_mono();
	schedule(m, now_mono());
	publish(m, false);
}

static void start_check(struct monitor *m, int64_t now)
{
	struct check *c = m->check;
	int p[2];

	schedule(m, now);
	if (SYS(pipe2, p, O_CLOEXEC | O_NONBLOCK) < 0)
		return;
	sys_fcntl(p[1], F_SETFL, O_WRONLY);
	keeper_hold(m, KEEP_CHECK_OUT, p[1]);
	keeper_say(m, K_CHECK, 0);
	keeper_say(m, K_DROP, KEEP_CHECK_OUT);
	sys_close(p[1]);
	fd_drop(&c->output);
	c->output = p[0];
	c->output_len = 0;
	c->running = true;
	c->late = false;
	c->next = now + m->args.health.timeout;
	c->at_work = (struct result){.start = now_wall()};
}

static void read_output(struct monitor *m)
{
	struct check *c = m->check;
	char more[1024] = {0};

	while (c->output >= 0) {
		bool full = c->output_len == OUTPUT;
		ssize_t n = sys_read(c->output, full ? more : c->at_work.output + c->output_len,
				     full ? sizeof(more) : OUTPUT - c->output_len);

		if (n == -EAGAIN)
			return;
		if (n <= 0)
			fd_drop(&c->output);
		else if (!full)
			c->output_len += (size_t)n;
	}
}

static void stop(struct monitor *m, int sig)
{
	if (m->check->kill_at)
		return;
	m->check->kill_at = now_mono() + m->args.health.stop_timeout;
	signals_send(m, sig);
}

static void became_unhealthy(struct monitor *m)
{
	const struct health_args *h = &m->args.health;

	switch (h->action) {
	case HEALTH_NONE:
		break;
	case HEALTH_KILL:
		signals_send(m, SIGKILL);
		break;
	case HEALTH_RESTART:
		m->spool.h->restart = 1;
		stop(m, h->stop_signal);
		break;
	case HEALTH_STOP:
		stop(m, h->stop_signal);
		break;
	}
}

void health_result(struct monitor *m, int status)
{
	struct check *c = m->check;
	struct spool_head *s = m->spool.h;
	const struct health_args *h = &m->args.health;
	int64_t now = now_mono();
	enum health_state old;
	struct health_now next;

	if (!c || !c->running)
		return;
	old = s->health;
	read_output(m);
	fd_drop(&c->output);
	c->running = false;
	c->at_work.end = now_wall();
	c->at_work.code = c->late		? -1
			  : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
						: WEXITSTATUS(status);
	if (c->late)
		fmt(c->at_work.output, OUTPUT, "health check took longer than %lld ms",
		    (long long)(h->timeout / 1000000));
	if (h->log_count) {
		if (c->count == h->log_count)
			c->first = (c->first + 1) % h->log_count;
		else
			c->count++;
		c->ring[(c->first + c->count - 1) % h->log_count] = c->at_work;
	}
	next = health_next((struct health_now){old, s->health_streak}, c->at_work.code == 0,
			   now < c->began + h->start_period, h->retries);
	s->health = next.state;
	s->health_streak = next.streak;
	schedule(m, now);
	publish(m, next.state != old);
	if (next.state == old)
		return;
	log_msg(next.state == HEALTH_UNHEALTHY ? LOG_WARNING : LOG_INFO, "%s: is %s (was %s): %s",
		m->args.raw.cid, state_names[next.state], state_names[old], c->at_work.output);
	if (next.state == HEALTH_HEALTHY && m->args.ready_on_healthy && old == HEALTH_STARTING)
		sdnotify_say(m, "READY=1\n");
	if (next.state == HEALTH_UNHEALTHY)
		became_unhealthy(m);
}

static void output_ready(struct monitor *m, void *arg, short revents)
{
	(void)arg;
	(void)revents;
	read_output(m);
}

static void subscribe(struct monitor *m, void *arg, short revents)
{
	struct check *c = m->check;
	int fd = (int)SYS(accept4, c->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct arena mark = *m->a;
	const char *text;

	(void)arg;
	(void)revents;
	if (fd < 0)
		return;
	for (int i = 0; i < SUBSCRIBERS; i++)
		if (c->subscriber[i] < 0) {
			c->subscriber[i] = fd_steal(&fd);
			text = state_text(m, m->a);
			SYS_RETRY(sendto, c->subscriber[i], text, strlen(text),
				  MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
			break;
		}
	arena_rewind(m->a, mark);
	fd_drop(&fd);
}

static void subscriber_gone(struct monitor *m, void *arg, short revents)
{
	char none[16];

	(void)m;
	if (revents & (POLLHUP | POLLERR) ||
	    SYS(recvfrom, *(int *)arg, none, sizeof(none), MSG_DONTWAIT, NULL, NULL) <= 0)
		fd_drop(arg);
}

void health_polls(struct monitor *m, struct polls *p)
{
	struct check *c = m->check;
	int64_t now;

	if (!c || c->listen < 0)
		return;
	polls_add(p, c->listen, POLLIN, subscribe, NULL);
	for (int i = 0; i < SUBSCRIBERS; i++)
		polls_add(p, c->subscriber[i], POLLIN, subscriber_gone, &c->subscriber[i]);
	polls_add(p, c->output, POLLIN, output_ready, NULL);
	if (!c->began || m->finishing)
		return;
	now = now_mono();
	if (c->kill_at && now >= c->kill_at) {
		c->kill_at = INT64_MAX;
		signals_send(m, SIGKILL);
	}
	if (now >= c->next) {
		if (!c->running) {
			start_check(m, now);
		} else {
			c->late = true;
			c->next = now + m->args.health.timeout;
			keeper_say(m, K_END_CHECK, 0);
		}
	}
	polls_until(p, c->next);
	if (c->kill_at != INT64_MAX)
		polls_until(p, c->kill_at);
}

void health_close(struct monitor *m)
{
	struct check *c = m->check;
	char path[4096];

	if (!c)
		return;
	for (int i = 0; i < SUBSCRIBERS; i++)
		fd_drop(&c->subscriber[i]);
	fd_drop(&c->output);
	if (c->running)
		keeper_say(m, K_END_CHECK, 0);
	fd_drop(&c->listen);
	fmt(path, sizeof(path), "%s/health", m->args.raw.bundle);
	sys_unlinkat(AT_FDCWD, path, 0);
}
