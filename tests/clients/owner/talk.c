/* Saying the hello, and what else every manner needs. */
#include "owner.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>

char **args;
struct sockaddr_storage server;
socklen_t server_length;
char hello[65536];
size_t hello_length;

int check(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
	return result;
}

void arguments(char **given)
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

int tcp(int protocol)
{
	return check(socket(server.ss_family, SOCK_STREAM, protocol), "socket");
}

int connected(void)
{
	int stream = tcp(0);
	check(connect(stream, (void *)&server, server_length), "connect");
	return stream;
}

void finish(int stream)
{
	char answer[4096];
	check(shutdown(stream, SHUT_WR), "shutdown");
	while (read(stream, answer, sizeof answer) > 0)
		;
	close(stream);
}

void talk(int stream)
{
	if (write(stream, hello, hello_length) != (ssize_t)hello_length)
		err(1, "write");
	finish(stream);
}

void say(const char *word, pid_t pid)
{
	printf("%s %d\n", word, pid);
	fflush(stdout);
}

void reap(pid_t pid)
{
	int status;
	check(waitpid(pid, &status, 0), "waitpid");
	if (status != 0)
		errx(1, "child %d ended with %#x", pid, status);
}

/* Becomes this program again, in another manner. */
void become(const char *name, char *manner, char *more)
{
	char *again[] = {(char *)name, manner, args[1], args[2], args[3], more, NULL};
	execv(SELF, again);
	err(1, "exec");
}

/* Where we are, by the inode numbers of our namespaces, and our login session. */
void where(void)
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

void *talk_in_thread(void *stream)
{
	talk(*(int *)stream);
	return NULL;
}

void *connect_in_thread(void *stream)
{
	*(int *)stream = connected();
	return NULL;
}

void in_thread(void *(*what)(void *), int *stream)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, what, stream) != 0 || pthread_join(thread, NULL) != 0)
		errx(1, "thread");
}
