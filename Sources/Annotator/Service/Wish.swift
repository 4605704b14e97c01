import Foundation
import SAMPT
import Segmenters

/// The fields of a small JSON body.
struct Wish {
    private let fields: [String: Any]

    init(_ body: [UInt8]) throws {
        guard let object = try? JSONSerialization.jsonObject(with: Data(body)), let fields = object as? [String: Any] else {
            throw RequestError(400, "The request is no JSON object.")
        }
        self.fields = fields
    }

    func optionalNumber(_ name: String) -> Int? {
        guard let value = (fields[name] as? NSNumber)?.doubleValue, value.rounded() == value, abs(value) < 1e9 else { return nil }
        return Int(value)
    }

    func number(_ name: String) throws -> Int {
        guard let value = optionalNumber(name) else { throw RequestError(400, "The request lacks the number \"\(name)\".") }
        return value
    }

    func text(_ name: String) -> String? { fields[name] as? String }

    func isTrue(_ name: String) -> Bool { fields[name] as? Bool == true }

    func place() throws -> AnchorPlace { AnchorPlace(object: ObjectID(try number("object")), frame: try number("frame")) }

    func point() throws -> PointPrompt {
        guard let x = (fields["x"] as? NSNumber)?.floatValue, let y = (fields["y"] as? NSNumber)?.floatValue, x.isFinite, y.isFinite else {
            throw RequestError(400, "The request lacks a point (x and y).")
        }
        return fields["positive"] as? Bool == false ? .negative(x, y) : .positive(x, y)
    }
}
