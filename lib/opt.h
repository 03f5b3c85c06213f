/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines from tables. One table a command gives the parser, --help, shell completion, and
 * the test that the man page names every option.
 *
 * Accepted: --long, --long=value, --long value, -s, -svalue, -s value, -abc (flags), "--",
 * and -long where that is an option's name (as Go's parsers have it).
 * Options may come after operands unless the command's operands are another program's (exec, ps).
 */
#ifndef PROA_LIB_OPT_H
#define PROA_LIB_OPT_H

#include "buf.h"
#include "err.h"
#include "names.h"

enum opt_kind {
	OPT_FLAG,  /* bool */
	OPT_STR,   /* const char * */
	OPT_U32,   /* uint32_t */
	OPT_LIST,  /* struct strs, may be repeated */
	OPT_IGNORE /* takes a value, has no effect (said in its help) */
};

struct opt {
	const char *name;
	char letter; /* 0 = none */
	enum opt_kind kind;
	size_t offset;	 /* into the command's struct of options */
	const char *arg; /* how help names the value */
	const char *help;
};

#define OPT_END                                                                                    \
	{                                                                                          \
		0                                                                                  \
	}

struct opt_args {
	char **v; /* NULL-terminated */
	int n;
};

/* argv[0] is the first argument. `permute`: options after operands are options. */
int opt_parse(const struct opt *table, void *base, char **argv, bool permute, struct arena *a,
	      struct opt_args *ret, struct err *err) must_check;
void opt_help(const struct opt *table, struct buf *out);

#endif
