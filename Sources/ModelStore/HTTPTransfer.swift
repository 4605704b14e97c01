import CCurl
import Foundation

/// Takes what a transfer brings. Called from one thread at a time; what it throws ends the transfer.
protocol HTTPReceiver: Sendable {
    /// The answer's head, after redirections.
    /// - Returns: whether the body is wanted.
    func begin(_ response: HTTPResponseHead) throws -> Bool
    /// The next bytes of the body.
    func receive(_ data: Data) throws
}

/// What is asked for with GET.
struct HTTPRequest: Sendable {
    var address: URL
    var fields: [String: String] = [:]
}

/// GET requests whose bodies are handed on piece by piece, by curl. It reads proxies from the environment.
struct HTTPTransfer: Sendable {
    var limits: TransferLimits

    /// Runs a request to the end of the wanted body.
    /// - Throws: what `receiver` throws, `DownloadFailure`, or `CancellationError` when the task is cancelled.
    func run(_ request: HTTPRequest, receiver: any HTTPReceiver) async throws {
        let exchange = HTTPExchange(receiver, limits: limits)
        try await withTaskCancellationHandler {
            // curl waits for the network: on a thread of its own, not on one of the few that all tasks share.
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                Thread.detachNewThread { continuation.resume(with: Result { try exchange.perform(request) }) }
            }
        } onCancel: {
            exchange.cancel()
        }
    }
}

/// One request and its answer. Sendable because `lock` guards what another thread may touch; the rest belongs to the thread that performs
/// it.
private final class HTTPExchange: @unchecked Sendable {
    private let receiver: any HTTPReceiver
    private let lock = NSLock()
    private var isCancelled = false
    private var head = HTTPResponseHead(status: 0)
    private var headBytes = 0
    private var hasBegun = false
    private var isBodyUnwanted = false
    private var failure: (any Error)?
    private var watch: TransferWatch

    private static let isReady = CCurlInitialize() == CURLE_OK
    /// Of all heads of an exchange together.
    private static let longestHead = 1 << 20

    init(_ receiver: any HTTPReceiver, limits: TransferLimits) {
        self.receiver = receiver
        watch = TransferWatch(limits)
    }

    func cancel() { lock.withLock { isCancelled = true } }

    func perform(_ request: HTTPRequest) throws {
        guard Self.isReady, let handle = curl_easy_init() else { throw DownloadFailure("curl cannot be used", mayPass: false) }
        defer { curl_easy_cleanup(handle) }
        var fields: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(fields) }
        for (name, value) in request.fields { fields = curl_slist_append(fields, "\(name): \(value)") ?? fields }
        let isEncrypted = request.address.scheme?.lowercased() == "https"
        let code = configure(handle, request, fields, isEncrypted: isEncrypted)
        guard code == CURLE_OK else { throw DownloadFailure(code, isEncrypted: isEncrypted) }
        try withExtendedLifetime(self) { try conclude(curl_easy_perform(handle), isEncrypted: isEncrypted) }
    }

    private func configure(
        _ handle: UnsafeMutableRawPointer, _ request: HTTPRequest, _ fields: UnsafeMutablePointer<curl_slist>?, isEncrypted: Bool
    ) -> CURLcode {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let steps = [
            CCurlSetText(handle, CURLOPT_URL, request.address.absoluteString),
            CCurlSetProtocols(handle, isEncrypted ? 1 : 0),
            CCurlSetHeaders(handle, fields),
            CCurlSetNumber(handle, CURLOPT_FOLLOWLOCATION, 1),
            CCurlSetNumber(handle, CURLOPT_MAXREDIRS, 20),
            // A proxy's own answer is not the file's.
            CCurlSetNumber(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1),
            CCurlSetNumber(handle, CURLOPT_NOSIGNAL, 1),
            CCurlSetCallbacks(
                handle, context, { bytes, size, count, context in HTTPExchange.of(context)?.takeHead(bytes, size * count) ?? 0 },
                { bytes, size, count, context in HTTPExchange.of(context)?.takeBody(bytes, size * count) ?? 0 },
                { context, _, _, _, _ in HTTPExchange.of(context)?.mayGoOn == true ? 0 : 1 }),
        ]
        return steps.first { $0 != CURLE_OK } ?? CURLE_OK
    }

    /// The exchange that waits for curl, from the context of a callback.
    private static func of(_ context: UnsafeMutableRawPointer?) -> HTTPExchange? {
        context.map { Unmanaged<HTTPExchange>.fromOpaque($0).takeUnretainedValue() }
    }

    private func conclude(_ code: CURLcode, isEncrypted: Bool) throws {
        if let failure { throw failure }
        if isBodyUnwanted { return }
        if lock.withLock({ isCancelled }) { throw CancellationError() }
        guard code == CURLE_OK else { throw DownloadFailure(code, isEncrypted: isEncrypted) }
        if !hasBegun { _ = try receiver.begin(head) }
    }

    /// Asked about once a second while nothing comes.
    private var mayGoOn: Bool {
        if lock.withLock({ isCancelled }) { return false }
        guard let reason = watch.objection() else { return true }
        failure = failure ?? DownloadFailure(reason)
        return false
    }

    /// - Returns: how many bytes were taken; fewer end the transfer.
    private func takeHead(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int {
        headBytes += count
        guard headBytes <= Self.longestHead else {
            failure = failure ?? DownloadFailure("the server's answer has no end of header fields")
            return 0
        }
        // Fields after the body say nothing that is asked for.
        guard !hasBegun else { return count }
        var line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        while line.last?.isNewline == true { line.removeLast() }
        if let next = HTTPResponseHead(statusLine: line) {
            head = next
        } else if line.isEmpty {
            watch.restart()
            if !head.isFollowed { return begin() ? count : 0 }
        } else {
            head.add(line: line)
        }
        return count
    }

    private func takeBody(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int {
        guard hasBegun || begin() else { return 0 }
        guard let bytes, count > 0 else { return count }
        watch.add(count)
        do {
            try receiver.receive(Data(bytes: bytes, count: count))
            return count
        } catch {
            failure = error
            return 0
        }
    }

    /// - Returns: whether the body is wanted.
    private func begin() -> Bool {
        hasBegun = true
        do {
            isBodyUnwanted = try !receiver.begin(head)
            return !isBodyUnwanted
        } catch {
            failure = error
            return false
        }
    }
}
