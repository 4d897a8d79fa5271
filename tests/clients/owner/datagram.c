/* A datagram socket that two programs use: HELLO holds the first datagram of a connection of QUIC. */
#include "owner.h"

#include <sys/time.h>

/* Connected: that alone is no flow. */
int datagrams(void)
{
	struct timeval patience = {.tv_sec = 5};
	int socket_of = check(socket(server.ss_family, SOCK_DGRAM, 0), "socket");
	check(setsockopt(socket_of, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
	check(connect(socket_of, (void *)&server, server_length), "connect");
	return socket_of;
}

/* Says the hello, the same each time, and waits for an answer. */
void converse(int socket_of)
{
	char answer[2048];
	check(send(socket_of, hello, hello_length, 0), "send");
	check(recv(socket_of, answer, sizeof answer, 0), "recv");
}
