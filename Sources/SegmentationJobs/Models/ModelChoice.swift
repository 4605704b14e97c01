import Foundation
import Inference
import ModelStore
import NeuralGraph
import PointTrackers
import SAMPT
import Segmenters
import Support
import TensorFiles

/// What `--segmenter` or `--tracker` names: a model that comes with the program, a published one, or a checkpoint file.
package enum ModelChoice: Equatable {
    case builtIn(String)
    case published(String)
    case file(String)

    package static let nanoSegmenter = ModelChoice.builtIn(SegmenterFamily.nanoPrompt.name)
    package static let lucasKanade = ModelChoice.builtIn(TrackerFamily.lucasKanade.name)
    private static let segmenters = SegmenterFamily.all.filter(\.isBuiltIn).map(\.name)
    private static let trackers = TrackerFamily.all.filter(\.isBuiltIn).map(\.name)
    /// Published trackers by the name of the network alone: those that the paper's reference takes.
    private static let shortNames = Dictionary(
        TrackerFamily.all.compactMap { family -> (String, String)? in
            guard family.referenceName != nil, !family.published.contains(family.name) else { return nil }
            return family.published.first.map { (family.name, $0) }
        }, uniquingKeysWith: { first, _ in first })
    private static let extensions = ["pth", "pt", "safetensors", "npy"]

    package static func segmenter(
        _ text: String, option: String = "--segmenter", catalogue: ModelCatalogue = .published
    ) throws -> ModelChoice {
        try ModelChoice(text, kind: .segmenter, builtIn: segmenters, shortNames: [:], option: option, catalogue: catalogue)
    }

    package static func tracker(_ text: String, option: String = "--tracker", catalogue: ModelCatalogue = .published) throws -> ModelChoice
    {
        try ModelChoice(text, kind: .tracker, builtIn: trackers, shortNames: shortNames, option: option, catalogue: catalogue)
    }

    /// - Parameter option: where it was given, for the error message.
    /// - Throws: `CommandError.usage` that lists the known names and guesses which was meant.
    private init(
        _ given: String, kind: PublishedModel.Kind, builtIn: [String], shortNames: [String: String], option: String,
        catalogue: ModelCatalogue
    ) throws {
        let text = shortNames[given] ?? given
        if builtIn.contains(text) {
            self = .builtIn(text)
        } else if let model = try? catalogue.model(text) {
            guard model.kind == kind else {
                throw CommandError.usage(
                    "\(option): \(text) is a \(Self.describe(model.kind)) (\(model.network)), not a \(Self.describe(kind)).")
            }
            self = .published(text)
        } else if text.contains("/") || Self.extensions.contains((text as NSString).pathExtension.lowercased())
            || FileManager.default.fileExists(atPath: text)
        {
            self = .file(text)
        } else {
            let known = builtIn + shortNames.keys.sorted() + catalogue.models.filter { $0.kind == kind }.map(\.name)
            throw CommandError.usage(
                "\(option): \"\(text)\" is not known. Known are \(known.joined(separator: ", ")), and checkpoint files.\(known.guess(for: text))"
            )
        }
    }

    /// The published file that a tracker of two files takes beside its own.
    package static let detector = TrackerFamily.superPoint.name

    /// The family of a built-in model.
    package var builtInTracker: TrackerFamily? {
        guard case .builtIn(let name) = self else { return nil }
        return TrackerFamily.all.first { $0.isBuiltIn && $0.name == name }
    }

    /// The parts of a segmenter whose precision can be chosen.
    package var segmenterParts: [ModelPart] {
        // All with checkpoints have the same.
        let family = if case .builtIn = self { SegmenterFamily.nanoPrompt } else { SegmenterFamily.sam }
        return family.parts
    }

    /// The parts of a tracker whose precision can be chosen.
    package var trackerParts: [ModelPart] { builtInTracker?.parts ?? [.tracker] }

    /// Trackers by the name of the network alone, for examples.
    package static var networkNames: [String] {
        TrackerFamily.all.map(\.name).filter { shortNames[$0] != nil || TrackerFamily(published: $0)?.isTracker == true }
    }

    /// SuperPoint's weights for a SuperGlue checkpoint: from a file beside it, otherwise from the store.
    /// - Throws: as `weights()`.
    package func detectorWeights() throws -> Weights {
        if let beside = detectorFiles.first { return Weights(try TensorFile.open(URL(fileURLWithPath: beside))) }
        return Weights(try TensorFile.open(ModelStore().locate(Self.detector)))
    }

    /// Files of SuperPoint's weights beside a checkpoint.
    package var detectorFiles: [String] {
        guard case .file(let path) = self else { return [] }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        let names = ["\(Self.detector)_v1", Self.detector].flatMap { name in Self.extensions.map { "\(name).\($0)" } }
        return names.map { folder.appendingPathComponent($0).path }.filter { FileManager.default.fileExists(atPath: $0) }
    }

    /// Names all published models that are not in the store at once, so that nobody hears of the second after downloading the first.
    /// - Throws: `ModelStoreError` for one, `CommandError.missingInput` for several.
    package static func checkPresence(_ choices: [ModelChoice]) throws {
        var absent: [ModelStoreError] = []
        for case .published(let name) in choices {
            do {
                _ = try ModelStore().locate(name)
            } catch let error as ModelStoreError {
                guard case .absent = error else { throw error }
                absent.append(error)
            }
        }
        if absent.count > 1 { throw CommandError.missingInput(absent.map(\.description).joined(separator: " ")) }
        if let first = absent.first { throw first }
    }

    private static func describe(_ kind: PublishedModel.Kind) -> String { kind == .tracker ? "point tracker" : "segmenter" }

    /// What the fingerprints of models begin with that come with the program.
    package static let builtInFingerprint = "built in"

    /// Tells weights apart that have one name, such as another checkpoint at the same path.
    /// - Throws: as `weights()`.
    package func fingerprint() throws -> String {
        guard let weights = try weights() else { return "\(Self.builtInFingerprint), sampt \(ProgramVersion.current)" }
        let detector = TrackerFamily.superGlue.recognises(weights.source) ? try detectorWeights() : nil
        return ([weights.source.fingerprint] + (detector.map { [$0.source.fingerprint] } ?? [])).joined(separator: " ")
    }

    /// The checkpoint's weights; nil for a model whose weights, if any, come with the program.
    /// - Throws: `ModelStoreError` for a published model that is not in the store, `TensorFileError` for a file that is no checkpoint.
    package func weights() throws -> Weights? {
        switch self {
        case .builtIn: nil
        case .published(let name): Weights(try TensorFile.open(ModelStore().locate(name)))
        case .file(let path): Weights(try TensorFile.open(URL(fileURLWithPath: path)))
        }
    }
}
