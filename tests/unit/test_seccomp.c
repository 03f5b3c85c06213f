// SPDX-License-Identifier: Apache-2.0
/*
 * Our seccomp program against libseccomp's: both are run by a BPF interpreter for every system call
 * number of every architecture, with argument values at the edges of the profile's conditions.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../tap.h"
#include "fd.h"
#include "json.h"
#include "config.h"
#include "seccomp_profile.h"

/* ---- the interpreter: what seccomp allows of classic BPF ---- */

static uint32_t load(const struct seccomp_data *d, uint32_t at)
{
	uint32_t v;

	memcpy(&v, (const char *)d + at, 4);
	return v;
}

static long run(const struct sock_filter *f, uint32_t len, const struct seccomp_data *d)
{
	uint32_t a = 0;
	uint32_t x = 0;
	uint32_t mem[16] = {0};

	for (uint32_t pc = 0; pc < len; pc++) {
		const struct sock_filter *i = &f[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(d, i->k);
			break;
		case BPF_LD | BPF_MEM:
			a = mem[i->k];
			break;
		case BPF_LDX | BPF_MEM:
			x = mem[i->k];
			break;
		case BPF_ST:
			mem[i->k] = a;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_MISC | BPF_TXA:
			a = x;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			printf("# instruction %u: unknown code 0x%x\n", pc, i->code);
			return -1;
		}
	}
	return -1;
}

/* ---- the oracle ---- */

static uint32_t scmp_action(const struct name *n, struct opt_u32 e)
{
	uint32_t data = e.set ? e.v : EPERM;

	switch ((uint32_t)n->value) {
	case SECCOMP_RET_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case SECCOMP_RET_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case SECCOMP_RET_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_RET_ERRNO:
		return SCMP_ACT_ERRNO(data);
	case SECCOMP_RET_TRACE:
		return SCMP_ACT_TRACE(data);
	case SECCOMP_RET_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_RET_USER_NOTIF:
		return SCMP_ACT_NOTIFY;
	default:
		return SCMP_ACT_ALLOW;
	}
}

static const enum scmp_compare ops[] = {SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE,	     SCMP_CMP_EQ,
					SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ};

static void oracle_rule(scmp_filter_ctx ctx, uint32_t act, int nr, const struct seccomp_rule *r)
{
	struct scmp_arg_cmp args[6];
	unsigned int used = 0;
	bool twice = false;

	for (uint32_t i = 0; i < r->args.n; i++) {
		const struct seccomp_arg *a = list_at(r->args, struct seccomp_arg, i);

		args[i] = (struct scmp_arg_cmp){(unsigned int)a->index.v, ops[a->op->value],
						a->value.v, a->valueTwo.v};
		twice |= used >> a->index.v & 1;
		used |= 1U << a->index.v;
	}
	if (!twice) {
		seccomp_rule_add_array(ctx, act, nr, r->args.n, args);
		return;
	}
	for (uint32_t i = 0; i < r->args.n; i++)
		seccomp_rule_add_array(ctx, act, nr, 1, &args[i]);
}

static uint32_t oracle(const struct seccomp *s, struct sock_filter *out)
{
	uint32_t def = scmp_action(s->defaultAction, s->defaultErrnoRet);
	scmp_filter_ctx ctx = seccomp_init(def);
	int fd = memfd_create("bpf", 0);
	ssize_t n;

	for (uint32_t i = 0; i < s->architectures.n; i++) {
		if (strcmp(s->architectures.v[i], "SCMP_ARCH_X86") == 0)
			seccomp_arch_add(ctx, SCMP_ARCH_X86);
		if (strcmp(s->architectures.v[i], "SCMP_ARCH_X32") == 0)
			seccomp_arch_add(ctx, SCMP_ARCH_X32);
	}
	for (uint32_t i = 0; i < s->syscalls.n; i++) {
		const struct seccomp_rule *r = list_at(s->syscalls, struct seccomp_rule, i);
		uint32_t act = scmp_action(r->action, r->errnoRet);

		for (uint32_t j = 0; j < r->names.n && act != def; j++) {
			int nr = seccomp_syscall_resolve_name(r->names.v[j]);

			if (nr != __NR_SCMP_ERROR)
				oracle_rule(ctx, act, nr, r);
		}
	}
	seccomp_export_bpf(ctx, fd);
	lseek(fd, 0, SEEK_SET);
	n = read(fd, out, sizeof(*out) * 32768);
	close(fd);
	seccomp_release(ctx);
	return n > 0 ? (uint32_t)n / (uint32_t)sizeof(*out) : 0;
}

/* ---- comparing ---- */

struct values {
	uint64_t v[64];
	int n;
};

static void add_value(struct values *s, uint64_t v)
{
	for (int i = 0; i < s->n; i++)
		if (s->v[i] == v)
			return;
	if (s->n < 64)
		s->v[s->n++] = v;
}

