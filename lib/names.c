// SPDX-License-Identifier: Apache-2.0
#include "names.h"

#include <signal.h>
#include <string.h>

const struct name *name_find_n(const struct name *t, const char *name, size_t len)
{
	for (; t->name; t++)
		if (t->name[0] == name[0] && strncmp(t->name, name, len) == 0 &&
		    t->name[len] == '\0')
			return t;
	return NULL;
}

const struct name *name_find(const struct name *t, const char *name)
{
	return name_find_n(t, name, strlen(name));
}

static char fold(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool name_same_any_case(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return fold(*a) == fold(*b);
}

const char *name_of(const struct name *t, int64_t value)
{
	for (; t->name; t++)
		if (t->value == value)
			return t->name;
	return NULL;
}

bool num_u64(const char *s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		unsigned int d = (unsigned int)(*s - '0');

		if (d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v))
			return false;
	}
	*ret = v;
	return true;
}

bool num_i64(const char *s, int64_t *ret)
{
	bool neg = *s == '-';
	uint64_t v;

	if (!num_u64(s + neg, &v) || v > (uint64_t)INT64_MAX + neg)
		return false;
	*ret = neg ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool num_u32(const char *s, uint32_t *ret)
{
	uint64_t v;

	if (!num_u64(s, &v) || v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

bool num_bytes(const char *s, int64_t *ret)
{
	static const char units[] = "kmgtp";
	char digits[24];
	size_t n = strspn(s, "-0123456789");
	int shift = 0;
	int64_t v;

	if (n >= sizeof(digits))
		return false;
	memcpy(digits, s, n);
	digits[n] = '\0';
	s += n;
	if (*s) {
		const char *u = strchr(units, *s | 0x20);

		if (u) {
			shift = 10 * (int)(u - units + 1);
			s++;
		}
		if (*s == 'i' || *s == 'I')
			s++;
		if (*s == 'b' || *s == 'B')
			s++;
	}
	return !*s && num_i64(digits, &v) && !__builtin_mul_overflow(v, (int64_t)1 << shift, ret);
}

static const struct name signals[] = {
	{"HUP", SIGHUP},       {"INT", SIGINT},	    {"QUIT", SIGQUIT}, {"ILL", SIGILL},
	{"TRAP", SIGTRAP},     {"ABRT", SIGABRT},   {"IOT", SIGABRT},  {"BUS", SIGBUS},
	{"FPE", SIGFPE},       {"KILL", SIGKILL},   {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},
	{"USR2", SIGUSR2},     {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
	{"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},   {"CLD", SIGCHLD},  {"CONT", SIGCONT},
	{"STOP", SIGSTOP},     {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},
	{"URG", SIGURG},       {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM},
	{"PROF", SIGPROF},     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"POLL", SIGPOLL},
	{"PWR", SIGPWR},       {"SYS", SIGSYS},	    {NULL, 0},
};

bool num_duration(const char *text, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {{"ms", 1000000},
		     {"us", 1000},
		     {"ns", 1},
		     {"s", 1000000000},
		     {"m", 60LL * 1000000000},
		     {"h", 3600LL * 1000000000}};
	int64_t sum = 0;

	if (!*text)
		return false;
	while (*text) {
		int64_t v = 0;
		size_t digits = strspn(text, "0123456789");
		size_t i = 0;

		if (digits == 0 || digits > 12)
			return false;
		for (; digits; digits--)
			v = v * 10 + (*text++ - '0');
		if (!*text && sum == 0) {
			i = 3;
		} else {
			size_t n = strspn(text, "mhsun");

			for (; i < sizeof(units) / sizeof(units[0]); i++)
				if (strlen(units[i].unit) == n &&
				    memcmp(text, units[i].unit, n) == 0)
					break;
			if (i == sizeof(units) / sizeof(units[0]))
				return false;
			text += n;
		}
		if (v > (INT64_MAX - sum) / units[i].ns)
			return false;
		sum += v * units[i].ns;
	}
	*ret = sum;
	return true;
}

int signal_from_text(const char *s)
{
	char up[16];
	size_t n = strlen(s);
	const struct name *row;
	uint32_t v;

	if (num_u32(s, &v))
		return v > 0 && v <= 64 ? (int)v : 0;
	if (n == 0 || n >= sizeof(up))
		return 0;
	for (size_t i = 0; i <= n; i++)
		up[i] = (char)(s[i] >= 'a' && s[i] <= 'z' ? s[i] - 'a' + 'A' : s[i]);
	s = strncmp(up, "SIG", 3) == 0 ? up + 3 : up;
	row = name_find(signals, s);
	if (row)
		return (int)row->value;
	/* the kernel's 34 is what glibc calls RTMIN */
	if (strncmp(s, "RTMIN", 5) == 0)
		return !s[5] ? 34 : s[5] == '+' && num_u32(s + 6, &v) && v <= 30 ? 34 + (int)v : 0;
	if (strncmp(s, "RTMAX", 5) == 0)
		return !s[5] ? 64 : s[5] == '-' && num_u32(s + 6, &v) && v <= 30 ? 64 - (int)v : 0;
	return 0;
}

const char *text_line(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	while (strncmp(text, prefix, n) != 0) {
		text = strchrnul(text, '\n');
		if (!*text)
			return NULL;
		text++;
	}
	return text + n;
}
