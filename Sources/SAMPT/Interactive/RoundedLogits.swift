import Segmenters

/// Mask logits as they are kept: in steps of an eighth, between -15.875 and 15.875, a byte a cell.
///
/// That is enough to tell which of two objects a pixel belongs to, and as the mask of before in a segmenter's next prompt. A cell's sign
/// stays: what was above 0 is above 0.
public struct RoundedLogits: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// `width * height` levels, row-major; the logit in eighths.
    public let levels: [Int8]

    /// - Returns: nil unless there is a level a cell, at most 2^22 of them.
    public init?(width: Int, height: Int, levels: [Int8]) {
        guard (1...(1 << 16)).contains(width), (1...(1 << 16)).contains(height), width * height == levels.count, levels.count <= 1 << 22
        else { return nil }
        (self.width, self.height, self.levels) = (width, height, levels)
    }

    public init(_ logits: MaskLogits) {
        (width, height) = (logits.width, logits.height)
        levels = logits.values.map { value in
            guard !value.isNaN else { return 0 }
            let level = Int8(min(127, max(-127, (value * 8).rounded())))
            return value > 0 ? max(1, level) : min(0, level)
        }
    }

    /// As logits again.
    public var logits: MaskLogits { MaskLogits(width: width, height: height, values: levels.map { Float($0) / 8 }) }
}
