import Inference
import TensorFiles

/// A family of segmenters: how it is called, how its checkpoints are recognised, and what it can.
///
/// `all` is the one table of them: the command line, presets, messages and checks of checkpoints take their names from it.
public struct SegmenterFamily: Sendable {
    /// For people: "HQ-SAM".
    public let title: String
    /// As on the command line; of families whose members have names of their own (`published`), what it is called there.
    public let name: String
    /// What it can (`PromptableSegmenter.abilities`).
    public let abilities: SegmenterAbilities
    /// The parts whose precision can be chosen.
    public let parts: [ModelPart]
    /// Names of its published checkpoints, and for each the reference implementation's, nil where it does not have it.
    public let published: [(name: String, referenceName: String?)]
    let source: Source

    /// What its segmenters are made of.
    enum Source: Sendable, Equatable {
        /// Of what comes with the package.
        case builtIn
        /// Of a checkpoint (`SAMArchitecture`).
        case checkpoint(isTiny: Bool, isHQ: Bool)
    }
}

extension SegmenterFamily {
    public static let nanoPrompt = SegmenterFamily(
        title: "NanoPrompt", name: "nano", abilities: NanoPrompt.abilities, parts: parts, published: [], source: .builtIn)
    public static let sam = SegmenterFamily(
        title: "SAM", name: "sam-vit", abilities: SAMSegmenter.abilities, parts: parts,
        published: [("sam-vit-b", "sam_vit_base"), ("sam-vit-l", "sam_vit_large"), ("sam-vit-h", "sam_vit_huge")],
        source: .checkpoint(isTiny: false, isHQ: false))
    public static let hqSAM = SegmenterFamily(
        title: "HQ-SAM", name: "hq-sam", abilities: SAMSegmenter.abilities, parts: parts,
        published: [("hq-sam-vit-b", nil), ("hq-sam-vit-l", nil), ("hq-sam-vit-h", "samhq_vit_huge")],
        source: .checkpoint(isTiny: false, isHQ: true))
    public static let mobileSAM = SegmenterFamily(
        title: "MobileSAM", name: "mobile-sam", abilities: SAMSegmenter.abilities, parts: parts,
        published: [("mobile-sam", "sam_mobile_vit_tiny")], source: .checkpoint(isTiny: true, isHQ: false))
    public static let lightHQSAM = SegmenterFamily(
        title: "Light HQ-SAM", name: "light-hq-sam", abilities: SAMSegmenter.abilities, parts: parts,
        published: [("light-hq-sam", "samhq_light_vit_tiny")], source: .checkpoint(isTiny: true, isHQ: true))

    /// The table.
    public static let all: [SegmenterFamily] = [nanoPrompt, sam, hqSAM, mobileSAM, lightHQSAM]

    private static let parts: [ModelPart] = [.encoder, .decoder]
}

extension SegmenterFamily {
    /// Whether its segmenter needs no checkpoint.
    public var isBuiltIn: Bool { source == .builtIn }

    /// Whether HQ-SAM's mask can be taken alone.
    public var hasHQToken: Bool {
        if case .checkpoint(_, isHQ: true) = source { true } else { false }
    }

    /// The family of an architecture.
    public init(_ architecture: SAMArchitecture) {
        let isTiny = if case .tinyViT = architecture.encoder { true } else { false }
        let source = Source.checkpoint(isTiny: isTiny, isHQ: architecture.isHQ)
        self = Self.all.first { $0.source == source } ?? .sam
    }

    /// The family of a published checkpoint.
    public init?(published name: String) {
        guard let found = Self.all.first(where: { $0.published.contains { $0.name == name } }) else { return nil }
        self = found
    }

    /// What a segmenter can, as far as its name says it: of a file's, what all with checkpoints can.
    public static func abilities(of name: String) -> SegmenterAbilities {
        if let family = all.first(where: { $0.isBuiltIn && $0.name == name }) ?? SegmenterFamily(published: name) {
            return family.abilities
        }
        let learned = all.filter { !$0.isBuiltIn }.map(\.abilities)
        return learned.dropFirst().reduce(learned.first ?? []) { $0.intersection($1) }
    }

    /// The families with checkpoints, as in "SAM, HQ-SAM, MobileSAM and Light HQ-SAM".
    public static func learned(joinedBy word: String) -> String {
        let titles = all.filter { !$0.isBuiltIn }.map(\.title)
        return titles.dropLast().joined(separator: ", ") + " \(word) " + (titles.last ?? "")
    }
}

extension SegmenterFamily: Equatable {
    public static func == (a: SegmenterFamily, b: SegmenterFamily) -> Bool { a.name == b.name }
}
