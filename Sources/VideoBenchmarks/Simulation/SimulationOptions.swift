import SAMPT

/// Which interactive experiment is simulated.
public enum SimulationProtocol: String, Sendable, CaseIterable, Codable {
    /// SAM-PT, section 4.6: frame after frame is corrected until it is good enough.
    case samPT = "sam-pt"
    /// SAM 2: again and again the worst frame of the whole video gets some clicks.
    case sam2Offline = "sam2-offline"
    /// SAM 2: one pass forwards that pauses where the mask is bad.
    case sam2Online = "sam2-online"
}

/// How a simulated annotator works.
public struct SimulationOptions: Sendable, Equatable {
    public var name: SimulationProtocol
    /// Where the annotator clicks.
    public var click = ClickRule.centre
    /// What a click does to other frames.
    public var policy = CorrectionPolicy.paper

    // MARK: SAM-PT

    /// One pass over the video; otherwise several, with higher and higher thresholds.
    public var isOnline = true
    /// Whether clicks are followed through the video at all; otherwise every frame is segmented by its own clicks (the paper's "SAM").
    public var tracks = true
    /// At most so many interactions an object; nil: 300, and without tracking as many as frames allow.
    public var budget: Int?
    /// At most so many interactions a frame and pass.
    public var perFrame = 3
    /// A frame with this J is good enough, 0 to 1.
    public var target = 0.9
    /// The thresholds of the passes when not online.
    public var passes = [0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.88, 0.90, 0.92, 0.95]

    // MARK: SAM 2

    /// Frames that get clicks.
    public var promptedFrames = 8
    /// Clicks in each of them.
    public var clicksPerFrame = 3
    /// Online, the pass pauses at the first frame whose J is below.
    public var pauseThreshold = 0.75

    public init(_ name: SimulationProtocol) {
        self.name = name
        if name != .samPT { policy = .anchored }
    }

    /// - Throws: `SimulationError.invalidOption` for the first value out of range.
    public func validate() throws {
        if let budget, !(1...100_000).contains(budget) { throw SimulationError.invalidOption("The budget", allowed: "1 to 100000") }
        for (name, value) in [
            ("Interactions per frame", perFrame), ("Prompted frames", promptedFrames), ("Clicks per frame", clicksPerFrame),
        ]
        where !(1...1000).contains(value) { throw SimulationError.invalidOption(name, allowed: "1 to 1000") }
        guard target > 0, target <= 1, passes.allSatisfy({ $0 > 0 && $0 <= 1 }) else {
            throw SimulationError.invalidOption("The target", allowed: "above 0 and at most 1")
        }
        guard pauseThreshold > 0, pauseThreshold <= 1 else {
            throw SimulationError.invalidOption("The threshold of pausing", allowed: "above 0 and at most 1")
        }
    }

    /// The options of the method that an annotator's session runs with: with the paper's policy nothing is followed but what was clicked.
    public func methodOptions(_ options: VideoSegmenterOptions) -> VideoSegmenterOptions {
        var options = options
        if policy == .paper {
            options.queryPoints.followsClicksOnly = true
            // A click is followed forwards only, the first one too.
            options.tracking.isBackward = false
        }
        return options
    }

    /// Everything that decides the result, for keys and reports.
    public var texts: [String: String] {
        var texts = ["protocol": name.rawValue, "click": click.rawValue]
        switch name {
        case .samPT:
            texts["tracking"] = tracks ? "on" : "off"
            if tracks { texts["policy"] = policy.rawValue }
            texts["mode"] = isOnline ? "online" : "offline"
            texts["budget"] = budget.map { "\($0)" } ?? "default"
            texts["per-frame"] = "\(perFrame)"
            if isOnline || !tracks {
                texts["target"] = "\(target)"
            } else {
                texts["passes"] = passes.map { "\($0)" }.joined(separator: " ")
            }
        case .sam2Offline, .sam2Online:
            texts["policy"] = policy.rawValue
            texts["prompted-frames"] = "\(promptedFrames)"
            texts["clicks"] = "\(clicksPerFrame)"
            if name == .sam2Online { texts["pause-below"] = "\(pauseThreshold)" }
        }
        return texts
    }
}
