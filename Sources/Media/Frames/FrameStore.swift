import Foundation
import Support

/// Something computed from one frame alone, such as an image encoder's feature maps.
///
/// A `FrameStore` computes it at most once per frame while the frame is in its cache, whoever asks for it. Two users
/// that share a processor (the built-in segmenter and tracker share one encoder) thus share its work without knowing
/// of each other.
public protocol FrameProcessor: Sendable {
    associatedtype Output: Sendable
    /// Equal for processors whose outputs are interchangeable.
    var cacheKey: String { get }
    /// Must depend on the picture alone. Others who ask for the same frame wait meanwhile.
    func process(_ image: RGBImage) throws -> Output
}

/// Something computed from what another processor makes of a frame, such as a tracker's maps from the shared encoder's.
public protocol DerivedFrameProcessor: Sendable {
    associatedtype Source: FrameProcessor
    associatedtype Output: Sendable
    /// Equal for processors whose outputs are interchangeable.
    var cacheKey: String { get }
    /// Makes what this processor starts from.
    var source: Source { get }
    func process(_ features: Source.Output) throws -> Output
}

/// The frames of one video together with everything computed from them, in one bounded cache.
///
/// Safe to use from several threads; a value that one thread is computing is waited for by the others.
public final class FrameStore: Sendable {
    public let source: any FrameSource
    private let capacity: Int
    private let state: Protected<State>
    private let spool: FeatureSpool
    /// The frames that are there for users of this store: all of the video's, or those it is limited to.
    public var frames: Range<Int> { (limit ?? 0..<source.frameCount).clamped(to: 0..<source.frameCount) }
    private let limit: Range<Int>?

    fileprivate struct State {
        /// What is kept in the spool when frames leave the cache, by whoever wants it so.
        var kept: [UUID: Kept] = [:]
        /// Least recently used first.
        var recent: [Int] = []
        var entries: [Int: Entry] = [:]
        /// Those that are on their way to the spool, and how often.
        var leaving: [Int: (entry: Entry, times: Int)] = [:]
        /// How many threads use each frame at the moment; it does not leave meanwhile.
        var users: [Int: Int] = [:]
        /// How many pins each frame has.
        var pins: [Int: Int] = [:]
        var computed: [String: Int] = [:]
    }

    fileprivate struct Kept {
        var frames: Range<Int>
        var withPictures: Bool
    }

    /// What is known of one frame.
    fileprivate final class Entry: Sendable {
        let image = Protected<RGBImage?>(nil)
        private let values = Protected<[String: Value]>([:])

        /// What has been computed and can be stored, by processor.
        var storable: [(key: String, features: any StorableFeatures)] {
            values.withLock { $0 }.compactMap { key, value in
                (value.withLock { $0 } as? any StorableFeatures).map { (key, $0) }
            }
        }

        func value(_ key: String) -> Value {
            values.withLock { values in
                if let value = values[key] { return value }
                let value = Value(nil)
                values[key] = value
                return value
            }
        }
    }

    /// A processor's output, each behind a lock of its own: one may be needed to compute another.
    fileprivate typealias Value = Protected<(any Sendable)?>

    /// - Parameters:
    ///   - capacity: how many frames are kept with all that was computed from them.
    ///   - spoolBudget: the most bytes that `keepFeatures` may use in the temporary folder.
    ///   - spoolKeepsFirst: what came first stays where not everything has room, for several passes over the whole video; otherwise what
    ///     was used last stays.
    public init(_ source: any FrameSource, capacity: Int = 8, spoolBudget: UInt64 = 4 << 30, spoolKeepsFirst: Bool = false) {
        self.source = source
        self.capacity = max(1, capacity)
        state = Protected(State())
        spool = FeatureSpool(budget: spoolBudget, keepsFirst: spoolKeepsFirst)
        limit = nil
    }

