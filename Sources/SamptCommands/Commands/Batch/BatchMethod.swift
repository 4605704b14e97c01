import ArgumentParser
import BatchJobs
import Foundation
import MethodPresets
import SegmentationJobs
import Support

/// A manifest's options as those of `sampt segment`: the same parser, the same checks.
enum BatchMethod {
    /// Options that a line says in another way, or that the batch decides.
    private static let reserved: [String: String] = [
        "point": "prompts", "negative": "prompts", "box": "prompts", "mask": "prompts", "frame": "prompts", "name": "prompts",
        "prompts": "prompts", "query-points": "prompts", "overlay": "outputs", "masks": "outputs", "rle": "outputs", "tracks": "outputs",
        "contact-sheet": "outputs", "threads": "--threads of sampt batch run",
    ]
    private static let senseless: Set<String> = [
        "live", "live-format", "live-size", "live-rate", "live-policy", "live-timeout", "quiet", "json", "review", "export", "background",
        "project", "help", "version", "experimental-dump-help", "generate-completion-script",
    ]

    /// The arguments for `sampt segment` that options stand for, in order of their names.
    /// - Throws: `CommandError.usage`.
    static func arguments(_ options: [String: JSONValue]) throws -> [String] {
        try options.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
            if let refusal = refusal(of: name) { throw CommandError.usage("options: \(refusal)") }
            return try words(name, value)
        }
    }

    /// Why a manifest cannot have an option of `sampt segment`; nil where it can.
    static func refusal(of name: String) -> String? {
        if let place = reserved[name] { return "\"\(name)\" is not said here but in \(place)." }
        return senseless.contains(name) ? "\"\(name)\" has no effect in a batch." : nil
    }

    private static func words(_ name: String, _ value: JSONValue) throws -> [String] {
        switch value {
        case .bool(true): ["--\(name)"]
        case .bool(false): ["--no-\(name)"]
        case .integer(let number): ["--\(name)=\(number)"]
        case .number(let number): ["--\(name)=\(number)"]
        case .string(let text): ["--\(name)=\(text)"]
        case .list(let values): try values.flatMap { try words(name, $0) }
        case .null: []
        case .object:
            throw CommandError.usage("options: \"\(name)\" is an object; options are numbers, strings, true, false, or lists of these.")
        }
    }

    /// The command that segments a video with some options; its prompts and outputs are still to be set.
    /// - Throws: `CommandError.usage` in the parser's words.
    static func command(_ options: [String: JSONValue], video: String, threads: Int? = nil) throws -> SegmentCommand {
        let arguments = try ["./video"] + arguments(options) + (threads.map { ["--threads=\($0)"] } ?? [])
        do {
            var command = try SegmentCommand.parse(arguments)
            command.clip.video = video
            return command
        } catch {
            throw CommandError.usage("options: \(SegmentCommand.message(for: error))")
        }
    }

    /// Finds what is wrong with an entry's options before anything begins, missing models included.
    static func check(_ entry: ManifestEntry) throws { _ = try models(entry.options) }

    /// What was found out before: parsing options takes milliseconds, and a manifest may have a seed of its own in each of its lines.
    private static let known = Protected<[String: EntryModels]>([:])

    /// The models that options ask for.
    /// - Throws: what is wrong with the options.
    static func models(_ options: [String: JSONValue]) throws -> EntryModels {
        var options = options
        // Which number it is changes neither the models nor what else is allowed.
        if case .integer(0...)? = options["seed"] { options["seed"] = .integer(0) }
        let text = try JSONValue.object(options).canonicalText()
        if let models = known.withLock({ $0[text] }) { return models }
        let command = try command(options, video: "video")
        let settings = try command.models.settings(with: command.method, for: .video)
        let segmenter = try command.models.segmenter.choice(settings.segmenter)
        let tracker = try command.models.tracker.choice(settings.tracker)
        try ModelChoice.checkPresence([segmenter, tracker])
        var models = EntryModels(
            fingerprints: ["segmenter": try name(segmenter), "tracker": try name(tracker)], loading: try command.models.modelKey(settings))
        // A preset is a file whose content may change.
        if command.models.presets.preset != nil { models.fingerprints["settings"] = "\(settings)" }
        let found = models
        known.withLock { $0[text] = found }
        return found
    }

    /// Built-in models go by their names: a new version of the program does not make all results anew by itself.
    private static func name(_ model: ModelChoice) throws -> String {
        if case .builtIn(let name) = model { return "built-in \(name)" }
        return try model.fingerprint()
    }

    /// Makes of a number of threads this program as a worker of a batch.
    /// - Throws: `CommandError.failure`.
    static func worker(of folder: BatchFolder) throws -> (Int) -> WorkerProgram {
        let program = try program()
        return { WorkerProgram(path: program, arguments: ["batch", "worker", "--out", folder.path, "--threads", "\($0)"]) }
    }

    /// Where this program is.
    /// - Throws: `CommandError.failure`.
    static func program() throws -> String {
        guard let path = Bundle.main.executablePath else { throw CommandError.failure("The system does not say where this program is.") }
        return path
    }
}
