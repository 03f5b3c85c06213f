// SPDX-License-Identifier: Apache-2.0
#include "seccomp_profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "log.h"
#include "seccomp_bpf.h"

struct gen_syscall {
	const char *name;
	int16_t nr[SECCOMP_ARCHS];
	int16_t own; /* for a call of socketcall or ipc: its own number, -1 if it has none */
};

#include "gen/syscalls.h"

const char seccomp_library_version[] = GEN_LIBSECCOMP_VERSION;

#if defined(__x86_64__)
const char *const seccomp_arch_names[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32",
					  NULL};
enum { MUX_ARCH = 1, NR_SOCKETCALL = 102, NR_IPC = 117 };
#elif defined(__aarch64__)
const char *const seccomp_arch_names[] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", NULL};
enum { MUX_ARCH = -1, NR_SOCKETCALL = -1, NR_IPC = -1 };
#else
const char *const seccomp_arch_names[] = {"SCMP_ARCH_RISCV64", NULL};
enum { MUX_ARCH = -1, NR_SOCKETCALL = -1, NR_IPC = -1 };
#endif

static const struct gen_syscall *find(const char *name)
{
	unsigned int h = 5381;

	for (const char *p = name; *p; p++)
		h = h * 33 + (unsigned char)*p;
	for (h = (h ^ h >> 11) & (GEN_HASH_SIZE - 1); gen_syscall_hash[h];
	     h = (h + 1) & (GEN_HASH_SIZE - 1)) {
		const struct gen_syscall *s = &gen_syscalls[gen_syscall_hash[h] - 1];

		if (strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

int seccomp_number(const char *name)
{
	const struct gen_syscall *s = find(name);

	return s ? s->nr[0] : -1;
}

struct compile {
	const struct seccomp *s;
	struct arena *arena;
	struct err *err;
	uint32_t default_verdict;
	struct bpf_input in;
	bool notify;
	bool strict; /* an unknown name is an error */
};

static int verdict(struct compile *c, const struct name *action, struct opt_u32 errno_ret,
		   const char *where, uint32_t *ret)
{
	uint32_t act = (uint32_t)action->value;

	if (act == SECCOMP_RET_ERRNO || act == SECCOMP_RET_TRACE) {
		uint32_t data = errno_ret.set ? errno_ret.v : EPERM;

		if (data > (act == SECCOMP_RET_ERRNO ? 4095U : UINT16_MAX))
			return err_set(c->err, ERR_CONFIG, "%s: errno %u is out of range", where,
				       data);
		act |= data;
	} else if (errno_ret.set) {
		return err_set(c->err, ERR_CONFIG, "%s: %s takes no errnoRet", where, action->name);
	}
	if (act == SECCOMP_RET_USER_NOTIF)
		c->notify = true;
	*ret = act;
	return 0;
}

/* Gives one number of one architecture a clause; `extra` is a test more (of a multiplexed call). */
static void add_clause(struct compile *c, int arch, int nr, uint32_t act,
		       const struct seccomp_rule *rule, uint32_t only, const struct bpf_test *extra)
{
	struct bpf_clause *cl = arena_new(c->arena, struct bpf_clause);
	uint32_t n = 0;

	if (only != UINT32_MAX)
		n = 1;
	else if (rule)
		n = rule->args.n;
	cl->verdict = act;
	cl->tests = arena_array(c->arena, struct bpf_test, n + (extra ? 1 : 0));
	if (extra)
		cl->tests[cl->n++] = *extra;
	for (uint32_t i = 0; i < n; i++) {
		const struct seccomp_arg *arg =
			list_at(rule->args, struct seccomp_arg, only != UINT32_MAX ? only : i);

		cl->tests[cl->n++] = (struct bpf_test){
			.index = (uint8_t)arg->index.v,
			.op = (uint8_t)arg->op->value,
			.value = arg->value.v,
			.value_two = arg->valueTwo.v,
		};
	}
	bpf_input_add(&c->in, arch, (uint32_t)nr, cl, c->arena);
}

static void add_number(struct compile *c, int arch, int nr, uint32_t act,
		       const struct seccomp_rule *rule, bool alternatives,
		       const struct bpf_test *extra)
{
	/* several conditions on one argument are alternatives, as runc has it since 1.0 */
	if (!alternatives) {
		add_clause(c, arch, nr, act, rule, UINT32_MAX, extra);
		return;
	}
	for (uint32_t i = 0; i < rule->args.n; i++)
		add_clause(c, arch, nr, act, rule, i, extra);
}

static void add_syscall(struct compile *c, int arch, const struct gen_syscall *sys, uint32_t act,
			const struct seccomp_rule *rule, bool alternatives)
{
	int nr = sys->nr[arch];
	struct bpf_test call = {.index = 0, .op = OP_EQ};

	if (nr >= 0)
		add_number(c, arch, nr, act, rule, alternatives, NULL);
	if (nr >= -1 || arch != MUX_ARCH)
		return;
	if (sys->own >= 0)
		add_number(c, arch, sys->own, act, rule, alternatives, NULL);
	/* socketcall(2) and ipc(2) have the call's own arguments in memory, out of BPF's reach, so
	 * only an unconditional rule can be had for them */
	call.value = (uint64_t)(nr > -200 ? -nr - 100 : -nr - 200);
	if (rule->args.n == 0)
		add_number(c, arch, nr > -200 ? NR_SOCKETCALL : NR_IPC, act, NULL, false, &call);
}

static int add_rule(struct compile *c, const struct seccomp_rule *rule, uint32_t index)
{
	char where[64];
	bool alternatives = false;
	uint32_t used = 0;
	uint32_t act;

	fmt(where, sizeof(where), "/linux/seccomp/syscalls/%u", index);
	if (verdict(c, rule->action, rule->errnoRet, where, &act) < 0)
		return -1;
	for (uint32_t i = 0; i < rule->args.n; i++) {
		const struct seccomp_arg *arg = list_at(rule->args, struct seccomp_arg, i);

		if (arg->index.v > 5)
			return err_set(c->err, ERR_CONFIG,
				       "%s/args/%u/index: a system call has arguments 0 to 5",
				       where, i);
		alternatives |= used >> arg->index.v & 1;
		used |= 1U << arg->index.v;
	}
	for (uint32_t i = 0; i < rule->names.n; i++) {
		const struct gen_syscall *sys = find(rule->names.v[i]);

		if (!sys && c->strict)
			return err_set(c->err, ERR_CONFIG,
				       "%s: unknown system call \"%s\", and the annotation "
				       "run.oci.seccomp_fail_unknown_syscall wants it known",
				       where, rule->names.v[i]);
		if (!sys) {
			log_debug("seccomp: unknown system call %s is skipped", rule->names.v[i]);
			continue;
		}
		if (act == SECCOMP_RET_USER_NOTIF && strcmp(sys->name, "write") == 0)
			return err_set(c->err, ERR_CONFIG,
				       "%s: SCMP_ACT_NOTIFY cannot be used for the write syscall: "
				       "the runtime itself could not report an error",
				       where);
		for (int arch = 0; arch < SECCOMP_ARCHS; arch++) {
			if (!c->in.arch[arch].used)
				continue;
			bpf_input_known(&c->in, arch, sys->nr[arch]);
			if (sys->own >= 0 && arch == MUX_ARCH)
				bpf_input_known(&c->in, arch, sys->own);
			if (act != c->default_verdict)
				add_syscall(c, arch, sys, act, rule, alternatives);
		}
	}
	return 0;
}

static int choose_archs(struct compile *c)
{
	static const char *const others[] = {
		"X86_64",  "X86",	  "X32",    "ARM",	"AARCH64",     "MIPS",
		"MIPS64",  "MIPS64N32",	  "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC",
		"PPC64",   "PPC64LE",	  "S390",   "S390X",	"PARISC",      "PARISC64",
		"RISCV64", "LOONGARCH64", "M68K",   "SH",	"SHEB",	       "NATIVE",
	};

	c->in.arch[0].used = true; /* always the machine's own, as libseccomp has it */
	for (uint32_t i = 0; i < c->s->architectures.n; i++) {
		const char *name = c->s->architectures.v[i];
		bool known = false;

		for (int a = 0; seccomp_arch_names[a]; a++) {
			if (strcmp(name, seccomp_arch_names[a]) == 0) {
				c->in.arch[a].used = true;
				known = true;
			}
		}
		/* this kernel cannot run the rest, so no call can ever ask for their rules */
		for (size_t o = 0; o < sizeof(others) / sizeof(others[0]) && !known; o++)
			known = strncmp(name, "SCMP_ARCH_", 10) == 0 &&
				strcmp(name + 10, others[o]) == 0;
		if (!known)
			return err_set(
				c->err, ERR_CONFIG,
				"/linux/seccomp/architectures/%u: unknown architecture \"%s\"", i,
				name);
	}
	return 0;
}

/* RFC 4648, with or without padding. Length, or -1. */
static long base64(const char *text, uint8_t *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	long n = 0;
	int have = 0;

	for (; *text && *text != '='; text++) {
		const char *d = strchr(digits, *text);

		if (!d)
			return -1;
		bits = bits << 6 | (uint32_t)(d - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	return text[strspn(text, "=")] ? -1 : n;
}

int seccomp_raw(const char *text, struct arena *a, struct seccomp_prog *ret, struct err *err)
{
	uint8_t *data = arena_alloc(a, strlen(text) + 8);
	long n = base64(text, data);

	if (n <= 0 || n % (long)sizeof(struct sock_filter) ||
	    n / (long)sizeof(struct sock_filter) > BPF_MAXINSNS)
		return err_set(
			err, ERR_CONFIG,
			"/annotations/run.oci.seccomp_bpf_data: not the base64 of 1 to %d BPF "
			"instructions",
			BPF_MAXINSNS);
	*ret = (struct seccomp_prog){.insns = (struct sock_filter *)(void *)data,
				     .len = (uint32_t)n / sizeof(struct sock_filter)};
	for (uint32_t i = 0; i < ret->len; i++)
		ret->notify |= ret->insns[i].code == (BPF_RET | BPF_K) &&
			       (ret->insns[i].k & SECCOMP_RET_ACTION_FULL) ==
				       SECCOMP_RET_USER_NOTIF;
	return 0;
}

int seccomp_compile(const struct seccomp *s, bool strict, struct arena *a, struct seccomp_prog *ret,
		    struct err *err)
{
	struct compile c = {.s = s, .arena = a, .err = err, .strict = strict};

	if (verdict(&c, s->defaultAction, s->defaultErrnoRet, "/linux/seccomp/defaultAction",
		    &c.default_verdict) < 0 ||
	    choose_archs(&c) < 0)
		return -1;
	c.in.default_verdict = c.default_verdict;
	for (uint32_t i = 0; i < s->syscalls.n; i++)
		if (add_rule(&c, list_at(s->syscalls, struct seccomp_rule, i), i) < 0)
			return -1;
	switch (c.default_verdict & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_KILL_PROCESS:
		c.in.newer_verdict = SECCOMP_RET_ERRNO | ENOSYS;
		break;
	default:
		c.in.newer_verdict = c.default_verdict;
		break;
	}
	*ret = (struct seccomp_prog){.notify = c.notify};
	if (c.notify && !s->listenerPath)
		return err_set(
			err, ERR_CONFIG,
			"/linux/seccomp/listenerPath: must be set when SCMP_ACT_NOTIFY is used");
	if (!s->flags.n && !s->flags.v)
		ret->flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (uint32_t i = 0; i < s->flags.n; i++)
		ret->flags |= (uint32_t)list_at(s->flags, const struct name, i)->value;
	return bpf_build(&c.in, a, &ret->insns, &ret->len, err);
}

static const struct {
	const char *name;
	const char *why;
} needed[] = {
	{"arch_prctl", "glibc sets up thread-local storage with it"},
	{"brk", "memory is had with it"},
	{"clone", "fork and threads need it"},
	{"close", "every program needs it"},
	{"execve", "the container's program itself is started with it"},
	{"exit_group", "a program ends with it"},
	{"fstat", "file access needs it"},
	{"futex", "threads and locks need it"},
	{"mmap", "memory is had with it"},
	{"mprotect", "the dynamic linker needs it"},
	{"munmap", "memory is given back with it"},
	{"newfstatat", "file access needs it"},
	{"openat", "every file is opened with it"},
	{"read", "every program needs it"},
	{"rseq", "glibc 2.35 and later register it at start"},
	{"rt_sigaction", "signal handlers need it"},
	{"rt_sigprocmask", "signal masks need it"},
	{"rt_sigreturn", "the end of every signal handler is this call"},
	{"set_robust_list", "thread start needs it"},
	{"set_tid_address", "every program's start needs it"},
	{"write", "every program needs it"},
};

void seccomp_lint(const struct seccomp *s, struct arena *a, struct strs *ret)
{
	bool allow_default = s->defaultAction->value == SECCOMP_RET_ALLOW ||
			     s->defaultAction->value == SECCOMP_RET_LOG ||
			     s->defaultAction->value == SECCOMP_RET_USER_NOTIF;

	ret->v = arena_array(a, char *, sizeof(needed) / sizeof(needed[0]) + 1);
	ret->n = 0;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		bool allowed = allow_default;

		if (seccomp_number(needed[i].name) < 0)
			continue;
		for (uint32_t r = 0; r < s->syscalls.n; r++) {
			const struct seccomp_rule *rule =
				list_at(s->syscalls, struct seccomp_rule, r);

			for (uint32_t n = 0; n < rule->names.n; n++) {
				if (strcmp(rule->names.v[n], needed[i].name) != 0)
					continue;
				if (rule->action->value == SECCOMP_RET_ALLOW ||
				    rule->action->value == SECCOMP_RET_LOG ||
				    rule->action->value == SECCOMP_RET_USER_NOTIF)
					allowed = true;
				else if (rule->args.n == 0)
					allowed = false;
			}
		}
		if (!allowed)
			ret->v[ret->n++] = arena_fmt(a, "the profile denies %s: %s", needed[i].name,
						     needed[i].why);
	}
	ret->v[ret->n] = NULL;
}
