#!/bin/bash
# A real one-node SLURM cluster on this machine, on loopback only, from Debian's packages.
# usage (as root): slurm.sh start | stop | status | restart-controller | drain | resume | down
set -euo pipefail
export PATH="/usr/sbin:/sbin:$PATH" DEBIAN_FRONTEND=noninteractive
HOST=$(hostname -s)
CPUS=${NODE_CPUS:-$(nproc)} # NODE_CPUS=4 makes SLURM believe in four processors
MEMORY=$(awk '/^MemTotal/ {print int($2 / 1024)}' /proc/meminfo)
RUN=/run/slurm VAR=/var/lib/slurm LOG=/var/log/slurm ETC=/etc/slurm DB=/run/slurm-mariadb

# wait_for SECONDS COMMAND...: try the command until it succeeds; fail when the time is up.
wait_for() {
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || { echo "slurm.sh: gave up waiting for: $*" >&2; return 1; }
        sleep 0.2
    done
}
# A daemon is known by its pid file, DIRECTORY/NAME.pid. lives FILE [PID]: it is there under
# that name and is no zombie (a container's first process may be slow to collect those).
lives() {
    local pid=${2:-$(cat "$1" 2>/dev/null)}
    [[ $(cat "/proc/$pid/stat" 2>/dev/null) == "$pid ($(basename "$1" .pid)) "[!Z]* ]]
}
gone() { ! lives "$@"; }
# run_daemon FILE COMMAND...: start it unless it lives. It holds none of our files, so that
# a caller which reads our output to its end does not wait for the daemon.
run_daemon() {
    lives "$1" && return
    setsid "${@:2}" </dev/null >>"$LOG/start.log" 2>&1 &
}
# end_daemon FILE SIGNAL: end it, and wait until it is gone (15 seconds, then KILL).
end_daemon() {
    local pid
    lives "$1" || return 0
    pid=$(cat "$1")
    kill "-$2" "$pid"
    wait_for 15 gone "$1" "$pid" || kill -KILL "$pid"
}

write_config() {
    # The daemons listen on the address of the host's own name, so that must be loopback.
    getent ahostsv4 "$HOST" | grep -q '^127\.' || printf '\n127.0.0.1 %s\n' "$HOST" >>/etc/hosts
    install -d "$ETC" "$VAR/slurmd"
    install -d -o slurm -g slurm "$RUN" "$VAR" "$VAR/slurmctld" "$LOG"
    install -d -o munge -g munge /run/munge
    install -d -o mysql -g mysql /run/mysqld "$DB"
    install -m 600 -o slurm -g slurm /dev/stdin "$ETC/slurmdbd.conf" <<-CONF
	DbdHost=localhost
	SlurmUser=slurm
	StorageType=accounting_storage/mysql
	StorageHost=localhost
	StorageUser=slurm
	CommunicationParameters=NoInAddrAny
	PidFile=$RUN/slurmdbd.pid
	LogFile=$LOG/slurmdbd.log
	CONF
    # cred_expire is also how long a requeued job waits before it may start again (default 120):
    # more than the 7 seconds that its old copy may take to die. preempt_send_user_signal: a
    # preempted job gets the signal of its --signal at once, and GraceTime to act on it.
    install -m 644 /dev/stdin "$ETC/slurm.conf" <<-CONF
	ClusterName=local
	SlurmctldHost=$HOST(127.0.0.1)
	SlurmUser=slurm
	AuthInfo=cred_expire=8
	CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
	ProctrackType=proctrack/linuxproc
	TaskPlugin=task/none
	MailProg=/bin/true
	SlurmctldPidFile=$RUN/slurmctld.pid
	SlurmdPidFile=$RUN/slurmd.pid
	SlurmctldLogFile=$LOG/slurmctld.log
	SlurmdLogFile=$LOG/slurmd.log
	StateSaveLocation=$VAR/slurmctld
	SlurmdSpoolDir=$VAR/slurmd
	SlurmdParameters=config_overrides
	SlurmctldParameters=preempt_send_user_signal
	SelectType=select/cons_tres
	SelectTypeParameters=CR_Core
	SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
	PreemptType=preempt/partition_prio
	PreemptMode=REQUEUE
	JobRequeue=1
	ReturnToService=1
	KillWait=2
	SlurmdTimeout=30
	SlurmctldTimeout=30
	AccountingStorageType=accounting_storage/slurmdbd
	AccountingStorageHost=localhost
	JobAcctGatherType=jobacct_gather/linux
	JobAcctGatherFrequency=5
	NodeName=$HOST NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$MEMORY
	PartitionName=main Nodes=$HOST Default=YES DefaultTime=60 PriorityTier=10 PreemptMode=OFF
	PartitionName=low Nodes=$HOST DefaultTime=60 PriorityTier=1 PreemptMode=REQUEUE GraceTime=15
	CONF
}

controller_up() { scontrol ping | grep -q UP; }
start_controller() { run_daemon "$RUN/slurmctld.pid" slurmctld; wait_for 30 controller_up; }
set_node() { scontrol update nodename="$HOST" state="$1" reason="slurm.sh $1"; }
node_works() { sinfo -h -N -p main -o %T | grep -Eqx 'idle|mixed|allocated|completing'; }
revived() { node_works || { set_node resume; return 1; }; }
no_jobs() { [[ -z $(squeue -h) ]]; }

start() {
    if ! type slurmctld slurmd slurmdbd munged mariadbd >/dev/null 2>&1; then
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends slurm-wlm slurmdbd munge mariadb-server
    fi
    write_config
    run_daemon /run/munge/munged.pid runuser -u munge -- munged
    mariadb-admin ping >/dev/null 2>&1 ||
        run_daemon "$DB/mariadbd.pid" mariadbd --user=mysql --skip-networking --pid-file="$DB/mariadbd.pid"
    wait_for 60 mariadb-admin ping
    mariadb -e "CREATE DATABASE IF NOT EXISTS slurm_acct_db;
        CREATE USER IF NOT EXISTS slurm@localhost IDENTIFIED VIA unix_socket;
        GRANT ALL ON slurm_acct_db.* TO slurm@localhost"
    wait_for 30 munge -n
    run_daemon "$RUN/slurmdbd.pid" slurmdbd
    wait_for 60 sacctmgr -n show cluster
    [[ -n $(sacctmgr -n show cluster local) ]] || sacctmgr -i add cluster local >/dev/null
    start_controller
    run_daemon "$RUN/slurmd.pid" slurmd
    wait_for 60 revived
    wait_for 30 sacct
    echo "slurm.sh: up: $(sinfo -h -N -p main -o '%N %T, %c processors, %m MB'); sacct works"
}

stop() {
    if controller_up 2>/dev/null; then
        squeue -h -o %A | xargs -r scancel || true
        wait_for 15 no_jobs || true
    fi
    for file in "$RUN"/{slurmd,slurmctld,slurmdbd}.pid "$DB/mariadbd.pid" /run/munge/munged.pid; do
        end_daemon "$file" TERM
    done
}

case "${1:-}" in
    start | stop) "$1" ;;
    status) sinfo; squeue; sacct -X -o JobID,JobName,Partition,State,ExitCode,Elapsed | tail -n 20 ;;
    restart-controller) # asked to end, it saves its state; killed, it would lose the last 5 seconds of it
        end_daemon "$RUN/slurmctld.pid" TERM; start_controller ;;
    drain | down) set_node "$1" ;; # after "down" its jobs end as NODE_FAIL or are requeued
    resume) wait_for 30 revived ;; # asks again: a controller just restarted refuses at first
    *) sed -n 2,3p "$0" >&2; exit 2 ;;
esac
