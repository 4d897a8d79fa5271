/* Many processes: one id used again, a storm of short ones, a crowd of sleeping ones. */
#include "owner.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* Another program under a process id that was used a moment ago (clone3(2), `set_tid`). */
static pid_t with_pid(pid_t pid)
{
	struct clone_args clone = {.exit_signal = SIGCHLD, .set_tid = (unsigned long)&pid, .set_tid_size = 1};
	return check(syscall(SYS_clone3, &clone, sizeof clone), "clone3");
}

void reuse(char **programs)
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
void storm(const char *list)
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
void crowd(int count)
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
