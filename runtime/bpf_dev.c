// SPDX-License-Identifier: Apache-2.0
#include "bpf_dev.h"

#include <string.h>

#include "fd.h"

/* Accesses are numbered as the kernel does (BPF_DEVCG_ACC_*): mknod 1, read 2, write 4. */
struct rule {
	bool allow;
	uint8_t access;
	char type;	      /* c, b, or a for both */
	int64_t major, minor; /* -1 = any */
};

static const struct rule defaults[] = {
	{true, BPF_DEVCG_ACC_MKNOD, 'c', -1, -1}, /* mknod needs CAP_MKNOD anyway */
	{true, BPF_DEVCG_ACC_MKNOD, 'b', -1, -1},
	{true, 7, 'c', 1, 3},	 /* null */
	{true, 7, 'c', 1, 8},	 /* random */
	{true, 7, 'c', 1, 7},	 /* full */
	{true, 7, 'c', 5, 0},	 /* tty */
	{true, 7, 'c', 1, 5},	 /* zero */
	{true, 7, 'c', 1, 9},	 /* urandom */
	{true, 7, 'c', 136, -1}, /* pts */
	{true, 7, 'c', 5, 2},	 /* ptmx */
};
enum { DEFAULTS = sizeof(defaults) / sizeof(defaults[0]) };

static uint8_t access_bits(const char *text, bool *ok)
{
	uint8_t bits = 0;

	for (; text && *text; text++) {
		if (*text == 'm')
			bits |= BPF_DEVCG_ACC_MKNOD;
		else if (*text == 'r')
			bits |= BPF_DEVCG_ACC_READ;
		else if (*text == 'w')
			bits |= BPF_DEVCG_ACC_WRITE;
		else
			*ok = false;
	}
	return bits;
}

static int parse_rule(const struct device_rule *r, uint32_t index, struct rule *ret,
		      struct err *err)
{
	bool ok = true;

	*ret = (struct rule){.allow = r->allow,
			     .type = (char)(r->type && *r->type ? r->type[0] : 'a'),
			     .access = access_bits(r->access, &ok),
			     .major = r->major.set ? r->major.v : -1,
			     .minor = r->minor.set ? r->minor.v : -1};
	if (!ok)
		return err_set(
			err, ERR_CONFIG,
			"/linux/resources/devices/%u/access: \"%s\" has letters other than r, w "
			"and m",
			index, r->access);
	if (!r->access || !*r->access)
		ret->access = 7;
	if ((r->type && r->type[0] && r->type[1]) || !strchr("abcu", ret->type))
		return err_set(err, ERR_CONFIG,
			       "/linux/resources/devices/%u/type: \"%s\" is not a, b or c", index,
			       r->type);
	if (ret->type == 'u')
		ret->type = 'c';
	return 0;
}

static bool is_everything(const struct rule *r)
{
	return r->type == 'a' && r->major < 0 && r->minor < 0 && r->access == 7;
}

#define INSN(c, d, s, o, i)                                                                        \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})

/*
 * In: r1 = struct bpf_cgroup_dev_ctx. Then r2 = type, r3 = access still undecided, r4 = major,
 * r5 = minor, r6 = both as one number. Rules are tried from the last to the first: one that allows
 * takes its accesses off r3 (nothing left: allowed), one that denies ends it if it takes any.
 * Neighbours that allow all of one device each share their test of the type and their end: the
 * verifier's time goes with the number of branches.
 */
enum { MINOR_BITS = 20, MAJOR_MAX = 4095, MINOR_MAX = (1 << MINOR_BITS) - 1, HEAD = 9 };

static struct bpf_insn *put_head(struct bpf_insn *p)
{
	*p++ = INSN(BPF_LDX | BPF_W | BPF_MEM, 2, 1, 0, 0);
	*p++ = INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, 2, 0, 0);
	*p++ = INSN(BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
	*p++ = INSN(BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
	*p++ = INSN(BPF_LDX | BPF_W | BPF_MEM, 4, 1, 4, 0);
	*p++ = INSN(BPF_LDX | BPF_W | BPF_MEM, 5, 1, 8, 0);
	*p++ = INSN(BPF_ALU64 | BPF_MOV | BPF_X, 6, 4, 0, 0);
	*p++ = INSN(BPF_ALU | BPF_LSH | BPF_K, 6, 0, 0, MINOR_BITS);
	*p++ = INSN(BPF_ALU | BPF_OR | BPF_X, 6, 5, 0, 0);
	return p;
}

static struct bpf_insn *put_end(struct bpf_insn *p, bool allow)
{
	*p++ = INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, allow);
	*p++ = INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return p;
}

static int32_t type_number(char type)
{
	return type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK;
}

/* Everything of one device, or of one major number: one comparison tells. */
static bool is_simple(const struct rule *r)
{
	return r->allow && r->access == 7 && r->type != 'a' && r->major >= 0 &&
	       r->major <= MAJOR_MAX && r->minor <= MINOR_MAX;
}

static struct bpf_insn *put_simple(struct bpf_insn *p, const struct rule *last, uint32_t n)
{
	struct bpf_insn *start = p;
	struct bpf_insn *end = p + 1 + n;

	*p++ = INSN(BPF_JMP32 | BPF_JNE | BPF_K, 2, 0, 0, type_number(last->type));
	for (uint32_t i = 0; i < n; i++, p++) {
		const struct rule *r = last - i;
		bool one = r->minor >= 0;

		*p = INSN(BPF_JMP32 | (i + 1 < n ? BPF_JEQ : BPF_JNE) | BPF_K, one ? 6 : 4, 0,
			  i + 1 < n ? end - p - 1 : 2,
			  one ? (int32_t)((uint32_t)r->major << MINOR_BITS | (uint32_t)r->minor)
			      : (int32_t)r->major);
	}
	p = put_end(p, true);
	start->off = (int16_t)(p - start - 1);
	return p;
}

