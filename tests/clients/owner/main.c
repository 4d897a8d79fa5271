/* A client whose socket has a history: owner MANNER ADDRESS PORT HELLO [MORE...]
 *
 * Says what the file HELLO holds and reads until the server has said all. Prints `WORD PID` of the processes that it
 * makes. For the tests of `owners.rs`, which say what each manner is about; small and static, so that it lives for a
 * millisecond.
 */
#include "owner.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define OTHER_USER 12345
#define OTHER_USER_TEXT "12345"

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
		if (more && strcmp(more, "linger") == 0)
			sleep(1);
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
	} else if (IS("datagram-pass")) {
		hand_over(datagrams(), "receive-datagram");
	} else if (IS("datagram-pass-later")) {
		stream = datagrams();
		converse(stream);
		hand_over(stream, "receive-datagram");
	} else if (IS("receive-datagram")) {
		converse(passed(atoi(more)));
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