    private init(_ store: FrameStore, limitedTo frames: Range<Int>) {
        (source, capacity, state, spool) = (store.source, store.capacity, store.state, store.spool)
        limit = frames.clamped(to: store.frames)
    }

    /// A store with the same cache whose users are to look at some frames only. Frames keep their numbers.
    public func limited(to frames: Range<Int>) -> FrameStore { FrameStore(self, limitedTo: frames) }

    public var size: ImageSize { source.size }
    /// Of the whole video.
    public var frameCount: Int { source.frameCount }

    /// - Throws: `MediaError.frameOutOfRange` for a frame that is not among `frames`.
    public func check(frame: Int) throws {
        guard frames.contains(frame) else { throw MediaError.frameOutOfRange(index: frame, count: frameCount) }
    }

    /// The picture of frame `index`.
    public func frame(at index: Int) throws -> RGBImage {
        try using(index) { try image(in: $0, index) }
    }

    /// What `processor` makes of frame `index`.
    public func value<P: FrameProcessor>(of processor: P, at index: Int) throws -> P.Output {
        try using(index) { entry in
            try value(P.Output.self, entry, processor.cacheKey) {
                if let stored = stored(P.Output.self, processor.cacheKey, index) { return stored }
                defer { count(processor.cacheKey) }
                return try processor.process(image(in: entry, index))
            }
        }
    }

    /// What `processor` makes of frame `index`, from what its source makes of it.
    public func value<P: DerivedFrameProcessor>(of processor: P, at index: Int) throws -> P.Output {
        try using(index) { entry in
            try value(P.Output.self, entry, processor.cacheKey) {
                defer { count(processor.cacheKey) }
                return try processor.process(value(of: processor.source, at: index))
            }
        }
    }

    private func value<Output: Sendable>(
        _ type: Output.Type, _ entry: Entry, _ key: String, compute: () throws -> Output
    ) throws -> Output {
        try entry.value(key).withLock { value in
            if let known = value as? Output { return known }
            let output = try compute()
            value = output
            return output
        }
    }

    /// Nil, too, for what cannot be stored.
    private func stored<Output>(_ type: Output.Type, _ key: String, _ index: Int) -> Output? {
        guard let storable = type as? any StorableFeatures.Type else { return nil }
        return spool.load(storable, frame: index, processor: key, size: size) as? Output
    }

    private func count(_ key: String) { state.withLock { $0.computed[key, default: 0] += 1 } }

    /// Has features of these frames kept in a temporary file when the frames leave the cache, for a second pass over them: computing them
    /// again would cost more than reading them. Several users may want several ranges.
    /// - Parameter withPictures: keeps the decoded pictures as well, for many passes.
    /// - Returns: what they are kept as long as; what is in the file stays there.
    public func keepFeatures(of frames: Range<Int>, withPictures: Bool = false) -> FrameLease {
        let id = UUID()
        state.withLock { $0.kept[id] = Kept(frames: frames, withPictures: withPictures) }
        return FrameLease { [state] in state.withLock { $0.kept[id] = nil } }
    }

    /// Keeps frame `index` in the cache, beyond its capacity; for a frame that is needed again much later. Every user has a pin of its own.
    /// - Returns: what it is kept as long as.
    public func pin(_ index: Int) -> FrameLease {
        state.withLock { $0.pins[index, default: 0] += 1 }
        return FrameLease { [self] in
            state.withLock { $0.pins.decrease(index) }
            trim()
        }
    }

    /// How many frames are in the cache.
    var cachedCount: Int { state.withLock { $0.entries.count } }

    /// How often a processor has run so far; tests and reports use it to show that nothing is computed twice.
    public func computations(of cacheKey: String) -> Int {
        state.withLock { $0.computed[cacheKey] ?? 0 }
    }

    private func image(in entry: Entry, _ index: Int) throws -> RGBImage {
        try entry.image.withLock { image in
            if let image { return image }
            let decoded = try stored(KeptPicture.self, KeptPicture.key, index)?.image ?? source.frame(at: index)
            image = decoded
            return decoded
        }
    }

