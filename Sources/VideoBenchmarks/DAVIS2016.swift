import Foundation
import Media
import Support

/// A DAVIS-2016 dataset on disk: sequences of frames with one object's masks.
public struct DAVIS2016: Sendable {
    /// Frames and their masks, by file, in order.
    public struct Sequence: Sendable {
        public let name: VideoName
        public var frames: [String]
        public var annotations: [String]

        /// Where a frame's mask is below a folder of results: `<sequence>/<frame>.png`, frame by frame.
        public var resultNames: [String] { annotations.map { name.text + "/" + PathParts($0).name } }

        /// The files of masks in a folder of results.
        public func resultFiles(in folder: String) -> [String] { resultNames.map { folder + "/" + $0 } }
    }

    public let sequences: [Sequence]
    /// Lines of the list that lead out of the root, which are left out.
    public let findings: [ScoringFinding]

    /// - Parameters:
    ///   - root: the folder with `JPEGImages` and `Annotations`.
    ///   - list: a file of DAVIS's form, each line an image's and its mask's path below the root; or one sequence's name a line,
    ///     then found at `JPEGImages/480p` and `Annotations/480p`. Nothing outside the root is read, but for what links below it lead to.
    /// - Throws: `FileError`, `MediaError`; `VideoNameError` where every line leads out of the root.
    public init(root: String, list: String) throws {
        let text = try TextFile.read(list)
        let root = URL(fileURLWithPath: root)
        var order: [VideoName] = []
        var found: [VideoName: Sequence] = [:]
        var faults = NameFaults()
        var repeated: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: " ").map(String.init)
            guard let first = fields.first else { continue }
            if fields.count >= 2 {
                let line = try faults.checked {
                    let (image, mask) = (try DatasetPath(first, in: list), try DatasetPath(fields[1], in: list))
                    return (name: try VideoName(image.folderName, in: list), image: image, mask: mask)
                }
                guard let (name, image, mask) = line else { continue }
                if found[name] == nil { order.append(name) }
                found[name, default: Sequence(name: name, frames: [], annotations: [])].frames.append(
                    root.appendingPathComponent(image.path).path)
                found[name]?.annotations.append(root.appendingPathComponent(mask.path).path)
            } else {
                guard let name = try faults.checked({ try VideoName(first, in: list) }) else { continue }
                guard found[name] == nil else {
                    repeated.append(name.text)
                    continue
                }
                order.append(name)
                found[name] = try Self.sequence(name, root: root)
            }
        }
        (sequences, findings) = (order.compactMap { found[$0] }, faults.findings + SequenceList.findings(repeated: repeated))
        if sequences.isEmpty, let first = faults.first { throw first }
        guard !sequences.isEmpty else { throw MediaError.invalidArgument("\(list) names no sequence.") }
        for path in sequences.flatMap({ $0.frames + $0.annotations }) where !FileManager.default.fileExists(atPath: path) {
            throw FileError.notFound(path: path)
        }
    }

    private static func sequence(_ name: VideoName, root: URL) throws -> Sequence {
        let images = try FrameFolder(path: root.appendingPathComponent("JPEGImages/480p/\(name)").path).paths
        let folder = root.appendingPathComponent("Annotations/480p/\(name)")
        let annotations = images.map { path in
            let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
            return folder.appendingPathComponent("\(stem).png").path
        }
        return Sequence(name: name, frames: images, annotations: annotations)
    }
}

/// J and F of the frames of one sequence, gathered while they are made.
public struct SequenceScorer: Sendable {
    /// DAVIS leaves out the first and the last frame.
    public let scoredFrames: Range<Int>
    private var j: [Double] = []
    private var f: [Double] = []
    private var samples: [ConfidenceSample] = []

    public init(frameCount: Int) {
        scoredFrames = 1..<max(1, frameCount - 1)
    }

    /// Scores frame `index` if it counts; frames come in order.
    /// - Parameter confidence: what the run said of the mask, if it did.
    public mutating func add(frame index: Int, prediction: Mask, truth: Mask, confidence: Float? = nil) {
        guard scoredFrames.contains(index) else { return }
        let similarity = regionSimilarity(prediction, truth)
        j.append(similarity)
        if let confidence { samples.append(ConfidenceSample(confidence: Double(confidence), j: similarity)) }
        f.append(boundaryAccuracy(prediction, truth))
    }

    public var score: SequenceScore { SequenceScore(j: FrameStatistics(j), f: FrameStatistics(f), samples: samples) }
}

