import Media
import TensorFiles

/// What NanoPrompt remembers of an object: embeddings of points of a frame, and a target model where its mask was known there.
struct NanoMemory: Sendable {
    /// 1 x slots x 65: an embedding a row, then 1 (on the object), 0 (not on it) or -1 (unused).
    private(set) var references: Tensor
    /// 1 x 66: the target model's weights and bias, then 1; zeros where there is none.
    private(set) var target = Tensor(shape: [1, 66])
    /// Of the frame that it was made in, and of later ones.
    private var marked: TargetEvidence?
    private var recent: TargetEvidence?
    /// Sure masks since the last one that was taken.
    private var passedOver = 0
    /// One sure mask in so many counts: neighbouring frames say the same.
    private static let interval = 4
    /// What the newest of the later frames weighs among them, and what they weigh beside the marked one.
    private static let newestShare: Float = 0.3
    private static let recentShare: Float = 0.3

    init() {
        references = Self.references([])
    }

    init(_ sample: AppearanceSample, in maps: NanoFrameEncoder.Maps) {
        var points = sample.points.filter(\.isPositive) + sample.points.filter { !$0.isPositive }
        if points.isEmpty, let mask = sample.mask {
            points = mask.evenPixels(NanoPrompt.memorySlots).map { PointPrompt($0, isPositive: true) }
        }
        references = Self.references(
            points.prefix(NanoPrompt.memorySlots).map {
                Self.embedding(at: $0.position * maps.grid.scale, in: maps.e) + [$0.isPositive ? 1 : 0]
            })
        marked = sample.mask.flatMap { TargetEvidence(p8: maps.p8, coverage: maps.grid.coverage(of: $0, stride: 8)) }
        if let marked { target = Tensor(shape: [1, 66], TargetModel(marked).weights + [1]) }
    }

    /// Takes a later frame's mask into the target model.
    func refreshed(by mask: Mask, in maps: NanoFrameEncoder.Maps) -> NanoMemory {
        var result = self
        result.passedOver += 1
        guard result.passedOver >= Self.interval, let marked,
            let seen = TargetEvidence(p8: maps.p8, coverage: maps.grid.coverage(of: mask, stride: 8))
        else { return result }
        let recent = recent?.mixed(with: seen, share: Self.newestShare) ?? seen
        (result.passedOver, result.recent) = (0, recent)
        result.target = Tensor(shape: [1, 66], TargetModel(marked.mixed(with: recent, share: Self.recentShare)).weights + [1])
        return result
    }

    private static func references(_ rows: [[Float]]) -> Tensor {
        let unused = [Float](repeating: 0, count: 64) + [-1]
        return Tensor(shape: [1, NanoPrompt.memorySlots, 65], (0..<NanoPrompt.memorySlots).flatMap { $0 < rows.count ? rows[$0] : unused })
    }

    /// The unit-length bilinear sample of `e` at a point in input pixels; cells outside count as zero.
    private static func embedding(at point: SIMD2<Float>, in embeddings: Tensor) -> [Float] {
        let (width, height) = (embeddings.shape[3], embeddings.shape[2])
        let u = point / 8 - 0.5
        let (left, top) = (Int(u.x.rounded(.down)), Int(u.y.rounded(.down)))
        let fraction = u - SIMD2(Float(left), Float(top))
        var result = [Float](repeating: 0, count: 64)
        embeddings.withUnsafeBuffer { e in
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (x, y) = (left + dx, top + dy)
                guard (0..<width).contains(x), (0..<height).contains(y) else { continue }
                let weight = (dx == 0 ? 1 - fraction.x : fraction.x) * (dy == 0 ? 1 - fraction.y : fraction.y)
                for channel in 0..<64 { result[channel] += weight * e[channel * width * height + y * width + x] }
            }
        }
        let length = (result.reduce(0) { $0 + $1 * $1 } + 1e-6).squareRoot()
        return result.map { $0 / length }
    }
}
