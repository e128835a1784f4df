"""Docker's default profile, as a list of what a container may do: everything else is refused.

Follows the profile of Docker Engine 28 (docs.docker.com/engine/security/seccomp), for 64-bit programs only. What a call
does was decided by what it is for, so the calls stand here by purpose. Arguments are compared by their lower 32 bits,
since the kernel takes no more of those that are looked at: a filter that compares 64 is passed by setting one of the
upper bits.
"""

from __future__ import annotations

_FILES = """
access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate
fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr
fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr ioctl lchown lgetxattr link linkat
listxattr llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open
openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv
removexattr rename renameat renameat2 rmdir sendfile setxattr splice stat statfs statx symlink symlinkat sync
sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev
"""
_WAITING = """
epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2
fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents
io_pgetevents io_setup io_submit poll ppoll pselect6 select signalfd signalfd4
"""
_MEMORY = """
brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mprotect
mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages
"""
_PROCESSES = """
execve execveat exit exit_group fork getpgid getpgrp getpid getppid getpriority getrlimit getrusage getsid gettid
ioprio_get ioprio_set kill pidfd_open pidfd_send_signal prctl prlimit64 process_mrelease process_vm_readv
process_vm_writev ptrace sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
setpgid setpriority setrlimit setsid sysinfo tgkill tkill uname vfork wait4 waitid
"""
_THREADS = """
arch_prctl futex futex_requeue futex_wait futex_waitv futex_wake get_robust_list get_thread_area getcpu modify_ldt rseq
set_robust_list set_thread_area set_tid_address
"""
_SIGNALS = """
alarm pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
rt_sigtimedwait rt_tgsigqueueinfo sigaltstack uretprobe
"""
_TIME = """
adjtimex clock_adjtime clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time
timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime
times
"""
_NETWORK = """
accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto
setsockopt shutdown socketpair
"""
_BETWEEN_PROCESSES = """
mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop
semtimedop shmat shmctl shmdt shmget
"""
_IDENTITY = """
capget capset getegid geteuid getgid getgroups getrandom getresgid getresuid getuid landlock_add_rule
landlock_create_ruleset landlock_restrict_self seccomp setfsgid setfsuid setgid setgroups setregid setresgid setresuid
setreuid setuid
"""

#: What every container may call, whatever the arguments.
ALLOWED = frozenset(
    (
        _FILES
        + _WAITING
        + _MEMORY
        + _PROCESSES
        + _THREADS
        + _SIGNALS
        + _TIME
        + _NETWORK
        + _BETWEEN_PROCESSES
        + _IDENTITY
    ).split()
)

#: What one with a capability may call besides.
BY_CAPABILITY = {
    "BPF": "bpf",
    "DAC_READ_SEARCH": "open_by_handle_at",
    "PERFMON": "perf_event_open",
    "SYSLOG": "syslog",
    "SYS_ADMIN": """
        bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick listmount lookup_dcookie mount mount_setattr
        move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns statmount syslog
        umount2 unshare
    """,
    "SYS_BOOT": "reboot",
    "SYS_CHROOT": "chroot",
    "SYS_MODULE": "delete_module finit_module init_module",
    "SYS_NICE": "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
    "SYS_PACCT": "acct",
    "SYS_PTRACE": "kcmp pidfd_getfd process_madvise",
    "SYS_RAWIO": "ioperm iopl",
    "SYS_TIME": "clock_settime settimeofday",
    "SYS_TTY_CONFIG": "vhangup",
}

#: The families of socket(2) that nobody gets: the kernel's cryptography, and the machine that this one runs on.
REFUSED_FAMILIES = {"AF_ALG": 38, "AF_VSOCK": 40}

#: The values of personality(2) that may be set: Linux, with 16-bit ids, as 2.6 or not; and asking which it is.
PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)

#: The flags of clone(2) that make namespaces: mount, cgroup, UTS, IPC, user, PID, network (linux/sched.h).
NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000

_AS_ROOT = """
capset chown fchown fchownat lchown setfsgid setfsuid setgid setgroups setregid setresgid setresuid setreuid setuid
"""
#: What a process with a single id is told that it was done.
EMULATED = frozenset(_AS_ROOT.split())

#: The calls that make devices, and which argument has the mode: emulated for devices only.
DEVICE_MAKERS = {"mknod": 1, "mknodat": 2}
