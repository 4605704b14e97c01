import Foundation
import Support

/// The worker's side: takes assignments from its standard input one after another, has them segmented, and gives results their place.
public struct BatchWorker: Sendable {
    /// Segments a video into `assignment.work`, and tells how far it is: a worker that tells nothing for long is ended.
    public typealias Segment = @Sendable (_ assignment: WorkerAssignment, _ progress: VideoProgress) async throws -> SegmentedVideo

    private let folder: BatchFolder
    private let threads: Int
    private let input: Int32
    /// One message at a time.
    private let output: Protected<Int32>
    private let segment: Segment
    private let failure: @Sendable (any Error) -> WorkerFailure

    /// - Parameters:
    ///   - threads: that segmenting takes, for the record.
    ///   - failure: says what an error means.
    public init(
        folder: BatchFolder, threads: Int, input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO, segment: @escaping Segment,
        failure: @escaping @Sendable (any Error) -> WorkerFailure
    ) {
        (self.folder, self.threads, self.input, self.output) = (folder, threads, input, Protected(output))
        (self.segment, self.failure) = (segment, failure)
    }

    /// Works until the input ends. Where it ends in the midst of a video, whoever gave it is gone, and the process ends at once.
    public func run() async throws {
        Self.volunteerForMemoryShortage()
        let isBusy = Protected(false)
        let reader = LineReader(input)
        let lines = ProductionLane<Data>(ahead: 1, waitsAtEnd: false) {
            if let line = try reader.next() { return line }
            if isBusy.withLock({ $0 }) { _exit(130) }
            return nil
        }
        try send(.ready)
        while let line = try await lines.nextElement() {
            guard let assignment = try? JSONDecoder().decode(WorkerAssignment.self, from: line) else {
                throw BatchError.invalidArgument("A worker was given something that is no assignment.")
            }
            isBusy.withLock { $0 = true }
            let answer = await self.answer(to: assignment)
            isBusy.withLock { $0 = false }
            try send(answer)
        }
    }

    private func answer(to assignment: WorkerAssignment) async -> WorkerMessage {
        defer { try? FileManager.default.removeItem(atPath: assignment.work) }
        do {
            return .done(try await make(assignment))
        } catch let error as WorkerFailure {
            return .failed(id: assignment.id, error)
        } catch let error as BatchError {
            let kind: WorkerFailure.Kind =
                switch error {
                case .unwritable: .unwritable
                case .unreadable: .missing
                default: .failure
                }
            return .failed(id: assignment.id, WorkerFailure(kind: kind, message: "\(error)"))
        } catch {
            return .failed(id: assignment.id, failure(error))
        }
    }

    private func make(_ assignment: WorkerAssignment) async throws -> JournalEntry {
        let entry = assignment.entry
        try BatchFolder.make(assignment.work)
        let paths = try entry.inputPaths
        let before = try paths.map { try InputListing($0).stamp() }
        let made = try await segment(assignment, VideoProgress(id: assignment.id) { try? send($0) })
        return try await onThread {
            let inputs = try zip(paths, before).map { path, stamp in
                let input = try InputRecord(reading: path)
                guard input.stamp == stamp else {
                    throw WorkerFailure(kind: .failure, message: "\(path): changed while it was being worked on.")
                }
                return input
            }
            let record = { (outputs: [ResultRecord.Output]) in
                try ResultRecord(
                    id: assignment.id, batch: assignment.batch, key: assignment.key, inputs: inputs, outputs: outputs, made: made,
                    threads: threads, run: assignment.run, attempt: assignment.attempt)
            }
            guard assignment.isKept else { return JournalEntry(try record(ResultStore.outputs(in: assignment.work))) }
            return JournalEntry(try ResultStore(folder: folder).install(id: assignment.id, from: assignment.work, make: record))
        }
    }

    private func send(_ message: WorkerMessage) throws {
        let line = try JSONLine.encode(message) + Data("\n".utf8)
        let code = output.withLock { SmallFile.writeAll(line, to: $0) }
        guard code == 0 else { throw BatchError.unwritable(path: "standard output", reason: SystemReason.text(code)) }
    }

    /// Where memory runs out, Linux ends a worker rather than the process that looks after the batch.
    private static func volunteerForMemoryShortage() {
        let file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = SmallFile.writeAll(Data("500".utf8), to: file)
        close(file)
    }

    /// The most memory that this process has had, in bytes.
    public static var peakMemory: Int {
        #if canImport(Darwin)
            var usage = rusage()
            return getrusage(RUSAGE_SELF, &usage) == 0 ? Int(usage.ru_maxrss) : 0
        #else
            // getrusage would count what the process that started it had.
            for line in MachineDescription.text(of: "/proc/self/status").split(separator: "\n") where line.hasPrefix("VmHWM:") {
                return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) << 10
            }
            return 0
        #endif
    }
}

/// How far a worker is with a video, for whoever looks after it. May be told from any thread.
public final class VideoProgress: Sendable {
    private let id: String
    private let send: @Sendable (WorkerMessage) -> Void
    private let lastSent = Protected<ContinuousClock.Instant?>(nil)
    /// Seconds between two messages about frames.
    private static let interval = 1.0

    init(id: String, send: @escaping @Sendable (WorkerMessage) -> Void) { (self.id, self.send) = (id, send) }

    /// Models are loaded, and the video is open.
    public func started(frames: Int) { send(.started(id: id, frames: frames)) }

    /// - Parameter frames: that are finished, in all directions of time together.
    public func advanced(to frames: Int) {
        let isDue = lastSent.withLock { last in
            if let last, last.secondsAgo < Self.interval { return false }
            last = .now
            return true
        }
        if isDue { send(.advanced(id: id, frames: frames)) }
    }
}

/// Lines from a descriptor.
final class LineReader {
    /// The longest line: a manifest's, with what is added to it.
    static let longestLine = 4 << 20
    private let descriptor: Int32
    private var buffer = Data()

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// The next line without its end; nil after the last. What follows the last line's end is no line.
    /// - Throws: `BatchError.unreadable`.
    func next() throws -> Data? {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer = Data(buffer[(end + 1)...]) }
                return Data(buffer[..<end])
            }
            guard buffer.count <= Self.longestLine else {
                throw BatchError.unreadable(path: "a process's words", reason: "a line is too long")
            }
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            buffer.append(contentsOf: piece[..<count])
        }
    }
}
