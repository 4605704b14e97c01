import ArgumentParser
import Media

/// A size as it is written in arguments: "854x480".
struct FrameSize: ExpressibleByArgument, Sendable {
    var size: ImageSize

    init(_ size: ImageSize) { self.size = size }

    /// Nil where it is none, or beyond what frames can be.
    init?(argument: String) {
        let sides = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sides.count == 2, sides.allSatisfy({ (1...16384).contains($0) }) else { return nil }
        size = ImageSize(width: sides[0], height: sides[1])
    }

    var defaultValueDescription: String { "\(size)" }
}
