/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health checks: a command run in the container by the runtime's exec, on a timer of ours.
 *
 * The state and the last results are in BUNDLE/health.json, in the form that `podman inspect` and
 * `docker inspect` show; who connects to the SEQPACKET socket BUNDLE/health gets that text, and
 * again at each change. Only changes are logged.
 */
#ifndef PROA_MONITOR_HEALTH_H
#define PROA_MONITOR_HEALTH_H

#include "monitor.h"

enum health_state { HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

/* Pure: what one result makes of the state. */
struct health_now {
	enum health_state state;
	uint32_t streak;
};
struct health_now health_next(struct health_now now, bool good, bool in_start_period,
			      uint32_t retries);

int health_open(struct monitor *m, struct err *err) must_check;
/* The container is running: the clock begins. */
void health_begin(struct monitor *m);
void health_polls(struct monitor *m, struct polls *p);
/* A check has ended, with a raw wait status. */
void health_result(struct monitor *m, int status);
void health_close(struct monitor *m);

#endif
