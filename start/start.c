// SPDX-License-Identifier: Apache-2.0
/*
 * The entry of our programs, in place of glibc's.
 *
 * An empty static glibc program costs 0.6 ms of CPU on a virtual machine (measured with 100 runs;
 * the CPUID instructions of its cache detection each leave the guest) and 680 KiB; proa starts for
 * every verb, and twice where it protects its own executable. Our code makes its system calls
 * itself (lib/sys.h), uses neither stdio nor malloc nor locale, and so needs of a C library only
 * what is in libc.c. glibc's headers are used as they are; the unit tests link glibc itself.
 */
#include <asm/prctl.h>
#include <elf.h>
#include <stddef.h>

#include "start.h"
#include "sys.h"

int main(int argc, char **argv, char **environ);

static char **the_environ;
static const unsigned long *the_auxv;

char *getenv(const char *name)
{
	for (char **e = the_environ; *e; e++) {
		size_t i = 0;

		while (name[i] && (*e)[i] == name[i])
			i++;
		if (!name[i] && (*e)[i] == '=')
			return *e + i + 1;
	}
	return NULL;
}

unsigned long getauxval(unsigned long type)
{
	for (const unsigned long *a = the_auxv; a[0] != AT_NULL; a += 2)
		if (a[0] == type)
			return a[1];
	return 0;
}

/* gcc's stack protector keeps its canary in the thread block on x86-64, in a variable elsewhere. */
#if defined(__x86_64__)
static struct {
	void *self;
	char pad[0x20];
	unsigned long canary;
} thread;

static void set_canary(unsigned long v)
{
	thread.self = &thread;
	thread.canary = v;
	SYS(arch_prctl, ARCH_SET_FS, &thread);
}
#else
unsigned long __stack_chk_guard;

static void set_canary(unsigned long v)
{
	__stack_chk_guard = v;
}
#endif

_Noreturn void __stack_chk_fail(void);
_Noreturn void __stack_chk_fail(void)
{
	static const char text[] = "proa: stack overwritten: this is a bug, please report it\n";

	(void)sys_write(2, text, sizeof(text) - 1);
	sys_exit(134);
}

_Noreturn void start_c(unsigned long *sp);
_Noreturn __attribute__((used, optimize("no-stack-protector"))) void start_c(unsigned long *sp)
{
	int argc = (int)sp[0];
	char **argv = (char **)(sp + 1);
	char **env = argv + argc + 1;
	const unsigned long *random;

	the_environ = env;
	while (*env)
		env++;
	the_auxv = (const unsigned long *)(env + 1);
	random = (const unsigned long *)getauxval(AT_RANDOM);
	/* its lowest byte is zero, so that no string can write it */
	set_canary(random ? random[0] & ~0xffUL : 0);
	sys_exit(main(argc, argv, the_environ));
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start_c\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl start_c\n");
#else
__asm__(".globl _start\n_start:\n\tmv a0, sp\n\tandi sp, sp, -16\n\tcall start_c\n");
#endif
