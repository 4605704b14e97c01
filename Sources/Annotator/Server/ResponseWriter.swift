import Foundation
import NIOCore
import NIOHTTP1
import Support

/// Writes one answer to a connection, with the headers that every answer has.
struct ResponseWriter {
    let outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    /// Whether only the headers are wanted.
    let isHead: Bool
    let keepsAlive: Bool

    /// Nothing from elsewhere, nothing in frames, no guessing of types.
    private static let alwaysSent: [(String, String)] = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
                + "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]

    func write(_ response: HTTPResponse) async throws {
        var headers = HTTPHeaders(Self.alwaysSent)
        for header in response.headers { headers.replaceOrAdd(name: header.name, value: header.value) }
        if !keepsAlive { headers.replaceOrAdd(name: "Connection", value: "close") }
        switch response.body {
        case .bytes(let bytes):
            headers.replaceOrAdd(name: "Content-Length", value: String(bytes.count))
            try await begin(response.status, headers)
            if !isHead, !bytes.isEmpty { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: bytes)))) }
        case .events(let events):
            headers.replaceOrAdd(name: "Content-Type", value: "text/event-stream")
            headers.replaceOrAdd(name: "Cache-Control", value: "no-store")
            try await begin(response.status, headers)
            if !isHead { try await write(events) }
        case .file(let path, let size):
            headers.replaceOrAdd(name: "Content-Length", value: String(size))
            try await begin(response.status, headers)
            if !isHead { try await write(file: path, size: size) }
        }
        try await outbound.write(.end(nil))
    }

    private func begin(_ status: Int, _ headers: HTTPHeaders) async throws {
        try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)))
    }

    private func write(_ events: AsyncStream<ServerEvent>) async throws {
        try await outbound.write(.body(.byteBuffer(ByteBuffer(string: "retry: 1000\n\n"))))
        for await event in events {
            let text = "event: \(event.name)\ndata: \(event.data)\n\n"
            try await outbound.write(.body(.byteBuffer(ByteBuffer(string: text))))
        }
    }

    private func write(file path: String, size: Int) async throws {
        guard let file = FileHandle(forReadingAtPath: path) else { throw FileError.unreadable(path: path, reason: "it is gone") }
        defer { try? file.close() }
        var left = size
        while left > 0 {
            let count = min(left, 1 << 20)
            guard let piece = try await onThread({ try file.read(upToCount: count) }), !piece.isEmpty else {
                throw FileError.unreadable(path: path, reason: "it is shorter than it was")
            }
            left -= piece.count
            try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: piece))))
        }
    }
}
