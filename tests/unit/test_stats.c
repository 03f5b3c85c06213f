// SPDX-License-Identifier: Apache-2.0
#include "../tap.h"
#include "err.h"
#include "stats.h"

static const char *const (*files)[2];

static const char *read_table(const struct stats_source *s, const char *file)
{
	(void)s;
	for (size_t i = 0; files[i][0]; i++)
		if (strcmp(files[i][0], file) == 0)
			return files[i][1];
	return NULL;
}

static const char *made(const char *const (*table)[2])
{
	struct stats_source s = {.read = read_table, .cgroup = -1, .arena = arena_main()};
	struct buf b = BUF_INIT(s.arena);

	files = table;
	stats_json(&s, "c", &b);
	return b.data;
}

static void test_all(void)
{
	static const char *const table[][2] = {
		{"cpu.stat", "usage_usec 5000\nuser_usec 2000\nsystem_usec 3000\nnr_periods 4\n"
			     "nr_throttled 1\nthrottled_usec 20\n"},
		{"cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.10 total=77\n"
				 "full avg10=0.00 avg60=0.25 avg300=0.00 total=5\n"},
		{"cpuset.cpus.effective", "0-2,7\n"},
		{"cpuset.mems.effective", "0\n"},
		{"memory.current", "299008\n"},
		{"memory.max", "99999744\n"},
		{"memory.peak", "300000\n"},
		{"memory.swap.max", "max\n"},
		{"memory.swap.current", "4096\n"},
		{"memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n"},
		{"memory.stat", "anon 53248\nfile 8192\nfile_thp 0\n"},
		{"pids.current", "2\n"},
		{"pids.max", "20\n"},
		{"io.stat",
		 "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n259:1 rbytes=9\n"},
		{"hugetlb.2MB.current", "2097152\n"},
		{"hugetlb.2MB.events", "max 6\n"},
		{NULL, NULL},
	};

	is_str(made(table),
	       "{\"type\":\"stats\",\"id\":\"c\",\"data\":{\"cpu\":{\"usage\":{\"total\":5000000,"
	       "\"kernel\":3000000,\"user\":2000000},\"throttling\":{\"periods\":4,"
	       "\"throttledPeriods\":1,\"throttledTime\":20000},\"psi\":{\"some\":{\"avg10\":1.50,"
	       "\"avg60\":0.00,\"avg300\":0.10,\"total\":77},\"full\":{\"avg10\":0.00,"
	       "\"avg60\":0.25,\"avg300\":0.00,\"total\":5}}},\"cpuset\":{\"cpus\":[0,1,2,7],"
	       "\"mems\":[0]},\"memory\":{\"cache\":8192,\"usage\":{\"limit\":99999744,"
	       "\"usage\":299008,\"max\":300000,\"failcnt\":3},\"swap\":{"
	       "\"limit\":18446744073709551615,\"usage\":303104,\"failcnt\":0},\"kernel\":{"
	       "\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0},\"raw\":{"
	       "\"anon\":53248,\"file\":8192,\"file_thp\":0}},\"pids\":{\"current\":2,"
	       "\"limit\":20},\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":0,"
	       "\"op\":\"Read\",\"value\":1},{\"major\":8,\"minor\":0,\"op\":\"Write\","
	       "\"value\":2},{\"major\":8,\"minor\":0,\"op\":\"Discard\",\"value\":0},{"
	       "\"major\":259,\"minor\":1,\"op\":\"Read\",\"value\":9}],\"ioServicedRecursive\":[{"
	       "\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":3},{\"major\":8,\"minor\":0,"
	       "\"op\":\"Write\",\"value\":4},{\"major\":8,\"minor\":0,\"op\":\"Discard\","
	       "\"value\":0}]},\"hugetlb\":{\"2MB\":{\"usage\":2097152,\"failcnt\":6}},"
	       "\"intel_rdt\":{},\"network_interfaces\":null}}\n",
	       "every controller");
}

static void test_none(void)
{
	static const char *const table[][2] = {
		{"memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
		{NULL, NULL},
	};

	is_str(made(table),
	       "{\"type\":\"stats\",\"id\":\"c\",\"data\":{\"cpu\":{\"usage\":{},\"throttling\":{}},"
	       "\"cpuset\":{},\"memory\":{\"psi\":{\"some\":{\"avg10\":0.00,\"avg60\":0.00,"
	       "\"avg300\":0.00,\"total\":0}}},\"pids\":{},\"blkio\":{},\"hugetlb\":{},"
	       "\"intel_rdt\":{},\"network_interfaces\":null}}\n",
	       "no controller");
}

static void test_oom(void)
{
	is_int(stats_oom("low 0\nhigh 0\nmax 3\noom 1\noom_kill 4\noom_group_kill 9\n"), 5,
	       "oom and oom_kill");
	is_int(stats_oom(NULL), 0, "no file");
	is_int(stats_oom(""), 0, "an empty one");
}

int main(void)
{
	test_all();
	test_none();
	test_oom();
	return tap_done();
}
