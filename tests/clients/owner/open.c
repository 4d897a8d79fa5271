/* Sockets that are opened or served in an unusual way: TCP fast open, multipath TCP. */
#include "owner.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

void fast(void)
{
	int stream = tcp(0);
	if (sendto(stream, hello, hello_length, MSG_FASTOPEN, (void *)&server, server_length) != (ssize_t)hello_length)
		err(1, "sendto");
	finish(stream);
}

void fast_connect(void)
{
	int on = 1, stream = tcp(0);
	check(setsockopt(stream, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on), "TCP_FASTOPEN_CONNECT");
	check(connect(stream, (void *)&server, server_length), "connect");
	talk(stream);
}

/* Takes one connection after the other, by multipath TCP or with fast open, and answers with a few bytes. */
void serve(int protocol)
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
