import Foundation

/// A request, whole: its body is here and within its bounds.
struct HTTPRequest: Sendable {
    var method: String
    /// Percent-decoded, without the query; begins with a slash.
    var path: String
    var query: [String: String]
    /// By lowercase name; of a name that comes more than once, all values.
    var headers: [String: [String]]
    var body: [UInt8]

    /// The value of a header that comes once; nil where it is absent or comes again: two values can mean two things to two readers.
    func header(_ name: String) -> String? {
        guard let values = headers[name], values.count == 1 else { return nil }
        return values[0]
    }

    func cookie(_ name: String) -> String? {
        for pair in (header("cookie") ?? "").split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name {
                return parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return nil
    }

    /// Whether the body is a file of some size.
    var isUpload: Bool { method == "POST" && path == "/api/import" && header("x-name") != nil }

    /// A whole number of the query.
    func number(_ name: String) -> Int? { query[name].flatMap { Int($0) } }
}

extension HTTPRequest {
    /// - Returns: nil for a target that is no path of this server: too long, not percent-encoded text, or with control characters.
    static func parse(target: String) -> (path: String, query: [String: String])? {
        guard target.utf8.count <= 4096, target.hasPrefix("/") else { return nil }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = String(parts[0]).removingPercentEncoding, !path.unicodeScalars.contains(where: { $0.value < 32 }) else {
            return nil
        }
        var query: [String: String] = [:]
        if parts.count == 2 {
            for pair in parts[1].split(separator: "&") {
                let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard let name = String(sides[0]).removingPercentEncoding,
                    let value = (sides.count == 2 ? String(sides[1]) : "").removingPercentEncoding
                else { return nil }
                query[name] = value
            }
        }
        return (path, query)
    }
}
