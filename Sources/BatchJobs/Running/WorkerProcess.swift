import Foundation
import Support

/// The program that workers run.
public struct WorkerProgram: Sendable {
    public var path: String
    public var arguments: [String]

    public init(path: String, arguments: [String]) { (self.path, self.arguments) = (path, arguments) }
}

/// A worker as the process that looks after it sees it: assignments go in, messages come out, and some time it ends.
final class WorkerProcess: Sendable {
    enum Event: Sendable {
        case message(WorkerMessage)
        /// How it ended, in words.
        case ended(String)
    }

    let processID: pid_t
    private let input: Protected<Int32>

    /// Starts a worker in a process group of its own, so that Ctrl-C at the terminal does not reach it.
    /// - Parameters:
    ///   - log: takes its standard error, appended.
    ///   - report: called on another thread; `.ended` comes last.
    /// - Throws: `BatchError.workersFail`, `.unwritable`.
    init(_ program: WorkerProgram, log: String, report: @escaping @Sendable (Event) -> Void) throws {
        let logFile = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard logFile >= 0 else { throw BatchError.unwritable(path: log, reason: SystemReason.last) }
        defer { close(logFile) }
        let (processID, input, output) = try ChildProcess.start(program, standardError: logFile, log: log)
        (self.processID, self.input) = (processID, Protected(input))
        let thread = Thread {
            let reader = LineReader(output)
            while let line = try? reader.next() {
                if let message = try? JSONDecoder().decode(WorkerMessage.self, from: line) { report(.message(message)) }
            }
            close(output)
            report(.ended(ChildProcess.wait(processID)))
        }
        thread.start()
    }

    deinit { endInput() }

    /// - Returns: whether it could be given: not to one that has ended.
    func give(_ assignment: WorkerAssignment) throws -> Bool {
        let line = try JSONLine.encode(assignment) + Data("\n".utf8)
        return input.withLock { $0 >= 0 && SmallFile.writeAll(line, to: $0) == 0 }
    }

    /// Lets it end when it has nothing to do.
    func endInput() {
        input.withLock { input in
            if input >= 0 { close(input) }
            input = -1
        }
    }

    /// Ends it, and what it may have started.
    func end(_ number: Int32) { kill(-processID, number) }
}

/// Starting processes and waiting for their end.
enum ChildProcess {
    /// Descriptors that are being made must not get into a process that is started meanwhile.
    private static let lock = NSLock()
    /// A process that has ended must not end this one when it is written to.
    private static let ignoresBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    static func start(
        _ program: WorkerProgram, standardError: Int32, log: String
    ) throws -> (processID: pid_t, input: Int32, output: Int32) {
        _ = ignoresBrokenPipes
        lock.lock()
        defer { lock.unlock() }
        func failed(_ code: Int32) -> BatchError { .workersFail(reason: "\(program.path): \(SystemReason.text(code)).", log: log) }
        var (input, output): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        guard pipe(&input) == 0 else { throw failed(errno) }
        guard pipe(&output) == 0 else {
            let code = errno
            for descriptor in input { close(descriptor) }
            throw failed(code)
        }
        for descriptor in input + output { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
            close(input[0])
            close(output[1])
        }
        posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, standardError, STDERR_FILENO)
        var (defaults, none) = (sigset_t(), sigset_t())
        sigemptyset(&defaults)
        sigemptyset(&none)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = ([program.path] + program.arguments).map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var processID: pid_t = 0
        let code = posix_spawn(&processID, program.path, &actions, &attributes, &arguments, environ)
        guard code == 0 else {
            close(input[1])
            close(output[0])
            throw failed(code)
        }
        return (processID, input[1], output[0])
    }

    /// Waits for the end of a process; how it ended, in words.
    static func wait(_ processID: pid_t) -> String {
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0 { guard errno == EINTR else { return "is gone" } }
        let signal = status & 0x7f
        guard signal != 0 else { return "ended with status \(status >> 8 & 0xff)" }
        let name = String(cString: strsignal(signal)).lowercased()
        return "was ended by signal \(signal) (\(name))" + (signal == SIGKILL ? ", as the system does where memory runs out" : "")
    }
}
