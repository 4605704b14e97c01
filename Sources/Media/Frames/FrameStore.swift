import Foundation

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
    public let frames: Range<Int>

    fileprivate struct State {
        /// Frames whose features are kept in the spool when they leave the cache.
        var kept: Range<Int> = 0..<0
        /// Least recently used first.
        var recent: [Int] = []
        var entries: [Int: Entry] = [:]
        var pinned: Set<Int> = []
        var computed: [String: Int] = [:]
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
    public init(_ source: any FrameSource, capacity: Int = 8, spoolBudget: UInt64 = 4 << 30) {
        self.source = source
        self.capacity = max(1, capacity)
        state = Protected(State())
        spool = FeatureSpool(budget: spoolBudget)
        frames = 0..<source.frameCount
    }

    private init(_ store: FrameStore, limitedTo frames: Range<Int>) {
        (source, capacity, state, spool) = (store.source, store.capacity, store.state, store.spool)
        self.frames = frames.clamped(to: store.frames)
    }

    /// A store with the same cache whose users are to look at some frames only. Frames keep their numbers.
    public func limited(to frames: Range<Int>) -> FrameStore { FrameStore(self, limitedTo: frames) }

    public var size: ImageSize { source.size }
    /// Of the whole video.
    public var frameCount: Int { source.frameCount }

    /// The picture of frame `index`.
    public func frame(at index: Int) throws -> RGBImage {
        try image(in: entry(index), index)
    }

    /// What `processor` makes of frame `index`.
    public func value<P: FrameProcessor>(of processor: P, at index: Int) throws -> P.Output {
        let entry = entry(index)
        return try value(P.Output.self, entry, processor.cacheKey) {
            if let type = P.Output.self as? any StorableFeatures.Type, let stored = stored(type, processor.cacheKey, index) as? P.Output {
                return stored
            }
            defer { count(processor.cacheKey) }
            return try processor.process(image(in: entry, index))
        }
    }

    /// What `processor` makes of frame `index`, from what its source makes of it.
    public func value<P: DerivedFrameProcessor>(of processor: P, at index: Int) throws -> P.Output {
        try value(P.Output.self, entry(index), processor.cacheKey) {
            defer { count(processor.cacheKey) }
            return try processor.process(value(of: processor.source, at: index))
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

    private func stored<Features: StorableFeatures>(_ type: Features.Type, _ key: String, _ index: Int) -> Features? {
        spool.load(type, frame: index, processor: key, size: size)
    }

    private func count(_ key: String) { state.withLock { $0.computed[key, default: 0] += 1 } }

    /// Has features of these frames kept in a temporary file when the frames leave the cache, for a second pass over them:
    /// computing them again would cost more than reading them.
    public func keepFeatures(of frames: Range<Int>) {
        state.withLock { $0.kept = frames }
    }

    /// Keeps frame `index` in the cache, beyond its capacity, until `unpin`; for a frame that is needed again much later. Pinning
    /// twice equals once.
    public func pin(_ index: Int) {
        _ = state.withLock { $0.pinned.insert(index) }
    }

    /// Lets frame `index` leave the cache again.
    public func unpin(_ index: Int) {
        _ = state.withLock { $0.pinned.remove(index) }
    }

    /// How often a processor has run so far; tests and reports use it to show that nothing is computed twice.
    public func computations(of cacheKey: String) -> Int {
        state.withLock { $0.computed[cacheKey] ?? 0 }
    }

    private func image(in entry: Entry, _ index: Int) throws -> RGBImage {
        try entry.image.withLock { image in
            if let image { return image }
            let decoded = try source.frame(at: index)
            image = decoded
            return decoded
        }
    }

    private func entry(_ index: Int) -> Entry {
        let (entry, evicted) = state.withLock { $0.entry(index, capacity: capacity) }
        if let evicted {
            for (key, features) in evicted.entry.storable { spool.store(features, frame: evicted.index, processor: key) }
        }
        return entry
    }
}

extension FrameStore.State {
    /// The entry of frame `index`, made if there is none, and an entry that had to go for it and whose features are to be kept.
    fileprivate mutating func entry(
        _ index: Int, capacity: Int
    ) -> (entry: FrameStore.Entry, evicted: (index: Int, entry: FrameStore.Entry)?) {
        if let position = recent.lastIndex(of: index) { recent.remove(at: position) }
        recent.append(index)
        if let entry = entries[index] { return (entry, nil) }
        var evicted: (Int, FrameStore.Entry)?
        if recent.count - pinned.count > capacity, let oldest = recent.firstIndex(where: { !pinned.contains($0) }) {
            let frame = recent.remove(at: oldest)
            if let entry = entries.removeValue(forKey: frame), kept.contains(frame) { evicted = (frame, entry) }
        }
        let entry = FrameStore.Entry()
        entries[index] = entry
        return (entry, evicted)
    }
}

/// A value behind a lock.
///
/// `Synchronization.Mutex` needs macOS 15; this works on every platform the package supports.
public final class Protected<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    public init(_ value: sending Value) { self.value = value }

    public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