/// Mean, recall and decay of a measure over the frames of a sequence, as DAVIS defines them.
public struct FrameStatistics: Sendable, Equatable {
    public var mean: Double
    /// The share of frames above 0.5.
    public var recall: Double
    /// The mean of the first quarter minus that of the last.
    public var decay: Double

    /// NaN values are left out of mean and decay, and count as misses in recall.
    public init(_ values: [Double]) {
        func average(_ values: some Collection<Double>) -> Double {
            let finite = values.filter { !$0.isNaN }
            return finite.isEmpty ? .nan : finite.reduce(0, +) / Double(finite.count)
        }
        mean = average(values)
        recall = values.isEmpty ? .nan : Double(values.count { $0 > 0.5 }) / Double(values.count)
        guard !values.isEmpty else {
            decay = .nan
            return
        }
        let last = Double(values.count - 1)
        let edges = (0...4).map { (quarter: Int) -> Int in
            let position = 1 + Double(quarter) * last / 4
            return Int((position + 0.5 + 1e-10).rounded(.down)) - 1
        }
        decay = average(values[edges[0]...edges[1]]) - average(values[edges[3]...edges[4]])
    }
}

/// One sequence's J and F.
public struct SequenceScore: Sendable, Equatable {
    public var j: FrameStatistics
    public var f: FrameStatistics
    /// Of every scored frame the confidence and the true J; empty where masks came without confidence.
    public var samples: [ConfidenceSample] = []
    public var jf: Double { (j.mean + f.mean) / 2 }
}

/// The scores of a set of sequences, as written to JSON: fractions from 0 to 1.
public struct DAVISReport: Sendable, Encodable {
    public struct Means: Sendable, Encodable {
        public var j: Double
        public var f: Double
        public var jf: Double
        /// Of the frames of all sequences together.
        public var confidence: ConfidenceAgreement?
    }

    public struct Entry: Sendable, Encodable {
        public var j: Double
        public var f: Double
        public var jf: Double
        public var jRecall: Double
        public var jDecay: Double
        public var fRecall: Double
        public var fDecay: Double
        /// How the masks' confidence agrees with J; nil for masks that came without.
        public var confidence: ConfidenceAgreement?
    }

    public var mean: Means
    public var sequences: [String: Entry]
    /// What is wrong with the list; nil: nothing.
    public var findings: [ScoringFinding]?

    public init(_ scores: [String: SequenceScore], findings: [ScoringFinding] = []) {
        self.findings = findings.isEmpty ? nil : findings
        func average(_ value: (SequenceScore) -> Double) -> Double {
            // Sequences too short to have a scored frame do not count.
            let values = scores.sorted { $0.key < $1.key }.map { value($0.value) }.filter { !$0.isNaN }
            return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
        }
        let (j, f) = (average(\.j.mean), average(\.f.mean))
        func agreement(_ samples: [ConfidenceSample]) -> ConfidenceAgreement? { samples.isEmpty ? nil : ConfidenceAgreement(samples) }
        mean = Means(j: j, f: f, jf: (j + f) / 2, confidence: agreement(scores.sorted { $0.key < $1.key }.flatMap(\.value.samples)))
        sequences = scores.mapValues {
            Entry(
                j: $0.j.mean, f: $0.f.mean, jf: $0.jf, jRecall: $0.j.recall, jDecay: $0.j.decay, fRecall: $0.f.recall, fDecay: $0.f.decay,
                confidence: agreement($0.samples))
        }
    }

    /// Pretty-printed JSON with sorted keys.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(self)
    }
}

extension DAVIS2016 {
    /// Scores masks that exist already: `results/<sequence>/<frame>.png`; every id above 0 is foreground.
    /// - Throws: `FileError` or `MediaError` naming a file that is absent or of another size.
    public func score(results: String) throws -> DAVISReport {
        var scores: [String: SequenceScore] = [:]
        for sequence in sequences {
            var scorer = SequenceScorer(frameCount: sequence.annotations.count)
            let files = sequence.resultFiles(in: results)
            for index in scorer.scoredFrames {
                let truth = try ImageFile.readIndexMask(sequence.annotations[index])
                let path = files[index]
                let prediction = try ImageFile.readIndexMask(path)
                guard prediction.size == truth.size else {
                    throw MediaError.frameSizeDiffers(path: path, expected: truth.size, found: prediction.size)
                }
                scorer.add(frame: index, prediction: prediction.foreground, truth: truth.foreground)
            }
            scores[sequence.name.text] = scorer.score
        }
        return DAVISReport(scores, findings: findings)
    }
}
