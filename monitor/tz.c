// SPDX-License-Identifier: Apache-2.0
#include "tz.h"

#include <stdbool.h>
#include <string.h>

#include "fd.h"

enum { DAY = 86400, FILE_MAX = 16384 };

/* Days since 1970 of a date, and back (proleptic Gregorian; H. Hinnant's algorithms). */
static int64_t days_from_civil(int64_t y, int m, int d)
{
	int64_t era;
	int64_t yoe;
	int64_t doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_from_days(int64_t z, int64_t *y, int *m, int *d)
{
	int64_t era;
	int64_t doe;
	int64_t yoe;
	int64_t doy;
	int64_t mp;

	z += 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = yoe + era * 400 + (*m <= 2);
}

static char *two(char *p, int64_t v)
{
	p[0] = (char)('0' + v / 10 % 10);
	p[1] = (char)('0' + v % 10);
	return p + 2;
}

/* by hand: it runs once a read */
static char *stamp(int64_t ns, int32_t offset, char *p)
{
	int64_t s = ns / 1000000000 + offset;
	int64_t frac = ns % 1000000000;
	int64_t days = s / DAY;
	int64_t y;
	int m;
	int d;

	s -= days * DAY;
	civil_from_days(days, &y, &m, &d);
	p = two(p, y / 100);
	p = two(p, y);
	*p++ = '-';
	p = two(p, m);
	*p++ = '-';
	p = two(p, d);
	*p++ = 'T';
	p = two(p, s / 3600);
	*p++ = ':';
	p = two(p, s / 60 % 60);
	*p++ = ':';
	p = two(p, s % 60);
	*p++ = '.';
	for (int64_t unit = 100000000; unit; unit /= 10)
		*p++ = (char)('0' + frac / unit % 10);
	return p;
}

void tz_stamp(int64_t ns, int32_t offset, char out[static 40])
{
	char *p = stamp(ns, offset, out);
	int32_t o = offset < 0 ? -offset : offset;

	*p++ = offset < 0 ? '-' : '+';
	p = two(p, o / 3600);
	*p++ = ':';
	p = two(p, o / 60 % 60);
	*p = '\0';
}

void tz_stamp_utc(int64_t ns, char out[static 40])
{
	char *p = stamp(ns, 0, out);

	*p++ = 'Z';
	*p = '\0';
}

/* ---------------------------------------------------------------- rules */

struct rule_date {
	char kind; /* 'M' month.week.day, 'J' day without 29 February, '0' day with it */
	int month, week, day;
	int32_t time;
};

static const char *number(const char *s, int max, int *ret)
{
	int v = 0;

	if (*s < '0' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + (*s - '0');
		if (v > max)
			return NULL;
	}
	*ret = v;
	return s;
}

static const char *hms(const char *s, int32_t *ret)
{
	int sign = 1;
	int v = 0;
	int unit = 3600;
	int32_t sum = 0;

	if (*s == '-' || *s == '+')
		sign = *s++ == '-' ? -1 : 1;
	for (; unit; unit /= 60) {
		s = number(s, 167, &v);
		if (!s)
			return NULL;
		sum += v * unit;
		if (*s != ':' || unit == 1)
			break;
		s++;
	}
	*ret = sign * sum;
	return s;
}

static const char *zone_name(const char *s)
{
	const char *start = s;

	if (*s == '<') {
		s = strchr(s, '>');
		return s ? s + 1 : NULL;
	}
	while ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z'))
		s++;
	return s - start >= 3 ? s : NULL;
}

static const char *rule_date(const char *s, struct rule_date *d)
{
	if (*s++ != ',')
		return NULL;
	d->time = 2 * 3600;
	if (*s == 'M') {
		d->kind = 'M';
		s = number(s + 1, 12, &d->month);
		if (!s || *s != '.' || !(s = number(s + 1, 5, &d->week)) || *s != '.' ||
		    !(s = number(s + 1, 6, &d->day)) || d->month < 1 || d->week < 1)
			return NULL;
	} else {
		d->kind = *s == 'J' ? 'J' : '0';
		s = number(s + (*s == 'J'), 365, &d->day);
	}
	if (s && *s == '/')
		s = hms(s + 1, &d->time);
	return s;
}

static bool leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* Local time (of the offset before it) at which the rule comes into force in year y. */
static int64_t rule_time(const struct rule_date *d, int64_t y)
{
	int64_t day;

	if (d->kind == 'M') {
		int64_t first = days_from_civil(y, d->month, 1);
		int64_t next = d->month == 12 ? days_from_civil(y + 1, 1, 1)
					      : days_from_civil(y, d->month + 1, 1);

		/* 1970-01-01 was a Thursday */
		day = first + ((d->day - (first + 4) % 7) % 7 + 7) % 7 + (d->week - 1) * 7;
		while (day >= next)
			day -= 7;
	} else {
		day = days_from_civil(y, 1, 1) + d->day - (d->kind == 'J');
		if (d->kind == 'J' && leap(y) && d->day >= 60)
			day++;
	}
	return day * DAY + d->time;
}

int tz_from_rule(const char *s, int64_t now, struct tz *ret)
{
	struct rule_date date[2];
	int32_t offset[2]; /* standard, summer */
	int64_t year;
	int m;
	int d;

	if (!(s = zone_name(s)) || !(s = hms(s, &offset[0])))
		return -1;
	offset[0] = -offset[0];
	*ret = (struct tz){offset[0], INT64_MAX};
	if (!*s)
		return 0;
	if (!(s = zone_name(s)))
		return -1;
	offset[1] = offset[0] + 3600;
	if (*s && *s != ',') {
		if (!(s = hms(s, &offset[1])))
			return -1;
		offset[1] = -offset[1];
	}
	if (!(s = rule_date(s, &date[0])) || !(s = rule_date(s, &date[1])) || *s)
		return -1;
	/* the latest change not after now says what holds, the earliest after it until when */
	civil_from_days(now / DAY, &year, &m, &d);
	{
		int64_t latest = INT64_MIN;

		for (int64_t y = year - 1; y <= year + 1; y++)
			for (int i = 0; i < 2; i++) {
				int64_t at = rule_time(&date[i], y) - offset[i];

				if (at <= now && at > latest) {
					latest = at;
					ret->offset = offset[!i];
				}
				if (at > now && at < ret->until)
					ret->until = at;
			}
	}
	return 0;
}

/* ---------------------------------------------------------------- files */

static int64_t be(const unsigned char *p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return bytes == 4 ? (int32_t)v : (int64_t)v;
}

enum { HEADER = 44 };

struct counts {
	size_t isut, isstd, leap, times, types, chars;
};

static int header(const unsigned char *p, size_t len, struct counts *c)
{
	if (len < HEADER || memcmp(p, "TZif", 4) != 0)
		return -1;
	c->isut = (uint32_t)be(p + 20, 4);
	c->isstd = (uint32_t)be(p + 24, 4);
	c->leap = (uint32_t)be(p + 28, 4);
	c->times = (uint32_t)be(p + 32, 4);
	c->types = (uint32_t)be(p + 36, 4);
	c->chars = (uint32_t)be(p + 40, 4);
	if (c->isut > 256 || c->isstd > 256 || c->leap > 1000 || c->times > 4096 ||
	    c->types > 256 || c->types == 0 || c->chars > 512)
		return -1;
	return 0;
}

static size_t body(const struct counts *c, size_t time)
{
	return c->times * (time + 1) + c->types * 6 + c->chars + c->leap * (time + 4) + c->isstd +
	       c->isut;
}

int tz_from_file(const unsigned char *data, size_t len, int64_t now, struct tz *ret)
{
	const unsigned char *p = data;
	const unsigned char *types;
	struct counts c;
	size_t time = 4;
	size_t type;
	size_t i = 0;

	if (header(p, len, &c) < 0)
		return -1;
	if (p[4] >= '2') { /* the same again with 64 bits, and a rule behind it */
		size_t skip = HEADER + body(&c, 4);

		if (skip > len || header(p + skip, len - skip, &c) < 0)
			return -1;
		p += skip;
		time = 8;
	}
	if (HEADER + body(&c, time) > len - (size_t)(p - data))
		return -1;
	p += HEADER;
	types = p + c.times * (time + 1);
	while (i < c.times && be(p + i * time, (int)time) <= now)
		i++;
	type = i ? p[c.times * time + i - 1] : 0;
	if (type >= c.types)
		return -1;
	*ret = (struct tz){(int32_t)be(types + type * 6, 4),
			   i < c.times ? be(p + i * time, (int)time) : INT64_MAX};
	if (i == c.times && time == 8) {
		const unsigned char *rule = p + body(&c, time);
		const unsigned char *end = data + len;
		char text[128];
		size_t n = 0;

		if (rule < end && *rule == '\n')
			for (rule++; rule < end && *rule != '\n' && n < sizeof(text) - 1; rule++)
				text[n++] = (char)*rule;
		text[n] = '\0';
		if (n)
			return tz_from_rule(text, now, ret);
	}
	return 0;
}

struct tz tz_at(const char *tz, int64_t now)
{
	struct tz ret = {0, INT64_MAX};
	static const char zones[] = "/usr/share/zoneinfo/";
	unsigned char data[FILE_MAX];
	char path[256];
	ssize_t n;

	if (tz && *tz == ':')
		tz++;
	if (tz && !*tz)
		return ret; /* TZ="" is UTC (tzset(3)) */
	if (!tz)
		fmt(path, sizeof(path), "/etc/localtime");
	else
		fmt(path, sizeof(path), "%s%s", *tz == '/' ? "" : zones, tz);
	n = fd_read_small(AT_FDCWD, path, (char *)data, sizeof(data));
	if (n > 0 && tz_from_file(data, (size_t)n, now, &ret) == 0)
		return ret;
	if (!tz || tz_from_rule(tz, now, &ret) < 0)
		ret = (struct tz){0, now + 3600}; /* it may be there later */
	return ret;
}
