/* A client whose socket has a history: owner MANNER ADDRESS PORT HELLO [MORE...]
 *
 * Says what the file HELLO holds and reads until the server has said all. Prints `WORD PID` of the processes that it
 * makes. For the tests of `owners.rs`, which say what each manner is about; small and static, so that it lives for a
 * millisecond.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define OTHER_USER 12345
#define OTHER_USER_TEXT "12345"
/* A name for execs by ourselves. */
#define SELF "/proc/self/exe"

extern char **environ;

static char **args; /* MANNER ADDRESS PORT HELLO [MORE...] */
static struct sockaddr_storage server;
static socklen_t server_length;
static char hello[65536];
static size_t hello_length;

static int check(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
	return result;
}

static void arguments(char **given)
{
	args = given;
	struct sockaddr_in *v4 = (void *)&server;
	struct sockaddr_in6 *v6 = (void *)&server;
	if (inet_pton(AF_INET, args[1], &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(atoi(args[2]));
		server_length = sizeof *v4;
	} else if (inet_pton(AF_INET6, args[1], &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(atoi(args[2]));
		server_length = sizeof *v6;
	} else {
		errx(1, "%s is no address", args[1]);
	}
	int file = check(open(args[3], O_RDONLY), args[3]);
	hello_length = check(read(file, hello, sizeof hello), args[3]);
	close(file);
}

static int tcp(int protocol)
{
	return check(socket(server.ss_family, SOCK_STREAM, protocol), "socket");
}

static int connected(void)
{
	int stream = tcp(0);
	check(connect(stream, (void *)&server, server_length), "connect");
	return stream;
}

static void finish(int stream)
{
	char answer[4096];
	check(shutdown(stream, SHUT_WR), "shutdown");
	while (read(stream, answer, sizeof answer) > 0)
		;
	close(stream);
}

static void talk(int stream)
{
	if (write(stream, hello, hello_length) != (ssize_t)hello_length)
		err(1, "write");
	finish(stream);
}

static void say(const char *word, pid_t pid)
{
	printf("%s %d\n", word, pid);
	fflush(stdout);
}

static void reap(pid_t pid)
{
	int status;
	check(waitpid(pid, &status, 0), "waitpid");
	if (status != 0)
		errx(1, "child %d ended with %#x", pid, status);
}

/* Becomes this program again, in another manner. */
static void become(const char *name, char *manner, char *more)
{
	char *again[] = {(char *)name, manner, args[1], args[2], args[3], more, NULL};
	execv(SELF, again);
	err(1, "exec");
}

/* Where we are, by the inode numbers of our namespaces, and our login session. */
static void where(void)
{
	static const char *const kinds[] = {"pid", "net", "mnt", "user"};
	char path[32], session[16] = "";
	struct stat stat_of;
	for (int kind = 0; kind < 4; kind++) {
		snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[kind]);
		check(stat(path, &stat_of), path);
		printf("%s %lu\n", kinds[kind], (unsigned long)stat_of.st_ino);
	}
	int file = open("/proc/self/sessionid", O_RDONLY);
	if (file >= 0 && read(file, session, sizeof session - 1) > 0)
		printf("session %s\n", session);
	fflush(stdout);
}

static void *talk_in_thread(void *stream)
{
	talk(*(int *)stream);
	return NULL;
}

static void *connect_in_thread(void *stream)
{
	*(int *)stream = connected();
	return NULL;
}

static void in_thread(void *(*what)(void *), int *stream)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, what, stream) != 0 || pthread_join(thread, NULL) != 0)
		errx(1, "thread");
}

static void pass(int channel, int stream)
{
	char byte = '.', room[CMSG_SPACE(sizeof stream)] = {0};
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof stream);
	memcpy(CMSG_DATA(head), &stream, sizeof stream);
	check(sendmsg(channel, &message, 0), "sendmsg");
}

static int passed(int channel)
{
	int stream;
	char byte, room[CMSG_SPACE(sizeof stream)];
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
	check(recvmsg(channel, &message, 0), "recvmsg");
	memcpy(&stream, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof stream);
	return stream;
}

