import Foundation

/// What is answered.
struct HTTPResponse: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Events as they come, until the sequence or the connection ends.
        case events(AsyncStream<ServerEvent>)
        /// A file, piece by piece. Taken away afterwards where it was made for this answer.
        case file(path: String, size: Int)
    }

    var status: Int
    var headers: [(name: String, value: String)] = []
    var body: Body = .bytes([])

    static func json(_ value: some Encodable, status: Int = 200) -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return .error(500, "The answer cannot be written as JSON.") }
        return HTTPResponse(
            status: status, headers: [("Content-Type", "application/json"), ("Cache-Control", "no-store")], body: .bytes([UInt8](data)))
    }

    static func error(_ status: Int, _ sentence: String) -> HTTPResponse { json(["error": sentence], status: status) }

    /// - Parameter isImmutable: whether the address always gives these bytes.
    static func bytes(_ bytes: [UInt8], type: String, isImmutable: Bool = false) -> HTTPResponse {
        let keeping = isImmutable ? "private, max-age=31536000, immutable" : "no-cache"
        return HTTPResponse(status: 200, headers: [("Content-Type", type), ("Cache-Control", keeping)], body: .bytes(bytes))
    }

    /// A file that the browser saves.
    /// - Parameter name: said in UTF-8 (RFC 6266, RFC 5987), and in ASCII with underscores to what does not read that.
    static func download(path: String, size: Int, name: String) -> HTTPResponse {
        func isPlain(_ byte: UInt8) -> Bool {
            let isAlphanumeric = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            return isAlphanumeric || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
        }
        let ascii = String(name.map { $0.utf8.count == 1 && $0.utf8.allSatisfy(isPlain) ? $0 : "_" })
        let encoded = name.utf8.map { isPlain($0) ? String(UnicodeScalar($0)) : String(format: "%%%02X", Int($0)) }.joined()
        return HTTPResponse(
            status: 200,
            headers: [
                ("Content-Type", "application/octet-stream"), ("Cache-Control", "no-store"),
                ("Content-Disposition", "attachment; filename=\"\(ascii)\"; filename*=UTF-8''\(encoded)"),
            ], body: .file(path: path, size: size))
    }
}

/// One of the server-sent events.
struct ServerEvent: Sendable, Equatable {
    var name: String
    /// JSON on one line.
    var data: String
}
