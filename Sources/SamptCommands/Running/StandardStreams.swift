#if canImport(Glibc)
    @preconcurrency import Glibc
#else
    @preconcurrency import Darwin
#endif

/// The three streams that a process is born with, whatever state they are in.
enum StandardStreams {
    /// To be called before anything is opened.
    static func prepare() {
        // A reader that goes away is an error of one write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // The number of a closed stream would go to the next file that is opened, and messages into that file. These are open for the wrong
        // direction, so that they fail as closed ones do.
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Writes what `print` has gathered.
    /// - Returns: whether everything that was printed has been taken. It is asked once at the end, since `print` does not tell.
    static func flushOutput() -> Bool { fflush(stdout) == 0 && ferror(stdout) == 0 }
}