/* Hands `stream` to another program over a Unix socket, and waits for that. */
static void hand_over(int stream, char *manner)
{
	int channel[2];
	char number[16];
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, channel), "socketpair");
	snprintf(number, sizeof number, "%d", channel[1]);
	pid_t child = check(fork(), "fork");
	if (child == 0) {
		close(stream);
		become("receiver", manner, number);
	}
	say("receiver", child);
	pass(channel[0], stream);
	close(stream);
	reap(child);
}

/* io_uring(7), one request at a time. */
struct ring {
	int fd;
	unsigned flags, *sq_tail, *sq_mask, *sq_flags, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static void *map(int fd, size_t size, off_t at)
{
	void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);
	if (place == MAP_FAILED)
		err(1, "mmap");
	return place;
}

static struct ring ring(unsigned flags)
{
	struct io_uring_params params = {.flags = flags, .sq_thread_idle = 1000};
	struct ring ring = {.flags = flags};
	ring.fd = syscall(SYS_io_uring_setup, 4, &params);
	if (ring.fd < 0)
		err(77, "io_uring_setup");
	char *sq = map(ring.fd, params.sq_off.array + params.sq_entries * 4, IORING_OFF_SQ_RING);
	char *cq = map(ring.fd, params.cq_off.cqes + params.cq_entries * sizeof *ring.cqes, IORING_OFF_CQ_RING);
	ring.sqes = map(ring.fd, params.sq_entries * sizeof *ring.sqes, IORING_OFF_SQES);
	ring.sq_tail = (void *)(sq + params.sq_off.tail);
	ring.sq_mask = (void *)(sq + params.sq_off.ring_mask);
	ring.sq_flags = (void *)(sq + params.sq_off.flags);
	ring.sq_array = (void *)(sq + params.sq_off.array);
	ring.cq_head = (void *)(cq + params.cq_off.head);
	ring.cq_tail = (void *)(cq + params.cq_off.tail);
	ring.cq_mask = (void *)(cq + params.cq_off.ring_mask);
	ring.cqes = (void *)(cq + params.cq_off.cqes);
	return ring;
}

static int request(struct ring *ring, struct io_uring_sqe sqe)
{
	unsigned tail = *ring->sq_tail, slot = tail & *ring->sq_mask;
	ring->sqes[slot] = sqe;
	ring->sq_array[slot] = slot;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_SEQ_CST);
	unsigned flags = IORING_ENTER_GETEVENTS;
	if ((ring->flags & IORING_SETUP_SQPOLL) && (__atomic_load_n(ring->sq_flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP))
		flags |= IORING_ENTER_SQ_WAKEUP;
	check(syscall(SYS_io_uring_enter, ring->fd, 1, 1, flags, NULL, 0), "io_uring_enter");
	while (__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == *ring->cq_head)
		sched_yield();
	int result = ring->cqes[*ring->cq_head & *ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, *ring->cq_head + 1, __ATOMIC_RELEASE);
	errno = -result;
	return result;
}

static void by_ring(unsigned setup, unsigned flags)
{
	struct ring made = ring(setup);
	int stream = tcp(0);
	check(request(&made, (struct io_uring_sqe){.opcode = IORING_OP_CONNECT, .flags = flags, .fd = stream,
						   .addr = (unsigned long)&server, .off = server_length}), "connect");
	check(request(&made, (struct io_uring_sqe){.opcode = IORING_OP_SEND, .flags = flags, .fd = stream,
						   .addr = (unsigned long)hello, .len = hello_length}), "send");
	finish(stream);
}

/* Another program under a process id that was used a moment ago (clone3(2), `set_tid`). */
static pid_t with_pid(pid_t pid)
{
	struct clone_args clone = {.exit_signal = SIGCHLD, .set_tid = (unsigned long)&pid, .set_tid_size = 1};
	return check(syscall(SYS_clone3, &clone, sizeof clone), "clone3");
}

static void reuse(char **programs)
{
	pid_t pid = check(fork(), "fork");
	if (pid == 0)
		_exit(0);
	reap(pid);
	for (char **program = programs; *program; program++) {
		pid_t child = with_pid(pid);
		if (child == 0) {
			char *again[] = {*program, "plain", args[1], args[2], args[3], NULL};
			execv(*program, again);
			err(1, "%s", *program);
		}
		say("reused", child);
		reap(child);
	}
}

