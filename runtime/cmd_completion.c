// SPDX-License-Identifier: Apache-2.0
/* Completion scripts, from the same tables as the parser. */
#include <string.h>

#include "cmd.h"

static void words(struct buf *b, const struct opt *t)
{
	for (; t->name; t++)
		buf_fmt(b, " --%s", t->name);
}

static void bash(struct buf *b)
{
	buf_str(b,
		"# bash completion for proa\n_proa() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb= w\n"
		"\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase $w in\n\t\t");
	for (const struct cmd *c = commands; c->name; c++)
		buf_fmt(b, "%s%s", c == commands ? "" : "|", c->name);
	buf_str(b, ") verb=$w; break;;\n\t\tesac\n\tdone\n\tcase $verb:$cur in\n\t:-*) "
		   "COMPREPLY=($(compgen -W '");
	words(b, global_opts_table);
	buf_str(b, "' -- \"$cur\"));;\n\t:*) COMPREPLY=($(compgen -W '");
	for (const struct cmd *c = commands; c->name; c++)
		buf_fmt(b, " %s", c->name);
	buf_str(b, "' -- \"$cur\"));;\n");
	for (const struct cmd *c = commands; c->name; c++) {
		buf_fmt(b, "\t%s:-*) COMPREPLY=($(compgen -W '", c->name);
		words(b, c->opts);
		buf_str(b, " --help' -- \"$cur\"));;\n");
	}
	buf_str(b, "\t*) COMPREPLY=($(compgen -W \"$(proa list -q 2>/dev/null)\" -- \"$cur\"));;\n"
		   "\tesac\n}\ncomplete -o default -F _proa proa\n");
}

static void zsh_quote(struct buf *b, const char *s)
{
	for (; *s; s++)
		if (*s == '\'')
			buf_str(b, "'\\''");
		else if (strchr("[]:", *s))
			buf_fmt(b, "\\%c", *s);
		else
			buf_add(b, s, 1);
}

static void zsh_options(struct buf *b, const struct opt *t)
{
	for (; t->name; t++) {
		buf_fmt(b, " '--%s%s[", t->name, t->kind == OPT_FLAG ? "" : "=");
		zsh_quote(b, t->help);
		buf_fmt(b, "]%s'", t->kind == OPT_FLAG ? "" : ":value:_files");
	}
}

static void zsh(struct buf *b)
{
	buf_str(b, "#compdef proa\n_proa() {\n\tlocal -a verbs\n\tverbs=(");
	for (const struct cmd *c = commands; c->name; c++) {
		buf_fmt(b, " '%s:", c->name);
		zsh_quote(b, c->summary);
		buf_str(b, "'");
	}
	buf_str(b, ")\n\t_arguments -C");
	zsh_options(b, global_opts_table);
	buf_str(b,
		" '1: :->verb' '*:: :->args'\n\tcase $state in\n\tverb) _describe command verbs;;\n"
		"\targs) case $words[1] in\n");
	for (const struct cmd *c = commands; c->name; c++) {
		buf_fmt(b, "\t\t%s) _arguments", c->name);
		zsh_options(b, c->opts);
		buf_str(b, " '*:id:($(proa list -q 2>/dev/null))';;\n");
	}
	buf_str(b, "\tesac;;\n\tesac\n}\n_proa \"$@\"\n");
}

int cmd_completion(struct ctx *x, void *opts, struct opt_args *args, struct err *err)
{
	struct buf b = BUF_INIT(x->arena);

	(void)opts;
	if (strcmp(args->v[0], "bash") == 0)
		bash(&b);
	else if (strcmp(args->v[0], "zsh") == 0)
		zsh(&b);
	else
		return err_set(err, ERR_USAGE, "completion: \"%s\" is neither bash nor zsh",
			       args->v[0]);
	return cmd_print(&b, err);
}
