import NIOCore
import NIOHTTP1
import NIOPosix
import Support

/// A small server over plain HTTP/1.1, for one program on one computer. What a request may cost is bounded (`ServerLimits`).
struct HTTPServer: Sendable {
    typealias Answer = @Sendable (HTTPRequest) async -> HTTPResponse
    /// Looks at a request before its body is read; nil: it may go on.
    typealias Refusal = @Sendable (HTTPRequest) -> HTTPResponse?
    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    private let listener: NIOAsyncChannel<any Channel, Never>
    private let limits: ServerLimits
    private let open: ConnectionTable
    /// The port that the system chose where 0 was asked for.
    let port: Int

    /// - Throws: what the system says when the address cannot be had (`IOError`).
    init(host: String, port: Int, limits: ServerLimits = ServerLimits()) async throws {
        self.limits = limits
        open = ConnectionTable(most: limits.connections)
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            // Nothing is read before somebody listens (`connect`).
            .childChannelOption(.autoRead, value: false)
            .bind(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.prepare(channel, limits)
                    return channel
                }
            }
        self.port = listener.channel.localAddress?.port ?? port
    }

    private static func prepare(_ channel: any Channel, _ limits: ServerLimits) throws {
        var decoding = NIOHTTPDecoderLimitConfiguration()
        decoding.maxHeaderFieldSize = limits.headerFieldBytes
        decoding.maxHeaderListSize = limits.headerBytes
        decoding.maxHeaderFieldCount = limits.headerFields
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoding)
        try channel.pipeline.syncOperations.addHandler(RequestDeadline(limits))
    }

    /// A connection to serve. Made here and not when it is accepted: NIO ends the program where one is dropped unused, as those are that
    /// wait when the server stops.
    private static func connect(_ channel: any Channel) async throws -> Connection {
        try await channel.eventLoop.submit {
            let connection = try Connection(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: false))
            channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
            return connection
        }.get()
    }

    /// Answers until the task is cancelled.
    func run(refusing refusal: @escaping Refusal, _ answer: @escaping Answer) async throws {
        try await listener.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await channel in connections {
                    // What is wrong with one connection, such as its end in the middle, is no matter of the others.
                    guard let number = open.add(close: { channel.close(promise: nil) }) else {
                        channel.close(promise: nil)
                        continue
                    }
                    group.addTask {
                        do {
                            try await serve(try await Self.connect(channel), number, refusal, answer)
                        } catch {
                            channel.close(promise: nil)
                        }
                        open.remove(number)
                    }
                }
            }
        }
    }

    private func serve(_ connection: Connection, _ number: Int, _ refusal: Refusal, _ answer: Answer) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var parts = inbound.makeAsyncIterator()
            while let part = try await parts.next() {
                guard case .head(let head) = part else { return }
                let reading = try await read(head, refusal, &parts)
                let writer = ResponseWriter(outbound: outbound, isHead: head.method == .HEAD, keepsAlive: head.isKeepAlive)
                switch reading {
                case .request(let request):
                    open.know(number)
                    try await writer.write(await answer(request))
                case .refused(let response):
                    // The rest of the body is not waited for.
                    return try await ResponseWriter(outbound: outbound, isHead: false, keepsAlive: false).write(response)
                }
                guard head.isKeepAlive else { return }
            }
        }
    }

    private enum Reading {
        case request(HTTPRequest)
        case refused(HTTPResponse)
    }

    private func read(
        _ head: HTTPRequestHead, _ refusal: Refusal, _ parts: inout NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    ) async throws -> Reading {
        guard let target = HTTPRequest.parse(target: head.uri) else { return .refused(.error(400, "This address cannot be read.")) }
        var request = HTTPRequest(method: head.method.rawValue, path: target.path, query: target.query, headers: [:], body: [])
        for header in head.headers { request.headers[header.name.lowercased(), default: []].append(header.value) }
        // Who may not ask sends no body into memory.
        if let refused = refusal(request) { return .refused(refused) }
        let most = request.isUpload ? limits.uploadBytes : limits.bodyBytes
        if let announced = request.header("content-length").flatMap(Int.init), announced > most {
            return .refused(.error(413, "More than \(most >> 20) MB are not taken."))
        }
        while let part = try await parts.next() {
            switch part {
            case .head: return .refused(.error(400, "A request began before the last one ended."))
            case .body(let buffer):
                guard request.body.count + buffer.readableBytes <= most else {
                    return .refused(.error(413, "More than \(most >> 20) MB are not taken."))
                }
                request.body.append(contentsOf: buffer.readableBytesView)
            case .end: return .request(request)
            }
        }
        throw ChannelError.eof
    }
}
