import Foundation
import Support

/// The annotator: a page in the browser over one session. Every gesture on the page is an edit of the session's log; there is no other
/// state.
///
///     let server = try await AnnotatorServer(project)
///     print(server.address)            // with the token that lets in whoever has it
///     try await server.run()           // until the task is cancelled
///
/// It listens on this computer alone unless told otherwise.
public struct AnnotatorServer: Sendable {
    private let server: HTTPServer
    private let service: AnnotatorService
    /// Where the page is, with the token.
    public let address: String
    /// The same for a browser that this program starts: it lets in once, since other users can see how programs are started.
    public let launchAddress: String

    /// - Parameters:
    ///   - host: an address of this machine to listen on, for others; nil: 127.0.0.1.
    ///   - port: 0: one that is free; nil: that of the last start, or one that is free.
    ///   - memory: where token and port of the last start are; nil: they are new.
    ///   - renewsToken: whether what let in before lets in no more.
    /// - Throws: `MissingResource` without the page's files, `AnnotatorError.addressTaken`.
    public init(
        _ project: AnnotatorProject, host: String? = nil, port: Int? = nil, memory: AccessMemory? = nil, renewsToken: Bool = false
    ) async throws {
        let index = try PackageResource("Page/index.html", title: "annotator's page", target: "Annotator").locate()
        let files = try PageFiles(folder: index.deletingLastPathComponent().path)
        let last = memory?.load()
        server = try await Self.server(host ?? "127.0.0.1", port: port, last: last?.port)
        // Who has the port of before may have been asked in our stead, and been told the token.
        let isSame = server.port == last?.port && !renewsToken
        let access = AccessGuard(host: host, port: server.port, token: isSame ? last?.token : nil)
        memory?.save(token: access.token, port: server.port)
        service = AnnotatorService(project, page: files, access: access)
        let shown = host.map { $0 == "0.0.0.0" || $0 == "::" ? "127.0.0.1" : $0 } ?? "127.0.0.1"
        let page = "http://\(shown.contains(":") ? "[\(shown)]" : shown):\(server.port)/?token="
        (address, launchAddress) = (page + access.token, page + access.launchCode)
    }

    private static func server(_ host: String, port: Int?, last: Int?) async throws -> HTTPServer {
        if port == nil, let last, let server = try? await HTTPServer(host: host, port: last) { return server }
        do {
            return try await HTTPServer(host: host, port: port ?? 0)
        } catch {
            throw AnnotatorError.addressTaken(host: host, port: port ?? 0, reason: String(describing: error))
        }
    }

    /// Serves until the task is cancelled; tracking that is under way is stopped then, and what is done is kept.
    public func run() async throws {
        let service = self.service
        try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run(refusing: { service.refusal(of: $0) }) { await service.answer($0) } }
                group.addTask { await service.events.beat() }
                // It is what a page asks for first, and the browser takes its time to start.
                Task { await service.prepareFirstPicture() }
                try await group.next()
                group.cancelAll()
            }
        } onCancel: {
            service.close()
        }
    }
}

/// Why the annotator cannot start.
public enum AnnotatorError: Error, Sendable, Equatable {
    case addressTaken(host: String, port: Int, reason: String)
}

extension AnnotatorError: DescribedError {
    public var description: String {
        switch self {
        case .addressTaken(let host, let port, let reason):
            "The annotator cannot listen on \(host), port \(port): \(reason.withoutFullStop). Choose another with --port, or none."
        }
    }
}
