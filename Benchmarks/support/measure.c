// Runs a command and writes to a file what it cost: measure RESULT COMMAND [ARGUMENT...]
//
// RESULT gets one line: CPU seconds (user + system), wall seconds, peak resident KiB, exit status (128 + signal).
// Small, because a process begins with the peak of the one that started it. Sent SIGINT, it leaves it to the command.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time) { return time.tv_sec + time.tv_usec / 1e6; }

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    if (count < 3) {
        fputs("usage: measure RESULT COMMAND [ARGUMENT...]\n", stderr);
        return 64;
    }
    signal(SIGINT, SIG_IGN);
    double began = now();
    pid_t child = fork();
    if (child < 0) { perror("measure: fork"); return 71; }
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        execvp(arguments[2], arguments + 2);
        perror(arguments[2]);
        _exit(127);
    }
    int status = 0;
    struct rusage usage = {0};
    if (wait4(child, &status, 0, &usage) != child) { perror("measure: wait4"); return 71; }
    FILE *result = fopen(arguments[1], "w");
    if (!result) { perror(arguments[1]); return 73; }
    fprintf(result, "%.6f %.6f %ld %d\n", seconds(usage.ru_utime) + seconds(usage.ru_stime), now() - began,
            usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(result) ? 74 : 0;
}
