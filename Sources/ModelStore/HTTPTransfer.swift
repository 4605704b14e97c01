import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Takes what a transfer brings. Called from one thread at a time; what it throws ends the transfer.
protocol HTTPReceiver: Sendable {
    /// The answer's head, after redirections.
    /// - Returns: whether the body is wanted.
    func begin(_ response: HTTPURLResponse) throws -> Bool
    /// The next bytes of the body.
    func receive(_ data: Data) throws
}

/// GET requests whose bodies are handed on piece by piece.
struct HTTPTransfer: Sendable {
    /// A transfer without any byte for so long has failed.
    var stallTimeout: TimeInterval
    var environment = ProcessInfo.processInfo.environment

    /// Runs a request to the end of the wanted body.
    /// - Throws: what `receiver` throws, `URLError`, or `CancellationError` when the task is cancelled.
    func run(_ request: URLRequest, receiver: any HTTPReceiver) async throws {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = stallTimeout
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.urlCache = nil
        #if canImport(Darwin)
            configuration.connectionProxyDictionary = ProxyEnvironment(environment).connectionDictionary(for: request.url)
        #endif
        let delegate = Delegate(receiver)
        // Pieces are 16 KiB or less.
        let session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: BoundedOperationQueue(limit: 256))
        // Also breaks the cycle between session and delegate.
        defer { session.invalidateAndCancel() }
        let task = session.dataTask(with: request)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                delegate.start(task, continuation)
                if Task.isCancelled { task.cancel() }
            }
        } onCancel: {
            task.cancel()
        }
    }

    /// Sendable because `lock` guards its state.
    private final class Delegate: NSObject, URLSessionDataDelegate, @unchecked Sendable {
        private let receiver: any HTTPReceiver
        private let lock = NSLock()
        private var continuation: CheckedContinuation<Void, any Error>?
        private var failure: (any Error)?
        private var isBodyUnwanted = false

        init(_ receiver: any HTTPReceiver) { self.receiver = receiver }

        func start(_ task: URLSessionDataTask, _ continuation: CheckedContinuation<Void, any Error>) {
            lock.withLock { self.continuation = continuation }
            task.resume()
        }

        func urlSession(
            _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
            completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
        ) {
            do {
                guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
                let isWanted = try receiver.begin(response)
                if !isWanted { lock.withLock { isBodyUnwanted = true } }
                completionHandler(isWanted ? .allow : .cancel)
            } catch {
                lock.withLock { failure = failure ?? error }
                completionHandler(.cancel)
            }
        }

        func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
            // Pieces that were under way when the transfer was ended still come in.
            guard lock.withLock({ failure == nil && !isBodyUnwanted && continuation != nil }) else { return }
            do {
                try receiver.receive(data)
            } catch {
                lock.withLock { failure = failure ?? error }
                DispatchQueue.global().async { dataTask.cancel() }
            }
        }

        func urlSession(
            _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
            completionHandler: @escaping (URLRequest?) -> Void
        ) {
            // An encrypted transfer stays encrypted.
            let isDowngrade = task.originalRequest?.url?.scheme?.lowercased() == "https" && request.url?.scheme?.lowercased() != "https"
            if isDowngrade {
                lock.withLock { failure = failure ?? URLError(.secureConnectionFailed) }
                DispatchQueue.global().async { task.cancel() }
            }
            completionHandler(isDowngrade ? nil : request)
        }

        func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
            let (continuation, failure, isBodyUnwanted) = lock.withLock {
                defer { self.continuation = nil }
                return (self.continuation, self.failure, self.isBodyUnwanted)
            }
            guard let continuation else { return }
            if let failure {
                continuation.resume(throwing: failure)
            } else if let error, !isBodyUnwanted {
                continuation.resume(throwing: (error as? URLError)?.code == .cancelled ? CancellationError() : error)
            } else {
                continuation.resume()
            }
        }
    }
}
