import ArgumentParser
import Foundation
import Media
import MethodPresets
import SAMPT
import SegmentationJobs
import Support
import VideoBenchmarks

/// `sampt simulate PROTOCOL`: from options to records, curves and reports.
struct SimulationJob: Sendable {
    var options: SimulationOptions
    var name: String
    var running: SimulationRunOptions
    var data: DatasetOptions
    var models: ModelOptions
    var method: MethodOptions
    var isQuiet: Bool

    /// - Returns: `.partial` when videos could not be run, `.interrupted` after Ctrl-C.
    func run() async throws -> CommandStatus {
        if data.categories != nil { throw CommandError.usage("--categories has no effect: nothing is told apart by category here.") }
        let settings = try models.settings(with: method, for: .video)
        var claims = try FileClaims(preset: models.presets.preset, segmenter: settings.segmenter, tracker: settings.tracker)
        claims.read(data.root, as: "the data set")
        for (path, what) in [(data.list, "the list"), (data.truth, "the truth")] { if let path { claims.read(path, as: what) } }
        try claims.write(folder: running.out, names: SimulationOutput.names, by: "--out")
        if let json = running.json {
            try OutputName.checkText(json, form: "JSON", option: "--json")
            try OutputFile.check(json)
            try claims.write(json, by: "--json")
        }
        let dataset = try running.dataset.read(data.location)
        let (all, findings) = try dataset.videosWithTruth()
        let videos = all.enumerated().filter { running.shard?.contains($0.offset) ?? true }.map(\.element)
        for finding in findings { StandardError.print("sampt: \(finding)") }
        guard let seed = UInt64(PresetKey.seed.text(in: settings)) else { throw CommandError.usage("--seed must be a number.") }
        let identity = try identity(settings)
        let output = SimulationOutput(
            path: running.out,
            manifest: .init(
                program: "sampt \(ProgramVersion.current)", command: ProcessInfo.processInfo.arguments, processor: Machine.processor,
                dataset: dataset.name, name: name, options: options.texts, settings: identity,
                seeds: (0..<running.seeds).map { seed &+ UInt64($0) }, of: all))
        try output.writeManifest()
        let interruption = Interruption()
        interruption.listen()
        let work = Task { try await simulate(videos, settings, identity, output.manifest.seeds) }
        interruption.onRequest { work.cancel() }
        let outcome: Simulation.Outcome
        do { outcome = try await work.value } catch is CancellationError where interruption.isRequested {
            StandardError.print("Interrupted. The same command goes on from here.")
            return .interrupted
        }
        for failure in outcome.failures { StandardError.print("sampt: \(failure)") }
        if !isQuiet, outcome.kept > 0 { StandardError.print("\(outcome.kept) objects were there already, made from the same.") }
        guard running.shard == nil else {
            if !isQuiet { StandardError.print("This part is done. \"sampt simulate merge\" puts the parts together and draws the curves.") }
            return outcome.failures.isEmpty ? .success : .partial
        }
        let failures = findings + outcome.failures
        let report = SimulationReport(
            title: "\(dataset.name): \(name)", ran: Self.ran(output.manifest), entries: [.init(name, records: outcome.records)],
            failures: failures)
        for finding in report.findings where !failures.contains(finding) { StandardError.print("sampt: \(finding)") }
        try report.write(to: running.out)
        if let json = running.json { try AtomicFile.write(report.json(), to: json) }
        if !isQuiet { for line in report.summaryLines { StandardOutput.print(line) } }
        return outcome.failures.isEmpty ? .success : .partial
    }

    private func simulate(
        _ videos: [DatasetVideo], _ settings: MethodSettings, _ identity: [String: String], _ seeds: [UInt64]
    ) async throws -> Simulation.Outcome {
        let (segmenter, tracker) = try models.makeModels(settings)
        var simulation = Simulation(options, settings: identity, output: running.out)
        simulation.featureBytes = UInt64(running.disk) << 30
        let reporter = ProgressReporter(isQuiet: isQuiet)
        defer { reporter.close() }
        return try await simulation.run(
            videos, segmenter: VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter)),
            seeds: seeds
        ) { progress in
            reporter.show(isLast: false) {
                "[\(progress.videosDone)/\(progress.videos)] \(progress.video), object \(progress.object)  \(progress.interactions) interactions, frame \(progress.frame)"
            }
        }
    }

    /// Everything but the protocol and the seed that decides the results.
    private func identity(_ settings: MethodSettings) throws -> [String: String] {
        var identity = Dictionary(uniqueKeysWithValues: PresetKey.allCases.map { ("method." + $0.rawValue, $0.text(in: settings)) })
        identity["method.seed"] = nil
        identity["hq-token-only"] = "\(models.segmenter.hqTokenOnly)"
        let choices = [try models.segmenter.choice(settings.segmenter), try models.tracker.choice(settings.tracker)]
        try ModelChoice.checkPresence(choices)
        identity["models"] = try choices.map { try $0.fingerprint() }.joined(separator: "; ")
        (identity["precision"], identity["part-precision"]) = try models.networks.resolvedPrecisions()
        identity["program"] = ProgramVersion.current
        return identity
    }

    /// Command, versions, processor, fingerprints.
    /// - Parameter isNamed: whether several stand in one report.
    static func ran(_ manifest: SimulationOutput.Manifest, named isNamed: Bool = false) -> [(name: String, value: String)] {
        func text(_ values: [String: String]) -> String {
            values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
        }
        let values = [
            ("program", manifest.program), ("command", manifest.command.joined(separator: " ")), ("processor", manifest.processor),
            ("data set", manifest.dataset), ("protocol", text(manifest.options)), ("method", text(manifest.settings)),
            ("seeds", manifest.seeds.map(String.init).joined(separator: ", ")),
        ]
        return values.map { (name: (isNamed ? manifest.name + ": " : "") + $0.0, value: $0.1) }
    }
}
