// SPDX-License-Identifier: Apache-2.0
#include "systemd_plan.h"

#include <errno.h>
#include <string.h>

#include "names.h"

static void add(struct strs *l, struct arena *a, const char *text)
{
	l->v = arena_grow(a, l->v, sizeof(char *) * (l->n + 1), sizeof(char *) * (l->n + 2));
	l->v[l->n++] = (char *)text;
	l->v[l->n] = NULL;
}

int systemd_unit(const char *path, const char *id, bool user, struct arena *a,
		 const char **ret_unit, const char **ret_slice, struct err *err)
{
	const char *slice = user ? "user.slice" : "system.slice";
	const char *prefix = "proa";
	const char *name = id;

	if (path && *path) {
		const char *first = strchr(path, ':');
		const char *second = first ? strchr(first + 1, ':') : NULL;

		if (!second || strchr(second + 1, ':'))
			return err_set(err, ERR_CONFIG,
				       "/linux/cgroupsPath: \"%s\" is not SLICE:PREFIX:NAME, which "
				       "the systemd cgroup manager needs",
				       path);
		if (first > path)
			slice = arena_strndup(a, path, (size_t)(first - path));
		prefix = arena_strndup(a, first + 1, (size_t)(second - first - 1));
		name = second + 1;
	}
	if (!*name || strchr(name, '/') || strchr(prefix, '/') || strchr(slice, '/'))
		return err_set(err, ERR_CONFIG,
			       "/linux/cgroupsPath: \"%s\" names no unit: SLICE:PREFIX:NAME",
			       path ? path : "");
	if (strlen(slice) < 7 || strcmp(slice + strlen(slice) - 6, ".slice") != 0)
		return err_set(err, ERR_CONFIG,
			       "/linux/cgroupsPath: \"%s\" is not a slice: its name must end in "
			       ".slice",
			       slice);
	*ret_unit = arena_fmt(a, "%s%s%s.scope", prefix, *prefix ? "-" : "", name);
	*ret_slice = slice;
	return 0;
}

/* ---- limits ---- */

enum value { VALUE_NUMBER, VALUE_WEIGHT, VALUE_LIST, VALUE_QUOTA, VALUE_IDLE };

static const struct row {
	const char *file, *property;
	enum value value;
} rows[] = {
	{"memory.max", "MemoryMax", VALUE_NUMBER},
	{"memory.high", "MemoryHigh", VALUE_NUMBER},
	{"memory.low", "MemoryLow", VALUE_NUMBER},
	{"memory.min", "MemoryMin", VALUE_NUMBER},
	{"memory.swap.max", "MemorySwapMax", VALUE_NUMBER},
	{"pids.max", "TasksMax", VALUE_NUMBER},
	{"cpu.weight", "CPUWeight", VALUE_NUMBER},
	{"cpu.max", "CPUQuotaPerSecUSec", VALUE_QUOTA},
	{"cpu.idle", "CPUWeight", VALUE_IDLE},
	{"cpuset.cpus", "AllowedCPUs", VALUE_LIST},
	{"cpuset.mems", "AllowedMemoryNodes", VALUE_LIST},
	{"io.weight", "IOWeight", VALUE_WEIGHT},
};

static const char endless[] = "18446744073709551615";

static int put_list(const struct row *r, const char *text, struct arena *a, struct strs *ret,
		    struct err *err)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t bits = 0;
	uint64_t *v = bitlist_parse(text, 8, a, &bits, err);
	size_t bytes = (bits + 7) / 8;
	char *out;

	if (!v)
		return -1;
	out = arena_alloc(a, bytes * 2 + 1);
	for (size_t i = 0; i < bytes; i++) {
		unsigned int byte = (unsigned int)(v[i / 8] >> (i % 8 * 8)) & 0xff;

		out[i * 2] = hex[byte >> 4];
		out[i * 2 + 1] = hex[byte & 15];
	}
	add(ret, a, arena_fmt(a, "%s=ay:%s", r->property, out));
	return 0;
}

