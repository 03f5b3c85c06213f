/* SPDX-License-Identifier: Apache-2.0 */
/* How a monitor comes to be: from an engine's command line, or as the successor of a killed one. */
#ifndef PROA_MONITOR_BIRTH_H
#define PROA_MONITOR_BIRTH_H

#include "monitor.h"

/*
 * From the command line: waits on the start pipe, detaches, makes all that the container is given,
 * forks the keeper. The order is conmon's (engines rely on it): sockets and fifos in the bundle are
 * there before the runtime runs. `argv` is kept for a successor. On failure the engine is still to
 * be told.
 */
int birth_start(struct monitor *m, char **argv, struct err *err) must_check;
/* --resume: takes over from the keeper of args.raw.resume, with the arguments and the environment
 * that the first monitor had. */
int birth_resume(struct monitor *m, struct err *err) must_check;

#endif
