import ArgumentParser
import Inference
import InferenceOpenVINO
import SegmentationJobs

/// How the networks of segmenter and tracker run.
package struct NetworkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Arithmetic of the networks: automatic (on x86-64 eight bits in the built-in ones; bfloat16 in what is left and in others, where the \
            processor has it), float32 (exact, slower) or bfloat16.
            """,
            valueName: "precision"))
    package var precision: Precision = .automatic

    @Option(
        name: .customLong("part-precision"),
        help: ArgumentHelp(
            """
            Arithmetic of one part: encoder (of images), decoder (of masks), head (of the nano tracker) or tracker (another one's network), for example \
            decoder=float32. Repeat it for more parts.
            """,
            valueName: "part=precision"))
    var partPrecisions: [String] = []

    @Option(help: ArgumentHelp("Threads for the networks (default: all cores).", valueName: "n"))
    var threads: Int?

    package func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be between 1 and 1024.") }
        _ = try precisions()
    }

    /// The options that were given, as they are written.
    var given: [String] {
        (precision == .automatic ? [] : ["--precision"]) + (partPrecisions.isEmpty ? [] : ["--part-precision"])
            + (threads == nil ? [] : ["--threads"])
    }

    /// What makes models with these options.
    func maker(hqTokenOnly: Bool = false) throws -> ModelMaker {
        ModelMaker(
            engine: { try OpenVINOEngine(.init(threads: threads)) }, precision: precision, partPrecisions: try precisions(),
            hqTokenOnly: hqTokenOnly)
    }

    /// Refuses options that nothing listens to.
    /// - Parameters:
    ///   - parts: those of the models that run.
    ///   - models: what runs, for the message.
    /// - Throws: `CommandError.usage`.
    func checkEffect(on parts: [ModelPart], of models: String) throws {
        if parts.isEmpty, let option = given.first { throw CommandError.usage("\(option): has no effect here: \(models) uses no network.") }
        guard let part = try precisions().keys.filter({ !parts.contains($0) }).map(\.rawValue).min() else { return }
        let known = ModelPart.allCases.filter(parts.contains).map(\.rawValue)
        throw CommandError.usage(
            "--part-precision \(part)=...: has no effect here: \(models) has no such part, but \(known.joined(separator: ", ")).")
    }

    /// The precision of every part that has one of its own.
    package func precisions() throws -> [ModelPart: Precision] {
        var chosen: [ModelPart: Precision] = [:]
        for text in partPrecisions {
            let words = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard words.count == 2 else { throw ValidationError("--part-precision: \"\(text)\" is not of the form part=precision.") }
            chosen[try Self.choose(ModelPart.self, words[0])] = try Self.choose(Precision.self, words[1])
        }
        return chosen
    }

    /// The arithmetic that this machine's processor gives, for keys of results: `automatic` is not the same on every one.
    /// - Throws: what loading the engine throws.
    func resolvedPrecisions() throws -> (usual: String, parts: String) {
        let engine = try OpenVINOEngine(.init(threads: threads))
        func name(_ precision: Precision) -> String {
            engine.resolvedPrecision(precision).rawValue + (precision.allowsEightBits ? "-or-int8" : "")
        }
        let parts = try precisions().map { "\($0.key.rawValue)=\(name($0.value))" }
        return (name(precision), parts.sorted().joined(separator: " "))
    }

    /// The case of that name, or an error that lists the known ones and guesses which was meant.
    private static func choose<Name: RawRepresentable & CaseIterable>(_ type: Name.Type, _ text: String) throws -> Name
    where Name.RawValue == String {
        if let name = Name(rawValue: text) { return name }
        let known = Name.allCases.map(\.rawValue)
        throw ValidationError(
            "--part-precision: \"\(text)\" is not known. Known are \(known.joined(separator: ", ")).\(known.guess(for: text))")
    }

    package init() {}
}

extension Precision: ExpressibleByArgument {}
