import Foundation
import ModelStore
import PointTrackers
import Segmenters
import TensorFiles

/// What a checkpoint holds, for the store of checkpoints, which knows no networks.
enum CheckpointContent {
    /// As `ModelStore.ContentCheck`: a file must hold the network of the model whose name it gets, whole and of finite numbers. Sizes may
    /// differ within a family, as those of one's own weights do.
    static func objection(to file: URL, as model: PublishedModel) -> String? {
        do {
            let source = try TensorFile.open(file)
            let found = try model.kind == .segmenter ? family(of: SAMSegmenter.architecture(of: Weights(source))) : network(in: source)
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
    static func family(of model: PublishedModel) -> String? {
        switch model.kind {
        case .segmenter:
            return ["hq-sam", "light-hq-sam", "mobile-sam", "sam-vit"].first { model.name.hasPrefix($0) }
        case .tracker:
            let networks: [(prefix: String, network: LearnedTracker.Network)] = [
                ("cotracker-s", .coTracker1), ("cotracker-2", .coTracker2), ("cotracker-3", .coTracker3), ("pips++", .pipsPlusPlus),
                ("pips", .pips),
                ("raft", .raft), ("tapir", .tapir), ("bootstapir", .tapir), ("tapnet", .tapNet), ("superglue", .superGlue),
                ("superpoint", .superPoint),
            ]
            return networks.first { model.name.hasPrefix($0.prefix) }?.network.rawValue
        }
    }

    private static func family(of architecture: SAMArchitecture) -> String {
        switch architecture.encoder {
        case .viT: architecture.isHQ ? "hq-sam" : "sam-vit"
        case .tinyViT: architecture.isHQ ? "light-hq-sam" : "mobile-sam"
        }
    }

    private static func network(in source: any TensorSource) throws -> String {
        guard let network = LearnedTracker.Network(of: source) else {
            throw TrackerError.unknownCheckpoint(file: source.name, reason: "its tensors are those of no known network")
        }
        return network.rawValue
    }
}