static struct bpf_insn *put_rule(struct bpf_insn *p, const struct rule *r)
{
	struct bpf_insn *fixups[3];
	int n = 0;

	if (r->type != 'a') {
		fixups[n++] = p;
		*p++ = INSN(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 0, type_number(r->type));
	}
	if (r->major >= 0) {
		fixups[n++] = p;
		*p++ = INSN(BPF_JMP | BPF_JNE | BPF_K, 4, 0, 0, (int32_t)r->major);
	}
	if (r->minor >= 0) {
		fixups[n++] = p;
		*p++ = INSN(BPF_JMP | BPF_JNE | BPF_K, 5, 0, 0, (int32_t)r->minor);
	}
	if (r->allow && r->access != 7) {
		*p++ = INSN(BPF_ALU | BPF_AND | BPF_K, 3, 0, 0, 7 & ~r->access);
		*p++ = INSN(BPF_JMP | BPF_JNE | BPF_K, 3, 0, 2, 0);
	} else if (!r->allow && r->access != 7) {
		*p++ = INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 3, 0, 0);
		*p++ = INSN(BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, r->access);
		*p++ = INSN(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 2, 0);
	}
	p = put_end(p, r->allow);
	while (n--)
		fixups[n]->off = (int16_t)(p - fixups[n] - 1);
	return p;
}

/* The same for both types, as the defaults say of mknod, is one rule. */
static uint32_t merge_types(struct rule *v, uint32_t n)
{
	uint32_t to = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct rule *prev = to ? &v[to - 1] : NULL;

		if (prev && prev->type != 'a' && v[i].type != 'a' && prev->type != v[i].type &&
		    prev->allow == v[i].allow && prev->access == v[i].access &&
		    prev->major == v[i].major && prev->minor == v[i].minor)
			prev->type = 'a';
		else
			v[to++] = v[i];
	}
	return to;
}

int bpf_dev_build(const struct list *rules, struct arena *a, struct bpf_dev *ret, struct err *err)
{
	uint32_t total = rules->n + DEFAULTS;
	struct rule *all = arena_array(a, struct rule, total);
	struct bpf_insn *p;

	for (uint32_t i = 0; i < rules->n; i++)
		if (parse_rule(list_at(*rules, struct device_rule, i), i, &all[i], err) < 0)
			return -1;
	memcpy(all + rules->n, defaults, sizeof(defaults));
	total = merge_types(all, total);
	ret->insns = arena_array(a, struct bpf_insn, HEAD + total * 8 + 2);
	p = put_head(ret->insns);
	for (uint32_t i = total; i--;) {
		uint32_t n = 0;

		if (is_everything(&all[i])) {
			/* nothing before it can matter, and the verifier refuses dead code */
			ret->len = (uint32_t)(put_end(p, all[i].allow) - ret->insns);
			return 0;
		}
		while (n <= i && is_simple(&all[i - n]) && all[i - n].type == all[i].type)
			n++;
		p = n > 1 ? put_simple(p, &all[i], n) : put_rule(p, &all[i]);
		i -= n > 1 ? n - 1 : 0;
	}
	ret->len = (uint32_t)(put_end(p, false) - ret->insns);
	return 0;
}

bool bpf_dev_allows(const struct list *rules, char type, int64_t major, int64_t minor,
		    const char *access)
{
	bool ok = true;
	uint8_t left = access_bits(access, &ok);

	for (uint32_t i = rules->n + DEFAULTS; i--;) {
		struct err err;
		struct rule r;

		if (i >= rules->n)
			r = defaults[i - rules->n];
		else if (parse_rule(list_at(*rules, struct device_rule, i), i, &r, &err) < 0)
			return false;
		if ((r.type != 'a' && r.type != type) || (r.major >= 0 && r.major != major) ||
		    (r.minor >= 0 && r.minor != minor))
			continue;
		if (!r.allow && (r.access & left))
			return false;
		if (r.allow && (left &= (uint8_t)~r.access) == 0)
			return true;
	}
	return false;
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return SYS(bpf, cmd, attr, sizeof(*attr));
}

static int load(const struct bpf_dev *p, struct err *err)
{
	union bpf_attr attr;
	long fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insn_cnt = p->len;
	attr.insns = (uint64_t)(uintptr_t)p->insns;
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		return err_sys(err, fd, "load the device program of %u instructions", p->len);
	return (int)fd;
}

static int attach(int prog, int cgroup, int replace, struct err *err)
{
	union bpf_attr attr;
	long r;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replace >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replace;
	}
	r = bpf(BPF_PROG_ATTACH, &attr);
	return r < 0 ? err_sys(err, r, "attach the device program to the cgroup") : 0;
}

int bpf_dev_attach(const struct bpf_dev *p, int cgroup, struct err *err)
{
	auto_fd prog = load(p, err);

	return prog < 0 ? -1 : attach(prog, cgroup, -1, err);
}

int bpf_dev_replace(const struct bpf_dev *p, int cgroup, struct err *err)
{
	uint32_t ids[64];
	union bpf_attr attr;
	auto_fd prog = load(p, err);
	auto_fd old = -1;
	long r;

	if (prog < 0)
		return -1;
	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = 64;
	r = bpf(BPF_PROG_QUERY, &attr);
	if (r == 0 && attr.query.prog_cnt == 1) {
		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[0];
		old = (int)bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	}
	return attach(prog, cgroup, old, err);
}
