import Foundation
import Media
import SAMPT

/// How a data set's objects are shown to the method: by the mask of the query frame, or by what a person would give.
public enum PromptKind: Sendable, Equatable {
    case mask
    /// The box around the mask.
    case box
    /// So many clicks, each in the centre of the largest circle inside what is left of the mask; the circle is then taken away.
    case clicks(Int)

    /// - Parameter text: "mask", "box" or "clicks:N".
    public init?(_ text: String) {
        switch text {
        case "mask": self = .mask
        case "box": self = .box
        default:
            guard text.hasPrefix("clicks:"), let count = Int(text.dropFirst(7)), (1...1000).contains(count) else { return nil }
            self = .clicks(count)
        }
    }

    public var text: String {
        switch self {
        case .mask: "mask"
        case .box: "box"
        case .clicks(let count): "clicks:\(count)"
        }
    }

    /// - Parameter mask: not empty.
    func prompt(for mask: Mask) -> ObjectQuery.Prompt {
        switch self {
        case .mask: return .mask(mask)
        case .box:
            guard let bounds = mask.bounds else { return .mask(mask) }
            return .box(
                Box(
                    x0: Float(bounds.columns.lowerBound), y0: Float(bounds.rows.lowerBound), x1: Float(bounds.columns.upperBound + 1),
                    y1: Float(bounds.rows.upperBound + 1)))
        case .clicks(let count):
            return .points(mask.centreClicks(count).map { .positive($0.x, $0.y) })
        }
    }
}

extension Mask {
    /// Where a person who marks the middle of things would click: the centre of the largest circle inside the mask, then of the largest
    /// inside what that circle leaves, and so on. Ties go to the first pixel from the top, then from the left.
    /// - Returns: pixel centres, fewer than `count` where nothing is left.
    public func centreClicks(_ count: Int) -> [SIMD2<Float>] {
        // A circle stays inside the picture: around it is a ring of pixels that are outside.
        let (wide, high) = (width + 2, height + 2)
        var rest = Mask(width: wide, height: high)
        for y in 0..<height { for x in 0..<width where self[x, y] { rest[x + 1, y + 1] = true } }
        var clicks: [SIMD2<Float>] = []
        while clicks.count < count {
            let distances = rest.squaredDistances()
            guard let largest = distances.max(), largest > 0, let place = distances.firstIndex(of: largest) else { break }
            let (x, y) = (place % wide, place / wide)
            clicks.append(SIMD2(Float(x - 1) + 0.5, Float(y - 1) + 0.5))
            let reach = Int(largest.squareRoot().rounded(.up))
            for row in max(0, y - reach)...min(high - 1, y + reach) {
                for column in max(0, x - reach)...min(wide - 1, x + reach) {
                    let (dx, dy) = (column - x, row - y)
                    if Float(dx * dx + dy * dy) <= largest { rest[column, row] = false }
                }
            }
        }
        return clicks
    }
}
