// SPDX-License-Identifier: Apache-2.0
#include "decode.h"

#include <string.h>

#include "json.h"

/* Where we are in the text: one frame for each open map or list. */
struct frame {
	const struct field
		*field;		/* what the frame fills; NULL for the top and for skipped parts */
	const struct fields *t; /* the table of a map's keys, NULL in lists and string maps */
	void *base;		/* the struct or member that it fills */
	uint64_t seen;		/* rows of t that were there */
	const char *key;	/* the newest key, for the pointer */
	uint32_t index;		/* the number of the newest element */
	uint32_t cap;
	bool is_list;
};

struct decoder {
	const struct fields *top;
	void *out;
	int flags;
	struct arena *arena;
	struct err *err;
	const struct field *pending; /* the row of the newest key */
	int depth;
	int skip; /* levels of a part that nobody asked for */
	bool skip_next;
	struct frame frames[JSON_MAX_DEPTH + 1];
};

static const char *const kind_words[] = {
	[FIELD_STR] = "a string",
	[FIELD_BOOL] = "true or false",
	[FIELD_OPT_BOOL] = "true or false",
	[FIELD_I64] = "a whole number",
	[FIELD_U64] = "a whole number, zero or more",
	[FIELD_U32] = "a whole number from 0 to 4294967295",
	[FIELD_STRS] = "a list of strings",
	[FIELD_PAIRS] = "an object of strings",
	[FIELD_ENUM] = "a string",
	[FIELD_ENUMS] = "a list of strings",
	[FIELD_U32S] = "a list of whole numbers",
	[FIELD_OBJ] = "an object",
	[FIELD_OBJS] = "a list of objects",
	[FIELD_MAP] = "an object of objects",
};

static void pointer(const struct decoder *d, struct buf *out)
{
	for (int i = 0; i < d->depth; i++) {
		const struct frame *f = &d->frames[i];

		if (f->is_list) {
			buf_fmt(out, "/%u", f->index);
			continue;
		}
		if (!f->key)
			continue;
		buf_str(out, "/");
		for (const char *p = f->key; *p; p++)
			buf_fmt(out, *p == '~' ? "~0" : *p == '/' ? "~1" : "%c", *p);
	}
}

static int fail(struct decoder *d, const char *format, ...) printf_like(2, 3);
static int fail(struct decoder *d, const char *format, ...)
{
	struct buf where = BUF_INIT(d->arena);
	char text[256];
	va_list ap;

	pointer(d, &where);
	va_start(ap, format);
	fmt_v(text, sizeof(text), format, ap);
	va_end(ap);
	return err_set(d->err, ERR_CONFIG, "%s: %s", where.len ? where.data : "/", text);
}

static struct frame *top_frame(struct decoder *d)
{
	return d->depth ? &d->frames[d->depth - 1] : NULL;
}

static void *list_add(struct decoder *d, struct frame *f, size_t size)
{
	struct list *l = f->base;

	if (l->n == f->cap) {
		uint32_t cap = f->cap ? f->cap * 2 : 4;

		l->v = arena_grow(d->arena, l->v, f->cap * sizeof(void *), cap * sizeof(void *));
		f->cap = cap;
	}
	return l->v[l->n++] = arena_alloc(d->arena, size);
}

static int set_enum(struct decoder *d, const struct field *row, const char *text,
		    const struct name **ret)
{
	struct buf known = BUF_INIT(d->arena);

	*ret = name_find(row->names, text);
	if (*ret)
		return 0;
	for (const struct name *n = row->names; n->name && known.len < 160; n++)
		buf_fmt(&known, "%s%s", known.len ? ", " : "", n->name);
	return fail(d, "\"%s\" is not one of %s", text, known.data);
}

static int set_number(struct decoder *d, const struct field *row, void *member, const char *text)
{
	uint64_t u = 0;
	int64_t i = 0;
	bool ok = row->kind == FIELD_I64 ? num_i64(text, &i) : num_u64(text, &u);

	if (!ok || (row->kind == FIELD_U32 && u > UINT32_MAX))
		return fail(d, "%s is not %s", text, kind_words[row->kind]);
	if (row->kind == FIELD_I64)
		*(struct opt_i64 *)member = (struct opt_i64){true, i};
	else if (row->kind == FIELD_U64)
		*(struct opt_u64 *)member = (struct opt_u64){true, u};
	else
		*(struct opt_u32 *)member = (struct opt_u32){true, (uint32_t)u};
	return 0;
}

