import Foundation

/// What a result is and what it was made of: `record.json` in it. A result without one is none.
public struct ResultRecord: Sendable, Equatable, Codable {
    /// A file of the result.
    public struct Output: Sendable, Equatable, Codable {
        /// Relative to the result.
        public var path: String
        public var bytes: Int
        public var sha256: String
    }

    /// Where it was made.
    public struct Place: Sendable, Equatable, Codable {
        public var host: String
        public var processor: String
        public var system: String
        /// The task of a scheduler, if it was one.
        public var task: String?
    }

    public var format = Self.currentFormat
    public var id: String
    public var batch: String
    public var key: JobKey
    /// Of the outputs' paths and contents: equal results have equal digests, whoever made them and when.
    public var digest: String
    public var inputs: [InputRecord]
    public var outputs: [Output]
    public var made: SegmentedVideo
    /// Threads of the worker.
    public var threads: Int
    public var place: Place
    /// The run of the batch that made it.
    public var run: String
    /// 1, or 2 where the first attempt failed.
    public var attempt: Int
    /// By the maker's clock, for people; nothing is decided by it.
    public var finished: Date

    public static let currentFormat = 1
    public static let fileName = "record.json"

    /// The digest of some outputs.
    static func digest(of outputs: [Output]) throws -> String {
        let lines = outputs.sorted { $0.path < $1.path }.map { "\($0.sha256)  \($0.path)\n" }
        return try SHA256Digest.text(of: Data(lines.joined().utf8))
    }

    /// - Throws: `BatchError.damagedFile`.
    init(parsing data: Data, path: String) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard !JSONLine.isTooDeep(data), let record = try? decoder.decode(ResultRecord.self, from: data) else {
            throw BatchError.damagedFile(path: path, reason: "it is no record of a result")
        }
        guard record.format == Self.currentFormat else {
            throw BatchError.damagedFile(path: path, reason: "it has format \(record.format), of another version of sampt")
        }
        self = record
    }

    init(
        id: String, batch: String, key: JobKey, inputs: [InputRecord], outputs: [Output], made: SegmentedVideo, threads: Int, run: String,
        attempt: Int
    ) throws {
        (self.id, self.batch, self.key, self.inputs, self.outputs, self.made) = (id, batch, key, inputs, outputs, made)
        (self.threads, self.run, self.attempt, finished) = (threads, run, attempt, Date())
        digest = try Self.digest(of: outputs)
        place = .here
    }

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(self) + Data("\n".utf8)
    }
}

/// What whoever segments tells of a video.
public struct SegmentedVideo: Sendable, Equatable, Codable {
    public struct Object: Sendable, Equatable, Codable {
        public var id: Int
        public var name: String
        /// Frames with a mask that is not empty.
        public var framesSeen: Int
        public var meanConfidence: Double?
        public var minimumConfidence: Double?

        public init(id: Int, name: String, framesSeen: Int, meanConfidence: Double?, minimumConfidence: Double?) {
            (self.id, self.name, self.framesSeen) = (id, name, framesSeen)
            (self.meanConfidence, self.minimumConfidence) = (meanConfidence, minimumConfidence)
        }
    }

    /// Those that were made; fewer than `framesTotal` of a damaged video.
    public var frames: Int
    public var framesTotal: Int
    /// Of the frames, as they are stored.
    public var width: Int
    public var height: Int
    /// From its opening on, without waiting for models.
    public var seconds: Double
    public var objects: [Object]
    /// What is wrong with a damaged video.
    public var damage: String?
    public var notes: [String]
    /// The arguments of the program that make the same.
    public var command: [String]
    /// Of the program and its libraries.
    public var versions: [String: String]
    /// The models' fingerprints.
    public var models: [String: String]
    /// The most memory that the worker has had so far, in bytes.
    public var peakMemory: Int

    public init(
        frames: Int, framesTotal: Int, width: Int, height: Int, seconds: Double, objects: [Object], damage: String? = nil,
        notes: [String] = [], command: [String], versions: [String: String], models: [String: String], peakMemory: Int
    ) {
        (self.frames, self.framesTotal, self.width, self.height, self.seconds) = (frames, framesTotal, width, height, seconds)
        (self.objects, self.damage, self.notes, self.command) = (objects, damage, notes, command)
        (self.versions, self.models, self.peakMemory) = (versions, models, peakMemory)
    }

    /// Of all objects and frames; nil where nothing says how sure it is.
    public var leastConfidence: Double? { objects.compactMap(\.minimumConfidence).min() }
    /// The least of the objects' means.
    public var leastMeanConfidence: Double? { objects.compactMap(\.meanConfidence).min() }
}

extension ResultRecord.Place {
    /// This machine.
    static let here: ResultRecord.Place = {
        let environment = ProcessInfo.processInfo.environment
        var task: String?
        if let job = environment["SLURM_JOB_ID"] {
            let array = environment["SLURM_ARRAY_JOB_ID"].map { "\($0)_\(environment["SLURM_ARRAY_TASK_ID"] ?? "?")" }
            task = "slurm \(array ?? job)" + (environment["SLURMD_NODENAME"].map { " on \($0)" } ?? "")
        } else if let index = environment["JOB_COMPLETION_INDEX"] {
            task = "kubernetes \(index)"
        }
        return ResultRecord.Place(
            host: ProcessInfo.processInfo.hostName, processor: MachineDescription.processor,
            system: ProcessInfo.processInfo.operatingSystemVersionString, task: task)
    }()
}