static long long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Runs the command of each line (user, program and arguments, parted by tabs), one after the other; prints for each its
 * pid and how long it lived, from before the fork until it was waited for, in ns. */
static void storm(const char *list)
{
	char line[4096];
	FILE *file = fopen(list, "r");
	if (!file)
		err(1, "%s", list);
	while (fgets(line, sizeof line, file)) {
		char *parts[16] = {0};
		int count = 0;
		for (char *part = strtok(line, "\t\n"); part && count < 15; part = strtok(NULL, "\t\n"))
			parts[count++] = part;
		long long begun = now();
		pid_t child = check(fork(), "fork");
		if (child == 0) {
			int user = atoi(parts[0]);
			check(setresgid(user, user, user), "setresgid");
			check(setresuid(user, user, user), "setresuid");
			execv(parts[1], parts + 1);
			err(1, "%s", parts[1]);
		}
		reap(child);
		printf("%d %lld\n", child, now() - begun);
	}
	fclose(file);
}

/* Makes so many processes that each run this program and do nothing, and ends them when its stdin ends. */
static void crowd(int count)
{
	char byte;
	pid_t *all = calloc(count, sizeof *all);
	for (int number = 0; number < count; number++) {
		all[number] = check(fork(), "fork");
		if (all[number] == 0)
			become("sleeper", "sleep", NULL);
	}
	say("crowd", count);
	while (read(0, &byte, 1) > 0)
		;
	for (int number = 0; number < count; number++)
		kill(all[number], SIGKILL);
	for (int number = 0; number < count; number++)
		waitpid(all[number], NULL, 0);
	say("gone", count);
}

/* Takes one connection after the other, by multipath TCP or with fast open, and answers with a few bytes. */
static void serve(int protocol)
{
	int on = 16, listener = tcp(protocol), one = 1;
	check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "SO_REUSEADDR");
	check(bind(listener, (void *)&server, server_length), "bind");
	check(listen(listener, 16), "listen");
	if (protocol == 0)
		check(setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &on, sizeof on), "TCP_FASTOPEN");
	say("serving", getpid());
	for (;;) {
		char told[4096];
		ssize_t length;
		int stream = check(accept(listener, NULL, NULL), "accept");
		while ((length = read(stream, told, sizeof told)) > 0)
			if (write(stream, ".", 1) < 0)
				break;
		close(stream);
	}
}

static void fast(void)
{
	int stream = tcp(0);
	if (sendto(stream, hello, hello_length, MSG_FASTOPEN, (void *)&server, server_length) != (ssize_t)hello_length)
		err(1, "sendto");
	finish(stream);
}

static void fast_connect(void)
{
	int on = 1, stream = tcp(0);
	check(setsockopt(stream, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on), "TCP_FASTOPEN_CONNECT");
	check(connect(stream, (void *)&server, server_length), "connect");
	talk(stream);
}

static void from_memory(void)
{
	char buffer[65536];
	ssize_t length;
	int from = check(open(SELF, O_RDONLY), SELF), memory = check(memfd_create("in-memory", 0), "memfd_create");
	while ((length = read(from, buffer, sizeof buffer)) > 0)
		if (write(memory, buffer, length) != length)
			err(1, "write");
	char *again[] = {"in-memory", "plain", args[1], args[2], args[3], NULL};
	fexecve(memory, again, environ);
	err(1, "fexecve");
}

static void rename_and_talk(char **all)
{
	check(prctl(PR_SET_NAME, "innocent"), "PR_SET_NAME");
	for (char **argument = all; *argument; argument++)
		if (argument < args + 1 || argument > args + 3)
			memset(*argument, 'x', strlen(*argument));
	talk(connected());
}

