#!/usr/bin/env bash
# Apache Cassandra for tests, on the loopback addresses:
#   cassandra.sh start [--nodes 1|3] [--port P] [--dir D]   starts what is not running, waits, prints 127.0.0.1:P
#   cassandra.sh stop  [--port P] [--dir D] [--keep]        ends it and removes its data, unless told to keep them
#   cassandra.sh status [--port P] [--dir D]                prints the address; exit code 1 when a node is missing
#   cassandra.sh with [--nodes …] -- COMMAND…               starts, runs the command with STUDYHALL_TEST_CQL, stops
#   cassandra.sh prepare                                    fetches the jars, and nothing else
# Nodes are 127.0.0.1, .2, .3, all on port P (19042) and, among themselves, P + 1; each has D/nodeN with its data and
# its log, and D/nodeN.pid. A node that died is started again with the data it left. Different ports and folders are
# different clusters, which may run side by side.
# Those of `with` keep their schema in memory until it has time: it is made in half the time, and no node starts again.
# Needs Java 17; the jars come by Maven, once, into .cache/cassandra.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
version=5.0.6
jars=$root/.cache/cassandra/$version
port=${CASSANDRA_PORT:-19042}
dir=${CASSANDRA_DIR:-}
nodes=1
keep=
start_within_s=120

say() { echo "cassandra: $*" >&2; }
fail() { say "$*"; exit 1; }

java_17() {
    local home
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/java-17-openjdk*; do
        [[ -n $home && -x $home/bin/java ]] || continue
        "$home/bin/java" -version 2>&1 | grep -q 'version "17\.' && { echo "$home/bin/java"; return; }
    done
    command -v java >/dev/null && java -version 2>&1 | grep -q 'version "17\.' && { command -v java; return; }
    fail "Java 17 is needed (Debian: openjdk-17-jre-headless)"
}

# The folder gets its name when it is whole, so that a fetch that was cut short is begun again.
fetch_jars() {
    [[ -d $jars ]] && return
    command -v mvn >/dev/null || fail "Maven is needed to fetch the server (Debian: maven)"
    say "fetching version $version"
    mkdir -p "$(dirname "$jars")"
    local partial
    partial=$(mktemp -d "$jars.XXXXXX")
    mvn -q -B -f "$root/scripts/cassandra/pom.xml" -Dcassandra.version=$version \
        dependency:copy-dependencies -DoutputDirectory="$partial" >&2 || { rm -rf "$partial"; fail "the fetch failed"; }
    mv -T "$partial" "$jars" 2>/dev/null || rm -rf "$partial"
}

module_flags() {
    local p
    for p in java.base/jdk.internal.misc java.base/java.lang.ref java.management.rmi/com.sun.jmx.remote.internal.rmi \
        java.management/com.sun.jmx.remote.security java.rmi/sun.rmi.registry java.rmi/sun.rmi.server \
        java.sql/java.sql jdk.unsupported/sun.misc jdk.compiler/com.sun.tools.javac.file jdk.attach/sun.tools.attach; do
        printf '%s\n' "--add-exports=$p=ALL-UNNAMED"
    done
    for p in lang lang.module lang.reflect util util.concurrent util.concurrent.atomic io nio; do
        printf '%s\n' "--add-opens=java.base/java.$p=ALL-UNNAMED"
    done
    for p in java.base/sun.nio.ch java.base/jdk.internal.loader java.base/jdk.internal.ref \
        java.base/jdk.internal.reflect java.base/jdk.internal.math java.base/jdk.internal.module \
        java.base/jdk.internal.util.jar jdk.management/com.sun.management.internal \
        jdk.compiler/com.sun.tools.javac; do
        printf '%s\n' "--add-opens=$p=ALL-UNNAMED"
    done
}

