import Media

/// A data set for video instance segmentation (UVO, YouTube-VIS): videos that a JSON file lists, and proposals where they are given.
public struct InstanceDataset: Sendable {
    /// As on the command line.
    public static let name = "uvo"
    /// At most so many proposals a video are followed, the surest ones.
    public static let mostProposals = 100

    /// The folder of frames.
    public let root: String
    public let truth: VideoInstanceTruth
    /// Nil: the segmenter finds its own.
    public let proposals: InstanceProposals?
    /// What is wrong with the annotations, and does not fit between them and the proposals.
    public let findings: [ScoringFinding]
    /// What it was read from, by name of the option.
    public let location: [String: String]

    /// - Throws: `MediaError`; `InstanceError` for content that is not as it should be.
    public init(root: String, annotations: String, proposals: String? = nil) throws {
        self.root = root
        truth = try VideoInstanceTruth(path: annotations)
        self.proposals = try proposals.map { try InstanceProposals(path: $0, most: Self.mostProposals) }
        findings = truth.findings + (self.proposals.map { [truth] in Self.findings(of: $0, in: truth) } ?? [])
        let files = [("root", root), ("annotations", annotations), ("proposals", proposals)]
        location = Dictionary(uniqueKeysWithValues: files.compactMap { key, value in value.map { (key, $0) } })
    }

    /// Reads it again.
    /// - Parameter location: as it was.
    public init(_ location: [String: String]) throws {
        guard let root = location["root"], let annotations = location["annotations"] else {
            throw MediaError.invalidArgument("The evaluation does not say where its frames and annotations lie.")
        }
        try self.init(root: root, annotations: annotations, proposals: location["proposals"])
    }

    private static func findings(of proposals: InstanceProposals, in truth: VideoInstanceTruth) -> [ScoringFinding] {
        var findings: [ScoringFinding] = []
        let known = Set(truth.videos.map(\.id))
        let stray = proposals.byVideo.filter { !known.contains($0.key) }
        if let first = stray.keys.min() {
            let count = stray.values.reduce(0) { $0 + $1.count }
            findings.append(
                ScoringFinding(
                    .surplusSequence, count: count,
                    "\(count) proposals are for videos that the annotations do not list (the first for \(first)); they are not followed"))
        }
        let without = truth.videos.map(\.id).filter { proposals.byVideo[$0] == nil }
        if let first = without.first {
            findings.append(
                ScoringFinding(
                    .missingSequence, count: without.count,
                    "\(without.count) videos have no proposal (the first is \(first)); nothing is followed in them"))
        }
        for id in truth.videos.map(\.id) {
            let empty = proposals.byVideo[id]?.count { $0.mask.area == 0 } ?? 0
            guard empty > 0 else { continue }
            findings.append(ScoringFinding(.emptySequence, "\(id)", count: empty, "\(empty) proposals are empty; they are left out"))
        }
        return findings
    }

    public var evaluated: EvaluatedSet {
        let data = truth.videos.compactMap { video -> (String, String)? in
            guard let fingerprint = try? video.dataFingerprint(video.frames(below: root)), fingerprint.isComplete else { return nil }
            return ("\(video.id)", fingerprint.text)
        }
        return EvaluatedSet(
            videos: truth.videos.map { "\($0.id)" }, findings: findings, data: Dictionary(data) { first, _ in first },
            product: Self.product)
    }

    /// The file of a run's tubes of a video, below an output's folder.
    @Sendable static func product(_ run: EvaluationRun, _ video: String, _ output: String) -> String {
        "\(run.path(in: output))/tubes/\(video).json"
    }
}

extension VideoInstanceTruth.Video {
    /// Of the files of its frames.
    func dataFingerprint(_ frames: [String]) -> DataFingerprint {
        var fingerprint = DataFingerprint()
        for frame in frames { fingerprint.addFile(frame) }
        return fingerprint
    }
}