    /// Does something with a frame, which stays in the cache meanwhile.
    private func using<Result>(_ index: Int, _ work: (Entry) throws -> Result) rethrows -> Result {
        let entry = state.withLock { $0.use(index) }
        trim()
        defer {
            state.withLock { $0.endUse(index) }
            trim()
        }
        return try work(entry)
    }

    /// Lets frames go until there are no more than the capacity allows.
    private func trim() {
        for (index, entry, withPicture) in state.withLock({ $0.evict(toCapacity: capacity) }) {
            for (key, features) in entry.storable { spool.store(features, frame: index, processor: key) }
            if withPicture, let image = entry.image.withLock({ $0 }) {
                spool.store(KeptPicture(image: image), frame: index, processor: KeptPicture.key)
            }
            state.withLock { $0.endLeaving(index) }
        }
    }
}

/// Keeps something of a `FrameStore`'s frames as long as it lives. Hold it in a property, or `withExtendedLifetime`: a variable that is not
/// read any more may end early.
public final class FrameLease: Sendable {
    private let end: @Sendable () -> Void

    fileprivate init(_ end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }
}

extension FrameStore.State {
    /// The entry of frame `index` for one more user, made if there is none.
    fileprivate mutating func use(_ index: Int) -> FrameStore.Entry {
        users[index, default: 0] += 1
        touch(index)
        let entry = entries[index] ?? leaving[index]?.entry ?? FrameStore.Entry()
        entries[index] = entry
        return entry
    }

    /// What took long is as new as what was used meanwhile.
    fileprivate mutating func endUse(_ index: Int) {
        users.decrease(index)
        touch(index)
    }

    private mutating func touch(_ index: Int) {
        if let position = recent.lastIndex(of: index) { recent.remove(at: position) }
        recent.append(index)
    }

    /// Removes the entries that are too many, but for pinned ones and those in use.
    /// - Returns: those of them whose features are to be kept. They are `leaving` until `endLeaving`.
    fileprivate mutating func evict(toCapacity capacity: Int) -> [(index: Int, entry: FrameStore.Entry, withPicture: Bool)] {
        var kept: [(Int, FrameStore.Entry, Bool)] = []
        let pinned = recent.count { pins[$0] != nil }
        while recent.count - pinned > capacity, let oldest = recent.firstIndex(where: { pins[$0] == nil && users[$0] == nil }) {
            let frame = recent.remove(at: oldest)
            guard let entry = entries.removeValue(forKey: frame) else { continue }
            let wishes = self.kept.values.filter { $0.frames.contains(frame) }
            guard !wishes.isEmpty else { continue }
            leaving[frame] = (entry, (leaving[frame]?.times ?? 0) + 1)
            kept.append((frame, entry, wishes.contains(where: \.withPictures)))
        }
        return kept
    }

    /// What is to be kept of the entry is in the spool.
    fileprivate mutating func endLeaving(_ index: Int) {
        guard let (entry, times) = leaving[index] else { return }
        leaving[index] = times > 1 ? (entry, times - 1) : nil
    }
}

extension [Int: Int] {
    fileprivate mutating func decrease(_ key: Int) {
        guard let count = self[key] else { return }
        self[key] = count > 1 ? count - 1 : nil
    }
}

/// A decoded picture in the spool.
private struct KeptPicture: StorableFeatures {
    static let key = "picture"
    let image: RGBImage

    init(image: RGBImage) { self.image = image }

    var storedBytes: Data { Data(image.pixels) }

    init?(storedBytes: Data, frame: ImageSize) {
        guard storedBytes.count == 3 * frame.pixelCount else { return nil }
        image = RGBImage(width: frame.width, height: frame.height, pixels: [UInt8](storedBytes))
    }
}
