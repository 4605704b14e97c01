import Foundation
import Support

/// Features that a `FrameStore` may keep in a temporary file while their frame is out of its cache.
public protocol StorableFeatures: Sendable {
    var storedBytes: Data { get }
    /// - Parameter frame: the size of the frame that the features belong to.
    /// - Returns: nil when the bytes do not fit.
    init?(storedBytes: Data, frame: ImageSize)
}

/// Features of frames in a temporary file, up to a budget: what was used longest ago makes room for what is new, or what came first stays.
/// What cannot be written is not kept: whoever needs it computes it again.
///
/// Writing goes on beside the work: who stores something waits only where several frames are waiting already.
final class FeatureSpool: Sendable {
    /// So many may wait in memory; with the built-in models and 854x480, 10 MB each.
    private static let mostWaiting = 4

    fileprivate struct Key: Hashable {
        let frame: Int
        let processor: String
    }

    fileprivate struct Place {
        let offset: UInt64
        let count: Int
        /// Grows with every use.
        var lastUse: UInt64
    }

    fileprivate struct State {
        var file: FileHandle?
        /// What waits to be written, or for its turn to wait.
        var waiting: [Key: any StorableFeatures] = [:]
        var places: [Key: Place] = [:]
        /// By last use.
        var order: [UInt64: Key] = [:]
        var oldest: UInt64 = 0
        var uses: UInt64 = 0
        /// Places that were given up, by size. A processor's features of a video have one size.
        var free: [Int: [UInt64]] = [:]
        var end: UInt64 = 0
    }

    private let url: URL
    private let budget: UInt64
    private let keepsFirst: Bool
    private let state = Protected(State())
    /// The file is touched here alone, so that nothing is read from a place while something else is written there.
    private let disk = DispatchQueue(label: "sampt.features", qos: .utility)
    private let room = DispatchSemaphore(value: mostWaiting)

    /// - Parameter keepsFirst: when it is full nothing makes room any more, for passes over a whole video: each would want just what the
    ///   one before gave up longest ago.
    init(budget: UInt64, keepsFirst: Bool = false) {
        (self.budget, self.keepsFirst) = (budget, keepsFirst)
        url = FileManager.default.temporaryDirectory.appendingPathComponent("sampt-\(UUID().uuidString).features")
    }

    deinit { state.withLock { try? $0.file?.close() } }

    func store(_ features: any StorableFeatures, frame: Int, processor: String) {
        let key = Key(frame: frame, processor: processor)
        guard budget > 0, state.withLock({ $0.wait(features, key) }) else { return }
        room.wait()
        disk.async { [self] in
            write(features.storedBytes, key)
            state.withLock { $0.waiting[key] = nil }
            room.signal()
        }
    }

    func load<Features: StorableFeatures>(_ type: Features.Type, frame: Int, processor: String, size: ImageSize) -> Features? {
        let key = Key(frame: frame, processor: processor)
        let (waiting, isWritten) = state.withLock { ($0.waiting[key] as? Features, $0.places[key] != nil) }
        guard isWritten || waiting != nil else { return nil }
        // What is in no queue yet is not in the file when the queue is through.
        return disk.sync { read(key) }.flatMap { Features(storedBytes: $0, frame: size) } ?? waiting
    }

    private func write(_ bytes: Data, _ key: Key) {
        guard let offset = state.withLock({ $0.takeRoom(bytes.count, budget: budget, keepsFirst: keepsFirst) }) else { return }
        do {
            let file = try state.withLock { state in
                let file = try state.file ?? open()
                state.file = file
                return file
            }
            try file.seek(toOffset: offset)
            try file.write(contentsOf: bytes)
        } catch {
            return state.withLock { $0.free[bytes.count, default: []].append(offset) }
        }
        state.withLock { state in
            state.places[key] = Place(offset: offset, count: bytes.count, lastUse: 0)
            state.touch(key)
        }
    }

    private func read(_ key: Key) -> Data? {
        let known = state.withLock { state -> (place: Place, file: FileHandle)? in
            guard let place = state.places[key], let file = state.file else { return nil }
            state.touch(key)
            return (place, file)
        }
        guard let (place, file) = known, (try? file.seek(toOffset: place.offset)) != nil,
            let bytes = try? file.read(upToCount: place.count)
        else { return nil }
        return bytes.count == place.count ? bytes : nil
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

extension FeatureSpool.State {
    /// - Returns: false for what is there already.
    fileprivate mutating func wait(_ features: any StorableFeatures, _ key: FeatureSpool.Key) -> Bool {
        guard places[key] == nil, waiting[key] == nil else { return false }
        waiting[key] = features
        return true
    }

    /// Takes note of a use.
    fileprivate mutating func touch(_ key: FeatureSpool.Key) {
        guard let place = places[key] else { return }
        order[place.lastUse] = nil
        uses += 1
        order[uses] = key
        places[key]?.lastUse = uses
    }

    /// Where so many bytes may be written; nil where the budget has no room for them, whatever goes.
    fileprivate mutating func takeRoom(_ count: Int, budget: UInt64, keepsFirst: Bool) -> UInt64? {
        guard UInt64(count) <= budget else { return nil }
        while true {
            if let offset = free[count]?.popLast() { return offset }
            if end + UInt64(count) <= budget {
                defer { end += UInt64(count) }
                return end
            }
            guard !keepsFirst, giveUpOldest() else { return nil }
        }
    }

    /// - Returns: whether there was anything to give up.
    private mutating func giveUpOldest() -> Bool {
        while oldest < uses {
            oldest += 1
            guard let key = order.removeValue(forKey: oldest), let place = places.removeValue(forKey: key) else { continue }
            free[place.count, default: []].append(place.offset)
            return true
        }
        return false
    }
}