/* Each argument's interesting values: around what any condition compares it with. */
static void collect(const struct seccomp *s, struct values out[6])
{
	for (int i = 0; i < 6; i++) {
		add_value(&out[i], 0);
		add_value(&out[i], ~0ULL);
		add_value(&out[i], 1ULL << 32);
	}
	for (uint32_t i = 0; i < s->syscalls.n; i++) {
		const struct seccomp_rule *r = list_at(s->syscalls, struct seccomp_rule, i);

		for (uint32_t j = 0; j < r->args.n; j++) {
			const struct seccomp_arg *a = list_at(r->args, struct seccomp_arg, j);
			struct values *v = &out[a->index.v];

			for (int d = -1; d <= 1; d++) {
				add_value(v, a->value.v + (uint64_t)d);
				add_value(v, a->valueTwo.v + (uint64_t)d);
				add_value(v, (a->value.v + (uint64_t)d) | 1ULL << 32);
			}
			add_value(v, a->value.v & a->valueTwo.v);
			add_value(v, ~a->value.v);
		}
	}
}

/* A number that is newer than the installed libseccomp: our table has its name, theirs not. */
static bool is_unknown(uint32_t arch, uint32_t nr)
{
	static const uint32_t scmp[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32,
					SCMP_ARCH_ARM};
	char *name = seccomp_syscall_resolve_num_arch(scmp[arch],
						      (int)(arch == 2 ? nr | 0x40000000 : nr));
	bool unknown = !name;

	free(name);
	return unknown && nr > 450;
}

/* Does runc's rule for numbers newer than the profile apply? Then libseccomp is no oracle. */
static bool is_newer(long ours, uint32_t def)
{
	return ours == (long)(SECCOMP_RET_ERRNO | ENOSYS) && def != (SECCOMP_RET_ERRNO | ENOSYS);
}

static void compare(const char *name, const struct seccomp *s, struct arena *a)
{
	static struct sock_filter theirs[32768];
	static const uint32_t archs[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64,
					 AUDIT_ARCH_ARM};
	uint32_t n = oracle(s, theirs);
	struct values values[6] = {0};
	struct seccomp_prog ours;
	struct err err = {0};
	long differ = 0;
	long asked = 0;
	long newer = 0;
	char text[256];
	uint32_t def = 0;

	if (!ok(seccomp_compile(s, false, a, &ours, &err) == 0, name)) {
		printf("# %s\n", err.msg);
		return;
	}
	if (s->defaultAction->value == SECCOMP_RET_ERRNO)
		def = SECCOMP_RET_ERRNO | (s->defaultErrnoRet.set ? s->defaultErrnoRet.v : EPERM);
	collect(s, values);
	for (int arch = 0; arch < 4; arch++) {
		for (uint32_t nr = 0; nr < 700; nr++) {
			struct seccomp_data d = {.arch = archs[arch],
						 .nr = (int)(arch == 2 ? nr | 0x40000000 : nr)};

			for (int arg = 0; arg < 6; arg++) {
				for (int v = 0; v < values[arg].n; v++) {
					long r1;
					long r2;

					/* one argument at its edges, the others at a second value
					 */
					for (int o = 0; o < 6; o++)
						d.args[o] = values[o].v[v % values[o].n];
					d.args[arg] = values[arg].v[v];
					if (archs[arch] == AUDIT_ARCH_I386)
						for (int o = 0; o < 6; o++)
							d.args[o] &= 0xffffffff;
					r1 = run(ours.insns, ours.len, &d);
					r2 = run(theirs, n, &d);
					asked++;
					if (r1 == r2)
						continue;
					if ((is_newer(r1, def) && r2 != (long)SECCOMP_RET_ALLOW) ||
					    is_unknown((uint32_t)arch, nr)) {
						newer++;
						continue;
					}
					if (differ++ < 5)
						printf("# arch %x nr %d arg%d=%llx: ours %lx, "
						       "libseccomp %lx\n",
						       d.arch, d.nr, arg,
						       (unsigned long long)d.args[arg], r1, r2);
				}
			}
		}
	}
	snprintf(text, sizeof(text), "%s: same verdicts as libseccomp", name);
	is_int(differ, 0, text);
	printf("# %ld asked, %ld ENOSYS for newer numbers; %u instructions, libseccomp %u\n", asked,
	       newer, ours.len, n);
}

static struct seccomp *parse(const char *json, struct arena *a)
{
	struct seccomp *s = arena_new(a, struct seccomp);
	struct err err = {0};
	char *text = arena_strdup(a, json);

	if (decode(&seccomp_fields, s, text, strlen(text), 0, a, &err) < 0)
		printf("# %s\n", err.msg);
	return s;
}

#define X86 "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
#define DENY "{\"defaultAction\":\"SCMP_ACT_ERRNO\","