/* "QUOTA PERIOD", "max PERIOD"; "= PERIOD" leaves the quota. systemd counts in hundredths of a CPU:
 * rounded up, so that nobody gets less. */
static void put_quota(const char *text, struct arena *a, struct strs *ret)
{
	size_t n = strcspn(text, " ");
	const char *word = arena_strndup(a, text, n);
	uint64_t quota = 0;
	uint64_t period = 100000;

	if (text[n] && (!num_u64(text + n + 1, &period) || !period))
		return;
	if (text[n])
		add(ret, a, arena_fmt(a, "CPUQuotaPeriodUSec=t:%lu", (unsigned long)period));
	if (strcmp(word, "max") == 0) {
		add(ret, a, arena_fmt(a, "CPUQuotaPerSecUSec=t:%s", endless));
	} else if (num_u64(word, &quota) && quota < UINT64_MAX / 1000000) {
		uint64_t usec = quota * 1000000 / period;

		add(ret, a,
		    arena_fmt(a, "CPUQuotaPerSecUSec=t:%lu",
			      (unsigned long)((usec + 9999) / 10000 * 10000)));
	}
}

static int put_row(const struct row *r, const char *text, struct arena *a, struct strs *ret,
		   struct err *err)
{
	uint64_t v;

	switch (r->value) {
	case VALUE_LIST:
		return put_list(r, text, a, ret, err);
	case VALUE_QUOTA:
		put_quota(text, a, ret);
		return 0;
	case VALUE_IDLE:
		if (strcmp(text, "1") == 0)
			add(ret, a, "CPUWeight=t:0");
		return 0;
	case VALUE_WEIGHT:
		if (strncmp(text, "default ", 8) == 0)
			text += 8;
		break;
	case VALUE_NUMBER:
		break;
	}
	/* what is no plain number (a device's weight) is for the file alone */
	if (strcmp(text, "max") == 0)
		text = endless;
	if (num_u64(text, &v))
		add(ret, a, arena_fmt(a, "%s=t:%s", r->property, text));
	return 0;
}

int systemd_limits(const struct cgroup_write *w, uint32_t n, struct arena *a, struct strs *ret,
		   struct err *err)
{
	for (uint32_t i = 0; i < n; i++)
		for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++)
			if (strcmp(rows[j].file, w[i].file) == 0 &&
			    put_row(&rows[j], w[i].text, a, ret, err) < 0)
				return err_ctx(err, "%s", w[i].where);
	return 0;
}

/* ---- annotations ---- */

static const struct {
	const char *word, *signature;
} types[] = {
	{"boolean ", "b"}, {"byte ", "y"},  {"int16 ", "n"},  {"uint16 ", "q"}, {"int32 ", "i"},
	{"uint32 ", "u"},  {"int64 ", "x"}, {"uint64 ", "t"}, {"double ", "d"}, {"string ", "s"},
};

/* A quoted string's content, *text moved behind it; NULL if it is none. */
static const char *quoted(const char **text, struct arena *a)
{
	char quote = **text;
	const char *p = *text + 1;
	char *out;
	size_t n = 0;

	if (quote != '\'' && quote != '"')
		return NULL;
	out = arena_alloc(a, strlen(p) + 1);
	for (; *p && *p != quote; p++) {
		if (*p == '\\' && p[1])
			p++;
		out[n++] = *p;
	}
	if (*p != quote)
		return NULL;
	*text = p + 1;
	return out;
}

static const char *array_text(const char *text, struct arena *a)
{
	struct buf b = BUF_INIT(a);

	text++;
	while (*text && *text != ']') {
		const char *s;

		text += strspn(text, " ,");
		if (*text == ']')
			break;
		s = quoted(&text, a);
		if (!s)
			return NULL;
		buf_fmt(&b, "%s%s", b.len ? "\x1f" : "", s);
	}
	return strcmp(text, "]") == 0 ? (b.data ? b.data : "") : NULL;
}

static bool is_number(const char *text)
{
	size_t n = strspn(text + (*text == '-'), "0123456789");

	return n && !text[n + (*text == '-')];
}

