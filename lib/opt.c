// SPDX-License-Identifier: Apache-2.0
#include "opt.h"

#include <string.h>

static const struct opt *find_long(const struct opt *t, const char *name, size_t len)
{
	for (; t->name; t++)
		if (strlen(t->name) == len && memcmp(t->name, name, len) == 0)
			return t;
	return NULL;
}

static const struct opt *find_letter(const struct opt *t, char letter)
{
	for (; t->name; t++)
		if (t->letter == letter)
			return t;
	return NULL;
}

static int store(const struct opt *o, void *base, const char *value, struct arena *a,
		 struct err *err)
{
	char *field = (char *)base + o->offset;

	switch (o->kind) {
	case OPT_FLAG:
		if (!value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
			*(bool *)field = true;
		else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
			*(bool *)field = false;
		else
			return err_set(err, ERR_USAGE,
				       "option --%s: \"%s\" is neither true nor false", o->name,
				       value);
		return 0;
	case OPT_STR:
		*(const char **)field = value;
		return 0;
	case OPT_U32:
		if (!num_u32(value, (uint32_t *)field))
			return err_set(err, ERR_USAGE,
				       "option --%s: \"%s\" is not a number from 0 to 4294967295",
				       o->name, value);
		return 0;
	case OPT_LIST: {
		struct strs *list = (struct strs *)field;

		list->v = arena_grow(a, list->v, sizeof(char *) * (list->n + 1),
				     sizeof(char *) * (list->n + 2));
		list->v[list->n++] = (char *)value;
		list->v[list->n] = NULL;
		list->set = true;
		return 0;
	}
	case OPT_IGNORE:
		return 0;
	}
	return 0;
}

static int need_value(const struct opt *o, char ***argp, const char **ret, struct err *err)
{
	if (!(*argp)[1])
		return err_set(err, ERR_USAGE, "option --%s needs a value: --%s %s", o->name,
			       o->name, o->arg ? o->arg : "VALUE");
	*ret = *++*argp;
	return 0;
}

static int parse_long(const struct opt *table, void *base, char ***argp, struct arena *a,
		      struct err *err)
{
	const char *text = **argp + 1 + ((**argp)[1] == '-');
	size_t n = strcspn(text, "=");
	const struct opt *o = find_long(table, text, n);
	const char *value = text[n] ? text + n + 1 : NULL;

	if (!o)
		return err_set(err, ERR_USAGE, "unknown option --%.*s", (int)n, text);
	if (!value && o->kind != OPT_FLAG && need_value(o, argp, &value, err) < 0)
		return -1;
	return store(o, base, value, a, err);
}

static int parse_letters(const struct opt *table, void *base, char ***argp, struct arena *a,
			 struct err *err)
{
	for (const char *p = **argp + 1; *p; p++) {
		const struct opt *o = find_letter(table, *p);
		const char *value = NULL;

		if (!o)
			return err_set(err, ERR_USAGE, "unknown option -%c", *p);
		if (o->kind == OPT_FLAG) {
			if (store(o, base, NULL, a, err) < 0)
				return -1;
			continue;
		}
		if (p[1])
			value = p + 1 + (p[1] == '=');
		else if (need_value(o, argp, &value, err) < 0)
			return -1;
		return store(o, base, value, a, err);
	}
	return 0;
}

/* --name, and -name as Go's flag parsers take it and go-runc writes it (-no-subreaper) */
static bool is_long(const struct opt *table, const char *arg)
{
	return arg[1] == '-' || (arg[2] && find_long(table, arg + 1, strcspn(arg + 1, "=")));
}

int opt_parse(const struct opt *table, void *base, char **argv, bool permute, struct arena *a,
	      struct opt_args *ret, struct err *err)
{
	size_t count = 0;

	while (argv[count])
		count++;
	ret->v = arena_array(a, char *, count + 1);
	ret->n = 0;
	for (; *argv; argv++) {
		char *arg = *argv;

		if (arg[0] != '-' || !arg[1]) {
			ret->v[ret->n++] = arg;
			if (permute)
				continue;
			argv++;
			break;
		}
		if (strcmp(arg, "--") == 0) {
			argv++;
			break;
		}
		if ((is_long(table, arg) ? parse_long : parse_letters)(table, base, &argv, a, err) <
		    0)
			return -1;
	}
	while (*argv)
		ret->v[ret->n++] = *argv++;
	return 0;
}

void opt_help(const struct opt *t, struct buf *out)
{
	for (; t->name; t++) {
		struct buf left = BUF_INIT(out->arena);

		if (t->letter)
			buf_fmt(&left, "  -%c, --%s", t->letter, t->name);
		else
			buf_fmt(&left, "      --%s", t->name);
		if (t->arg)
			buf_fmt(&left, " %s", t->arg);
		if (left.len < 30)
			buf_fmt(out, "%-30s  %s\n", left.data, t->help);
		else
			buf_fmt(out, "%s\n%32s%s\n", left.data, "", t->help);
	}
}