static void test_args(struct arena *a)
{
	static const char *const op[] = {"NE", "LT", "LE", "EQ", "GE", "GT"};
	char json[1024];
	char name[64];

	for (int i = 0; i < 6; i++) {
		for (int wide = 0; wide < 2; wide++) {
			const char *value = wide ? "4294967301" : "5";

			snprintf(json, sizeof(json),
				 DENY X86
				 "\"syscalls\":[{\"names\":[\"openat\",\"mmap\"],\"action\":"
				 "\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":%s,"
				 "\"op\":\"SCMP_CMP_%s\"}]}]}",
				 value, op[i]);
			snprintf(name, sizeof(name), "%s %s", op[i], value);
			compare(name, parse(json, a), a);
		}
	}
	compare("MASKED_EQ",
		parse(DENY X86 "\"syscalls\":[{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\","
			       "\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,\"op\":"
			       "\"SCMP_CMP_MASKED_EQ\"}]}]}",
		      a),
		a);
	compare("two arguments",
		parse(DENY X86
		      "\"syscalls\":[{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\","
		      "\"args\":[{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_GT\"},{\"index\":1,"
		      "\"value\":21,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		      a),
		a);
	compare("alternatives on one argument",
		parse(DENY X86
		      "\"syscalls\":[{\"names\":[\"personality\"],\"action\":"
		      "\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":0,\"op\":"
		      "\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		      a),
		a);
	compare("socket and its multiplexers",
		parse(DENY X86
		      "\"syscalls\":[{\"names\":[\"socket\",\"connect\",\"shmget\",\"semop\"],"
		      "\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"bind\"],\"action\":"
		      "\"SCMP_ACT_TRAP\"}]}",
		      a),
		a);
	compare("unconditional wins",
		parse(DENY X86
		      "\"syscalls\":[{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\","
		      "\"args\":[{\"index\":1,\"value\":9,\"op\":\"SCMP_CMP_EQ\"}]},{\"names\":["
		      "\"kill\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		      a),
		a);
	compare("allow by default, no x32",
		parse("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
		      "\"syscalls\":[{\"names\":[\"reboot\",\"kexec_load\"],\"action\":"
		      "\"SCMP_ACT_KILL_PROCESS\"},{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\","
		      "\"errnoRet\":38},{\"names\":[\"umount2\"],\"action\":\"SCMP_ACT_LOG\"}]}",
		      a),
		a);
}

static void test_errors(struct arena *a)
{
	struct seccomp_prog p;
	struct err err = {0};

	ok(seccomp_compile(
		   parse("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"PDP11\"]}", a),
		   false, a, &p, &err) < 0,
	   "an unknown architecture is refused");
	is_str(err.msg, "/linux/seccomp/architectures/0: unknown architecture \"PDP11\"",
	       "... by name");
	ok(seccomp_compile(parse(DENY "\"syscalls\":[{\"names\":[\"write\"],\"action\":"
				      "\"SCMP_ACT_NOTIFY\"}],\"listenerPath\":\"/x\"}",
				 a),
			   false, a, &p, &err) < 0,
	   "write cannot be notified");
	ok(seccomp_compile(parse(DENY "\"syscalls\":[{\"names\":[\"read\"],\"action\":"
				      "\"SCMP_ACT_NOTIFY\"}]}",
				 a),
			   false, a, &p, &err) < 0,
	   "a notification needs a listener");
	ok(seccomp_compile(parse(DENY "\"syscalls\":[{\"names\":[\"read\",\"raed\"],\"action\":"
				      "\"SCMP_ACT_ALLOW\"}]}",
				 a),
			   true, a, &p, &err) < 0,
	   "strict: an unknown name");
	is_str(err.msg,
	       "/linux/seccomp/syscalls/0: unknown system call \"raed\", and the annotation "
	       "run.oci.seccomp_fail_unknown_syscall wants it known",
	       "... is named");
}

static void test_raw(struct arena *a)
{
	struct seccomp_prog p;
	struct err err = {0};

	/* ret USER_NOTIF, ret ALLOW: code 0x06, k 0x7fc00000 and 0x7fff0000 */
	ok(seccomp_raw("BgAAAAAAwH8GAAAAAAD/fw==", a, &p, &err) == 0, "base64 with padding");
	is_int(p.len, 2, "two instructions");
	ok(p.notify && p.insns[1].k == SECCOMP_RET_ALLOW, "their content");
	ok(seccomp_raw("BgAAAAAA/38", a, &p, &err) == 0 && p.len == 1 && !p.notify,
	   "and without padding");
	ok(seccomp_raw("BgAAAAAA/w==", a, &p, &err) < 0, "half an instruction");
	ok(seccomp_raw("", a, &p, &err) < 0, "none");
	ok(seccomp_raw("BgAA\nAAAA/38=", a, &p, &err) < 0, "other characters");
	is_str(err.msg,
	       "/annotations/run.oci.seccomp_bpf_data: not the base64 of 1 to 4096 BPF "
	       "instructions",
	       "... and why");
}

int main(int argc, char **argv)
{
	struct arena *a = arena_main();

	test_args(a);
	test_errors(a);
	test_raw(a);
	for (int i = 1; i < argc; i++) {
		struct seccomp s = {0};
		struct err err = {0};

		ok(config_load(AT_FDCWD, argv[i], &seccomp_fields, &s, a, &err) == 0, argv[i]);
		if (err.msg[0])
			printf("# %s\n", err.msg);
		else
			compare(argv[i], &s, a);
	}
	return tap_done();
}