static int set_scalar(struct decoder *d, const struct field *row, void *base, enum json_kind kind,
		      const char *text)
{
	void *member = (char *)base + row->offset;

	switch (row->kind) {
	case FIELD_STR:
		if (kind != JSON_STRING)
			break;
		*(const char **)member = text;
		return 0;
	case FIELD_BOOL:
		if (kind != JSON_BOOL)
			break;
		*(bool *)member = text[0] == 't';
		return 0;
	case FIELD_OPT_BOOL:
		if (kind != JSON_BOOL)
			break;
		*(struct opt_bool *)member = (struct opt_bool){true, text[0] == 't'};
		return 0;
	case FIELD_I64:
	case FIELD_U64:
	case FIELD_U32:
		if (kind != JSON_NUMBER)
			break;
		return set_number(d, row, member, text);
	case FIELD_ENUM:
		if (kind != JSON_STRING)
			break;
		return set_enum(d, row, text, member);
	default:
		break;
	}
	return fail(d, "must be %s", kind_words[row->kind]);
}

static int add_u32(struct decoder *d, struct frame *f, enum json_kind kind, const char *text)
{
	struct u32s *l = f->base;

	if (l->n == f->cap) {
		uint32_t cap = f->cap ? f->cap * 2 : 8;

		l->v = arena_grow(d->arena, l->v, f->cap * sizeof(*l->v), cap * sizeof(*l->v));
		f->cap = cap;
	}
	if (kind != JSON_NUMBER || !num_u32(text, &l->v[l->n]))
		return fail(d, "must be %s", kind_words[FIELD_U32]);
	l->n++;
	return 0;
}

/* An element of a list of strings or enums, or the value of a string map. */
static int set_element(struct decoder *d, struct frame *f, enum json_kind kind, const char *text)
{
	if (f->field->kind == FIELD_U32S)
		return add_u32(d, f, kind, text);
	if (kind != JSON_STRING || (f->field->kind != FIELD_STRS && f->field->kind != FIELD_PAIRS &&
				    f->field->kind != FIELD_ENUMS))
		return fail(d, "must be %s",
			    f->field->kind == FIELD_OBJS || f->field->kind == FIELD_MAP
				    ? "an object"
				    : "a string");
	if (f->field->kind == FIELD_STRS) {
		struct strs *l = f->base;

		if (l->n + 1 >= f->cap) {
			uint32_t cap = f->cap ? f->cap * 2 : 8;

			l->v = arena_grow(d->arena, l->v, f->cap * sizeof(char *),
					  cap * sizeof(char *));
			f->cap = cap;
		}
		l->v[l->n++] = (char *)text;
		l->v[l->n] = NULL;
		return 0;
	}
	if (f->field->kind == FIELD_ENUMS) {
		const struct name *n = NULL;

		if (set_enum(d, f->field, text, &n) < 0)
			return -1;
		list_add(d, f, 0);
		((struct list *)f->base)->v[((struct list *)f->base)->n - 1] = (void *)n;
		return 0;
	}
	struct pairs *p = f->base;

	for (uint32_t i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].key, f->key) == 0) {
			p->v[i].value = text;
			return 0;
		}
	}
	if (p->n == f->cap) {
		uint32_t cap = f->cap ? f->cap * 2 : 8;

		p->v = arena_grow(d->arena, p->v, f->cap * sizeof(*p->v), cap * sizeof(*p->v));
		f->cap = cap;
	}
	p->v[p->n++] = (struct pair){f->key, text};
	return 0;
}

static int on_scalar(void *ctx, enum json_kind kind, const char *text)
{
	struct decoder *d = ctx;
	struct frame *f = top_frame(d);
	int r;

	if (d->skip)
		return 0;
	if (d->skip_next) {
		d->skip_next = false;
		return 0;
	}
	if (!f)
		return fail(d, "must be an object");
	if (!f->t) {
		/* null in a list of strings is a mistake; as a map's value it means absent */
		r = kind == JSON_NULL && !f->is_list ? 0 : set_element(d, f, kind, text);
		f->index++;
		return r;
	}
	/* null means absent: Go engines write it for empty slices and pointers */
	r = kind == JSON_NULL ? 0 : 1;
	if (r == 0) {
		f->seen &= ~(1ULL << (d->pending - f->t->v));
		return 0;
	}
	if (kind == JSON_NUMBER)
		text = arena_strdup(d->arena, text);
	return set_scalar(d, d->pending, f->base, kind, text);
}

static const struct field *find_row(const struct decoder *d, const struct fields *t,
				    const char *key)
{
	size_t n = strlen(key);

	for (uint32_t i = 0; i < t->n; i++) {
		if (t->v[i].name_len != n)
			continue;
		if (memcmp(t->v[i].name, key, n) == 0 ||
		    ((d->flags & DECODE_ANY_CASE) && name_same_any_case(t->v[i].name, key)))
			return &t->v[i];
	}
	return NULL;
}