pid_of() { # the node's process, if it runs
    local pid
    pid=$(cat "$dir/node$1.pid" 2>/dev/null) || return 1
    kill -0 "$pid" 2>/dev/null && grep -qa CassandraDaemon "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

# A process that was killed gives its port and its files back a moment later.
await_gone() {
    local pid
    pid=$(cat "$dir/node$1.pid" 2>/dev/null) || return 0
    for _ in {1..100}; do
        # Dying, it has no command line any more; a zombie holds nothing.
        [[ -d /proc/$pid && -z $(tr -d '\0' <"/proc/$pid/cmdline" 2>/dev/null) ]] || return 0
        [[ $(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null) != Z ]] || return 0
        sleep 0.1
    done
}

listens() { (exec 3<>"/dev/tcp/127.0.0.$1/$port") 2>/dev/null; }

launch() { # starts node $1, whose address is 127.0.0.$1
    local home=$dir/node$1 java=$2 heap=1024m ring=100 token= throwaway=()
    # For who never starts a node again: the schema need not lie on the disk before it is used.
    [[ -z ${CASSANDRA_THROWAWAY:-} ]] || throwaway=(-Dcassandra.unsafesystem=true)
    if [[ $nodes -gt 1 ]]; then
        heap=384m ring=2000
        # The ring in even parts, so that every node owns as much as the others.
        local tokens=(-9223372036854775808 -3074457345618258603 3074457345618258602)
        token="initial_token: ${tokens[$1 - 1]}"
    fi
    mkdir -p "$home/triggers"
    sed -e "s|@ADDRESS@|127.0.0.$1|; s|@STORAGE_PORT@|$((port + 1))|; s|@PORT@|$port|; s|@HOME@|$home|; s|@TOKEN@|$token|" \
        "$root/scripts/cassandra/cassandra.yaml" >"$home/cassandra.yaml"
    local flags
    mapfile -t flags < <(module_flags)
    local jamm=("$jars"/jamm-*.jar)
    # A session of its own, so that what ends the caller does not end the server.
    setsid "$java" "${flags[@]}" "-javaagent:${jamm[0]}" "-Xms$heap" "-Xmx$heap" -XX:+UseSerialGC -Xss512k \
        -XX:TieredStopAtLevel=1 -XX:-UsePerfData "-Xlog:gc:$home/gc.log" \
        -Djdk.attach.allowAttachSelf=true -Dio.netty.tryReflectionSetAccessible=true \
        "-Dcassandra.config=file://$home/cassandra.yaml" "-Dcassandra.storagedir=$home" \
        "-Dcassandra.triggers_dir=$home/triggers" "-Dcassandra.logdir=$home" -Dcassandra-foreground=yes \
        -Dcassandra.skip_wait_for_gossip_to_settle=0 "-Dcassandra.ring_delay_ms=$ring" \
        -Dcassandra.consistent.rangemovement=false "${throwaway[@]}" \
        "-Dlogback.configurationFile=$root/scripts/cassandra/logback.xml" \
        -cp "$root/scripts/cassandra:$jars/*" org.apache.cassandra.service.CassandraDaemon \
        >"$home/out.log" 2>&1 </dev/null 9>&- &
    echo $! >"$dir/node$1.pid"
}

# On a busy machine a process that was just launched may not be the server yet.
becomes() { ((SECONDS - since < 10)) && kill -0 "$(cat "$dir/node$1.pid")" 2>/dev/null; }

await() { # until node $1 accepts clients
    local since=$SECONDS
    until listens "$1"; do
        pid_of "$1" >/dev/null || becomes "$1" || { tail -n 15 "$dir/node$1/out.log" >&2; fail "node $1 ended; see $dir/node$1/system.log"; }
        ((SECONDS - since < start_within_s)) || fail "node $1 did not answer within $start_within_s s"
        sleep 0.2
    done
}

start() {
    local java n
    java=$(java_17)
    fetch_jars
    mkdir -p "$dir"
    exec 9>"$dir/lock" && flock 9
    [[ -f $dir/nodes ]] && nodes=$(cat "$dir/nodes")
    echo "$nodes" >"$dir/nodes"
    for ((n = 1; n <= nodes; n++)); do
        if ! pid_of "$n" >/dev/null; then
            await_gone "$n"
            ! listens "$n" || fail "another process listens on 127.0.0.$n:$port"
            launch "$n" "$java"
        fi
        await "$n"
    done
    echo "127.0.0.1:$port"
}

stop() {
    local n pid
    for n in 1 2 3; do
        pid=$(pid_of "$n") || continue
        kill -KILL "$pid"
        while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
        rm -f "$dir/node$n.pid"
    done
    [[ -n $keep || ! -f $dir/nodes ]] || rm -rf "$dir"
}

status() {
    [[ -f $dir/nodes ]] || fail "not started"
    local n
    for ((n = 1; n <= $(cat "$dir/nodes"); n++)); do
        pid_of "$n" >/dev/null || fail "node $n does not run"
        listens "$n" || fail "node $n does not answer"
    done
    echo "127.0.0.1:$port"
}

# Without a server the command runs all the same, and what needs one is skipped; where CI=true that is an error.
with() {
    local contact code=0
    if contact=$(CASSANDRA_THROWAWAY=yes "$0" start --nodes "$nodes" --port "$port" --dir "$dir"); then
        STUDYHALL_TEST_CQL=$contact "$@" || code=$?
        stop
    elif [[ ${CI:-} == true ]]; then
        code=1
    else
        "$@" || code=$?
    fi
    exit "$code"
}

command=${1:-}
[[ $# -eq 0 ]] || shift
while [[ $# -gt 0 ]]; do
    case $1 in
        --nodes) nodes=$2; shift 2 ;;
        --port) port=$2; shift 2 ;;
        --dir) dir=$2; shift 2 ;;
        --keep) keep=yes; shift ;;
        --) shift; break ;;
        *) fail "unknown option $1" ;;
    esac
done
[[ $nodes == 1 || $nodes == 3 ]] || fail "--nodes is 1 or 3"
dir=${dir:-${CARGO_TARGET_DIR:-$root/target}/cassandra/$port}
case $command in
    prepare) java_17 >/dev/null; fetch_jars ;;
    start | stop | status) "$command" ;;
    with) with "$@" ;;
    *) sed -n '2,12s/^# \?//p' "$0" >&2; exit 2 ;;
esac
