import Foundation

/// The published networks of CoTracker 1. Their tensors have the same names and shapes: only the file's name tells them apart.
public enum CoTracker1Variant: String, Sendable, CaseIterable {
    /// `cotracker_stride_4_wind_8`: that of the SAM-PT paper.
    case stride4Window8 = "s4-w8"
    /// `cotracker_stride_4_wind_12`
    case stride4Window12 = "s4-w12"
    /// `cotracker_stride_8_wind_16`: the fastest.
    case stride8Window16 = "s8-w16"

    /// Pixels of the network's input for one cell of its maps.
    public var stride: Int { self == .stride8Window16 ? 8 : 4 }

    /// Frames that are looked at together.
    public var window: Int {
        switch self {
        case .stride4Window8: 8
        case .stride4Window12: 12
        case .stride8Window16: 16
        }
    }

    /// The variant that a checkpoint's file is named after, as its authors name it or with `s4-w8` and the like; nil for other names.
    public init?(fileName: String) {
        let name = URL(fileURLWithPath: fileName).lastPathComponent
        guard
            let variant = Self.allCases.first(where: {
                name.contains("stride_\($0.stride)_wind_\($0.window).") || name.hasSuffix("stride_\($0.stride)_wind_\($0.window)")
                    || name.contains("\($0.rawValue).") || name.hasSuffix($0.rawValue)
            })
        else { return nil }
        self = variant
    }
}
