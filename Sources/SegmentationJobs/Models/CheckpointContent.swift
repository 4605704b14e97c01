import Foundation
import ModelStore
import PointTrackers
import Segmenters
import TensorFiles

/// What a checkpoint holds, for the store of checkpoints, which knows no networks.
package enum CheckpointContent {
    /// As `ModelStore.ContentCheck`: a file must hold the network of the model whose name it gets, whole and of finite numbers. Sizes may
    /// differ within a family, as those of one's own weights do.
    package static func objection(to file: URL, as model: PublishedModel) -> String? {
        do {
            let source = try TensorFile.open(file)
            let found = try model.kind == .segmenter ? LearnedSegmenter.family(of: Weights(source)).name : tracker(in: source)
            if let wanted = family(of: model), found != wanted { return "it holds \(found), not \(wanted)" }
            try source.checkFinite()
            return nil
        } catch {
            // Whoever asks names the file.
            let text = "\(error)"
            let reason = text.hasPrefix("\(file.path): ") ? String(text.dropFirst(file.path.count + 2)) : text
            return "it " + (reason.hasSuffix(".") ? String(reason.dropLast()) : reason)
        }
    }

    /// The network of a published model as `objection` tells networks apart; nil where that is not known.
    package static func family(of model: PublishedModel) -> String? {
        switch model.kind {
        case .segmenter: SegmenterFamily(published: model.name)?.name
        case .tracker: TrackerFamily(published: model.name)?.title
        }
    }

    private static func tracker(in source: any TensorSource) throws -> String {
        guard let family = TrackerFamily(of: source) else {
            throw TrackerError.unknownCheckpoint(file: source.name, reason: "its tensors are those of no known network")
        }
        return family.title
    }
}
