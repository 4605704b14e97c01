import CCurl
import Foundation
import Support

extension ModelStore {
    /// Downloads a model into the store, going on where an interrupted download stopped.
    ///
    /// Cancelling the task keeps what came for the next time.
    /// - Parameters:
    ///   - address: from `address(of:)`.
    ///   - report: called often, from any thread.
    /// - Returns: the model's file. One that is already there is left as it is.
    /// - Throws: `ModelStoreError`, `CancellationError`.
    public func pull(
        _ model: PublishedModel, from address: URL, options: DownloadOptions = DownloadOptions(),
        report: @escaping @Sendable (DownloadEvent) -> Void = { _ in }
    ) async throws -> URL {
        let file = file(of: model)
        if Self.length(file) != nil, try isUsable(model) { return file }
        try makeFolder()
        let partial = try PartialDownload(for: file, name: model.name)
        defer { partial.release() }
        do {
            try await ModelDownload(model: model, address: address, options: options, report: report).run(into: partial)
        } catch {
            if partial.resumableLength == 0 { partial.remove() }
            throw error
        }
        let length = partial.length
        let md5: String
        do {
            md5 = try check(partial, as: model, from: address.absoluteString) { report(.checking(bytes: $0, total: length)) }
        } catch let error as ModelStoreError {
            partial.remove()
            throw error
        }
        try partial.synchronize()
        try install(partial.url, as: model, record: ModelRecord(md5: md5, bytes: length, origin: address.absoluteString))
        unlink(PartialDownload.originFile(for: file).path)
        return file
    }

    /// Whether what came is the model: by its MD5, or where none is published, by its size and by what is in it.
    /// - Returns: its MD5.
    private func check(
        _ partial: PartialDownload, as model: PublishedModel, from address: String, progress: @escaping (Int) -> Void
    ) throws -> String {
        let length = partial.length
        if case .exact(let size) = model.size, size != length {
            throw ModelStoreError.wrongSize(address: address, expected: size, offered: length)
        }
        guard length > 0 else { throw ModelStoreError.unfit(path: address, model, reason: "what came is empty") }
        let md5 = try Self.md5(partial.url, progress: progress)
        if let published = model.md5 {
            guard md5 == published else {
                throw ModelStoreError.wrongContent(
                    address: address, expected: published, found: md5, isWebPage: Self.isWebPage(partial.url))
            }
            return md5
        }
        if Self.isWebPage(partial.url) {
            throw ModelStoreError.unfit(path: address, model, reason: "what came is a web page, perhaps of a network that asks for a login")
        }
        if let reason = contentCheck?(partial.url, model) { throw ModelStoreError.unfit(path: address, model, reason: reason) }
        return md5
    }

    /// Whether the file that is there can stay. One without a record is read, and gets one if it is the published file.
    private func isUsable(_ model: PublishedModel) throws -> Bool {
        let file = try locate(model.name)
        guard record(of: model) == nil else { return true }
        let md5 = try Self.md5(file)
        if let published = model.md5, published != md5 {
            throw ModelStoreError.damaged(model, path: file.path, reason: "its MD5 is \(md5), not \(published)")
        }
        if model.md5 == nil, let reason = contentCheck?(file, model) {
            throw ModelStoreError.damaged(model, path: file.path, reason: reason)
        }
        // In a shared store that is only to be read, there stays none.
        try? write(ModelRecord(md5: md5, bytes: Self.length(file) ?? 0, origin: file.path), of: model)
        return true
    }

    private static func isWebPage(_ file: URL) -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
        defer { try? handle.close() }
        guard let start = try? handle.read(upToCount: 256) else { return false }
        let text = String(decoding: start, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
        return text.hasPrefix("<!doctype html") || text.hasPrefix("<html")
    }
}

/// One download: tries until the file is whole, or until nothing comes any more.
struct ModelDownload: Sendable {
    let model: PublishedModel
    let address: URL
    let options: DownloadOptions
    let report: @Sendable (DownloadEvent) -> Void

    func run(into partial: PartialDownload) async throws {
        let transfer = HTTPTransfer(limits: options.limits)
        var (failures, tries) = (0, 0)
        while true {
            try Task.checkCancellation()
            let (before, start) = (partial.length, ContinuousClock.now)
            let attempt = DownloadAttempt(partial, address: address, model: model, report: report)
            let failure: DownloadFailure
            do {
                try await transfer.run(try attempt.request(), receiver: attempt)
                guard let shortfall = attempt.shortfall else { return }
                failure = shortfall
            } catch let error as DownloadFailure {
                failure = error
            }
            tries += 1
            let seconds = (ContinuousClock.now - start) / .milliseconds(1) / 1000
            let hasHelped = partial.length > before && Double(partial.length - before) >= Double(options.leastRate) * seconds
            failures = hasHelped ? 1 : failures + 1
            // The second bound is for servers that bring a few bytes each time.
            guard failure.mayPass, failures < options.attempts, tries < 20 * options.attempts else {
                throw ModelStoreError.failed(address: address.absoluteString, reason: failure.reason, kept: partial.resumableLength)
            }
            let pause = min(options.longestPause, failure.pause ?? options.pause(afterFailures: failures))
            report(.retrying(reason: failure.reason, seconds: pause))
            try await Task.sleep(for: .seconds(pause))
        }
    }
}

/// Why a try failed.
struct DownloadFailure: Error, Equatable {
    var reason: String
    /// Whether another try may succeed.
    var mayPass = true
    /// The pause that the server asks for, in seconds.
    var pause: TimeInterval?

    init(_ reason: String, mayPass: Bool = true, pause: TimeInterval? = nil) {
        (self.reason, self.mayPass, self.pause) = (reason, mayPass, pause)
    }

    /// - Parameter isEncrypted: whether https was asked for.
    init(_ code: CURLcode, isEncrypted: Bool) {
        switch code {
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING: reason = "the connection was lost"
        case CURLE_UNSUPPORTED_PROTOCOL where isEncrypted: reason = "the server names an address that is not encrypted"
        default: reason = String(cString: curl_easy_strerror(code)).lowercasedFirst
        }
        mayPass = !Self.lasting.contains(code.rawValue)
    }

    /// Errors that no pause mends.
    private static let lasting = Set(
        [
            CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY,
            CURLE_TOO_MANY_REDIRECTS,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_ENGINE_NOTFOUND,
        ].map(\.rawValue))
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
