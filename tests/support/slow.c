/* A disk that is slow on demand: writes to files with $SLOW_NAME in their names, and syncs, wait as many milliseconds as
   $SLOW_FILE says. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int is_slow(int descriptor)
{
	const char *name = getenv("SLOW_NAME");
	char link[64], target[4096];
	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	ssize_t length = readlink(link, target, sizeof(target) - 1);
	if (length <= 0)
		return 0;
	target[length] = 0;
	return name != NULL && strstr(target, name) != NULL;
}

static void wait_if_slow(int descriptor)
{
	const char *name = getenv("SLOW_FILE");
	if (name == NULL || !is_slow(descriptor))
		return;
	FILE *file = fopen(name, "r");
	if (file == NULL)
		return;
	long milliseconds = 0;
	if (fscanf(file, "%ld", &milliseconds) != 1)
		milliseconds = 0;
	fclose(file);
	struct timespec delay = {milliseconds / 1000, milliseconds % 1000 * 1000000};
	nanosleep(&delay, NULL);
}

ssize_t write(int descriptor, const void *data, size_t size)
{
	static ssize_t (*real)(int, const void *, size_t);
	if (real == NULL)
		real = dlsym(RTLD_NEXT, "write");
	wait_if_slow(descriptor);
	return real(descriptor, data, size);
}

int fdatasync(int descriptor)
{
	static int (*real)(int);
	if (real == NULL)
		real = dlsym(RTLD_NEXT, "fdatasync");
	wait_if_slow(descriptor);
	return real(descriptor);
}
