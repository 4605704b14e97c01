import Foundation
import Support

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

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
        let md5 = try Self.md5(partial.url) { report(.checking(bytes: $0, total: length)) }
        let isWebPage = Self.isWebPage(partial.url)
        guard model.md5.map({ $0 == md5 }) ?? !isWebPage else {
            partial.remove()
            throw ModelStoreError.wrongContent(
                address: address.absoluteString, expected: model.md5 ?? "a checkpoint's", found: md5, isWebPage: isWebPage)
        }
        try partial.synchronize()
        try install(partial.url, as: model, record: ModelRecord(md5: md5, bytes: length, origin: address.absoluteString))
        unlink(PartialDownload.originFile(for: file).path)
        return file
    }

    /// Whether the file that is there can stay. One without a record is read, and gets one if it is the published file.
    private func isUsable(_ model: PublishedModel) throws -> Bool {
        let file = try locate(model.name)
        guard record(of: model) == nil else { return true }
        let md5 = try Self.md5(file)
        if let published = model.md5, published != md5 {
            throw ModelStoreError.damaged(model, path: file.path, reason: "its MD5 is \(md5), not \(published)")
        }
        // In a shared store that is only to be read, there stays none.
        try? write(ModelRecord(md5: md5, bytes: Self.length(file) ?? 0, origin: file.path), of: model)
        return true
    }

    private static func isWebPage(_ file: URL) -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: file), let start = try? handle.read(upToCount: 256) else { return false }
        try? handle.close()
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
        let transfer = HTTPTransfer(stallTimeout: options.stallTimeout)
        var (failures, tries) = (0, 0)
        while true {
            try Task.checkCancellation()
            let before = partial.length
            let attempt = DownloadAttempt(partial, address: address, model: model, report: report)
            let failure: DownloadFailure
            do {
                try await transfer.run(try attempt.request(), receiver: attempt)
                guard let shortfall = attempt.shortfall else { return }
                failure = shortfall
            } catch let error as DownloadFailure {
                failure = error
            } catch let error as URLError {
                failure = DownloadFailure(error, stallTimeout: options.stallTimeout)
            }
            tries += 1
            failures = partial.length > before ? 1 : failures + 1
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

    init(_ reason: String, pause: TimeInterval? = nil) { (self.reason, self.pause) = (reason, pause) }

    init(_ error: URLError, stallTimeout: TimeInterval) {
        switch error.code {
        case .timedOut: reason = "nothing came for \(Int(stallTimeout.rounded(.up))) s"
        case .networkConnectionLost: reason = "the connection was lost"
        default:
            let text = error.localizedDescription
            reason = text.hasSuffix(".") ? String(text.dropLast()) : text
        }
        mayPass = !Self.lasting.contains(error.code)
    }

    /// Errors that no pause mends.
    private static let lasting: Set<URLError.Code> = [
        .badURL, .unsupportedURL, .cannotFindHost, .dnsLookupFailed, .httpTooManyRedirects, .redirectToNonExistentLocation,
        .secureConnectionFailed, .serverCertificateHasBadDate, .serverCertificateUntrusted, .serverCertificateHasUnknownRoot,
        .serverCertificateNotYetValid, .clientCertificateRejected, .clientCertificateRequired, .userAuthenticationRequired,
    ]
}
