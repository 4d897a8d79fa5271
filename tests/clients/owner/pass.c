/* A socket that is passed over a Unix socket (SCM_RIGHTS, unix(7)). */
#include "owner.h"

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

int passed(int channel)
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
void hand_over(int stream, char *manner)
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
