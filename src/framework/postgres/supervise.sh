# Runs the private PostgreSQL for as long as some process holds the lock: supervise.sh <lock> <postgres> <arguments>
#
# The kernel releases a process's locks however it ends, so that even `kill -9` of the last user stops the server.
# This shell has one thread and outlives it, which is what the parent of PR_SET_PDEATHSIG must do; the signal is set
# after the user was changed, because changing the user clears it.
exec 9<"$1" || exit 1
shift

setpriv --pdeathsig INT -- "$@" 9<&- &
server=$!
flock --exclusive 9 &
unused=$!

# Whichever is first: the server ends by itself, or nobody uses it any more.
wait -n
# A fast shutdown. The exclusive lock is kept until it is over, so that nobody joins a server that is stopping.
kill -INT "$server" 2>/dev/null
wait "$server"
status=$?
kill "$unused" 2>/dev/null
exit "$status"
