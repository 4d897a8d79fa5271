/* Programs that hide what they are. */
#include "owner.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

void from_memory(void)
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

void rename_and_talk(char **all)
{
	check(prctl(PR_SET_NAME, "innocent"), "PR_SET_NAME");
	for (char **argument = all; *argument; argument++)
		if (argument < args + 1 || argument > args + 3)
			memset(*argument, 'x', strlen(*argument));
	talk(connected());
}
