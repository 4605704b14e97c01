import Foundation
import TestSupport

@testable import ModelStore

/// A store in a folder of its own, with one published model of made-up bytes.
final class StoreFixture: Sendable {
    static let content = bytes(300_000, seed: 1)

    let folder: URL
    let store: ModelStore
    let model: PublishedModel

    /// - Parameter isKnown: whether the model's MD5 is published.
    init(
        size: PublishedModel.Size? = nil, source: PublishedModel.Source = .manual("Ask its author."), isKnown: Bool = true,
        contentCheck: ModelStore.ContentCheck? = nil
    ) throws {
        folder = try Fixtures.temporaryFolder()
        let file = folder.appendingPathComponent("content")
        try Self.content.write(to: file)
        model = PublishedModel(
            name: "tiny", kind: .segmenter, network: "Tiny", fileExtension: "pth", md5: isKnown ? try FileChecksum.md5(file) : nil,
            size: size, licence: "none",
            source: source, page: "https://example.org")
        let other = PublishedModel(
            name: "other", kind: .tracker, network: "Other", fileExtension: "npy", md5: "900150983cd24fb0d6963f7d28e17f72", size: .exact(3),
            licence: "none", source: .manual("Ask."), page: "https://example.org")
        store = ModelStore(
            folder: folder.appendingPathComponent("store"), catalogue: ModelCatalogue([model, other]), contentCheck: contentCheck)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    static func bytes(_ count: Int, seed: UInt64) -> Data {
        var state = seed
        return Data(
            (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 56)
            })
    }

    /// Names in the store's folder.
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: store.folder.path)) ?? []).sorted() }
    static let whole = ["tiny.pth", "tiny.pth.json"]

    var partial: Data? { try? Data(contentsOf: PartialDownload.file(for: store.file(of: model))) }

    /// A file beside the store.
    func write(_ data: Data, _ name: String) throws -> URL {
        let file = folder.appendingPathComponent(name)
        try data.write(to: file)
        return file
    }

    @discardableResult
    func pull(
        _ address: String, attempts: Int = 3, stallTimeout: TimeInterval = 5, leastRate: Int = 1000, ratePeriod: TimeInterval = 60,
        report: @escaping @Sendable (DownloadEvent) -> Void = { _ in }
    ) async throws -> Data {
        var options = DownloadOptions()
        (options.attempts, options.stallTimeout, options.firstPause) = (attempts, stallTimeout, 0.01)
        (options.leastRate, options.ratePeriod) = (leastRate, ratePeriod)
        let url = try store.address(of: model, override: address)
        return try await Data(contentsOf: store.pull(model, from: url, options: options, report: report))
    }
}

/// The store's error that `body` ends with; nil where it ends with none, or another.
func storeError(_ body: () async throws -> Void) async -> ModelStoreError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? ModelStoreError
    }
}