static int on_key(void *ctx, const char *text)
{
	struct decoder *d = ctx;
	struct frame *f = top_frame(d);

	if (d->skip)
		return 0;
	f->key = text;
	if (!f->t)
		return 0;
	d->pending = find_row(d, f->t, text);
	d->skip_next = !d->pending;
	if (d->pending)
		f->seen |= 1ULL << (d->pending - f->t->v);
	return 0;
}

static struct frame *push(struct decoder *d, const struct field *field, const struct fields *t,
			  void *base, bool is_list)
{
	struct frame *f = &d->frames[d->depth++];

	*f = (struct frame){.field = field, .t = t, .base = base, .is_list = is_list};
	return f;
}

static int open_member(struct decoder *d, struct frame *f, enum json_kind kind)
{
	const struct field *row = d->pending;
	void *member = (char *)f->base + row->offset;

	switch (row->kind) {
	case FIELD_OBJ:
		if (kind != JSON_MAP)
			break;
		*(void **)member = arena_alloc(d->arena, row->sub->size);
		push(d, row, row->sub, *(void **)member, false);
		return 0;
	case FIELD_STRS:
		if (kind != JSON_LIST)
			break;
		*(struct strs *)member =
			(struct strs){.v = arena_array(d->arena, char *, 1), .set = true};
		push(d, row, NULL, member, true);
		return 0;
	case FIELD_U32S:
		if (kind != JSON_LIST)
			break;
		*(struct u32s *)member = (struct u32s){0};
		push(d, row, NULL, member, true);
		return 0;
	case FIELD_ENUMS:
	case FIELD_OBJS:
		if (kind != JSON_LIST)
			break;
		*(struct list *)member = (struct list){0};
		push(d, row, NULL, member, true);
		return 0;
	case FIELD_PAIRS:
		if (kind != JSON_MAP)
			break;
		*(struct pairs *)member = (struct pairs){0};
		push(d, row, NULL, member, false);
		return 0;
	case FIELD_MAP:
		if (kind != JSON_MAP)
			break;
		*(struct list *)member = (struct list){0};
		push(d, row, NULL, member, false);
		return 0;
	default:
		break;
	}
	return fail(d, "must be %s", kind_words[row->kind]);
}

static int on_open(void *ctx, enum json_kind kind)
{
	struct decoder *d = ctx;
	struct frame *f = top_frame(d);

	if (d->skip || d->skip_next) {
		d->skip++;
		d->skip_next = false;
		return 0;
	}
	if (!f) {
		if (kind != JSON_MAP)
			return fail(d, "must be an object");
		push(d, NULL, d->top, d->out, false);
		return 0;
	}
	if (f->t)
		return open_member(d, f, kind);
	if (kind == JSON_MAP && (f->field->kind == FIELD_OBJS || f->field->kind == FIELD_MAP)) {
		void *obj = list_add(d, f, f->field->sub->size);

		if (f->field->kind == FIELD_MAP)
			*(const char **)obj = f->key;
		push(d, f->field, f->field->sub, obj, false);
		return 0;
	}
	return fail(d, "must be %s",
		    f->field->kind == FIELD_OBJS || f->field->kind == FIELD_MAP ? "an object"
										: "a string");
}

static int on_close(void *ctx)
{
	struct decoder *d = ctx;
	struct frame *f = top_frame(d);

	if (d->skip) {
		d->skip--;
		return 0;
	}
	f->key = NULL;
	for (uint32_t i = 0; f->t && i < f->t->n; i++)
		if (f->t->v[i].required && !(f->seen >> i & 1))
			return fail(d, "the required property \"%s\" is missing", f->t->v[i].name);
	d->depth--;
	f = top_frame(d);
	if (f)
		f->index++;
	return 0;
}

int decode(const struct fields *t, void *out, char *text, size_t len, int flags, struct arena *a,
	   struct err *err)
{
	static const struct json_events events = {on_scalar, on_key, on_open, on_close};
	struct decoder *d = arena_new(a, struct decoder);

	d->top = t;
	d->out = out;
	d->flags = flags;
	d->arena = a;
	d->err = err;
	return json_parse(text, len, a, &events, d, err);
}