/* "SIGNATURE:VALUE" of a GVariant text; NULL if it cannot be understood. */
static const char *variant(const char *text, struct arena *a)
{
	const char *signature = NULL;
	const char *value;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(text, types[i].word, strlen(types[i].word)) == 0) {
			signature = types[i].signature;
			text += strlen(types[i].word);
		}
	if (*text == '[') {
		value = signature ? NULL : array_text(text, a);
		return value ? arena_fmt(a, "as:%s", value) : NULL;
	}
	if (*text == '\'' || *text == '"') {
		value = quoted(&text, a);
		return value && !*text && (!signature || *signature == 's')
			       ? arena_fmt(a, "s:%s", value)
			       : NULL;
	}
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return signature && *signature != 'b' ? NULL : arena_fmt(a, "b:%s", text);
	if (is_number(text))
		return arena_fmt(a, "%s:%s", signature ? signature : "i", text);
	if (strspn(text, "-.0123456789e+") == strlen(text) && *text &&
	    (!signature || *signature == 'd'))
		return arena_fmt(a, "d:%s", text);
	return NULL;
}

int systemd_annotations(const struct pairs *p, struct arena *a, struct strs *ret, struct err *err)
{
	static const char prefix[] = "org.systemd.property.";

	for (uint32_t i = 0; i < p->n; i++) {
		const char *key = p->v[i].key;
		const char *name = key + sizeof(prefix) - 1;
		const char *value;
		size_t n;

		if (strncmp(key, prefix, sizeof(prefix) - 1) != 0)
			continue;
		n = strlen(name);
		/* a property's name is what systemd's own are: an annotation may not smuggle more
		 */
		if (!n || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789") != n)
			return err_set(err, ERR_CONFIG,
				       "/annotations/%s: \"%s\" is no property's name", key, name);
		value = variant(p->v[i].value, a);
		if (!value)
			return err_set(err, ERR_CONFIG,
				       "/annotations/%s: \"%s\" is not a value in GVariant's text "
				       "form, such as true, uint64 5 or 'text'",
				       key, p->v[i].value);
		/* TimeoutStopSec=5: seconds in the unit file, microseconds on the bus */
		if (n > 3 && strcmp(name + n - 3, "Sec") == 0 &&
		    !(n > 4 && strcmp(name + n - 4, "USec") == 0)) {
			uint64_t seconds;

			if (!num_u64(strchr(value, ':') + 1, &seconds) ||
			    seconds > UINT64_MAX / 1000000)
				return err_set(err, ERR_CONFIG,
					       "/annotations/%s: \"%s\" is not a number of seconds",
					       key, p->v[i].value);
			add(ret, a,
			    arena_fmt(a, "%.*sUSec=t:%lu", (int)(n - 3), name,
				      (unsigned long)seconds * 1000000));
			continue;
		}
		add(ret, a, arena_fmt(a, "%s=%s", name, value));
	}
	return 0;
}

int systemd_plan(const struct config *c, const char *id, struct arena *a, struct cgroup_plan *g,
		 struct err *err)
{
	static const char *const always[] = {
		"Delegate=b:true",
		"DefaultDependencies=b:false",
		"MemoryAccounting=b:true",
		"CPUAccounting=b:true",
		"IOAccounting=b:true",
		"TasksAccounting=b:true",
		/* one that has failed is not kept for anybody to reset */
		"CollectMode=s:inactive-or-failed",
	};

	if (systemd_unit(c->linux ? c->linux->cgroupsPath : NULL, id, g->user_manager, a, &g->unit,
			 &g->slice, err) < 0)
		return -1;
	add(&g->properties, a, arena_fmt(a, "Description=s:container %s", id));
	add(&g->properties, a, arena_fmt(a, "Slice=s:%s", g->slice));
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		add(&g->properties, a, always[i]);
	if (systemd_limits(g->writes, g->n, a, &g->properties, err) < 0)
		return -1;
	return systemd_annotations(&c->annotations, a, &g->properties, err);
}
