#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each bundle of the table, and each pair of those with a star, is run by proa, crun and runc; what the
# program in the container sees is compared line by line. A difference is a failure, unless the list `known`
# has it with the reason why ours is right; and a line of that list that no difference needs is a failure
# too. TAP. run.sh [-k] [BUNDLE...]: only these; -k keeps the outputs and prints where.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
keep=
[ "${1:-}" != -k ] || { keep=1; shift; }
t=$(mktemp -d /tmp/differential.XXXXXX)
[ -n "$keep" ] || trap 'rm -rf "$t"' EXIT
PROA=${PROA:-$top/build/proa}

gcc -O1 -static -o "$t/probe" "$here/probe.c" || exit 1
mkdir -p "$t"/{template/{etc,proc,sys,dev,tmp,real},vol/sub,vol2,bundle,out}
mv "$t/probe" "$t/template/probe"
echo 'root:x:0:0:root:/root:/bin/sh' >"$t/template/etc/passwd"
ln -s real "$t/template/link"
mkdir "$t/template/real/in"
echo data >"$t/vol/file"
# the mapped root of a user namespace comes through here
chmod 755 "$t" "$t/bundle"
ln -s rootfs "$t/bundle/rootlink"
(cd "$t/bundle" && "$PROA" spec && mv config.json ../spec.json)
export HOST_NS=$(readlink /proc/self/ns/* | tr '\n' ' ')

config() { # config FILTER
	jq --arg t "$t" --arg host "$HOST_NS" ".process.terminal = false | .process.args = [\"/probe\",\"a\"] | $1 |
		if (.process | type) == \"object\" and (.process.env | type) == \"array\" then .process.env += [\"HOST_NS=\" + \$host] else . end" "$t/spec.json" >"$t/bundle/config.json"
}
run_one() { # run_one NAME FILTER
	local r status
	for r in proa crun runc; do
		while umount -R "$t/bundle/rootfs" 2>/dev/null; do :; done
		rm -rf "$t/bundle/rootfs"
		cp -al "$t/template" "$t/bundle/rootfs"
		chown 0:0 /dev/null # crun hands its standard streams to the container's root
		config "$2" || { echo "Bail out! $1: jq"; exit 1; }
		status=0
		case $r in proa) exe=$PROA ;; *) exe=$r ;; esac
		(cd "$t/bundle" && timeout -s KILL 30 "$exe" --root "$t/state-$r" run "d-$r" >"$t/out/$1.$r" 2>"$t/out/$1.$r.err" </dev/null) || status=$?
		"$exe" --root "$t/state-$r" delete --force "d-$r" >/dev/null 2>&1
		# the program's output ends with its last line, or it did not run
		grep -q '^path /proc/irq' "$t/out/$1.$r" || echo "refused" >"$t/out/$1.$r"
		[ $status = 0 ] || echo "status not 0" >>"$t/out/$1.$r"
		sed -i "s/d-$r/ID/g; s#$t#T#g" "$t/out/$1.$r"
	done
}
names=() filters=() starred=()
while IFS=$'\t' read -r name filter; do
	case $name in '#'* | '') continue ;; esac
	bare=${name#\*}
	names+=("$bare")
	filters+=("$filter")
	[ "$bare" = "$name" ] || starred+=($((${#names[@]} - 1)))
done <"$here/bundles"
for ((i = 0; i < ${#starred[@]}; i++)); do
	for ((j = i + 1; j < ${#starred[@]}; j++)); do
		names+=("${names[starred[i]]}+${names[starred[j]]}")
		filters+=("(${filters[starred[i]]}) | (${filters[starred[j]]})")
	done
done

n=0 bad=0
touch "$t/used"
for ((i = 0; i < ${#names[@]}; i++)); do
	name=${names[i]}
	if [ $# -gt 0 ]; then
		case " $* " in *" $name "*) ;; *) continue ;; esac
	fi
	run_one "$name" "${filters[i]}"
	n=$((n + 1))
	: >"$t/left"
	for r in crun runc; do
		diff "$t/out/$name.$r" "$t/out/$name.proa" | grep '^[<>]' | sed "s/^</$r:/; s/^>/proa:/" |
			awk -F'\t' -v name="$name" -v runtime="$r" -v used="$t/used" '
				function matches(glob, text) { gsub(/[.+]/, "[&]", glob); gsub(/\*/, ".*", glob); return text ~ "^(" glob ")$" }
				FILENAME == ARGV[1] { if ($0 !~ /^#/ && NF >= 4) { who[++k] = $1; what[k] = $2; line[k] = $3 } next }
				{
					for (i = 1; i <= k; i++)
						if ((who[i] == runtime || who[i] == "both") && matches(what[i], name) && $0 ~ line[i]) { print i >>used; next }
					print
				}' "$here/known" - | sed "s/^/# vs $r: /" >>"$t/left"
	done
	if [ -s "$t/left" ]; then
		echo "not ok $n - $name"
		head -40 "$t/left"
		for r in proa crun runc; do sed "s/^/# $r says: /" "$t/out/$name.$r.err" | head -3; done
		bad=1
	else
		echo "ok $n - $name"
	fi
done
if [ $# -eq 0 ]; then
	n=$((n + 1))
	stale=$(awk -F'\t' 'FILENAME == ARGV[1] { used[$1] = 1; next } $0 !~ /^#/ && NF >= 4 { k++; if (!(k in used)) print "# " $0 }' "$t/used" "$here/known")
	[ -z "$stale" ] && echo "ok $n - each known difference is one" || { echo "not ok $n - known differences that are none"; echo "$stale"; bad=1; }
fi
echo "1..$n"
[ -z "$keep" ] || echo "# outputs: $t"
exit $bad
