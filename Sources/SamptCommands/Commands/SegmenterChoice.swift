import ArgumentParser
import Foundation
import Inference
import ModelStore
import Segmenters
import TensorFiles

/// What `--segmenter` names: the built-in model, a published one, or a checkpoint file.
enum SegmenterChoice: Equatable {
    case nano
    case published(String)
    case file(String)

    static let builtIn = "nano"
    private static let extensions = ["pth", "pt", "safetensors"]

    /// - Throws: `ValidationError` that lists the known names and guesses which was meant.
    init(_ text: String, option: String = "segmenter", catalogue: ModelCatalogue = .published) throws {
        if text == Self.builtIn {
            self = .nano
        } else if let model = try? catalogue.model(text) {
            guard model.kind == .segmenter else {
                throw ValidationError("--\(option): \(text) is a point tracker (\(model.network)), not a segmenter.")
            }
            self = .published(text)
        } else if text.contains("/") || Self.extensions.contains((text as NSString).pathExtension.lowercased())
            || FileManager.default.fileExists(atPath: text)
        {
            self = .file(text)
        } else {
            let known = [Self.builtIn] + catalogue.models.filter { $0.kind == .segmenter }.map(\.name)
            throw ValidationError(
                "--\(option): \"\(text)\" is not known. Known are \(known.joined(separator: ", ")), and checkpoint files.\(known.guess(for: text))")
        }
    }

    /// The checkpoint's weights; nil for the built-in model, whose weights come with the program.
    /// - Throws: `ModelStoreError` for a published model that is not in the store, `TensorFileError` for a file that is no checkpoint.
    func weights() throws -> Weights? {
        switch self {
        case .nano: nil
        case .published(let name): Weights(try TensorFile.open(ModelStore().locate(name)))
        case .file(let path): Weights(try TensorFile.open(URL(fileURLWithPath: path)))
        }
    }
}

extension [String] {
    /// " Did you mean x?" where one of these names is near to `text`, otherwise nothing.
    func guess(for text: String) -> String {
        guard let nearest = self.min(by: { $0.editDistance(to: text) < $1.editDistance(to: text) }) else { return "" }
        return nearest.editDistance(to: text) <= Swift.max(2, nearest.count / 3) ? " Did you mean \(nearest)?" : ""
    }
}
