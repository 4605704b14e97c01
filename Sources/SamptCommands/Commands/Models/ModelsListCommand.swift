import ArgumentParser
import Foundation
import ModelStore
import SegmentationJobs

struct ModelsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show all models: network, size, source, licence, and whether they are there.")

    @Flag(help: "Print the list as JSON.")
    var json = false

    func run() async throws {
        try await withExitStatus {
            let store = try ModelStore()
            let rows = store.catalogue.models.map { ModelRow($0, store: store) }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                StandardOutput.print(json: String(decoding: try encoder.encode(rows), as: UTF8.self))
            } else {
                let table = [["NAME", "NETWORK", "SIZE", "THERE", "SOURCE", "LICENCE"]] + rows.map(\.cells)
                for line in Self.aligned(table) { StandardOutput.print(line) }
                StandardOutput.print("")
                StandardOutput.print("The models' folder: \(store.folder.path)")
            }
            return .success
        }
    }

    static func aligned(_ table: [[String]]) -> [String] {
        let columns = table.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in table.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return table.map { row in
            row.enumerated().map { $0 == row.count - 1 ? $1 : $1.padded(to: widths[$0]) }.joined(separator: "  ")
        }
    }
}

/// A model as the list shows it.
struct ModelRow: Encodable {
    var name: String
    var kind: String
    var network: String
    var licence: String
    var page: String
    /// Nil where its authors publish none.
    var md5: String?
    /// Nil where it is not known.
    var bytes: Int?
    /// Whether `bytes` is to the byte; a rounded size is not.
    var bytesAreExact: Bool?
    /// Nil for a model that is only to be imported.
    var address: String?
    var howToGet: String
    /// present, partial or absent.
    var state: String
    /// Whether the file that is there is the published one; nil where nobody has looked, or where there is none.
    var isPublished: Bool?
    /// How much of it is there.
    var bytesPresent: Int
    var path: String
    var cells: [String]

    private enum CodingKeys: String, CodingKey {
        case name, kind, network, licence, page, md5, bytes, bytesAreExact, address, howToGet, state, isPublished, bytesPresent, path
    }

    init(_ model: PublishedModel, store: ModelStore) {
        (name, kind, network, licence, page, md5) = (model.name, model.kind.rawValue, model.network, model.licence, model.page, model.md5)
        (howToGet, path) = (model.howToGet, store.file(of: model).path)
        bytes = model.size?.bytes
        if let size = model.size, case .exact = size { bytesAreExact = true } else if bytes != nil { bytesAreExact = false }
        var host = "by hand"
        if case .download(let url) = model.source { (address, host) = (url.absoluteString, url.host ?? "") }
        let there: String
        switch store.state(of: model) {
        case .absent: (state, bytesPresent, there) = ("absent", 0, "no")
        case .partial(let bytes): (state, bytesPresent, there) = ("partial", bytes, "\(bytes.asBytes) of it")
        case .present(let bytes, let isPublished):
            (state, bytesPresent, self.isPublished) = ("present", bytes, isPublished)
            there = isPublished == false ? "yes, another file" : "yes"
        }
        cells = [name, network, model.sizeText ?? "not known", there, host, licence]
    }
}
