import Foundation
import Media
import ModelStore

/// How much address space a command will need, compared with what the shell allows it (`ulimit -v`, `ulimit -d`).
///
/// It is an estimate, from measured runs: memory that is refused in the midst of the work ends the process, or has it wait for threads that
/// never come. What a machine has is not asked for: it may be lent out several times over.
package struct MemoryNeed: Equatable {
    /// In bytes.
    package let bytes: Int

    /// The program and its libraries alone.
    package static let program = MemoryNeed(bytes: 400 << 20)

    /// Where the size is not known beforehand: that of the benchmarks.
    package static let usualFrame = ImageSize(width: 854, height: 480)

    package init(bytes: Int) { self.bytes = bytes }

    /// - Parameters:
    ///   - models: what is loaded.
    ///   - frame: the frames' size.
    ///   - cores: of the machine; each adds threads.
    package init(models: [ModelChoice], frame: ImageSize, cores: Int = ProcessInfo.processInfo.activeProcessorCount) {
        // Pictures wait in the reader, the store and the encoder of a video.
        var bytes = Self.program.bytes + 150 * frame.pixelCount
        let networks = models.filter { $0 != .lucasKanade }
        if !networks.isEmpty { bytes += Self.engine + 3 * max(0, cores - 2) * Self.stack }
        for model in networks { bytes += model.weightBytes.map { Self.activations + 3 * $0 } ?? Self.builtIn }
        self.init(bytes: bytes)
    }

    /// The engine, with the threads of two cores.
    private static let engine = 250 << 20
    /// One of the built-in networks.
    private static let builtIn = 250 << 20
    /// What a published network computes with; while it is compiled, its weights are there three times.
    private static let activations = 500 << 20

    /// What a thread sets aside.
    private static var stack: Int {
        var limit = rlimit()
        guard getrlimit(stackResource, &limit) == 0, limit.rlim_cur < rlim_t(64 << 20) else { return 8 << 20 }
        return Int(limit.rlim_cur)
    }

    /// - Throws: `CommandError.insufficientMemory` where less is allowed.
    package func check() throws {
        // Code and mapped files do not count as data.
        let limits = [("-v", Self.allowed(Self.addressSpace), bytes), ("-d", Self.allowed(Self.data), bytes - (350 << 20))]
        for (option, allowed, needed) in limits {
            guard let allowed, allowed < needed else { continue }
            throw CommandError.insufficientMemory(
                "There is not enough memory: about \(needed.asBytes) are needed for the program, its models and frames, and \(allowed.asBytes) are allowed "
                    + "(ulimit \(option) \(allowed >> 10)). Allow more, or work with smaller frames (--max-side) or a smaller model.")
        }
    }

    /// A limit of this process in bytes; nil where there is none.
    private static func allowed(_ resource: Int32) -> Int? {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur != rlim_t.max, limit.rlim_cur < rlim_t(Int.max) else { return nil }
        return Int(limit.rlim_cur)
    }

    #if canImport(Glibc)
        private static let (stackResource, addressSpace, data) = (
            Int32(RLIMIT_STACK.rawValue), Int32(RLIMIT_AS.rawValue), Int32(RLIMIT_DATA.rawValue)
        )
    #else
        private static let (stackResource, addressSpace, data) = (RLIMIT_STACK, RLIMIT_AS, RLIMIT_DATA)
    #endif
}

extension ModelChoice {
    /// The checkpoint's size; nil for a built-in model, 0 for one that is not there.
    fileprivate var weightBytes: Int? {
        switch self {
        case .builtIn: nil
        case .published(let name): (try? ModelStore().locate(name).path).map(Self.bytes) ?? 0
        case .file(let path): Self.bytes(path)
        }
    }

    private static func bytes(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? min(Int(clamping: status.st_size), 1 << 40) : 0
    }
}
