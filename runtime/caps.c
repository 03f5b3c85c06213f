// SPDX-License-Identifier: Apache-2.0
#include "caps.h"

#include <linux/capability.h>
#include <linux/prctl.h>
#include <string.h>

#include "buf.h"
#include "sys.h"

#include "gen/capabilities.h"

int caps_bit(const char *name)
{
	size_t skip = strncmp(name, "CAP_", 4) == 0 || strncmp(name, "cap_", 4) == 0 ? 4 : 0;
	char first = (char)(name[skip] & ~0x20);

	for (const struct name *n = gen_capabilities; n->name; n++)
		if (n->name[4] == first && name_same_any_case(name + skip, n->name + 4))
			return (int)n->value;
	return -1;
}

const char *caps_name(int bit)
{
	return name_of(gen_capabilities, bit);
}

static void warn(struct strs *w, struct arena *a, const char *text)
{
	w->v = arena_grow(a, w->v, sizeof(char *) * (w->n + 1), sizeof(char *) * (w->n + 2));
	w->v[w->n++] = (char *)text;
	w->v[w->n] = NULL;
}

static uint64_t mask(const struct strs *names, int last, struct arena *a, struct strs *warnings)
{
	uint64_t m = 0;

	for (uint32_t i = 0; i < names->n; i++) {
		int bit = caps_bit(names->v[i]);

		if (bit < 0 || bit > last)
			warn(warnings, a,
			     arena_fmt(a, "capability %s is unknown to %s: it is left out",
				       names->v[i], bit < 0 ? "proa" : "this kernel"));
		else
			m |= 1ULL << bit;
	}
	return m;
}

/* Podman's and Docker's --privileged ask for all there are, wherever they run. */
static void cut(struct caps *c, uint64_t have, struct arena *a, struct strs *warnings)
{
	uint64_t lost = (c->bounding | c->permitted | c->inheritable) & ~have;
	struct buf b = BUF_INIT(a);

	for (int i = 0; i < 64; i++)
		if (lost >> i & 1)
			buf_fmt(&b, " %s", caps_name(i));
	if (lost)
		warn(warnings, a,
		     arena_fmt(a, "proa does not have, and so cannot grant:%s", b.data));
	c->bounding &= have;
	c->effective &= have;
	c->permitted &= have;
	c->inheritable &= have;
	c->ambient &= have;
}

void caps_plan(const struct capabilities *c, int last, uint64_t have, struct arena *a,
	       struct caps *ret, struct strs *warnings)
{
	uint64_t lost;

	*ret = (struct caps){0};
	if (!c)
		return;
	ret->bounding = mask(&c->bounding, last, a, warnings);
	ret->effective = mask(&c->effective, last, a, warnings);
	ret->permitted = mask(&c->permitted, last, a, warnings);
	ret->inheritable = mask(&c->inheritable, last, a, warnings);
	ret->ambient = mask(&c->ambient, last, a, warnings);
	cut(ret, have, a, warnings);
	ret->effective &= ret->permitted;
	lost = ret->ambient & ~(ret->permitted & ret->inheritable);
	for (int i = 0; i <= last; i++)
		if (lost >> i & 1)
			warn(warnings, a,
			     arena_fmt(
				     a,
				     "can't raise ambient capability %s: it is not in permitted and "
				     "inheritable",
				     caps_name(i)));
	ret->ambient &= ~lost;
}

int caps_drop_bounding(uint64_t keep, int last)
{
	for (int i = 0; i <= last; i++) {
		long r = keep >> i & 1 ? 0 : sys_prctl(PR_CAPBSET_DROP, (unsigned long)i, 0, 0, 0);

		if (r < 0 && r != -EINVAL)
			return (int)r;
	}
	return 0;
}

int caps_apply(const struct caps *c)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	long r;

	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(c->effective >> 32 * i);
		data[i].permitted = (uint32_t)(c->permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(c->inheritable >> 32 * i);
	}
	r = SYS(capset, &head, data);
	if (r < 0)
		return (int)r;
	for (int i = 0; c->ambient >> i && i < 64; i++) {
		if (!(c->ambient >> i & 1))
			continue;
		r = sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)i, 0, 0);
		if (r < 0)
			return (int)r;
	}
	return 0;
}