int main(int count, char **all)
{
	if (count < 2)
		errx(2, "owner MANNER ...");
	char *manner = all[1];
#define IS(name) (strcmp(manner, name) == 0)
	if (IS("storm"))
		return storm(all[2]), 0;
	if (IS("crowd")) {
		args = (char *[]){"", "", "", ""};
		return crowd(atoi(all[2])), 0;
	}
	if (IS("sleep"))
		return prctl(PR_SET_PDEATHSIG, SIGKILL), pause(), 0;
	if (count < 5)
		errx(2, "owner MANNER ADDRESS PORT HELLO [MORE...]");
	arguments(all + 1);
	char *more = all[5];
	int stream;
	if (IS("plain")) {
		if (more && strcmp(more, "where") == 0)
			where();
		talk(connected());
	} else if (IS("log-in")) {
		stream = check(open("/proc/self/loginuid", O_WRONLY), "loginuid");
		check(write(stream, OTHER_USER_TEXT, strlen(OTHER_USER_TEXT)), "loginuid");
		close(stream);
		become("logged-in", "plain", "where");
	} else if (IS("inherited")) {
		talk(atoi(more));
	} else if (IS("receive")) {
		talk(passed(atoi(more)));
	} else if (IS("receive-unconnected")) {
		stream = passed(atoi(more));
		check(connect(stream, (void *)&server, server_length), "connect");
		talk(stream);
	} else if (IS("fork")) {
		stream = connected();
		pid_t child = check(fork(), "fork");
		if (child == 0)
			return talk(stream), 0;
		say("child", child);
		close(stream);
		reap(child);
	} else if (IS("pass")) {
		hand_over(connected(), "receive");
	} else if (IS("pass-unconnected")) {
		hand_over(tcp(0), "receive-unconnected");
	} else if (IS("activate")) {
		/* As systemd hands over what it has opened: LISTEN_FDS (sd_listen_fds(3)), from descriptor 3 on. */
		stream = check(dup2(connected(), 3), "dup2");
		pid_t child = check(fork(), "fork");
		if (child == 0) {
			setenv("LISTEN_FDS", "1", 1);
			become("activated", "inherited", "3");
		}
		say("activated", child);
		close(stream);
		reap(child);
	} else if (IS("exec")) {
		check(dup2(connected(), 9), "dup2");
		become("another", "inherited", "9");
	} else if (IS("ring")) {
		by_ring(0, 0);
	} else if (IS("ring-worker")) {
		by_ring(0, IOSQE_ASYNC);
	} else if (IS("ring-poller")) {
		by_ring(IORING_SETUP_SQPOLL, 0);
	} else if (IS("fast")) {
		fast();
	} else if (IS("fast-connect")) {
		fast_connect();
	} else if (IS("multipath")) {
		stream = tcp(IPPROTO_MPTCP);
		check(connect(stream, (void *)&server, server_length), "connect");
		talk(stream);
	} else if (IS("user-after")) {
		stream = connected();
		check(setresuid(OTHER_USER, OTHER_USER, OTHER_USER), "setresuid");
		talk(stream);
	} else if (IS("user-before")) {
		stream = tcp(0);
		check(setresuid(OTHER_USER, OTHER_USER, OTHER_USER), "setresuid");
		check(connect(stream, (void *)&server, server_length), "connect");
		talk(stream);
	} else if (IS("threads")) {
		in_thread(connect_in_thread, &stream);
		in_thread(talk_in_thread, &stream);
	} else if (IS("vfork")) {
		pid_t child = check(vfork(), "vfork");
		if (child == 0)
			become("vforked", "plain", "as-the-child");
		say("child", child);
		reap(child);
	} else if (IS("rename")) {
		rename_and_talk(all);
	} else if (IS("memory")) {
		from_memory();
	} else if (IS("move")) {
		/* Into a mount namespace of its own, without an exec. */
		check(unshare(CLONE_NEWNS), "unshare");
		where();
		talk(connected());
	} else if (IS("chroot")) {
		check(chroot(more), "chroot");
		check(chdir("/"), "chdir");
		char *again[] = {"/owner", "plain", args[1], args[2], "/hello", NULL};
		execv("/owner", again);
		err(1, "exec");
	} else if (IS("reuse")) {
		reuse(all + 5);
	} else if (IS("serve-multipath")) {
		serve(IPPROTO_MPTCP);
	} else if (IS("serve-fast")) {
		serve(0);
	} else {
		errx(2, "no manner is called %s", manner);
	}
	return 0;
}
