import Foundation

/// An HTTP server inside the test process, on a port of its own, that answers as badly as it is told to.
///
/// One request a connection. Sendable because `lock` guards its state.
public final class MisbehavingServer: @unchecked Sendable {
    public struct Request: Sendable {
        /// As on the request line: a path, or a whole address when the server is used as a proxy.
        public var target: String
        /// Names in lower case.
        public var headers: [String: String]
    }

    public struct Reply: Sendable {
        public var status: Int
        public var headers: [String: String]
        public var body: Data
        /// Closes the connection after so many bytes of the body.
        public var cut: Int?
        /// Sends nothing more after so many bytes of the body, and keeps the connection open until the server stops.
        public var hang: Int?
        /// Seconds between pieces of the body.
        public var delay: Double = 0

        public init(
            _ status: Int, _ headers: [String: String] = [:], body: Data = Data(), cut: Int? = nil, hang: Int? = nil, delay: Double = 0
        ) {
            (self.status, self.headers, self.body, self.cut, self.hang, self.delay) = (status, headers, body, cut, hang, delay)
        }

        /// A server that does it right: ranges, conditions, an entity tag.
        public static func file(_ data: Data, tag: String = "\"one\"", to request: Request, cut: Int? = nil, hang: Int? = nil) -> Reply {
            let headers = ["ETag": tag, "Accept-Ranges": "bytes"]
            let isCurrent = request.headers["if-range"].map { $0 == tag } ?? true
            guard let range = request.headers["range"], isCurrent, let start = Int(range.dropFirst("bytes=".count).dropLast()) else {
                return Reply(200, headers, body: data, cut: cut, hang: hang)
            }
            guard start < data.count else { return Reply(416, ["Content-Range": "bytes */\(data.count)"]) }
            let part = ["Content-Range": "bytes \(start)-\(data.count - 1)/\(data.count)"]
            return Reply(206, headers.merging(part) { $1 }, body: data.dropFirst(start), cut: cut, hang: hang)
        }
    }

    public let port: UInt16
    private let socketDescriptor: Int32
    private let handler: @Sendable (Request, Int) -> Reply
    private let lock = NSLock()
    private var received: [Request] = []
    private var isStopped = false

    public var address: String { "http://127.0.0.1:\(port)" }
    /// What was asked for so far.
    public var requests: [Request] { lock.withLock { received } }

    /// - Parameter handler: the answer to a request; its second argument counts requests from 0.
    public init(_ handler: @escaping @Sendable (Request, Int) -> Reply) throws {
        self.handler = handler
        #if canImport(Darwin)
            socketDescriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            socketDescriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = socketDescriptor
        let isBound = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: place.sin_port)
        // A connection that the client has closed must be an error, not the end of the tests.
        signal(SIGPIPE, SIG_IGN)
        Thread.detachNewThread { [self] in acceptAll() }
    }

    public func stop() {
        lock.withLock { isStopped = true }
        shutdown(socketDescriptor, Int32(SHUT_RDWR))
        close(socketDescriptor)
    }

    private func acceptAll() {
        while true {
            let connection = accept(socketDescriptor, nil, nil)
            guard connection >= 0 else { return }
            Thread.detachNewThread { [self] in
                serve(connection)
                close(connection)
            }
        }
    }

    private func serve(_ connection: Int32) {
        guard let request = readRequest(connection) else { return }
        let number = lock.withLock {
            received.append(request)
            return received.count - 1
        }
        let reply = handler(request, number)
        var head = "HTTP/1.1 \(reply.status) Status\r\nConnection: close\r\n"
        let headers = ["Content-Length": "\(reply.body.count)"].merging(reply.headers) { $1 }
        for (name, value) in headers where !value.isEmpty { head += "\(name): \(value)\r\n" }
        guard send(Data((head + "\r\n").utf8), to: connection) else { return }
        let end = min(reply.cut ?? reply.body.count, reply.hang ?? reply.body.count, reply.body.count)
        var position = 0
        while position < end {
            let piece = min(end - position, 16384)
            guard send(reply.body.dropFirst(position).prefix(piece), to: connection) else { return }
            position += piece
            if reply.delay > 0 { Thread.sleep(forTimeInterval: reply.delay) }
        }
        while reply.hang != nil, !lock.withLock({ isStopped }) { Thread.sleep(forTimeInterval: 0.02) }
    }

    private func readRequest(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !bytes.reversed().starts(with: "\r\n\r\n".utf8.reversed()) {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0, bytes.count < 1 << 16 else { return nil }
            bytes += buffer.prefix(count)
        }
        let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
        let target = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return Request(target: target, headers: headers)
    }

    private func send(_ data: Data, to connection: Int32) -> Bool {
        data.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count, let start = bytes.baseAddress {
                let count = Foundation.send(connection, start + sent, bytes.count - sent, 0)
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }
}
