import Foundation

/// One request for what is missing of a file, and the judgement of its answer. Sendable because `lock` guards its state.
final class DownloadAttempt: HTTPReceiver, @unchecked Sendable {
    private let partial: PartialDownload
    private let address: URL
    private let model: PublishedModel
    private let report: @Sendable (DownloadEvent) -> Void
    private let lock = NSLock()
    private var total: Int?

    init(_ partial: PartialDownload, address: URL, model: PublishedModel, report: @escaping @Sendable (DownloadEvent) -> Void) {
        (self.partial, self.address, self.model, self.report) = (partial, address, model, report)
    }

    /// Asks for the rest of what is there, if the server's content is still what it is the beginning of; else for all.
    func request() throws -> HTTPRequest {
        // Ranges and lengths count the file's own bytes.
        var request = HTTPRequest(address: address, fields: ["Accept-Encoding": "identity", "User-Agent": "sampt"])
        guard partial.length > 0 else { return request }
        if let origin = partial.origin, origin.address == address.absoluteString {
            request.fields["Range"] = "bytes=\(partial.length)-"
            request.fields["If-Range"] = origin.validator
        } else {
            try partial.restart(nil)
        }
        return request
    }

    func begin(_ response: HTTPResponseHead) throws -> Bool {
        switch response.status {
        case 200:
            try partial.restart(origin(of: response))
            let isCoded = response["Content-Encoding"].map { $0.lowercased() != "identity" } ?? false
            try expect(isCoded ? nil : response["Content-Length"].flatMap { Int($0) })
            return true
        case 206:
            let range = ContentRange(response["Content-Range"])
            guard let range, range.start == partial.length else {
                try partial.restart(nil)
                throw DownloadFailure("the server sent another part of the file than was asked for")
            }
            try expect(range.total)
            return true
        case 416:
            // Nothing is behind what is there: it is whole, or it is not this file's beginning.
            let total = ContentRange(response["Content-Range"])?.total
            if let total, total > 0, total == partial.length {
                lock.withLock { self.total = total }
                return false
            }
            try partial.restart(nil)
            throw DownloadFailure("the server does not have the part of the file that was asked for", pause: 0)
        case 408, 425, 429, 500, 502, 503, 504:
            let pause = response["Retry-After"].flatMap { TimeInterval($0) }.flatMap { $0.isFinite ? max(0, $0) : nil }
            throw DownloadFailure("the server answered with status \(response.status)", pause: pause)
        default:
            throw ModelStoreError.refused(address: address.absoluteString, status: response.status)
        }
    }

    func receive(_ data: Data) throws {
        guard data.count <= model.largestSize - partial.length else {
            // It is no beginning of the file either.
            try partial.restart(nil)
            throw ModelStoreError.tooLong(address: address.absoluteString, limit: model.largestSize)
        }
        try partial.append(data)
        report(.received(bytes: partial.length, total: lock.withLock { total }))
    }

    /// Nil when the file is whole, as far as the server said how long it is.
    var shortfall: DownloadFailure? {
        guard let total = lock.withLock({ total }), partial.length < total else { return nil }
        return DownloadFailure("the connection was closed after \(partial.length) of \(total) bytes")
    }

    /// Checks the announced length before gigabytes of another file come, or of one that does not fit. Where none is announced, a published
    /// one counts.
    private func expect(_ announced: Int?) throws {
        var published: Int?
        if case .exact(let size) = model.size { published = size }
        guard let total = announced ?? published, total >= 0 else { return }
        if let published, published != total {
            try partial.restart(nil)
            throw ModelStoreError.wrongSize(address: address.absoluteString, expected: published, offered: total)
        }
        lock.withLock { self.total = total }
        let folder = partial.url.deletingLastPathComponent().path
        let needed = total - partial.length
        let free = (try? FileManager.default.attributesOfFileSystem(forPath: folder))?[.systemFreeSize] as? NSNumber
        if let free = free?.intValue, free < needed { throw ModelStoreError.diskTooSmall(path: folder, needed: needed, free: free) }
        guard total <= model.largestSize else {
            try partial.restart(nil)
            throw ModelStoreError.tooLong(address: address.absoluteString, limit: model.largestSize)
        }
        report(.received(bytes: partial.length, total: total))
    }

    /// What tells whether the content is still the same. A weak entity tag does not promise equal bytes.
    private func origin(of response: HTTPResponseHead) -> PartialDownload.Origin? {
        let tag = response["ETag"].flatMap { $0.hasPrefix("W/") ? nil : $0 }
        guard let validator = tag ?? response["Last-Modified"] else { return nil }
        return PartialDownload.Origin(address: address.absoluteString, validator: validator)
    }
}

/// The header `Content-Range`: `bytes 100-199/1000`, or `bytes */1000`.
struct ContentRange: Equatable {
    var start: Int?
    var total: Int?

    init?(_ text: String?) {
        guard let parts = text?.split(separator: " ", maxSplits: 1), parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let fields = parts[1].split(separator: "/", maxSplits: 1)
        guard fields.count == 2 else { return nil }
        start = fields[0].split(separator: "-").first.flatMap { Int($0) }
        total = Int(fields[1])
    }
}
