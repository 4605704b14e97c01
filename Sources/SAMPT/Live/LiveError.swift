import PointTrackers
import Support

/// Why a live source cannot be segmented in the way that is asked for.
public enum LiveError: Error, Sendable, Equatable {
    /// The tracker looks at frames that have not come yet.
    case trackerLooksAhead(name: String)
    /// The re-initialisation goes back to frames that are gone.
    case looksBack(ReinitializationVariant)
}

extension LiveError: DescribedError {
    public var description: String {
        switch self {
        case .trackerLooksAhead(let name):
            "The tracker \(name) looks at later frames, which a live source has not shown yet. Take one that goes frame by frame: "
                + TrackerFamily.causalNames + "."
        case .looksBack(let variant):
            "The re-initialisation \(variant.rawValue) works on windows of frames and goes back in them, which a live source cannot. "
                + "Take \(ReinitializationVariant.rolling.rawValue), or none."
        }
    }
}
