/* What the files of this client share. */
#pragma once

#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A name for execs by ourselves. */
#define SELF "/proc/self/exe"

extern char **environ;

extern char **args; /* MANNER ADDRESS PORT HELLO [MORE...] */
extern struct sockaddr_storage server;
extern socklen_t server_length;
extern char hello[65536];
extern size_t hello_length;

/* talk.c */
int check(int result, const char *what);
void arguments(char **given);
int tcp(int protocol);
int connected(void);
void finish(int stream);
void talk(int stream);
void say(const char *word, pid_t pid);
void reap(pid_t pid);
void become(const char *name, char *manner, char *more);
void where(void);
void *talk_in_thread(void *stream);
void *connect_in_thread(void *stream);
void in_thread(void *(*what)(void *), int *stream);

/* pass.c */
int passed(int channel);
void hand_over(int stream, char *manner);

/* datagram.c */
int datagrams(void);
void converse(int socket_of);

/* ring.c */
void by_ring(unsigned setup, unsigned flags);

/* many.c */
void reuse(char **programs);
void storm(const char *list);
void crowd(int count);

/* open.c */
void fast(void);
void fast_connect(void);
void serve(int protocol);

/* disguise.c */
void from_memory(void);
void rename_and_talk(char **all);
