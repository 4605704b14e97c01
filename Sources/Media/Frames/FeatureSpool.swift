import Foundation
import Support

/// Features that a `FrameStore` may keep in a temporary file while their frame is out of its cache.
public protocol StorableFeatures: Sendable {
    var storedBytes: Data { get }
    /// - Parameter frame: the size of the frame that the features belong to.
    /// - Returns: nil when the bytes do not fit.
    init?(storedBytes: Data, frame: ImageSize)
}

/// Features of frames in a temporary file, up to a budget. What does not fit or cannot be written is not kept: whoever needs it
/// computes it again.
final class FeatureSpool: Sendable {
    private struct Key: Hashable {
        let frame: Int
        let processor: String
    }

    private struct State {
        var file: FileHandle?
        var places: [Key: (offset: UInt64, count: Int)] = [:]
        var end: UInt64 = 0
    }

    private let url: URL
    private let budget: UInt64
    private let state = Protected(State())

    init(budget: UInt64) {
        self.budget = budget
        url = FileManager.default.temporaryDirectory.appendingPathComponent("sampt-\(UUID().uuidString).features")
    }

    deinit { state.withLock { try? $0.file?.close() } }

    func store(_ features: any StorableFeatures, frame: Int, processor: String) {
        let key = Key(frame: frame, processor: processor)
        guard state.withLock({ $0.places[key] == nil && $0.end < budget }) else { return }
        let bytes = features.storedBytes
        state.withLock { state in
            guard state.places[key] == nil, state.end + UInt64(bytes.count) <= budget else { return }
            do {
                let file = try state.file ?? open()
                state.file = file
                try file.seek(toOffset: state.end)
                try file.write(contentsOf: bytes)
            } catch {
                return
            }
            state.places[key] = (state.end, bytes.count)
            state.end += UInt64(bytes.count)
        }
    }

    func load<Features: StorableFeatures>(_ type: Features.Type, frame: Int, processor: String, size: ImageSize) -> Features? {
        let bytes = state.withLock { state -> Data? in
            guard let place = state.places[Key(frame: frame, processor: processor)], let file = state.file else { return nil }
            guard (try? file.seek(toOffset: place.offset)) != nil, let bytes = try? file.read(upToCount: place.count) else { return nil }
            return bytes.count == place.count ? bytes : nil
        }
        return bytes.flatMap { Features(storedBytes: $0, frame: size) }
    }

    private func open() throws -> FileHandle {
        guard FileManager.default.createFile(atPath: url.path, contents: nil), let file = FileHandle(forUpdatingAtPath: url.path) else {
            throw FileError.unwritable(path: url.path, reason: "no temporary file can be created")
        }
        // The file lives as long as it is open, also where the process ends without notice.
        try? FileManager.default.removeItem(at: url)
        return file
    }
}
