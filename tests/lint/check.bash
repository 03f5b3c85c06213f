# SPDX-License-Identifier: Apache-2.0
# TAP for lint.sh and tools.sh.
n=0 bad=0
check() { # check NAME FOUND: what is wrong, nothing if all is well
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		head -60 <<<"$2" | sed 's/^/# /'
		bad=1
	fi
}
