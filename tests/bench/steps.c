// SPDX-License-Identifier: Apache-2.0
/*
 * Counts the user instructions of a command and all its children, by stepping through them one at a
 * time: exact and repeatable where a machine has no performance counters.
 *   steps [-s] COMMAND...       prints the sum; -s: each program address's count instead, for a profile
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROFILE = 1 << 22, BASE = 0x400000 };
static unsigned int *profile;

int main(int argc, char **argv)
{
	long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
		       PTRACE_O_EXITKILL;
	unsigned long steps = 0;
	unsigned long long last = 0;
	pid_t last_pid = 0;
	int status = 0;
	pid_t first;
	pid_t pid;

	if (argc > 2 && strcmp(argv[1], "-s") == 0) {
		profile = calloc(PROFILE, sizeof(*profile));
		argv++;
	}
	first = fork();
	if (first == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	waitpid(first, &status, 0);
	ptrace(PTRACE_SETOPTIONS, first, NULL, options);
	ptrace(PTRACE_CONT, first, NULL, NULL);
	/* our own fork does not count: from the first execve on */
	waitpid(first, &status, 0);
	ptrace(PTRACE_SINGLESTEP, first, NULL, NULL);
	status = 0;
	for (;;) {
		int s;
		int sig = 0;

		pid = waitpid(-1, &s, __WALL);
		if (pid < 0)
			break;
		if (WIFEXITED(s) || WIFSIGNALED(s)) {
			if (pid == first)
				status = WIFEXITED(s) ? WEXITSTATUS(s) : 128 + WTERMSIG(s);
			continue;
		}
		if (WSTOPSIG(s) == SIGTRAP) {
			if (s >> 16 == 0) {
				struct user_regs_struct r;

				/* a rep prefix stops at each round: it is one instruction */
				ptrace(PTRACE_GETREGS, pid, NULL, &r);
				if (r.rip != last || pid != last_pid)
					steps++;
				if (profile && (r.rip != last || pid != last_pid) && r.rip >= BASE &&
				    r.rip < BASE + PROFILE)
					profile[r.rip - BASE]++;
				last = r.rip;
				last_pid = pid;
			}
		} else if (WSTOPSIG(s) != SIGSTOP) {
			sig = WSTOPSIG(s);
		}
		ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)(long)sig);
	}
	if (profile)
		for (unsigned long i = 0; i < PROFILE; i++) {
			if (profile[i])
				printf("%lx %u\n", BASE + i, profile[i]);
		}
	else
		printf("%lu\n", steps);
	return status;
}
