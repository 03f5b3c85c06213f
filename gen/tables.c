// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
/*
 * Runs while building: asks libseccomp for the number of every system call it knows on each
 * architecture of our family, and libcap for the names of the capabilities, and prints them as C
 * tables. So the runtime answers like the libraries without carrying or starting them (libcap's
 * constructor alone makes 7 system calls, libseccomp is 180 KiB), and the unit tests compare the
 * result with the libraries themselves.
 */
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#if defined(__x86_64__)
static const uint32_t archs[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};
#elif defined(__aarch64__)
static const uint32_t archs[] = {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM};
#else
static const uint32_t archs[] = {SCMP_ARCH_NATIVE};
#endif
enum { ARCHS = sizeof(archs) / sizeof(archs[0]), MAX = 1024, HASH = 2048 };

/* Calls newer than Debian 12's libseccomp; since Linux 5.1 a number is the same everywhere. */
static const struct {
	const char *name;
	int nr;
} newer[] = {
	{"cachestat", 451},	     {"fchmodat2", 452},	 {"map_shadow_stack", 453},
	{"futex_wake", 454},	     {"futex_wait", 455},	 {"futex_requeue", 456},
	{"statmount", 457},	     {"listmount", 458},	 {"lsm_get_self_attr", 459},
	{"lsm_set_self_attr", 460},  {"lsm_list_modules", 461}, {"mseal", 462},
	{"setxattrat", 463},	     {"getxattrat", 464},	 {"listxattrat", 465},
	{"removexattrat", 466},	     {"open_tree_attr", 467},	 {"file_getattr", 468},
	{"file_setattr", 469},
};
enum { NEWER = sizeof(newer) / sizeof(newer[0]) };

static char *names[MAX];
static int count;

static void add(char *name)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0) {
			free(name);
			return;
		}
	}
	if (count == MAX)
		abort();
	names[count++] = name;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static unsigned int hash(const char *s)
{
	unsigned int h = 5381;

	for (; *s; s++)
		h = h * 33 + (unsigned char)*s;
	return (h ^ h >> 11) & (HASH - 1);
}

static int number(uint32_t arch, const char *name)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, name);

	for (int i = 0; i < NEWER && nr == __NR_SCMP_ERROR; i++)
		if (strcmp(newer[i].name, name) == 0)
			nr = newer[i].nr;
	if (nr >= 0)
		return nr & 0x3fffffff;
	/* only i386 (of these) has socketcall(2) and ipc(2) */
	return arch == SCMP_ARCH_X86 && nr > -1000 ? nr : -1;
}

/* The number that a call of socketcall(2) or ipc(2) has of its own since Linux 4.3 and 5.1. */
static int direct(uint32_t arch, const char *name)
{
	for (int nr = 0; nr < 2048; nr++) {
		char *other = seccomp_syscall_resolve_num_arch(arch, nr);
		int same = other && strcmp(other, name) == 0;

		free(other);
		if (same)
			return nr;
	}
	return -1;
}

static void print_capabilities(void)
{
	printf("/* made by gen/tables.c from libcap; do not edit */\n");
	printf("static const struct name gen_capabilities[] = {\n");
	for (int c = 0; c <= CAP_LAST_CAP; c++) {
		char *name = cap_to_name(c);

		for (char *p = name; *p; p++)
			*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
		printf("\t{\"%s\", %d},\n", name, c);
	}
	printf("\t{NULL, 0},\n};\n");
}

static void print_errors(void)
{
	printf("/* made by gen/tables.c from glibc's strerrordesc_np; do not edit */\n");
	printf("static const char *const gen_errors[] = {\n");
	for (int e = 0; e < 134; e++)
		if (strerrordesc_np(e))
			printf("\t[%d] = \"%s\",\n", e, strerrordesc_np(e));
	printf("};\n");
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "errors") == 0) {
		print_errors();
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "capabilities") == 0) {
		print_capabilities();
		return 0;
	}
	static int slots[HASH];
	static const int pseudo[][2] = {{-130, -100}, {-230, -200}, {-10400, -10000}};

	for (int a = 0; a < ARCHS; a++) {
		for (int nr = 0; nr < 2048; nr++) {
			int n = archs[a] == SCMP_ARCH_X32 ? nr | 0x40000000 : nr;
			char *name = seccomp_syscall_resolve_num_arch(archs[a], n);

			if (name)
				add(name);
		}
		for (size_t p = 0; p < sizeof(pseudo) / sizeof(pseudo[0]); p++) {
			for (int nr = pseudo[p][0]; nr <= pseudo[p][1]; nr++) {
				char *name = seccomp_syscall_resolve_num_arch(archs[a], nr);

				if (name)
					add(name);
			}
		}
	}
	for (int i = 0; i < NEWER; i++)
		add(strdup(newer[i].name));
	qsort(names, (size_t)count, sizeof(names[0]), by_name);
	printf("/* made by gen/tables.c from libseccomp %u.%u.%u; do not edit */\n",
	       seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro);
	printf("#define GEN_LIBSECCOMP_VERSION \"%u.%u.%u\"\n", seccomp_version()->major,
	       seccomp_version()->minor, seccomp_version()->micro);
	printf("#define GEN_HASH_SIZE %d\n", HASH);
	printf("/* numbers: -1 = not on that architecture; -101.. and -201.. = a call of\n"
	       " * socketcall(2) and ipc(2); x32 numbers are without their bit 30 */\n");
	printf("static const struct gen_syscall gen_syscalls[] = {\n");
	for (int i = 0; i < count; i++) {
		printf("\t{\"%s\", {", names[i]);
		int own = -1;

		for (int a = 0; a < ARCHS; a++) {
			int nr = number(archs[a], names[i]);

			printf("%s%d", a ? ", " : "", nr);
			if (nr < -1)
				own = direct(archs[a], names[i]);
		}
		printf("}, %d},\n", own);
	}
	printf("};\n");
	for (int i = 0; i < count; i++) {
		unsigned int h = hash(names[i]);

		while (slots[h])
			h = (h + 1) & (HASH - 1);
		slots[h] = i + 1;
	}
	printf("static const uint16_t gen_syscall_hash[GEN_HASH_SIZE] = {");
	for (int i = 0; i < HASH; i++)
		printf("%s%d,", i % 16 ? " " : "\n\t", slots[i]);
	printf("\n};\n");
	return 0;
}
