/// When points are sampled anew from the predicted masks (paper, section 3.4): given how large the masks of a window of frames are, says
/// from which frame's mask each object goes on.
///
/// Source: the four variants of the reference's `reinit_variant`, A to D.
public protocol ReinitializationRule: Sendable {
    /// For each object, the frame it goes on from, counted from the window's first: 1 to `window.length - 1`.
    func frames(of window: ReinitializationWindow) -> [Int]
}

/// The masks of some objects in a window of frames, in the order of tracking. The objects' points were placed in the first one.
public struct ReinitializationWindow: Sendable {
    /// Mask areas in pixels: of each object, `length` frames. 0 where there is no mask that can be trusted; in the first frame, where there
    /// is none.
    public var areas: [[Float]]
    /// How many frames after the window's first one the next object outside it starts; nil: none does.
    public var framesToNextStart: Int?
    /// Of each object, masks of no more pixels are too small to sample points on.
    public var smallestArea: [Float]
    /// Whether the rules compare with an area of 0 as the reference does, where an object has no mask in the first frame: C then takes the
    /// smallest mask, and D, which divides by that area, any frame in which the object has no usable mask before all those in which it has
    /// one.
    public var referenceQuirks: Bool

    /// - Parameter smallestArea: one for each object; nil: 25 pixels for all.
    public init(areas: [[Float]], framesToNextStart: Int? = nil, smallestArea: [Float]? = nil, referenceQuirks: Bool = false) {
        (self.areas, self.framesToNextStart, self.referenceQuirks) = (areas, framesToNextStart, referenceQuirks)
        self.smallestArea = smallestArea ?? areas.map { _ in 25 }
    }

    /// Frames of the window, at least 2.
    public var length: Int { areas.first?.count ?? 0 }

    /// Frames that may be chosen: not those of the window's first quarter, so that windows advance.
    var candidates: Range<Int> {
        let quarter = length / 4
        return (quarter < length - 1 ? 1 + quarter : 1)..<max(length, 1)
    }

    func isLargeEnough(_ object: Int, _ frame: Int) -> Bool { areas[object][frame] > smallestArea[object] }

    /// The candidate with the least cost, the first of equals; the first frame after the start when there is no candidate.
    fileprivate func cheapest(_ cost: (_ frame: Int) -> Float) -> Int {
        var best = (frame: 1, cost: Float.infinity)
        for frame in 1..<max(2, length) {
            let value = cost(frame)
            if value < best.cost { best = (frame, value) }
        }
        return best.frame
    }
}

/// A: the last frame of the window, or the one in which the next object starts, so that all objects fall into step.
public struct HorizonRule: ReinitializationRule {
    public init() {}

    public func frames(of window: ReinitializationWindow) -> [Int] {
        let last = window.length - 1
        return window.areas.map { _ in min(last, max(1, window.framesToNextStart ?? last)) }
    }
}

/// B: the frame whose mask has the median area, the lower median of an even number: neither the start of a drift nor its end.
public struct MedianAreaRule: ReinitializationRule {
    public init() {}

    public func frames(of window: ReinitializationWindow) -> [Int] {
        window.areas.indices.map { object in
            let usable = window.candidates.filter { window.isLargeEnough(object, $0) }
            let ordered = usable.sorted { window.areas[object][$0] < window.areas[object][$1] }
            return ordered.isEmpty ? 1 : ordered[(ordered.count - 1) / 2]
        }
    }
}

/// C: the frame whose mask is nearest in area to that of the window's first frame.
public struct SimilarAreaRule: ReinitializationRule {
    public init() {}

    public func frames(of window: ReinitializationWindow) -> [Int] {
        let medians = MedianAreaRule().frames(of: window)
        return window.areas.indices.map { object in
            // There is nothing to be similar to.
            guard window.areas[object][0] > 0 || window.referenceQuirks else { return medians[object] }
            return window.cheapest { frame in
                guard window.candidates.contains(frame), window.isLargeEnough(object, frame) else { return .infinity }
                return abs(window.areas[object][frame] - window.areas[object][0])
            }
        }
    }
}

/// D: one frame for all objects: where their areas differ least, relatively, from those in the window's first frame; the frame in which
/// another object starts is preferred.
public struct SimilarAreaInStepRule: ReinitializationRule {
    /// The cost of an object without a usable mask, and the bonus of a frame in which another object starts, as in the reference.
    private static let (missing, bonus): (Float, Float) = (720, 36)

    public init() {}

    public func frames(of window: ReinitializationWindow) -> [Int] {
        let chosen = window.cheapest { frame in
            var cost: Float = 0
            for (object, areas) in window.areas.enumerated() {
                let isUsable = window.candidates.contains(frame) && window.isLargeEnough(object, frame)
                // An object without a mask in the first frame has nothing to be similar to; the reference's quotient is infinite.
                let difference = areas[0] > 0 || window.referenceQuirks ? abs(areas[frame] - areas[0]) / areas[0] : 0
                cost += isUsable ? difference : Self.missing
            }
            return frame == window.framesToNextStart ? cost - Self.bonus : cost
        }
        return window.areas.map { _ in chosen }
    }
}

/// The ways of re-initialisation by name.
public enum ReinitializationVariant: String, Sendable, CaseIterable, Codable {
    /// Every object on its own, as soon as the horizon is over and its mask can be trusted, from the frame at hand; points of the query
    /// frame stay. Looks back at nothing and so computes every frame once.
    case rolling
    /// A of the reference, `reinit-on-horizon-and-sync-masks`.
    case horizon
    /// B, `reinit-at-median-of-area-diff`.
    case medianArea = "median-area"
    /// C, `reinit-on-similar-mask-area`.
    case similarArea = "similar-area"
    /// D, `reinit-on-similar-mask-area-and-sync-masks`.
    case similarAreaInStep = "similar-area-in-step"

    /// How a window's frame is chosen; nil with `.rolling`, which has no windows.
    public var rule: (any ReinitializationRule)? {
        switch self {
        case .rolling: nil
        case .horizon: HorizonRule()
        case .medianArea: MedianAreaRule()
        case .similarArea: SimilarAreaRule()
        case .similarAreaInStep: SimilarAreaInStepRule()
        }
    }
}