static bool is_set(const struct field *row, const void *member)
{
	switch (row->kind) {
	case FIELD_BOOL:
		return true;
	case FIELD_OPT_BOOL:
		return ((const struct opt_bool *)member)->set;
	case FIELD_I64:
		return ((const struct opt_i64 *)member)->set;
	case FIELD_U64:
		return ((const struct opt_u64 *)member)->set;
	case FIELD_U32:
		return ((const struct opt_u32 *)member)->set;
	case FIELD_STRS:
		return ((const struct strs *)member)->set;
	case FIELD_PAIRS:
		return ((const struct pairs *)member)->n > 0;
	case FIELD_U32S:
		return ((const struct u32s *)member)->n > 0;
	case FIELD_ENUMS:
	case FIELD_OBJS:
	case FIELD_MAP:
		return ((const struct list *)member)->n > 0;
	default:
		return *(void *const *)member != NULL;
	}
}

static void newline(struct buf *out, int indent, int depth)
{
	if (indent)
		buf_fmt(out, "\n%*s", indent * depth, "");
}

static void encode_at(const struct fields *t, const void *in, int indent, int depth,
		      struct buf *out);

static void encode_list(const struct field *row, const void *member, int indent, int depth,
			struct buf *out)
{
	const struct list *l = member;
	const struct strs *s = member;
	const struct u32s *u = member;
	bool strings = row->kind == FIELD_STRS;
	uint32_t n = strings ? s->n : row->kind == FIELD_U32S ? u->n : l->n;

	buf_str(out, "[");
	for (uint32_t i = 0; i < n; i++) {
		buf_str(out, i ? "," : "");
		newline(out, indent, depth + 1);
		if (row->kind == FIELD_U32S)
			buf_fmt(out, "%u", u->v[i]);
		else if (row->kind == FIELD_OBJS)
			encode_at(row->sub, l->v[i], indent, depth + 1, out);
		else
			buf_json_str(out, strings ? s->v[i] : ((const struct name *)l->v[i])->name);
	}
	if (n)
		newline(out, indent, depth);
	buf_str(out, "]");
}

static void encode_map(const struct field *row, const void *member, int indent, int depth,
		       struct buf *out)
{
	const struct list *l = member;
	const struct pairs *p = member;
	bool strings = row->kind == FIELD_PAIRS;
	uint32_t n = strings ? p->n : l->n;

	buf_str(out, "{");
	for (uint32_t i = 0; i < n; i++) {
		buf_str(out, i ? "," : "");
		newline(out, indent, depth + 1);
		buf_json_str(out, strings ? p->v[i].key : *(const char **)l->v[i]);
		buf_str(out, indent ? ": " : ":");
		if (strings)
			buf_json_str(out, p->v[i].value);
		else
			encode_at(row->sub, l->v[i], indent, depth + 1, out);
	}
	if (n)
		newline(out, indent, depth);
	buf_str(out, "}");
}

static void encode_member(const struct field *row, const void *member, int indent, int depth,
			  struct buf *out)
{
	switch (row->kind) {
	case FIELD_BOOL:
		buf_str(out, *(const bool *)member ? "true" : "false");
		break;
	case FIELD_OPT_BOOL:
		buf_str(out, ((const struct opt_bool *)member)->v ? "true" : "false");
		break;
	case FIELD_I64:
		buf_fmt(out, "%ld", (long)((const struct opt_i64 *)member)->v);
		break;
	case FIELD_U64:
		buf_fmt(out, "%lu", (unsigned long)((const struct opt_u64 *)member)->v);
		break;
	case FIELD_U32:
		buf_fmt(out, "%u", ((const struct opt_u32 *)member)->v);
		break;
	case FIELD_STR:
		buf_json_str(out, *(const char *const *)member);
		break;
	case FIELD_ENUM:
		buf_json_str(out, (*(const struct name *const *)member)->name);
		break;
	case FIELD_OBJ:
		encode_at(row->sub, *(void *const *)member, indent, depth, out);
		break;
	case FIELD_PAIRS:
	case FIELD_MAP:
		encode_map(row, member, indent, depth, out);
		break;
	default:
		encode_list(row, member, indent, depth, out);
		break;
	}
}

static void encode_at(const struct fields *t, const void *in, int indent, int depth,
		      struct buf *out)
{
	bool first = true;

	buf_str(out, "{");
	for (uint32_t i = 0; i < t->n; i++) {
		const struct field *row = &t->v[i];
		const void *member = (const char *)in + row->offset;

		if (!is_set(row, member))
			continue;
		buf_str(out, first ? "" : ",");
		first = false;
		newline(out, indent, depth + 1);
		buf_json_str(out, row->name);
		buf_str(out, indent ? ": " : ":");
		encode_member(row, member, indent, depth + 1, out);
	}
	if (!first)
		newline(out, indent, depth);
	buf_str(out, "}");
}

void encode(const struct fields *t, const void *in, int indent, struct buf *out)
{
	encode_at(t, in, indent, 0, out);
}
