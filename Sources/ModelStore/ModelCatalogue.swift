/// The checkpoints that can be had by name.
public struct ModelCatalogue: Sendable {
    /// In the order they are listed in.
    public let models: [PublishedModel]

    public init(_ models: [PublishedModel]) { self.models = models }

    /// The published segmenters and trackers.
    public static let published = ModelCatalogue(segmenters + trackers)

    /// - Throws: `ModelStoreError.unknownModel`, which names the nearest known one.
    public func model(_ name: String) throws -> PublishedModel {
        if let model = models.first(where: { $0.name == name }) { return model }
        throw ModelStoreError.unknownModel(name, known: models.map(\.name))
    }

    /// The model whose published file has this MD5.
    public func model(md5: String) -> PublishedModel? { models.first { $0.md5 == md5 } }
}
