/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: clone3, pidfds, waiting, and running a helper program. */
#ifndef PROA_LIB_PROC_H
#define PROA_LIB_PROC_H

#include <linux/sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* clone3(2); the child calls fn(arg), which never returns. pid or -errno. With args->stack set the
 * child runs there (CLONE_VM), else on a copy of the caller's stack. */
long proc_clone(struct clone_args *args, void (*fn)(void *), void *arg);

/* Waits for the end of a child. Its status as the shell shows it (0-255, 128+signal), or -errno. */
int proc_wait(pid_t pid);
/* waitpid's raw status word of a child that has ended; -errno. */
int proc_wait_raw(pid_t pid, int *ret_status);
/* Waits until pidfd's process has ended or `ms` have passed (-1: for ever). 1, 0 or -errno. */
int proc_wait_fd(int pidfd, int ms);

/* Field 22 of /proc/PID/stat (proc_pid_stat(5)) and the state letter. 0 or -errno. */
int proc_stat(int proc_dir, pid_t pid, uint64_t *ret_start, char *ret_state);

struct helper {
	const char *path; /* absolute, or a name that is looked up in PATH of the environment */
	char **argv;
	char **env;    /* NULL = an empty one */
	int in;	       /* descriptor for 0; -1 = /dev/null */
	int out;       /* for 1 and 2; -1 = /dev/null */
	int err;       /* for 2 alone; 0 = as out */
	int timeout_s; /* 0 = none; SIGKILL after it */
	int cwd;       /* directory descriptor or -1 */
};

enum { HELPER_TIMED_OUT = 1 << 16 };

/* Runs a program to its end. Raw wait status, HELPER_TIMED_OUT, or -errno when it could not be
 * run (as execve says). Safe in a CLONE_VM child: no allocation, nothing shared is written. */
int helper_run(const struct helper *h);

/* Becomes h->path, found as helper_run finds it; comes back only with what execve said, -errno. */
int helper_exec(const struct helper *h);

/* The value of NAME in an environment; NULL if it is not there. */
const char *env_get(char *const *env, const char *name);

#endif
