import Foundation
import SAMPT
import Segmenters

/// The fields of a small JSON body. Each is there or not; one of another kind than is meant makes the whole request none.
struct Wish {
    private struct Fields: Decodable {
        var object: Int?
        var frame: Int?
        var index: Int?
        var x: Float?
        var y: Float?
        var positive: Bool?
        var download: Bool?
        var format: String?
        var path: String?
    }

    private let fields: Fields

    init(_ body: [UInt8]) throws {
        do {
            fields = try JSONDecoder().decode(Fields.self, from: Data(body))
        } catch {
            throw RequestError(400, "The request is no JSON object with the fields that are meant here.")
        }
    }

    /// nil: of a new one.
    var object: ObjectID? { fields.object }
    var format: String? { fields.format }
    var path: String? { fields.path }
    var isDownload: Bool { fields.download ?? false }

    func frame() throws -> Int { try needed(fields.frame, "frame") }

    func index() throws -> Int { try needed(fields.index, "index") }

    func place() throws -> AnchorPlace { AnchorPlace(object: try needed(fields.object, "object"), frame: try frame()) }

    func point() throws -> PointPrompt {
        guard let x = fields.x, let y = fields.y, x.isFinite, y.isFinite else {
            throw RequestError(400, "The request lacks a point (x and y).")
        }
        return fields.positive ?? true ? .positive(x, y) : .negative(x, y)
    }

    private func needed(_ value: Int?, _ name: String) throws -> Int {
        guard let value else { throw RequestError(400, "The request lacks the number \"\(name)\".") }
        return value
    }
}
