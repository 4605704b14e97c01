import ArgumentParser
import PointTrackers
import SegmentationJobs

/// Which point tracker runs.
package struct TrackerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The point tracker: \(TrackerFamily.nanoTrack.name) (built in, learned), \(TrackerFamily.lucasKanade.name) (classic, needs no network), the name of a published one as \
            "sampt models list" shows it (\(ModelChoice.networkNames.joined(separator: ", ")), ...), or its checkpoint file (.pth, .pt, .safetensors, .npy); \
            which network it is, its tensors tell. (default: the preset's, or nano)
            """,
            valueName: "name or file"))
    var tracker: String?

    package func validate() throws {
        if let tracker { try validating { try ModelChoice.tracker(tracker) } }
    }

    /// The options that were given, as they are written.
    var given: [String] { tracker == nil ? [] : ["--tracker"] }

    /// - Parameter name: from the settings.
    /// - Throws: `CommandError.usage` for an unknown name.
    package func choice(_ name: String) throws -> ModelChoice {
        try ModelChoice.tracker(name, option: tracker == nil ? "the setting tracker" : "--tracker")
    }

    package init() {}
}
